"""Tile numbers (XYZ, Web Mercator): which tile holds a place, where a tile lies, how large a pixel is.

Zooms are those of tile addresses. Zoom 0 is one tile of the whole world; every further zoom halves its sides.
Numbers grow eastwards (x) and southwards (y). Web Mercator is EPSG:3857, in its own metres, which are longer
than true metres by 1/cos(latitude).
"""

from __future__ import annotations

import math
from collections.abc import Iterator

WORLD = 2 * math.pi * 6_378_137.0
"""Sides of the Web Mercator square in its metres: the equator's length on EPSG:3857's sphere."""
NORTHMOST = math.degrees(math.atan(math.sinh(math.pi)))
"""Latitude where the square ends: 85.0511 degrees."""
EXTENT = 4096
"""Units along a vector tile's side."""
BUFFER = 64
"""Units that a vector tile holds beyond its edges, so that lines and labels meet those of its neighbours."""

Box = tuple[float, float, float, float]  # west, south, east, north


def to_web(lon: float, lat: float) -> tuple[float, float]:
    """Longitude and latitude (WGS 84, degrees) in EPSG:3857 metres; beyond the square means at its edge.

    >>> to_web(180.0, 0.0)[0] == WORLD / 2
    True
    """
    held = min(max(lat, -NORTHMOST), NORTHMOST)
    return lon / 360 * WORLD, math.asinh(math.tan(math.radians(held))) / math.tau * WORLD


def web_box(box: Box) -> Box:
    """A box of degrees in EPSG:3857 metres, where meridians and parallels are straight as well."""
    return (*to_web(box[0], box[1]), *to_web(box[2], box[3]))


def exists(z: int, x: int, y: int) -> bool:
    """Whether the world has that tile."""
    return min(z, x, y) >= 0 and max(x.bit_length(), y.bit_length()) <= z


def tile_at(lon: float, lat: float, z: int) -> tuple[int, int]:
    """x and y of the tile at zoom `z` that holds a place (the world's last edges are the last tile's).

    >>> tile_at(139.7671, 35.6812, 16)  # 東京駅
    (58211, 25806)
    """
    east, north = to_web(lon, lat)
    last = 2**z - 1
    x = math.floor((east / WORLD + 0.5) * 2**z)
    y = math.floor((0.5 - north / WORLD) * 2**z)
    return min(max(x, 0), last), min(max(y, 0), last)


def tiles_over(box: Box, z: int) -> Iterator[tuple[int, int]]:
    """x and y of every tile at zoom `z` that a box of degrees touches, row by row from the north-west."""
    west, north = tile_at(box[0], box[3], z)
    east, south = tile_at(box[2], box[1], z)
    return ((x, y) for y in range(north, south + 1) for x in range(west, east + 1))


def tile_box(z: int, x: int, y: int) -> Box:
    """Where the tile lies: west, south, east, north in EPSG:3857 metres."""
    side = WORLD / 2**z
    west, north = x * side - WORLD / 2, WORLD / 2 - y * side
    return west, north - side, west + side, north


def unit(z: int) -> float:
    """One of the 4096 units of a tile at zoom `z`, in EPSG:3857 metres: 0.15 m at zoom 16."""
    return WORLD / 2**z / EXTENT


def metres_per_pixel(zoom: float, lat: float) -> float:
    """True metres that one pixel shows at `lat` on a map of 256-pixel tiles; zooms may be fractions."""
    return WORLD / 2**zoom / 256 * math.cos(math.radians(lat))
