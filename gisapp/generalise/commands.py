"""Outlines as a vector tile writes them: the commands of MVT 2 (4.3), so that whoever asks for a tile need not encode them again."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

MOVE, CLOSE = 1 << 3 | 1, 1 << 3 | 7
Numbers = npt.NDArray[np.int64]


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
    return _varints(numbers)


def _varints(numbers: Numbers) -> bytes:
    sizes = np.ones(len(numbers), np.intp)
    more: Any = numbers >> 7
    while more.any():
        sizes += more > 0
        more = more >> 7
    end = np.cumsum(sizes)
    out = np.empty(int(end[-1]) if len(end) else 0, np.uint8)
    place, left, rest = end - sizes, np.arange(len(numbers)), numbers.copy()
    while len(left):
        longer = rest > 127
        out[place] = rest & 127 | longer << 7
        left, place, rest = left[longer], place[longer] + 1, rest[longer] >> 7
    return out.tobytes()
