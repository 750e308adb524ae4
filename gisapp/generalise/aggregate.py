"""What is too fine for a zoom drawn as areas of its classes: calm, and of the right size.

At low zooms a block is a pixel and the street beside it less than one: no outline of either can be drawn. What can
be drawn is where each class prevails and how much of it there is. See `shares`, `balance`, `contour` for how.
"""

from __future__ import annotations

import numpy as np
import shapely

from gisapp.generalise import balance, contour, coverage
from gisapp.generalise.balance import LATTICE, MARGIN, Grid
from gisapp.generalise.frame import INSIDE, PIXEL, Codes, Shapes, polygons_of
from gisapp.geo.tiles import BUFFER, EXTENT

SIDE = EXTENT // PIXEL
AROUND = BUFFER // PIXEL + 2  # cells beyond the tile that are drawn
TOLERANCE = PIXEL * 3 / 8
TRIES = 2  # outlines made
TURNS = 6  # corrections of the weights before each, by what the borders enclose
CLOSE_ENOUGH = 0.016
AIMED = 0.0056  # how near the borders come to what is aimed at, before they are simplified
ENOUGH_CELLS = 0.5  # that no class is held to …
LEAST_CELLS = 0.2  # … before its outlines are moved, and after
MOST_MOVED = float(PIXEL)  # how far, in units, outlines may still be moved for the sake of areas
HALVINGS = 8
ROUNDS = 5


def aggregate(grids: Grid, true: np.ndarray) -> tuple[Shapes, Codes]:
    """A multipolygon a class, and its code, from the shares of the classes.

    `grids` (class, row, column) holds the tile in cells of a pixel with `MARGIN` cells around it, rows from the south.
    `true` is the area that each class has inside the tile, in square units.
    """
    near = slice(MARGIN - AROUND, -(MARGIN - AROUND))
    used = np.flatnonzero(grids[:, near, near].any(axis=(1, 2)))
    if not len(used):
        return np.empty(0, dtype=object), np.empty(0, dtype=np.int64)
    rows, columns = (_squares(np.asarray(grids[used].any(axis=(0, 3 - axis)))) for axis in (1, 2))
    part = grids[used, rows.start : rows.stop + 2 * MARGIN, columns.start : columns.stop + 2 * MARGIN]
    nothing = np.clip(1 - part.sum(axis=0, keepdims=True), 0, None)
    wanted = np.concatenate([[0], true[used] / PIXEL**2])
    wanted[0] = len(rows) * len(columns) - wanted.sum()
    sheet = _Sheet(np.concatenate([nothing, part]).astype(np.float32), rows, columns)
    shapes, codes = _seeded(sheet, *_drawn(sheet, wanted), wanted[1:])
    if not len(shapes):
        return shapes, codes
    made, found = coverage.finish(shapes, codes)
    made = _resized(made, true[used[found]])
    there = ~shapely.is_empty(made)
    return made[there], used[found][there]


