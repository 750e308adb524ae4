"""What low zooms are drawn from, made ahead of time: tables of tiles, generalised from the layers.

`follow` finds what changed, `build` brings a layer's table up to date zoom by zoom, `tile` makes one tile without the
database: by `dissolve` (neighbours of a class become one polygon), by `aggregate` (areas of classes, of the right
size, where outlines are too fine to be drawn) or by `cluster` (points). Only the worker and the shell come here: it
takes the owner's rights, and seconds.
"""
