"""Outlines between classes on a grid: marching squares for any number of classes at once.

Every point of the grid belongs to the class whose score is highest there. Between two neighbouring points of
different classes the border stands where their scores are equal; all borders of a square between four points are
joined inside it. Each border is made once, for both classes that it parts, so the areas are a coverage: no gap, no
overlap, and no staircase. At a place where borders meet every class has one corner at most, so that the border of an
area is followed from edge to edge without a choice (`rings`), and no general polygon maker is needed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gisapp.generalise import rings
from gisapp.generalise.frame import Codes, Shapes

Scores = NDArray[np.floating]
Numbers = NDArray[np.int64]
NEAR = 0.02  # how near to a point of the grid a border may stand: no edge of length nought
BELOW, ABOVE, WEST, EAST = range(4)  # the sides of a square
SW, SE, NW, NE = range(4)  # its corners
# A border that enters a square once and leaves it once, by the sides that it crosses (a bit each): where it starts and
# ends, and the corners on its left and right.
_PAIRS = {
    (BELOW, ABOVE): (SW, SE),
    (BELOW, WEST): (SW, NE),
    (BELOW, EAST): (NW, SE),
    (ABOVE, WEST): (SE, NW),
    (ABOVE, EAST): (NE, SW),
    (WEST, EAST): (NW, SW),
}
_PAIR = np.zeros((16, 4), dtype=np.int64)
for (_one, _two), _corners in _PAIRS.items():
    _PAIR[1 << _one | 1 << _two] = (_one, _two, *_corners)
_INWARDS = np.array([(SW, SE), (NE, NW), (NW, SW), (SE, NE)])  # left and right of who comes in by each side
# Opposite corners of one class belong together: the other two are cut off, each by a border of its own.
_JOINED = {
    SW: ((BELOW, EAST, SW, SE), (ABOVE, WEST, SW, NW)),
    SE: ((BELOW, WEST, SW, SE), (ABOVE, EAST, NE, SE)),
}


@dataclass(frozen=True)
class Borders:
    """Border segments: numbers of the points where they start and end, and the classes on their left and right.

    `points` are (column, row) of the grid. No class has more than one corner at any of them.
    """

    points: NDArray[np.float64]
    start: Numbers
    end: Numbers
    left: Codes
    right: Codes


def areas_of(scores: Scores) -> tuple[Shapes, Codes]:
    """Polygons of the classes 1, 2, … from their scores (class, row, column); class 0 is nothing and is not drawn.

    Coordinates are columns and rows of the grid's points. Beyond the grid there is nothing.
    """
    found = borders(scores)
    source = np.concatenate([found.start, found.end])
    target = np.concatenate([found.end, found.start])
    code = np.concatenate([found.left, found.right])
    drawn = code > 0
    return rings.polygons(found.points, source[drawn], target[drawn], code[drawn])


def borders(scores: Scores) -> Borders:
    """All borders between the classes of a grid."""
    labels = _labels(scores)
    across, along = labels[:, :-1] != labels[:, 1:], labels[:-1] != labels[1:]
    places = [_crossings(scores, labels, across, 1), _crossings(scores, labels, along, 0)]
    number = [_numbered(across, 0), _numbered(along, len(places[0]))]
    sides = (number[0][:-1], number[0][1:], number[1][:, :-1], number[1][:, 1:])
    corners = (labels[:-1, :-1], labels[:-1, 1:], labels[1:, :-1], labels[1:, 1:])
    bits = _bits(across, along)
    row, column = np.nonzero(bits)
    here = np.stack([side[row, column] for side in sides])
    label = np.stack([corner[row, column] for corner in corners])
    kind = bits[row, column]
    joined = _joined(scores, row, column, label, kind)
    points = np.concatenate(places)
    middles, stars = _stars(points, here, label, kind, joined)
    parts = [*_pairs(here, label, kind, joined), stars]
    start, end, left, right = (np.concatenate(each) for each in zip(*parts, strict=True))
    return Borders(np.concatenate([points, middles]), start, end, left, right)


def _labels(scores: Scores) -> Codes:
    """The class with the highest score at every point, the first of several; at the grid's edges nothing."""
    best = scores[0].copy()
    labels = np.zeros(best.shape, dtype=np.int64)
    for code in range(1, len(scores)):
        better = scores[code] > best
        np.copyto(best, scores[code], where=better)
        labels[better] = code
    labels[[0, -1], :] = 0
    labels[:, [0, -1]] = 0
    return labels


