"""Tile arithmetic against PostGIS's own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gisapp.geo import tiles
from gisapp.installation import Installation

places = st.tuples(st.floats(-180, 180), st.floats(-85, 85))


@given(places, st.integers(0, 24))
def test_a_place_lies_in_the_box_of_its_tile(place: tuple[float, float], z: int) -> None:
    x, y = tiles.tile_at(*place, z)
    assert tiles.exists(z, x, y)
    west, south, east, north = tiles.tile_box(z, x, y)
    e, n = tiles.to_web(*place)
    slack = 1e-6
    assert west - slack <= e <= east + slack
    assert south - slack <= n <= north + slack


@pytest.mark.parametrize(
    ("z", "x", "y"), [(0, 0, 0), (5, 28, 12), (16, 58211, 25806), (22, 3725519, 1651598)]
)
def test_boxes_are_those_of_postgis(installation: Installation, z: int, x: int, y: int) -> None:
    with installation.database.transaction("owner") as connection:
        box = "ST_XMin(t), ST_YMin(t), ST_XMax(t), ST_YMax(t)"
        theirs = connection.exec_driver_sql(f"SELECT {box} FROM ST_TileEnvelope({z}, {x}, {y}) AS t").one()
    assert tiles.tile_box(z, x, y) == pytest.approx(tuple(theirs), abs=1e-6)


def test_web_mercator_is_that_of_postgis(installation: Installation) -> None:
    with installation.database.transaction("owner") as connection:
        point = "ST_Transform(ST_SetSRID(ST_MakePoint(141.3, 35.2), 4326), 3857)"
        theirs = connection.exec_driver_sql(f"SELECT ST_X(p), ST_Y(p) FROM (SELECT {point} AS p) AS f").one()
    assert tiles.to_web(141.3, 35.2) == pytest.approx(tuple(theirs), abs=1e-6)


@pytest.mark.parametrize(
    ("z", "x", "y", "there"),
    [
        (0, 0, 0, True),
        (0, 1, 0, False),
        (3, 7, 7, True),
        (3, 8, 7, False),
        (3, 7, 8, False),
        (3, -1, 0, False),
        (-1, 0, 0, False),
        (16, 10**40, 1, False),
    ],
)
def test_the_world_has_two_to_the_zoom_tiles_a_side(z: int, x: int, y: int, there: bool) -> None:
    assert tiles.exists(z, x, y) is there


def test_tiles_over_a_box_are_all_that_it_touches() -> None:
    found = list(tiles.tiles_over((139.7, 35.6, 139.8, 35.7), 12))
    assert found[0] == tiles.tile_at(139.7, 35.7, 12)
    assert found[-1] == tiles.tile_at(139.8, 35.6, 12)
    assert len(found) == len(set(found))
    assert len(list(tiles.tiles_over((-180, -90, 180, 90), 3))) == 64


def test_a_pixel_shrinks_with_the_zoom_and_the_latitude() -> None:
    assert tiles.metres_per_pixel(0, 0) == pytest.approx(156_543.03, abs=0.01)
    assert tiles.metres_per_pixel(17, 35) == pytest.approx(0.978, abs=0.001)
    assert tiles.metres_per_pixel(17.5, 35) < tiles.metres_per_pixel(17, 35)
