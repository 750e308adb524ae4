"""Outlines between classes on a grid: marching squares for any number of classes at once.

Every point of the grid belongs to the class whose score is highest there. Between two neighbouring points of
different classes the border stands where their scores are equal; all borders of a square between four points are
joined inside it. Each border is made once, for both classes that it parts, so the areas are a coverage: no gap, no
overlap, and no staircase.
"""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from gisapp.generalise.frame import Codes, Shapes

Scores = NDArray[np.floating]
NEAR = 0.02  # how near to a point of the grid a border may stand: no edge of length nought
KEY = 1 << 20


def areas_of(scores: Scores) -> tuple[Shapes, Codes]:
    """Polygons of the classes 1, 2, … from their scores (class, row, column); class 0 is nothing and is not drawn.

    Coordinates are columns and rows of the grid's points. Beyond the grid there is nothing.
    """
    start, end, left, right = borders(scores)
    if not len(start):
        return np.empty(0, dtype=object), np.empty(0, dtype=np.int64)
    lines = shapely.linestrings(np.stack([start, end], axis=1))
    found = shapely.get_parts(
        shapely.orient_polygons(shapely.polygonize([shapely.line_merge(shapely.multilinestrings(lines))]))
    )
    codes = _codes_of(found, start, end, left, right)
    return found[codes > 0], codes[codes > 0]


def borders(scores: Scores) -> tuple[np.ndarray, ...]:
    """Border segments: where they start and end, which class is on their left and which on their right."""
    labels = np.argmax(scores, axis=0)
    labels[[0, -1], :] = 0
    labels[:, [0, -1]] = 0
    across, along = _crossings(scores, labels, 1), _crossings(scores, labels, 0)
    # The four sides of a square: below, above, west, east; each with its crossing, or NaN.
    sides = np.stack([across[:-1, :], across[1:, :], along[:, :-1], along[:, 1:]])
    first = np.stack([labels[:-1, :-1], labels[1:, :-1], labels[:-1, :-1], labels[:-1, 1:]])
    second = np.stack([labels[:-1, 1:], labels[1:, 1:], labels[1:, :-1], labels[1:, 1:]])
    crossed = ~np.isnan(sides[..., 0])
    count = crossed.sum(axis=0)
    parts = [_pairs(sides, first, second, crossed, count), _stars(sides, first, second, crossed, count)]
    start, end, a, b, corner = (np.concatenate(each) for each in zip(*parts, strict=True))
    way, look = end - start, corner - start
    on_left = way[:, 0] * look[:, 1] - way[:, 1] * look[:, 0] > 0
    return start, end, np.where(on_left, a, b), np.where(on_left, b, a)


def _crossings(scores: Scores, labels: Codes, axis: int) -> np.ndarray:
    """Where the border crosses between each point and the next along `axis` (0: the row above, 1: the column east)."""
    before = [slice(None), slice(None)]
    after = [slice(None), slice(None)]
    before[axis], after[axis] = slice(None, -1), slice(1, None)
    a, b = labels[tuple(before)], labels[tuple(after)]
    place = np.full((*a.shape, 2), np.nan)
    row, column = np.nonzero(a != b)
    one, two = a[row, column], b[row, column]
    next_row, next_column = (row + 1, column) if axis == 0 else (row, column + 1)
    here = scores[one, row, column] - scores[two, row, column]
    there = scores[one, next_row, next_column] - scores[two, next_row, next_column]
    gap = here - there
    share = np.where(gap > 0, here / np.where(gap > 0, gap, 1), 0.5)
    share = np.clip(share, NEAR, 1 - NEAR)
    place[row, column, 0] = column + (share if axis == 1 else 0)
    place[row, column, 1] = row + (share if axis == 0 else 0)
    return place


def _corner(side: np.ndarray, row: np.ndarray, column: np.ndarray) -> np.ndarray:
    """The first end of a side of the square at row and column."""
    return np.stack([column + (side == 3), row + (side == 1)], axis=-1).astype(float)


def _pairs(
    sides: np.ndarray, first: Codes, second: Codes, crossed: np.ndarray, count: np.ndarray
) -> tuple[np.ndarray, ...]:
    """Squares that a border enters once and leaves once."""
    row, column = np.nonzero(count == 2)
    which = np.argsort(~crossed[:, row, column], axis=0, kind="stable")
    one, two = which[0], which[1]
    start, end = sides[one, row, column], sides[two, row, column]
    corner = _corner(one, row, column)
    return start, end, first[one, row, column], second[one, row, column], corner


def _stars(
    sides: np.ndarray, first: Codes, second: Codes, crossed: np.ndarray, count: np.ndarray
) -> tuple[np.ndarray, ...]:
    """Squares where three or four borders meet, in the middle of where they enter."""
    row, column = np.nonzero(count > 2)
    here = sides[:, row, column]
    middle = np.nanmean(here, axis=0)
    side, square = np.nonzero(crossed[:, row, column])
    corner = _corner(side, row[square], column[square])
    a, b = first[side, row[square], column[square]], second[side, row[square], column[square]]
    return here[side, square], middle[square], a, b, corner


def _codes_of(
    found: Shapes, start: np.ndarray, end: np.ndarray, left: np.ndarray, right: np.ndarray
) -> Codes:
    """The class of each polygon: the one on the left of the first edge of its outer ring, which runs anticlockwise."""
    keys = np.concatenate([_key(start, end), _key(end, start)])
    sides = np.concatenate([left, right])
    order = np.argsort(keys)
    points, ring = shapely.get_coordinates(shapely.get_exterior_ring(found), return_index=True)
    at = np.searchsorted(ring, np.arange(len(found)))
    place = np.searchsorted(keys[order], _key(points[at], points[at + 1]))
    return np.asarray(sides[order][place])


def _key(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """A number that only this edge in this direction has: its middle, and which way it goes."""
    middle = np.rint((start + end) * (KEY / 2)).astype(np.int64)
    way = end - start
    forward = (way[:, 0] > 0) | ((way[:, 0] == 0) & (way[:, 1] > 0))
    return np.asarray((middle[:, 0] * (1 << 31) + middle[:, 1]) * 2 + forward)
