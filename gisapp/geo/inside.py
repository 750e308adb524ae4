"""Which squares of a grid lie wholly inside one shape: there, where something lies is known without its geometry.

A square that no outline comes near lies in the same shapes as any of its points. So one look at a byte answers for most
of the boxes that lie on the grid, and only those beside an outline are left to geometry.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from gisapp.geo.tiles import Box

Array = Any
MOST_SQUARES = 1_600_000
LARGEST = 15  # squares: a block that is asked about at once has at most so many a side
NEAR = 1e-4  # metres: an outline this near to a square counts as in it, so that rounding decides nothing
CELLS = 4  # cells of a square a side, which tell where in it the outlines are


@dataclass(frozen=True)
class Inside:
    """`columns` × `rows` squares over `box`, row by row from its lowest left corner, three bytes each.

    The first is how many squares a side the largest block has that begins there, goes on to the right and up, and lies as one
    in the same shape; the others are the shape's number, counted from 1; 0 is none. Where the first is 0 (an outline is near, or
    shapes overlap) the others say which of the square's 4 × 4 cells an outline is near: the lowest bit is the lowest left cell.
    """

    box: Box
    columns: int
    rows: int
    squares: bytes


def inside(shapes: Array) -> Inside:
    """The grid over polygons, fewer than 65,536 of them. Raises shapely.errors.GEOSException where one is not valid."""
    west, south, east, north = (float(side) for side in shapely.total_bounds(shapes))
    size = max(
        ((east - west) * (north - south) / MOST_SQUARES) ** 0.5, (east - west + north - south) / 5000, 0.5
    )
    columns, rows = int((east - west) / size) + 3, int((north - south) / size) + 3
    low = np.array([west - size, south - size])
    cells = _near(shapes, low, size / CELLS, (rows * CELLS, columns * CELLS)).reshape(
        rows, CELLS, columns, CELLS
    )
    number = _numbers(shapes, cells.any(axis=(1, 3)), low, size)
    block = number >= 0
    sides = np.zeros((rows, columns), np.uint8)
    for _ in range(LARGEST):
        sides[: block.shape[0], : block.shape[1]] += block
        block = block[:-1, :-1] & block[1:, :-1] & block[:-1, 1:] & block[1:, 1:]
    bits = sum(
        cells[:, y, :, x].astype(np.uint16) << (CELLS * y + x) for y in range(CELLS) for x in range(CELLS)
    )
    said = np.where(number >= 0, number, bits)
    squares = np.stack([sides, said >> 8, said & 255], axis=-1).astype(np.uint8)
    box = (float(low[0]), float(low[1]), float(low[0] + columns * size), float(low[1] + rows * size))
    return Inside(box, columns, rows, squares.tobytes())


def _near(shapes: Array, low: Array, size: float, shape: tuple[int, int]) -> Array:
    """The cells of this size that an outline touches, and some beside them: outlines are cut into steps of half a cell."""
    lines = shapely.get_parts(shapely.get_parts(shapely.boundary(shapes)))
    points, line = shapely.get_coordinates(lines, return_index=True)
    same = line[1:] == line[:-1]
    start, end = points[:-1][same], points[1:][same]
    steps = np.maximum(1, np.ceil(np.abs(end - start).max(axis=1) / (size / 2)).astype(int))
    of = np.repeat(np.arange(len(start)), steps)
    step = np.arange(len(of)) - np.repeat(np.cumsum(steps) - steps, steps)
    part = (end - start)[of] / steps[of][:, None]
    first = start[of] + part * step[:, None]
    last = first + part
    near = np.zeros(shape, bool)
    corners = [
        ((np.minimum(first, last) - NEAR - low) / size).astype(int),
        ((np.maximum(first, last) + NEAR - low) / size).astype(int),
    ]
    for x in corners:
        for y in corners:
            near[y[:, 1], x[:, 0]] = True
    return near


def _numbers(shapes: Array, near: Array, low: Array, size: float) -> Array:
    """The number of the shape that each square lies in, from 1; 0 for none; -1 near an outline and where shapes overlap.

    Along a row it cannot change but at an outline: the first square of each stretch is asked.
    """
    first = ~near
    first[:, 1:] &= near[:, :-1]
    row, column = np.nonzero(first)
    middles = shapely.points(low[0] + (column + 0.5) * size, low[1] + (row + 0.5) * size)
    asked, shape = shapely.STRtree(shapes).query(middles, predicate="intersects")
    found = np.zeros(len(row), int)
    found[asked] = shape + 1
    found[np.bincount(asked, minlength=len(row)) > 1] = -1
    stretch = (
        np.cumsum(first.ravel()).reshape(near.shape) - 1
    )  # a row may begin near an outline, never without a first
    return np.where(near, -1, found[np.maximum(stretch, 0)] if len(found) else 0)
