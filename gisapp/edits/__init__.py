"""Changing one feature at a time: what is sent is read and judged, then put into the layer as a revision of its own.

From the inside out: `values` and `shapes` judge one value and one shape, `feature` a whole feature as it was sent,
`apply` changes the layer. What was there before goes into the layer's history, so every edit can be undone.
"""
