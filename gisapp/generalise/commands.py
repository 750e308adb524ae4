"""Outlines as a vector tile writes them: the commands of MVT 2 (4.3), so that whoever asks for a tile need not encode them again."""

from __future__ import annotations

import numpy as np
import shapely

from gisapp.geo import varints

MOVE, CLOSE = 1 << 3 | 1, 1 << 3 | 7


def commands(shape: bytes) -> bytes:
    """The commands of polygons in the tile's whole units, y downwards, as WKB, wound as they are to be drawn."""
    rings = shapely.get_rings(shapely.get_parts(shapely.from_wkb([shape])))
    points, ring = shapely.get_coordinates(rings, return_index=True)
    kept = np.append(ring[1:] == ring[:-1], False)  # a ring's last point is its first one again
    points, counts = points[kept].astype(np.int64), np.bincount(ring[kept], minlength=len(rings))
    steps = np.diff(points, axis=0, prepend=0)
    numbers = np.empty(2 * len(points) + 3 * len(counts), np.int64)
    # A ring is: MOVE and a step, LINES and the other steps, CLOSE.
    first = 3 * np.arange(len(counts)) + 2 * (np.cumsum(counts) - counts)
    last = first + 2 * counts + 2
    at = np.ones(len(numbers), bool)
    for place, value in ((first, MOVE), (first + 3, counts - 1 << 3 | 2), (last, CLOSE)):
        numbers[place], at[place] = value, False
    numbers[at] = (steps << 1 ^ steps >> 63).ravel()  # the sign in the lowest bit
    sizes = varints.lengths(numbers)
    out = np.empty(int(sizes.sum()), np.uint8)
    varints.write(out, np.cumsum(sizes) - sizes, numbers)
    return out.tobytes()
