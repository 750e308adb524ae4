"""Which tiles a change touches: those whose box, grown by the buffer, meets the old or the new box of a changed row."""

from __future__ import annotations

import math
from collections.abc import Iterable

from gisapp.changes.follow import Box, Change
from gisapp.geo.tiles import BUFFER, EXTENT, WORLD

Range = tuple[int, int, int, int]  # first and last column, first and last row
SLACK = 1e-6  # of a tile's side: rounding must not save a tile that PostGIS would give another content


def ranges(boxes: Iterable[Box], z: int) -> set[Range]:
    """The ranges of tiles at zoom `z` that the boxes touch; equal ones once."""
    side, last, more = WORLD / 2**z, 2**z - 1, BUFFER / EXTENT + SLACK
    found = set()
    for west, south, east, north in boxes:
        x1 = math.floor((west + WORLD / 2) / side - more)
        x2 = math.floor((east + WORLD / 2) / side + more)
        y1 = math.floor((WORLD / 2 - north) / side - more)
        y2 = math.floor((WORLD / 2 - south) / side + more)
        if x2 >= 0 and y2 >= 0 and x1 <= last and y1 <= last:
            found.add((max(x1, 0), min(x2, last), max(y1, 0), min(y2, last)))
    return found


def concerns(change: Change, z: int, columns: Iterable[str] | None) -> bool:
    """Whether tiles at zoom `z` that carry these columns of the changed relation can look different now."""
    if change.zoom is not None and change.zoom != z:
        return False
    return change.columns is None or columns is None or not change.columns.isdisjoint(columns)


def touches(change: Change, z: int, x: int, y: int) -> bool:
    """Whether the change reaches into this tile."""
    if change.boxes is None:
        return True
    return any(x1 <= x <= x2 and y1 <= y <= y2 for x1, x2, y1, y2 in ranges(change.boxes, z))
