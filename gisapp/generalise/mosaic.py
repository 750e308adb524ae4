"""The shares of a tile's classes, put together from rows of a higher zoom: each says how its own tile is covered.

A whole number of cells of the one is a whole fraction of the other's tile, so the shares of a row in the cells of its
tile are calculated once and set beside those of the tiles around it. They are kept in memory by what the row holds:
of the hundred tiles that a low zoom is made from, an edit has changed one.
"""

from __future__ import annotations

import hashlib
import struct
import threading
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gisapp.generalise.balance import MARGIN, Grid
from gisapp.generalise.frame import PIXEL, Codes, Frame
from gisapp.generalise.shares import shares_of_edges
from gisapp.geo.tiles import EXTENT

_number = struct.Struct("<I").unpack_from
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
    """From a row of a table: a multipolygon whose outer rings are wound as tiles want them."""
    points, counts = _rings(shape)
    last = np.cumsum(counts) - 1
    cells = points * (side / EXTENT)
    cells[:, 1] = side - cells[:, 1]
    # Counted northwards what a row encloses is on the right of its rings.
    end, start = np.delete(cells, last, axis=0), np.delete(cells, last + 1 - counts, axis=0)
    found = shares_of_edges(start[:, 0], start[:, 1], end[:, 0], end[:, 1], side)
    return np.rint(np.clip(found, 0, 1) * WHOLE).astype(np.uint16)


def _rings(shape: bytes) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The points of a multipolygon's rings, one ring after the other, and how many each has, from little-endian WKB.

    By hand: to take a multipolygon apart with shapely copies it ring by ring, and took most of the time.
    """
    pieces, sizes, at = [], [], 9
    for _ in range(_number(shape, 5)[0]):
        rings, at = _number(shape, at + 5)[0], at + 9
        for _ in range(rings):
            size = _number(shape, at)[0]
            end = at + 4 + 16 * size
            pieces.append(shape[at + 4 : end])
            sizes.append(size)
            at = end
    return np.frombuffer(b"".join(pieces)).reshape(-1, 2), np.array(sizes, dtype=np.int64)
