"""A polygon's name stands once, however many tiles the polygon touches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
import shapely
from flask.testing import FlaskClient
from sqlalchemy import Connection

from gisapp.geo.tiles import BUFFER, tile_box, tiles_over, unit
from gisapp.installation import Installation
from tests.tiles.decoding import Drawn, decode, fetch

Placed = tuple[tuple[int, int], Drawn]


@pytest.fixture
def connection(installation: Installation) -> Iterator[Connection]:
    with installation.database.transaction("owner") as connection:
        yield connection


def points(client: FlaskClient, connection: Connection, layer: str, z: int) -> list[Placed]:
    """Every label point of a layer at a zoom, with the tile that it came in."""
    box = "ST_XMin(b), ST_YMin(b), ST_XMax(b), ST_YMax(b)"
    extent = f"SELECT ST_Extent(ST_Transform(geom, 4326)) AS b FROM {layer}"
    row = connection.exec_driver_sql(f"SELECT {box} FROM ({extent}) AS e").one()
    tiles = [(x, y, decode(fetch(client, layer, z, x, y), z, x, y)) for x, y in tiles_over(tuple(row), z)]
    return [((x, y), feature) for x, y, found in tiles for feature in found.get(f"{layer}:label", [])]


def is_in(place: Placed, z: int, beyond: float = 0) -> bool:
    (x, y), feature = place
    west, south, east, north = tile_box(z, x, y)
    by = beyond * unit(z)
    return west - by <= feature.shape.x < east + by and south - by < feature.shape.y <= north + by


def shapes(connection: Connection, layer: str) -> dict[int, tuple[str | None, shapely.Geometry]]:
    rows = connection.exec_driver_sql(f"SELECT id, name, ST_AsBinary(geom_web) AS shape FROM {layer}")
    return {row.id: (row.name, shapely.from_wkb(bytes(row.shape))) for row in rows}


@pytest.mark.parametrize("z", [12, 13, 14])
def test_each_town_is_named_once_in_its_own_tile_on_its_own_ground(
    client: FlaskClient, connection: Connection, z: int
) -> None:
    towns, found = shapes(connection, "base.town"), points(client, connection, "base.town", z)
    once = Counter(feature.id for place in found if is_in(place, z) for feature in [place[1]])
    assert once == Counter({id: 1 for id, (name, _) in towns.items() if name})
    assert all(is_in(place, z, BUFFER + 0.5) for place in found)  # what lies in the buffer is the neighbour's
    for _, feature in found:
        name, shape = towns[feature.id]
        assert feature.properties == {"name": name}
        assert shape.distance(feature.shape) <= unit(z)


def test_a_name_stands_at_the_same_place_at_every_zoom(client: FlaskClient, connection: Connection) -> None:
    places: dict[int, list[tuple[float, float]]] = {}
    for z in (12, 13, 14):
        for _, feature in points(client, connection, "base.town", z):
            places.setdefault(feature.id, []).append((feature.shape.x, feature.shape.y))
    assert len(places) > 5
    for found in places.values():
        assert max(
            abs(a - b) for one in found for two in found for a, b in zip(one, two, strict=True)
        ) <= unit(12)


def test_polygons_do_not_carry_what_only_their_names_need(
    client: FlaskClient, connection: Connection
) -> None:
    checked = 0
    for (x, y), _ in points(client, connection, "base.town", 14):
        found = decode(fetch(client, "base.town", 14, x, y), 14, x, y)
        assert all(feature.properties == {} for feature in found["base.town"])
        checked += len(found["base.town"])
    assert checked > 10


def test_what_has_no_name_has_no_point(client: FlaskClient, connection: Connection) -> None:
    houses = shapes(connection, "base.building")
    named = {id for id, (name, _) in houses.items() if name}
    assert 0 < len(named) < len(houses) / 2
    found = points(client, connection, "base.building", 16)
    assert {feature.id for _, feature in found} == named


def test_the_name_of_a_polygon_of_several_parts_stands_on_the_widest(installation: Installation) -> None:
    small, large = "((0 0, 1 0, 1 1, 0 1, 0 0))", "((10 0, 40 0, 40 20, 10 20, 10 0))"
    with installation.database.transaction("owner") as connection:
        sql = "SELECT ST_X(ST_PointOnSurface(%s::geometry))"
        for parts in (f"{small}, {large}", f"{large}, {small}"):
            assert 10 < connection.exec_driver_sql(sql, (f"MULTIPOLYGON({parts})",)).scalar_one() < 40
