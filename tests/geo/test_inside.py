"""Which squares of a grid lie in one shape: compared with the shapes themselves."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from gisapp.geo.inside import CELLS, Inside, inside

SHAPES = shapely.from_wkt(
    [
        "MULTIPOLYGON (((0 0, 400 0, 400 300, 0 300, 0 0), (100 100, 200 100, 200 220, 100 220, 100 100)))",
        "POLYGON ((400 0, 900 40, 860 300, 400 300, 400 0))",
        "POLYGON ((800 100, 990 90, 950 280, 800 100))",
        "MULTIPOLYGON (((0 300, 130 300, 60 700, 0 300)), ((500 400, 700 400, 700 410, 500 410, 500 400)))",
    ]
)


@pytest.fixture(scope="module")
def grid() -> Inside:
    return inside(SHAPES)


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
        if not side:
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
    for row, column in np.argwhere(squares[:, :, 0] == 0)[::37]:
        bits = squares[row, column, 1] * 256 + squares[row, column, 2]
        for cell in range(CELLS * CELLS):
            left, low = (
                west + (column * CELLS + cell % CELLS) * wide,
                south + (row * CELLS + cell // CELLS) * high,
            )
            touched = outlines.intersects(shapely.box(left, low, left + wide, low + high))
            marked, unmarked = marked + touched, unmarked + (not touched)
            assert bits >> cell & 1 or not touched
    assert marked and unmarked
