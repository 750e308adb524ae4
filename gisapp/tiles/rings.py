"""Plain outlines on a tile's grid: polygons of one ring and few points that lie wholly within the tile, thousands at once.

PostGIS clips and repairs each polygon (ST_AsMVTGeom), which is nearly all of a crowded tile's time. Parcels and buildings
need no clipping where they lie within, and hardly ever repair: numpy finds out which, and only those are repaired.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from gisapp.geo.tiles import EXTENT, WORLD, unit

MOST_POINTS = 16  # of a ring, its first one counted once: that many commands fit one byte
# EWKB of a multipolygon in EPSG:3857 with one polygon of one ring, up to its number of points.
WKB_HEAD = bytes.fromhex("01 06000020 110F0000 01000000  01 03000000 01000000")
# Its bytes besides the points: the head, how many points there are, and the first one again at the end.
WKB_REST = len(WKB_HEAD) + 4 + 16
Ints = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]
Places = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Rings:
    """Rings one after the other, none closed. `counts`: how many points each has in x and y."""

    ids: npt.NDArray[np.int64]
    counts: Places
    x: Ints
    y: Ints

    @cached_property
    def start(self) -> Places:
        """The place of each one's first point."""
        return np.cumsum(self.counts) - self.counts

    def after(self) -> Places:
        """For every point the place of the next one in its ring."""
        found = np.arange(1, len(self.x) + 1)
        found[self.start + self.counts - 1] = self.start
        return found

    def of_each(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """A value of every ring as one of every point."""
        return np.repeat(values, self.counts)

    def without(self, points: Bools) -> Rings:
        """Those points left out, and the rings of which fewer than three are left."""
        if not points.any():
            return self
        left = np.add.reduceat(~points, self.start)
        return self._with(~points & self.of_each(left > 2), left > 2, left[left > 2])

    def places_of(self, ids: npt.NDArray[np.int64]) -> Places:
        """Where rings of these ids are among these, which are in the order of ids."""
        return np.searchsorted(self.ids, ids)

    def only(self, rings: Bools) -> Rings:
        """Those rings."""
        return self if rings.all() else self._with(self.of_each(rings), rings, self.counts[rings])

    def _with(self, points: Bools, rings: Bools, counts: Places) -> Rings:
        return Rings(self.ids[rings], counts, self.x[points], self.y[points])

    def wound_right(self) -> Rings:
        """Every ring clockwise on the screen, where y grows downwards."""
        after, ends = self.after(), self.start + self.counts - 1
        area = np.add.reduceat(self.x * self.y[after] - self.y * self.x[after], self.start)
        backwards = self.of_each(self.start + ends) - np.arange(len(self.x))
        place = np.where(self.of_each(area < 0), backwards, np.arange(len(self.x)))
        return Rings(self.ids, self.counts, self.x[place], self.y[place])


Outlines = list[tuple[int, Any]]  # ids, and what is to be drawn of them (shapely, the tile's units)


def plain_rings(records: bytes, z: int, x: int, y: int) -> tuple[Rings | None, Outlines]:
    """The rings of a tile on its grid, valid, wound right and in the order of ids; and repaired, those that cross or touch
    themselves there.

    records: how many (four bytes), the number of points of each (two bytes), and each one's id and points, none closed.
    """
    if not records:
        return None, []
    rings = _on_grid(records, z, x, y)
    after = rings.after()
    rings = rings.without((rings.x == rings.x[after]) & (rings.y == rings.y[after]))
    if not len(rings.ids):
        return None, []
    turns, back = _turns(rings)
    spiked = np.logical_or.reduceat(back, rings.start)
    good = rings.without((turns == 0) & ~rings.of_each(spiked))
    good = good.only(_simple(good) & ~spiked[rings.places_of(good.ids)])
    lost = np.ones(len(rings.ids), bool)
    lost[rings.places_of(good.ids)] = False
    return (good.wound_right() if len(good.ids) else None), _repaired(rings.only(lost))


def _on_grid(records: bytes, z: int, x: int, y: int) -> Rings:
    count = int.from_bytes(records[:4], "big")
    counts = np.frombuffer(records, ">i2", count, 4).astype(np.intp)
    numbers = records[4 + 2 * count :]  # eight bytes each: an id, then its points
    first = np.cumsum(1 + 2 * counts) - 2 * counts  # of each one's points
    ids = np.frombuffer(numbers, ">i8")[first - 1].astype(np.int64)
    order = np.argsort(ids)
    ids, counts, first = ids[order], counts[order], first[order]
    at = np.repeat(first - 2 * (np.cumsum(counts) - counts), counts) + 2 * np.arange(counts.sum())
    metres = np.frombuffer(numbers, "<f8")
    west, north, scale = x * EXTENT * unit(z) - WORLD / 2, WORLD / 2 - y * EXTENT * unit(z), 1 / unit(z)
    return Rings(
        ids,
        counts,
        np.rint((metres[at] - west) * scale).astype(np.int32),
        np.rint((north - metres[at + 1]) * scale).astype(np.int32),
    )


def _edges(rings: Rings) -> tuple[Ints, Ints, Ints, Ints]:
    """From each point to the next (x, y), and to it from the one before."""
    after = rings.after()
    dx, dy = rings.x[after] - rings.x, rings.y[after] - rings.y
    ex, ey = np.empty_like(dx), np.empty_like(dy)
    ex[after], ey[after] = dx, dy
    return dx, dy, ex, ey


def _turns(rings: Rings) -> tuple[Ints, Bools]:
    """How each point's ring turns there (0: straight on, or right back), and where it goes back the way it came."""
    dx, dy, ex, ey = _edges(rings)
    turns = ex * dy - ey * dx
    return turns, (turns == 0) & (ex * dx + ey * dy < 0)


def _simple(rings: Rings) -> Bools:
    """Which rings neither cross nor touch themselves: convex ones, and those of which each two edges are looked at."""
    if not len(rings.ids):
        return np.ones(0, bool)
    dx, dy, ex, ey = _edges(rings)
    turns = ex * dy - ey * dx
    left = np.add.reduceat(turns > 0, rings.start)
    once = np.add.reduceat((dx > 0) != (ex > 0), rings.start) <= 2  # round, and no second time
    simple = ((left == 0) | (left == rings.counts)) & once
    simple &= np.logical_and.reduceat(turns != 0, rings.start)
    for count in np.flatnonzero(np.bincount(rings.counts[~simple])):
        these = np.flatnonzero(~simple & (rings.counts == count))
        at = rings.start[these][:, None] + np.arange(count)
        simple[these] = _apart(rings.x[at], rings.y[at], dx[at], dy[at]) & (turns[at] != 0).all(1)
    return simple


def _apart(x: Ints, y: Ints, dx: Ints, dy: Ints) -> Bools:
    """Of rings with equally many points (a row each): whether no two of its edges meet that are not neighbours."""
    one, other = _pairs(x.shape[1])
    ax, ay, bx, by = dx[:, one], dy[:, one], dx[:, other], dy[:, other]
    cx, cy = x[:, other] - x[:, one], y[:, other] - y[:, one]
    both = ax * by - ay * bx
    begin, seen = ax * cy - ay * cx, bx * cy - by * cx
    end, last = begin + both, seen + both
    beside = (np.minimum(begin, end) > 0) | (np.maximum(begin, end) < 0)  # the other edge, seen along one
    return (beside | (np.minimum(seen, last) > 0) | (np.maximum(seen, last) < 0)).all(1)


@lru_cache
def _pairs(count: int) -> tuple[Places, Places]:
    """Every two edges of a ring that are not neighbours."""
    one, other = np.triu_indices(count, 2)
    kept = (one > 0) | (other < count - 1)
    return one[kept], other[kept]


def _repaired(rings: Rings) -> Outlines:
    found = []
    for id, start, count in zip(rings.ids.tolist(), rings.start, rings.counts, strict=True):
        points = np.column_stack([rings.x[start : start + count], rings.y[start : start + count]])
        valid = shapely.set_precision(shapely.make_valid(shapely.polygons(points)), 1)
        parts = shapely.get_parts(shapely.get_parts(valid))  # of lines and areas
        drawn = [part for part in parts if part.area > 0]
        found.append((id, drawn))
    return found
