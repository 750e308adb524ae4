"""Geometry made to fit a layer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import shapely

from gisapp.geo.shapes import finite, fit_type, make_valid, type_names


def shapes(*texts: str) -> np.ndarray[Any, Any]:
    return shapely.from_wkt(np.array(texts, dtype=object))


def test_single_parts_become_multis_and_multis_of_one_become_single() -> None:
    fitted, fits = fit_type(
        shapes("POLYGON ((0 0, 1 0, 1 1, 0 0))", "MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)))"), "MultiPolygon"
    )
    assert fits.all() and type_names(fitted) == ["MultiPolygon"]
    fitted, fits = fit_type(shapes("POINT (1 2)", "MULTIPOINT ((1 2))"), "Point")
    assert fits.all() and type_names(fitted) == ["Point"]


def test_other_types_and_true_multis_do_not_fit_a_single_type() -> None:
    _, fits = fit_type(
        shapes("LINESTRING (0 0, 1 1)", "MULTIPOINT ((0 0), (1 1))", "GEOMETRYCOLLECTION (POINT (0 0))"),
        "Point",
    )
    assert not fits.any()


def test_a_bow_tie_becomes_its_two_triangles() -> None:
    (mended,) = make_valid(shapes("POLYGON ((0 0, 2 2, 2 0, 0 2, 0 0))"))
    assert mended.is_valid and mended.area == pytest.approx(2.0) and mended.geom_type == "MultiPolygon"


def test_triangles_that_share_edges_keep_all_their_area() -> None:
    fan = "MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)), ((0 0, 1 1, 0 1, 0 0)), ((1 0, 2 0, 1 1, 1 0)))"
    (mended,) = make_valid(shapes(fan))
    assert mended.is_valid and mended.area == pytest.approx(1.5)


def test_a_hole_drawn_as_a_part_of_its_own_becomes_a_hole() -> None:
    (mended,) = make_valid(shapes("MULTIPOLYGON (((0 0, 4 0, 4 4, 0 4, 0 0)), ((1 1, 2 1, 2 2, 1 2, 1 1)))"))
    assert mended.is_valid and mended.area == pytest.approx(15.0)


def test_what_has_no_area_is_empty_afterwards() -> None:
    assert make_valid(shapes("POLYGON ((0 0, 1 1, 0 0))", "LINESTRING (1 1, 1 1)"))[0].is_empty


def test_coordinates_that_are_no_numbers_are_found() -> None:
    geometry = np.array(
        [shapely.Point(0, 0), shapely.Point(np.nan, 1), shapely.LineString([(0, 0), (np.inf, 1)])]
    )
    assert finite(geometry).tolist() == [True, False, False]
