"""Outlines that are followed edge by edge, and shares put together from the rows of a higher zoom."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from gisapp.catalogue.layer import Generalised
from gisapp.generalise import contour
from gisapp.generalise.balance import MARGIN
from gisapp.generalise.frame import INSIDE, PIXEL, Frame, flipped, polygons_of
from gisapp.generalise.mosaic import Kept, shares_of_rows
from gisapp.generalise.shares import shares
from gisapp.generalise.tile import Work, generalise
from gisapp.geo.tiles import EXTENT
from tests.generalise.test_arithmetic import SIDE, blocks


def scores_of(labels: list[list[int]]) -> np.ndarray:
    """Scores by which each point is of the class that is named there."""
    named = np.array(labels)
    return (named == np.arange(named.max() + 1)[:, None, None]).astype(np.float32)


def test_an_island_in_a_lake_on_an_island_is_three_polygons() -> None:
    size = np.maximum(*np.abs(np.mgrid[-6:7, -6:7]))
    shapes, codes = contour.areas_of(
        scores_of(np.where(size < 2, 1, np.where(size < 4, 2, size < 6)).tolist())
    )
    assert sorted(codes) == [1, 1, 2]
    assert sorted(len(shape.interiors) for shape in shapes) == [0, 1, 1]
    assert shapely.is_valid(shapes).all() and shapely.coverage_is_valid(shapes)


@pytest.mark.parametrize("classes", [2, 3])
def test_where_classes_meet_as_on_a_chessboard_no_area_touches_itself(classes: int) -> None:
    for seed in range(20):
        labels = np.random.default_rng(seed).integers(0, classes + 1, (12, 12))
        shapes, codes = contour.areas_of(scores_of(labels.tolist()))
        assert shapely.is_valid(shapes).all() and shapely.coverage_is_valid(shapes)
        assert shapely.union_all(shapes).area == pytest.approx(shapely.area(shapes).sum())
        for row, column in np.argwhere(labels[1:-1, 1:-1] > 0) + 1:
            there = shapely.contains_properly(shapes, shapely.Point(column, row))
            assert list(codes[there]) == [labels[row, column]]


def test_a_grid_of_nothing_has_no_outlines() -> None:
    shapes, codes = contour.areas_of(scores_of([[0, 0, 0], [0, 0, 0], [0, 0, 0]]))
    assert not len(shapes) and not len(codes)


def rows_of_homes(
    frame: Frame, steps: int
) -> tuple[list[Frame], list[bytes], np.ndarray, np.ndarray, np.ndarray]:
    """Rows of the tiles `steps` zooms further in, a class and tile each, with buffers; and the shapes they are made of."""
    shapes, codes = blocks(3, seed=7, size=96.0, low=-400, high=EXTENT + 400)
    shapes = shapely.transform(shapes, lambda points: np.round(points / 8) * 8)
    ratio, homes, rows, of = 2**steps, [], [], []
    for x in range(frame.x * ratio - 1, (frame.x + 1) * ratio + 1):
        for y in range(frame.y * ratio - 1, (frame.y + 1) * ratio + 1):
            home = Frame(frame.z + steps, x, y)
            sheet = shapely.box(*home.box(64))
            for code in range(3):
                web = shapely.intersection(shapely.union_all(frame.to_web(shapes[codes == code])), sheet)
                if not web.is_empty:
                    homes.append(home)
                    rows.append(row_of(home.to_units([web])[0]))
                    of.append(code)
    return homes, rows, np.array(of), shapes, codes


def row_of(shape: shapely.Geometry) -> bytes:
    """Polygons in a tile's units, y northwards, as its table holds them."""
    whole = shapely.multipolygons(polygons_of(np.array([shape]), np.zeros(1, dtype=np.int64))[0])
    return bytes(shapely.to_wkb(flipped([shapely.orient_polygons(whole, exterior_cw=True)])[0]))


@pytest.mark.parametrize("steps", [1, 2])
def test_shares_of_rows_are_those_of_the_shapes_they_hold(steps: int) -> None:
    frame = Frame(12, 3637, 1612)
    homes, rows, of, shapes, codes = rows_of_homes(frame, steps)
    found = shares_of_rows(frame, homes, rows, of, 3)
    cells = shapely.transform(shapes, lambda points: points / PIXEL + MARGIN)
    want = np.stack([shares(cells[codes == code], SIDE) for code in range(3)])
    assert np.abs(found - want).max() < 2e-5
    assert (shares_of_rows(frame, homes, rows, of, 3) == found).all(), "what is kept is what was calculated"


def test_a_tile_made_of_rows_is_the_same_whatever_was_made_before() -> None:
    frame = Frame(12, 3637, 1612)
    homes, rows, of, shapes, codes = rows_of_homes(frame, 1)
    areas = np.array(
        [shapely.area(shapely.intersection(shapes[codes == code], INSIDE)).sum() for code in range(3)]
    )
    work = Work(frame, Generalised(12, 12, "aggregate"), 3, rows, of, homes, areas * frame.unit**2)
    made = generalise(work)
    assert len(made) == 3 and generalise(work) == made


def test_no_more_shares_are_kept_than_memory_was_given() -> None:
    kept = Kept(most=3 * 2 * 64**2)
    for size in range(1, 9):
        cells = kept.of(row_of(shapely.box(0, 0, size * 100, size * 100)), 64)
        assert cells.sum() / 65_535 == pytest.approx((size * 100 / 64) ** 2, rel=0.01)
    assert kept.bytes <= 3 * 2 * 64**2
