"""How much of every cell of a grid each class covers: exact areas, by sums over the edges of the polygons.

An edge that goes up through a cell covers what lies east of it, one that goes down takes as much away; so all edges
of a class, in any order, are added up in one pass, and a running sum from west to east gives the covered share of
every cell. Nothing is sampled, and there is no loop over polygons.
"""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from gisapp.generalise.frame import Shapes

Grid = NDArray[np.float64]


def shares(shapes: Shapes, side: int) -> Grid:
    """The share (0 to 1, more where shapes overlap) of each cell of a grid of `side` × `side` cells that polygons cover.

    Coordinates are in cells: the grid is 0 to `side`, rows from the south. What lies outside is left out.
    """
    return shares_of_edges(*_edges(shapes), side)


def shares_of_edges(x0: Grid, y0: Grid, x1: Grid, y1: Grid, side: int) -> Grid:
    """As `shares`, from edges in any order, from (x0, y0) to (x1, y1), that have what they enclose on the left."""
    x0, y0, x1, y1 = _pieces(x0, y0, x1, y1, side)
    row = np.clip(np.floor((y0 + y1) / 2), 0, side - 1).astype(np.int64)
    middle = (x0 + x1) / 2
    column = np.clip(np.floor(middle), 0, side - 1).astype(np.int64)
    rise = y0 - y1  # outer rings run anticlockwise: up on the east side
    east = np.clip(middle - column, 0.0, 1.0) * rise
    wide = side + 1
    flat = np.bincount(row * wide + column, rise - east, side * wide)
    flat += np.bincount(row * wide + column + 1, east, side * wide)
    return np.asarray(np.cumsum(flat.reshape(side, wide), axis=1)[:, :side], dtype=np.float64)


def _edges(shapes: Shapes) -> tuple[Grid, Grid, Grid, Grid]:
    rings = shapely.get_rings(shapely.orient_polygons(shapes))
    points, ring = shapely.get_coordinates(rings, return_index=True)
    same = ring[1:] == ring[:-1]
    start, end = points[:-1][same], points[1:][same]
    return start[:, 0], start[:, 1], end[:, 0], end[:, 1]


def _pieces(x0: Grid, y0: Grid, x1: Grid, y1: Grid, side: int) -> tuple[Grid, Grid, Grid, Grid]:
    """Edges cut wherever they leave a row or a column of cells; beyond the grid's sides they run along these."""
    keep = (y0 != y1) & (np.maximum(y0, y1) > 0) & (np.minimum(y0, y1) < side)
    x0, y0, x1, y1 = x0[keep], y0[keep], x1[keep], y1[keep]
    x0, y0, x1, y1 = _cut(y0, x0, y1, x1, side)
    y0, x0, y1, x1 = _cut(x0, y0, x1, y1, side)
    middle = (y0 + y1) / 2  # an end at the grid's edge may be a rounding error beyond it
    inside = (middle > 0) & (middle < side)
    x0, y0, x1, y1 = (np.clip(values[inside], 0, side) for values in (x0, y0, x1, y1))
    return x0, y0, x1, y1


def _cut(a0: Grid, b0: Grid, a1: Grid, b1: Grid, side: int) -> tuple[Grid, Grid, Grid, Grid]:
    """Cut edges where their first coordinate passes a whole number from 0 to `side`; returns (b0, a0, b1, a1)."""
    low, high = np.minimum(a0, a1), np.maximum(a0, a1)
    first = np.clip(np.floor(low) + 1, 0, None)
    last = np.clip(np.ceil(high) - 1, None, side)
    cuts = np.maximum(last - first + 1, 0).astype(np.int64)
    whole = cuts == 0  # most, where cells are large
    cut = _pieces_of(*(values[~whole] for values in (a0, b0, a1, b1, first, last, cuts)))
    ends = zip((b0, a0, b1, a1), cut, strict=True)
    b0, a0, b1, a1 = (np.concatenate([values[whole], more]) for values, more in ends)
    return b0, a0, b1, a1


def _pieces_of(
    a0: Grid, b0: Grid, a1: Grid, b1: Grid, first: Grid, last: Grid, cuts: NDArray[np.int64]
) -> tuple[Grid, Grid, Grid, Grid]:
    """The pieces of edges that are cut `cuts` times, at whole numbers from `first` to `last`; (b0, a0, b1, a1)."""
    pieces = cuts + 1
    edge = np.repeat(np.arange(len(a0)), pieces)
    place = np.arange(len(edge)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    upward = a1 >= a0
    # the cut before and after each piece, counted along the edge's own direction
    step = np.where(upward, 1.0, -1.0)[edge]
    origin = np.where(upward, first, last)[edge]
    before, after = origin + step * (place - 1), origin + step * place
    starts, ends = place == 0, place == cuts[edge]
    a_from = np.where(starts, a0[edge], before)
    a_to = np.where(ends, a1[edge], after)
    with np.errstate(invalid="ignore", divide="ignore"):
        slope = np.where(a1 != a0, (b1 - b0) / (a1 - a0), 0.0)[edge]
    b_from = np.where(starts, b0[edge], b0[edge] + slope * (a_from - a0[edge]))
    b_to = np.where(ends, b1[edge], b0[edge] + slope * (a_to - a0[edge]))
    return b_from, a_from, b_to, a_to
