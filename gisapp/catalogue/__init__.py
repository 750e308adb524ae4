"""Which layers exist: reads the layer folders (docs/layer-folder.md) and says what each is, how it is drawn
and who sees it.

Only files are read here; `gisapp.schema` makes the database fit.
"""
