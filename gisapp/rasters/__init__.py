"""Picture tiles: `/tiles/<layer>/{z}/{x}/{y}.png` and `.webp`, for clients that draw no vector tiles.

From the inside out: `style` evaluates a MapLibre style, `symbolizers` says it to Mapnik, `decode` reads our vector tiles,
`draw` draws them, `process` does so in a process of its own; `painters` keeps those processes, `metatile` says what to
draw from which vector tiles, `kept` keeps a few, `routes` answers. Mapnik is loaded by `draw` and `process` only.
"""

MOST_WAITING = 8
"""Requests of one web process that may wait for pictures at once. It has as many threads more than the settings say."""
