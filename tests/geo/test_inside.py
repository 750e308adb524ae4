"""Which squares of a grid lie in one shape: compared with the shapes themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import shapely

from gisapp.geo import inside as module
from gisapp.geo.inside import BLOCK, CELLS, IN_BLOCK, UNKNOWN, Inside, inside

SHAPES = shapely.from_wkt(
    [
        "MULTIPOLYGON (((0 0, 400 0, 400 300, 0 300, 0 0), (100 100, 200 100, 200 220, 100 220, 100 100)))",
        "POLYGON ((400 0, 900 40, 860 300, 400 300, 400 0))",
        "POLYGON ((800 100, 990 90, 950 280, 800 100))",
        "MULTIPOLYGON (((0 300, 130 300, 60 700, 0 300)), ((500 400, 700 400, 700 410, 500 410, 500 400)))",
    ]
)


@pytest.fixture(scope="module", params=[module.MOST_BLOCKS, 900], ids=["a block for each", "some blocks"])
def grid(request: pytest.FixtureRequest) -> Iterator[Inside]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MOST_BLOCKS", request.param)
        yield inside(SHAPES)


def block_at(grid: Inside, square: Any) -> Any:
    """The bits and the numbers that the block of a square holds; None where it has none."""
    if square[0] < IN_BLOCK:
        return None
    which = (square[0] - IN_BLOCK) * 65536 + square[1] * 256 + square[2]
    return np.frombuffer(grid.cells[which * BLOCK : (which + 1) * BLOCK], ">u2").astype(int)


def test_a_block_of_squares_lies_in_its_shape_and_no_other(grid: Inside) -> None:
    squares = np.frombuffer(grid.squares, np.uint8).reshape(grid.rows, grid.columns, 3).astype(int)
    west, south, east, north = grid.box
    wide, high = (east - west) / grid.columns, (north - south) / grid.rows
    chance = np.random.default_rng(7)
    seen = set()
    for row, column in zip(
        chance.integers(0, grid.rows, 3000), chance.integers(0, grid.columns, 3000), strict=True
    ):
        side, *said = squares[row, column]
        if not 0 < side < IN_BLOCK:
            continue
        left, low = west + column * wide, south + row * high
        block = shapely.box(left, low, left + side * wide, low + side * high)
        number = said[0] * 256 + said[1]
        seen.add(number)
        holding = [n for n, shape in enumerate(SHAPES, 1) if shape.covers(block)]
        meeting = [n for n, shape in enumerate(SHAPES, 1) if shape.intersects(block)]
        assert holding == meeting == ([number] if number else [])
    assert seen == {0, 1, 2, 3, 4}


def test_cells_without_a_mark_have_no_outline_in_them(grid: Inside) -> None:
    squares = np.frombuffer(grid.squares, np.uint8).reshape(grid.rows, grid.columns, 3).astype(int)
    west, south, east, north = grid.box
    wide, high = (east - west) / grid.columns / CELLS, (north - south) / grid.rows / CELLS
    outlines = shapely.union_all(shapely.boundary(SHAPES))
    shapely.prepare(outlines)
    marked = unmarked = 0
    crossed = (squares[:, :, 0] == 0) | (squares[:, :, 0] >= IN_BLOCK)
    for row, column in np.argwhere(crossed)[::37]:
        block = block_at(grid, squares[row, column])
        bits = squares[row, column, 1] * 256 + squares[row, column, 2] if block is None else block[0]
        for cell in range(CELLS * CELLS):
            left, low = (
                west + (column * CELLS + cell % CELLS) * wide,
                south + (row * CELLS + cell // CELLS) * high,
            )
            touched = outlines.intersects(shapely.box(left, low, left + wide, low + high))
            marked, unmarked = marked + touched, unmarked + (not touched)
            assert bits >> cell & 1 or not touched
    assert marked and unmarked


def test_a_cell_lies_in_its_shape_and_no_other(grid: Inside) -> None:
    squares = np.frombuffer(grid.squares, np.uint8).reshape(grid.rows, grid.columns, 3).astype(int)
    west, south, east, north = grid.box
    wide, high = (east - west) / grid.columns / CELLS, (north - south) / grid.rows / CELLS
    seen, unknown = set(), 0
    for row, column in np.argwhere(squares[:, :, 0] >= IN_BLOCK)[::29]:
        bits, *numbers = block_at(grid, squares[row, column])
        for cell, number in enumerate(numbers):
            left, low = (
                west + (column * CELLS + cell % CELLS) * wide,
                south + (row * CELLS + cell // CELLS) * high,
            )
            shape = shapely.box(left, low, left + wide, low + high)
            holding = [n for n, one in enumerate(SHAPES, 1) if one.covers(shape)]
            meeting = [n for n, one in enumerate(SHAPES, 1) if one.intersects(shape)]
            if number == UNKNOWN:
                unknown += 1
                assert bits >> cell & 1 or len(meeting) > 1, "an outline is near, or shapes overlap"
            else:
                seen.add(number)
                assert holding == meeting == ([number] if number else [])
    assert unknown and seen >= ({0, 1} if len(grid.cells) <= 900 * BLOCK else {0, 1, 2, 3, 4})


def test_as_many_blocks_are_made_as_may_be(grid: Inside) -> None:
    squares = np.frombuffer(grid.squares, np.uint8).reshape(grid.rows, grid.columns, 3)
    assert len(grid.cells) == BLOCK * (squares[:, :, 0] >= IN_BLOCK).sum()