def _squares(any_there: np.ndarray) -> range:
    """The rows or columns of the tile, in whole squares of the lattice, in whose surroundings there is anything."""
    there = np.flatnonzero(any_there) - MARGIN
    first = (there[0] - balance.REACH - 1) // LATTICE * LATTICE
    last = -(-(there[-1] + balance.REACH + 2) // LATTICE) * LATTICE
    first = min(max(first, 0), SIDE - LATTICE)
    return range(int(first), int(max(min(last, SIDE), first + LATTICE)))


class _Sheet:
    """The scores of the classes in the part of the tile where there is anything, and a little around it."""

    def __init__(self, shares: Grid, rows: range, columns: range) -> None:
        soft = balance.blurred(shares)
        inner = shares[:, balance.REACH : -balance.REACH, balance.REACH : -balance.REACH]
        out = LATTICE - AROUND
        self._soft = soft[:, out:-out, out:-out]
        self.score = np.log(self._soft + np.float32(balance.LEAST))
        weights = balance.lattice_weights(soft, inner)
        self.score += np.pad(weights, ((0, 0), (AROUND, AROUND), (AROUND, AROUND)), mode="edge")
        ramp = balance.ramp(SIDE)[rows.start : rows.stop, columns.start : columns.stop]
        self._ramp = np.pad(ramp, AROUND)
        self.corner = (
            np.array([columns.start, rows.start]) + 0.5 - AROUND
        )  # of its first point, in the tile's cells
        self.size = np.array([len(columns), len(rows)])

    def corrected(self, own: np.ndarray) -> Grid:
        """The scores with the tile's own correction of each class's weight."""
        return np.asarray(self.score + own.astype(np.float32)[:, None, None] * self._ramp)

    def densest(self, code: int) -> shapely.Point:
        """The place inside the tile, in units, where most of a class is."""
        inner = self._soft[code, AROUND:-AROUND, AROUND:-AROUND]
        row, column = np.unravel_index(np.argmax(inner), inner.shape)
        return shapely.Point((np.array([column, row]) + AROUND + self.corner) * PIXEL)

    def enclosed(self, own: np.ndarray) -> np.ndarray:
        """About how many of the tile's cells each class has, by the borders as they are before they are simplified."""
        found = contour.borders(self.corrected(own))
        points = np.clip(found.points - AROUND + 0.5, np.zeros(2), self.size)
        start, end = points[found.start], points[found.end]
        twice = start[:, 0] * end[:, 1] - end[:, 0] * start[:, 1]
        area = (np.bincount(found.left, twice, len(own)) - np.bincount(found.right, twice, len(own))) / 2
        area[0] = self.size.prod() - area[1:].sum()
        return area

    def outlined(self, own: np.ndarray) -> tuple[Shapes, Codes]:
        """Polygons in units, cut at the tile's edges and simplified, with their zoned codes."""
        shapes, codes = contour.areas_of(self.corrected(own))
        if not len(shapes):
            return shapes, codes
        shapes = shapely.transform(shapes, lambda points: (points + self.corner) * PIXEL)
        shapes, codes = coverage.cut(shapes, codes)
        return coverage.whole(coverage.simplify(shapes, TOLERANCE), codes)


def _seeded(sheet: _Sheet, shapes: Shapes, codes: Codes, wanted: np.ndarray) -> tuple[Shapes, Codes]:
    """Every class that is to have an area with at least a speck where it is densest, which can grow."""
    missing = np.setdiff1d(np.flatnonzero(wanted > ENOUGH_CELLS), codes // coverage.INK)
    specks = [sheet.densest(code + 1).buffer(PIXEL / 4, cap_style="square") for code in missing]
    rest = shapely.difference(shapes, shapely.union_all(specks), grid_size=1.0) if specks else shapes
    parts, kept = polygons_of(rest, codes)
    return np.concatenate([parts, np.array(specks, dtype=object)]), np.concatenate(
        [kept, missing * coverage.INK]
    )


def _drawn(sheet: _Sheet, wanted: np.ndarray) -> tuple[Shapes, Codes]:
    """Zoned polygons (see `coverage.cut`) whose classes have the wanted areas inside the tile, in cells.

    Simplifying changes areas a little; by as much as it did, the next try aims beside what is wanted.
    """
    aim, own, gain = wanted.copy(), np.zeros(len(wanted)), np.full(len(wanted), 0.5)
    best: tuple[float, Shapes, Codes] | None = None
    for _ in range(TRIES):
        own, gain = _weighed(sheet, own, gain, aim)
        shapes, codes = sheet.outlined(own)
        area = coverage.painted(shapes, codes, len(wanted)) / PIXEL**2
        error = (np.abs(area - wanted) / np.maximum(CLOSE_ENOUGH * wanted, ENOUGH_CELLS))[1:].max()
        if best is None or error < best[0]:
            best = (float(error), shapes, codes - coverage.INK)
        if best[0] <= 1:
            break
        aim[1:] = np.maximum(aim + wanted - area, 0)[1:]
        aim[0] = wanted.sum() - aim[1:].sum()
    assert best is not None
    return best[1], best[2]


def _weighed(
    sheet: _Sheet, own: np.ndarray, gain: np.ndarray, aim: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Correct the weights until the borders enclose what is aimed at; also how far each moves for a lack of area."""
    best, least = own, np.inf
    last: tuple[np.ndarray, np.ndarray] | None = None
    for _ in range(TURNS):
        area = sheet.enclosed(own)
        worst = (np.abs(area - aim) / np.maximum(AIMED * aim, ENOUGH_CELLS / 2.5)).max()
        if worst < least:
            best, least = own, worst
        if worst <= 1:
            break
        lack = np.log((aim + 0.1) / (np.maximum(area, 0) + 0.1))
        if last is not None:
            gain = _gain(gain, last[0], last[1] - lack)
        move = np.clip(gain * lack, -2, 2)
        own, last = own + move - move[0], (move, lack)
    return best, gain


def _gain(gain: np.ndarray, move: np.ndarray, answer: np.ndarray) -> np.ndarray:
    """How far a weight must move for a lack of area, by what the last move did."""
    told = np.abs(answer) > 1e-4
    slope = np.where(told, move / np.where(told, answer, 1), gain)
    return np.clip(np.where(slope > 0, slope, gain), 0.05, 3.0)


def _resized(shapes: Shapes, wanted: np.ndarray) -> Shapes:
    """Finished multipolygons whose area inside the tile is still wrong, moved outwards or inwards until it is right.

    Thin and rare areas come and go at once when their weight changes; their outlines can still be moved, by a
    fraction of a pixel. Who grows takes from where nothing is and from others that lack less, who then do the same.
    """
    shapes = shapes.copy()
    for _ in range(ROUNDS):
        lack = wanted - shapely.area(shapely.intersection(shapes, INSIDE))
        wrong = np.abs(lack) > np.maximum(CLOSE_ENOUGH * wanted, LEAST_CELLS * PIXEL**2)
        if not wrong.any():
            break
        for place in np.flatnonzero(wrong)[np.argsort(lack[wrong], kind="stable")]:
            lack = wanted - shapely.area(shapely.intersection(shapes, INSIDE))
            short = lack / np.maximum(wanted, 1)
            others = np.delete(np.arange(len(shapes)), place)
            worse = others[short[others] > short[place] / 2]
            kept = shapely.union_all(shapes[worse], grid_size=1.0)
            shapes[place] = _of_size(shapes[place], wanted[place], kept)
            near = others[shapely.intersects(shapes[others], shapes[place])]
            shapes[near] = [
                _areal(shapely.difference(shape, shapes[place], grid_size=1.0)) for shape in shapes[near]
            ]
    return shapes


def _of_size(shape: shapely.MultiPolygon, wanted: float, kept: shapely.Geometry) -> shapely.MultiPolygon:
    """A shape moved outwards or inwards until it has the area inside the tile, without taking from what is `kept`."""
    area = shape.intersection(INSIDE).area
    low, high = (0.0, MOST_MOVED) if area < wanted else (-MOST_MOVED, 0.0)
    best, least = shape, abs(area - wanted)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        moved = shape.buffer(middle, join_style="mitre", mitre_limit=2)
        moved = _areal(shapely.difference(shapely.set_precision(moved, 1.0), kept, grid_size=1.0))
        lack = wanted - moved.intersection(INSIDE).area
        low, high = (middle, high) if lack > 0 else (low, middle)
        if abs(lack) < least:
            best, least = moved, abs(lack)
    return best


def _areal(shape: shapely.Geometry) -> shapely.MultiPolygon:
    parts, _ = polygons_of(np.array([shape]), np.zeros(1, dtype=np.int64))
    return shapely.orient_polygons(shapely.multipolygons(parts), exterior_cw=True)
