"""Picture tiles: `/tiles/<layer>/{z}/{x}/{y}.png` and `.webp`, for clients that draw no vector tiles.

From the inside out: `style` evaluates a MapLibre style, `symbolizers` says it to Mapnik, `decode` reads our vector tiles,
`draw` draws them, `process` does so in a process of its own; `painters` keeps those processes, `metatile` says what to
draw from which vector tiles, `pictures` keeps them in the tile cache (`version` names what draws), `routes` answers. Mapnik is
loaded by `draw` and `process` only.
"""

MOST_WAITING = 8
"""Requests of one web process that may wait for picture tiles at once, and as many for windows (WMS). It has so many threads more than the settings say."""
FONTS = ("/usr/share/fonts", "/usr/local/share/fonts")
"""Where drawing processes look for fonts."""
