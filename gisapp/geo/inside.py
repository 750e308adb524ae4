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
MOST_BLOCKS = 200_000  # squares that an outline is near whose cells say which shape they lie in
IN_BLOCK = LARGEST + 1  # the first byte of such a square, at the least
BLOCK = 2 + 2 * CELLS * CELLS  # bytes
UNKNOWN = 65_535


@dataclass(frozen=True)
class Inside:
    """`columns` × `rows` squares over `box`, row by row from its lowest left corner, three bytes each.

    The first is how many squares a side the largest block has that begins there, goes on to the right and up, and lies as one
    in the same shape; the others are the shape's number, counted from 1; 0 is none. Where the first is 0 (an outline is near, or
    shapes overlap) the others say which of the square's 4 × 4 cells an outline is near: the lowest bit is the lowest left cell.
    Where it is 16 or more, the same is said by a block of `cells`, and then the number of the shape that each cell lies in, two bytes
    each (65,535: an outline is near, or shapes overlap). The square holds which block that is, 16 · 65,536 more, in its three bytes.
    """

    box: Box
    columns: int
    rows: int
    squares: bytes
    cells: bytes = b""


def inside(shapes: Array) -> Inside:
    """The grid over polygons, fewer than 65,536 of them. Raises shapely.errors.GEOSException where one is not valid."""
    shapely.prepare(shapes)
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
    bits = _bits(cells.transpose(0, 2, 1, 3))
    said: Array = np.where(number >= 0, number, bits)
    row, column = (each[:MOST_BLOCKS] for each in np.nonzero(number < 0))
    blocks = _blocks(shapes, cells[row, :, column, :], low + np.column_stack([column, row]) * size, size)
    which = np.arange(len(row)) + (IN_BLOCK << 16)
    sides[row, column], said[row, column] = which >> 16, which & UNKNOWN
    squares = np.stack([sides, said >> 8, said & 255], axis=-1).astype(np.uint8)
    box = (float(low[0]), float(low[1]), float(low[0] + columns * size), float(low[1] + rows * size))
    return Inside(box, columns, rows, squares.tobytes(), blocks)


def _bits(cells: Array) -> Array:
    """The marks of each square's cells (its last two axes: rows, columns) as one number."""
    places = ((y, x) for y in range(CELLS) for x in range(CELLS))
    return sum(cells[..., y, x].astype(np.uint16) << (CELLS * y + x) for y, x in places)


def _blocks(shapes: Array, near: Array, corners: Array, size: float) -> bytes:
    """What `Inside.cells` says of squares, of which `near` marks cells. Cells beside each other, with no outline between, lie in the
    same shape: one of them is asked.
    """
    own = np.arange(CELLS * CELLS, dtype=np.uint8).reshape(1, CELLS, CELLS)
    none = np.uint8(255)
    one = np.where(near, none, own)
    for _ in range(CELLS * CELLS):  # the longest way from cell to cell
        before = one.copy()
        for there, here in ((np.s_[:, 1:], np.s_[:, :-1]), (np.s_[:, :, 1:], np.s_[:, :, :-1])):
            for a, b in ((there, here), (here, there)):
                one[a] = np.where(near[a], none, np.minimum(one[a], one[b]))
        if (one == before).all():
            break
    square, y, x = np.nonzero(one == own)
    low = corners[square]
    found = _number_at(
        shapes,
        low[:, 0] + (x + 0.5) * size / CELLS,
        low[:, 1] + (y + 0.5) * size / CELLS,
    )
    numbers = np.full((len(near), CELLS * CELLS), UNKNOWN, np.uint16)
    numbers[square, CELLS * y + x] = np.where(found < 0, UNKNOWN, found)
    flat = one.reshape(len(near), CELLS * CELLS)
    told = np.take_along_axis(numbers, flat % (CELLS * CELLS), axis=1)
    told[flat == none] = UNKNOWN
    return np.column_stack([_bits(near), told]).astype(">u2").tobytes()


def _number_at(shapes: Array, x: Array, y: Array) -> Array:
    """The number of the shape that each point lies in, from 1; 0 for none; -1 where shapes overlap."""
    points = shapely.points(x, y)
    asked, shape = shapely.STRtree(shapes).query(points)
    held = shapely.intersects(
        shapes[shape], points[asked]
    )  # the shapes are prepared: not every vertex is looked at
    asked, shape = asked[held], shape[held]
    found = np.zeros(len(x), int)
    found[asked] = shape + 1
    found[np.bincount(asked, minlength=len(x)) > 1] = -1
    return found


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
    found = _number_at(shapes, low[0] + (column + 0.5) * size, low[1] + (row + 0.5) * size)
    stretch = (
        np.cumsum(first.ravel()).reshape(near.shape) - 1
    )  # a row may begin near an outline, never without a first
    return np.where(near, -1, found[np.maximum(stretch, 0)] if len(found) else 0)
