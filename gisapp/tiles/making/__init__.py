"""Tiles that are not kept are made in a process of its own, beside the web processes of a node.

Making one takes milliseconds of Python, compression and SQLite besides PostGIS: within a web process every hit waited for
them. From the inside out: `wish` is what the processes say to each other, `line` is the web process's end, `desk` the other
(`gisapp.cli.tile_maker` starts it). Where nobody answers, a web process makes its tiles itself.
"""
