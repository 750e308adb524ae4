"""Reading in a process of its own: whatever a file does to its reader is a sentence here, and nothing else."""
