"""`python -m gisapp.cli`: the same as `gisapp`."""

from gisapp.cli import main

main()
