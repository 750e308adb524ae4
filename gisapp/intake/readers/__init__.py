"""One module a format; they run in a child process (gisapp.intake.child) and return a Source."""