def _bits(across: NDArray[np.bool_], along: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Which sides of each square are crossed, a bit each."""
    below, above, west, east = across[:-1], across[1:], along[:, :-1], along[:, 1:]
    return np.asarray(
        below.astype(np.uint8) << BELOW
        | above.astype(np.uint8) << ABOVE
        | west.astype(np.uint8) << WEST
        | east.astype(np.uint8) << EAST
    )


def _numbered(crossed: NDArray[np.bool_], first: int) -> Numbers:
    number = np.full(crossed.shape, -1, dtype=np.int64)
    number[crossed] = np.arange(first, first + np.count_nonzero(crossed))
    return number


def _crossings(scores: Scores, labels: Codes, crossed: NDArray[np.bool_], axis: int) -> NDArray[np.float64]:
    """Where the border crosses between each point and the next along `axis` (0: the row above, 1: the column east)."""
    row, column = np.nonzero(crossed)
    next_row, next_column = (row + 1, column) if axis == 0 else (row, column + 1)
    one, two = labels[row, column], labels[next_row, next_column]
    here = scores[one, row, column] - scores[two, row, column]
    there = scores[one, next_row, next_column] - scores[two, next_row, next_column]
    gap = here - there
    share = np.where(gap > 0, here / np.where(gap > 0, gap, 1), 0.5)
    share = np.clip(share, NEAR, 1 - NEAR)
    place = np.stack([column, row], axis=1).astype(np.float64)
    place[:, 1 - axis] += share
    return place


def _joined(scores: Scores, row: Numbers, column: Numbers, label: Codes, kind: NDArray[np.uint8]) -> Numbers:
    """Of squares whose four sides are all crossed the corner (SW or SE) that is one with its opposite, or -1."""
    joined = np.full(len(kind), -1)
    all_sides = kind == 15
    rising, falling = all_sides & (label[SW] == label[NE]), all_sides & (label[SE] == label[NW])
    joined[falling] = SE
    joined[rising] = SW
    doubtful = np.flatnonzero(rising & falling)
    if len(doubtful):  # two classes on a chessboard: the stronger one is joined
        row, column, label = row[doubtful], column[doubtful], label[:, doubtful]
        steps = ((0, 0), (0, 1), (1, 0), (1, 1))
        strength = [
            sum(scores[label[corner], row + up, column + east] for up, east in steps) for corner in (SW, SE)
        ]
        joined[doubtful[strength[1] > strength[0]]] = SE
    return joined


def _pairs(
    sides: Numbers, label: Codes, kind: NDArray[np.uint8], joined: Numbers
) -> list[tuple[np.ndarray, ...]]:
    """Borders that enter a square by one side and leave it by another."""
    parts: list[tuple[np.ndarray, ...]] = []
    pair = np.flatnonzero((_PAIR[kind] != 0).any(axis=1))
    start, end, left, right = _PAIR[kind[pair]].T
    parts.append((sides[start, pair], sides[end, pair], label[left, pair], label[right, pair]))
    for corner, pieces in _JOINED.items():
        square = np.flatnonzero(joined == corner)
        for one, two, on_left, on_right in pieces:
            parts.append(
                (sides[one, square], sides[two, square], label[on_left, square], label[on_right, square])
            )
    return parts


def _stars(
    points: NDArray[np.float64], sides: Numbers, label: Codes, kind: NDArray[np.uint8], joined: Numbers
) -> tuple[NDArray[np.float64], tuple[np.ndarray, ...]]:
    """The middles of squares where three or four classes meet, and the borders that lead there from each side."""
    square = np.flatnonzero((_PAIR[kind] == 0).all(axis=1) & (joined < 0))
    side, place = np.nonzero(sides[:, square] >= 0)
    from_side = sides[side, square[place]]
    count = np.bincount(place, minlength=len(square))
    middles = (
        np.stack([np.bincount(place, points[from_side, axis], len(square)) for axis in (0, 1)], axis=1)
        / np.maximum(count, 1)[:, None]
    )
    left, right = _INWARDS[side].T
    here = square[place]
    return middles, (from_side, len(points) + place, label[left, here], label[right, here])
