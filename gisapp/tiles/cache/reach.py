"""Which tiles a change touches: those whose box, grown by their set's margin, meets the old or the new box of a changed row."""

from __future__ import annotations

import math
from collections.abc import Iterable

from gisapp.changes.follow import Box, Change
from gisapp.geo.tiles import WORLD
from gisapp.tiles.cache.sets import VECTOR, Reach

Range = tuple[int, int, int, int]  # first and last column, first and last row
SLACK = 1e-6  # of a tile's side: rounding must not save a tile that PostGIS would give another content


def ranges(boxes: Iterable[Box], z: int, reach: Reach = VECTOR) -> set[Range]:
    """The ranges of tiles at zoom `z` that the boxes touch, in whole blocks; equal ones once."""
    side, last, block = WORLD / 2**z, 2**z - 1, reach.block

    def touched(low: float, high: float) -> tuple[int, int]:
        """First and last of the columns (rows) that lie within reach, from metres eastwards (southwards)."""
        first = math.floor(low / side - reach.margin - SLACK) // block * block
        return max(first, 0), min(
            math.floor(high / side + reach.margin + SLACK) // block * block + block - 1, last
        )

    found = set()
    for west, south, east, north in boxes:
        x1, x2 = touched(west + WORLD / 2, east + WORLD / 2)
        y1, y2 = touched(WORLD / 2 - north, WORLD / 2 - south)
        if x1 <= x2 and y1 <= y2:
            found.add((x1, x2, y1, y2))
    return found


def boxes_in(change: Change, reach: Reach) -> Iterable[Box]:
    """Where it changed what such tiles show. Notes of tables made ahead name a tile by its centre: what is made of vector
    tiles may show any part of it."""
    if change.zoom is None or reach.source is None:
        return change.boxes or ()
    side = WORLD / 2**change.zoom

    def whole(low: float, high: float) -> tuple[float, float]:
        first, last = (math.floor((value + WORLD / 2) / side) for value in (low, high))
        return first * side - WORLD / 2, (last + 1) * side - WORLD / 2

    spans = ((whole(west, east), whole(south, north)) for west, south, east, north in change.boxes or ())
    return [(west, south, east, north) for (west, east), (south, north) in spans]


def concerns(change: Change, z: int, columns: Iterable[str] | None, reach: Reach = VECTOR) -> bool:
    """Whether tiles at zoom `z` that carry these columns of the changed relation can look different now."""
    if change.zoom is not None and change.zoom != (z if reach.source is None else reach.source):
        return False
    return change.columns is None or columns is None or not change.columns.isdisjoint(columns)


def touches(change: Change, z: int, x: int, y: int, reach: Reach = VECTOR) -> bool:
    """Whether the change reaches into this tile."""
    if change.boxes is None:
        return True
    return any(
        x1 <= x <= x2 and y1 <= y <= y2 for x1, x2, y1, y2 in ranges(boxes_in(change, reach), z, reach)
    )
