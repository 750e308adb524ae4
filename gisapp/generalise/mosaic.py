"""The shares of a tile's classes, put together from rows of a higher zoom: each says how its own tile is covered.

A whole number of cells of the one is a whole fraction of the other's tile, so the shares of a row in the cells of its
tile are calculated once and set beside those of the tiles around it. They are kept in memory by what the row holds:
of the hundred tiles that a low zoom is made from, an edit has changed one.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray

from gisapp.generalise.balance import MARGIN, Grid
from gisapp.generalise.frame import PIXEL, Codes, Frame, flipped
from gisapp.generalise.shares import shares
from gisapp.geo.tiles import EXTENT

MOST_BYTES = 48_000_000  # kept in memory
WHOLE = 65_535  # a cell that is covered, as it is kept
Cells = NDArray[np.uint16]


class Kept:
    """Shares of rows, by side and content; the ones used last, up to so many bytes. For several threads."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        self._most, self.bytes = most, 0
        self._found: OrderedDict[tuple[int, bytes], Cells] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, shape: bytes, side: int) -> Cells:
        """The shares of a row (in its tile's units, y downwards, as WKB) in `side` × `side` cells of it, rows from the south."""
        key = (side, hashlib.blake2b(shape, digest_size=16).digest())
        with self._lock:
            found = self._found.get(key)
            if found is not None:
                self._found.move_to_end(key)
                return found
        made = _cells(shape, side)
        with self._lock:
            if key not in self._found:
                self._found[key] = made
                self.bytes += made.nbytes
            while self.bytes > self._most:
                self.bytes -= self._found.popitem(last=False)[1].nbytes
        return made


_kept = Kept()


def shares_of_rows(
    frame: Frame, homes: Sequence[Frame], shapes: Sequence[bytes], codes: Codes, classes: int
) -> Grid:
    """The shares of `classes` in the tile's cells with `MARGIN` cells around it (class, row, column), rows from the south.

    `shapes` are rows of the tiles `homes` of one higher zoom, in the units of these, y downwards, as WKB.
    """
    size = EXTENT // PIXEL + 2 * MARGIN
    grids = np.zeros((classes, size, size), dtype=np.float32)
    for home, shape, code in zip(homes, shapes, codes.tolist(), strict=True):
        ratio = 2 ** (home.z - frame.z)
        side = EXTENT // PIXEL // ratio
        west = (home.x - frame.x * ratio) * side + MARGIN
        south = ((frame.y + 1) * ratio - 1 - home.y) * side + MARGIN
        rows, columns = (range(max(low, 0), min(low + side, size)) for low in (south, west))
        if not len(rows) or not len(columns):
            continue
        cells = _kept.of(shape, side)
        part = cells[
            rows.start - south : rows.stop - south, columns.start - west : columns.stop - west
        ].astype(np.float32)
        grids[code, rows.start : rows.stop, columns.start : columns.stop] += part * np.float32(1 / WHOLE)
    return np.minimum(grids, 1)


def _cells(shape: bytes, side: int) -> Cells:
    cell = EXTENT // side
    units = flipped(shapely.get_parts(shapely.from_wkb([shape])))
    found = shares(shapely.transform(units, lambda points: points / cell), side)
    return np.rint(np.clip(found, 0, 1) * WHOLE).astype(np.uint16)
