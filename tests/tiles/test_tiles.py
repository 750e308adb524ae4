"""Every tile of a small city, read by a decoder that is not ours and compared with PostGIS."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import mapbox_vector_tile
import pytest
import shapely
from flask.testing import FlaskClient
from mapbox_vector_tile.Mapbox import vector_tile_pb2
from sqlalchemy import Connection

from gisapp.catalogue.expression import evaluate
from gisapp.catalogue.layer import Layer
from gisapp.catalogue.style import LABEL, drawn_at, takes_label_points
from gisapp.geo.tiles import BUFFER, EXTENT, Box, tile_box, tiles_over, unit
from gisapp.installation import Installation
from tests.tiles.decoding import Drawn, decode, fetch

MOST_TILES = 60  # of one layer and zoom
PIXEL = 16  # units


@pytest.fixture
def connection(installation: Installation) -> Iterator[Connection]:
    with installation.database.transaction("owner") as connection:
        yield connection


def public_layers(installation: Installation) -> list[Layer]:
    return [layer for layer in installation.catalogue.layers.values() if not layer.views()[0].needs]


def seen(layer: Layer) -> str:
    """What a visitor sees of the layer."""
    return f"{layer.department}.{layer.views()[0].name}"


def filled(connection: Connection, layer: Layer, z: int) -> list[tuple[int, int]]:
    """The tiles at zoom `z` that the layer's box touches, at most MOST_TILES from its middle."""
    box = "ST_XMin(b), ST_YMin(b), ST_XMax(b), ST_YMax(b)"
    extent = f"SELECT ST_Extent(ST_Transform(geom, 4326)) AS b FROM {seen(layer)}"
    row = connection.exec_driver_sql(f"SELECT {box} FROM ({extent}) AS e").one()
    found = list(tiles_over(tuple(row), z))
    start = max(0, (len(found) - MOST_TILES) // 2)
    return found[start : start + MOST_TILES]


def ids_within(connection: Connection, layer: Layer, box: Box, at_least: float) -> set[int]:
    """Ids of what meets the box with at least that much of its own area or length."""
    west, south, east, north = box
    part = "ST_Intersection(ST_MakeValid(geom_web), b)"
    sql = (
        f"SELECT id FROM {seen(layer)}, ST_MakeEnvelope({west}, {south}, {east}, {north}, 3857) AS b "
        f"WHERE geom_web && b AND ST_Intersects(geom_web, b) AND (%s = 0 OR ST_Dimension(geom_web) = 0 "
        f"OR ST_Length({part}) > %s OR ST_Area(ST_Buffer({part}, -%s)) > 0)"
    )
    return {row.id for row in connection.exec_driver_sql(sql, (at_least, 2 * at_least, at_least))}


def drawable(connection: Connection, layer: Layer, z: int) -> set[int]:
    """Ids of the features that a style layer of the tile draws, by the evaluator that draws the legend."""
    styles = [style for style in drawn_at(layer, z) if not takes_label_points(layer, style)]
    rows = connection.exec_driver_sql(f"SELECT * FROM {seen(layer)}").mappings()
    return {row["id"] for row in rows if any(draws(style, z, dict(row)) for style in styles)}


def draws(style: Mapping[str, Any], z: int, row: dict[str, Any]) -> bool:
    text = style.get("layout", {}).get("text-field", "") if style["type"] == "symbol" else "drawn"
    return evaluate(style.get("filter", True), z, row) is True and bool(evaluate(text, z, row))


def grown(z: int, x: int, y: int, units: float) -> Box:
    west, south, east, north = tile_box(z, x, y)
    by = units * unit(z)
    return west - by, south - by, east + by, north + by


def test_at_the_last_zoom_a_tile_holds_exactly_what_postgis_finds_there(
    installation: Installation, client: FlaskClient, connection: Connection
) -> None:
    compared = in_the_buffer_only = 0
    for layer in public_layers(installation):
        z = layer.max_zoom
        styled = drawable(connection, layer, z)
        for x, y in filled(connection, layer, z):
            drawn = decode(fetch(client, layer.id, z, x, y), z, x, y).get(layer.id, [])
            ids = [feature.id for feature in drawn]
            assert ids == sorted(set(ids)), f"{layer.id} {z}/{x}/{y}: not in the order of ids"
            certain = ids_within(connection, layer, grown(z, x, y, BUFFER - 1), at_least=2 * unit(z))
            possible = ids_within(connection, layer, grown(z, x, y, BUFFER + 1), at_least=0)
            lost = certain & styled - set(ids)
            assert not lost and set(ids) <= possible & styled, f"{layer.id} {z}/{x}/{y}: lost {lost}"
            in_the_buffer_only += len(set(ids) - ids_within(connection, layer, tile_box(z, x, y), 0))
            compared += len(ids)
    assert compared > 2000
    assert in_the_buffer_only > 100  # what lies only in the buffer is not lost at the seam


def test_at_every_zoom_a_tile_holds_what_is_larger_than_a_pixel(
    installation: Installation, client: FlaskClient, connection: Connection
) -> None:
    compared = 0
    for layer in public_layers(installation):
        for z in (z for z in range(layer.min_zoom, layer.max_zoom) if not layer.generalised_at(z)):
            styled = drawable(connection, layer, z)
            for x, y in filled(connection, layer, z)[:6]:
                drawn = decode(fetch(client, layer.id, z, x, y), z, x, y).get(layer.id, [])
                seen = ids_within(connection, layer, grown(z, x, y, BUFFER - 1), at_least=PIXEL * unit(z))
                lost = seen & styled - {feature.id for feature in drawn}
                assert not lost, f"{layer.id} {z}/{x}/{y}: lost {lost}"
                assert {feature.id for feature in drawn} <= styled
                compared += len(seen)
    assert compared > 2000


def test_at_every_zoom_tiles_are_valid(
    installation: Installation, client: FlaskClient, connection: Connection
) -> None:
    for layer in public_layers(installation):
        for z in range(layer.min_zoom, layer.max_zoom + 1):
            for x, y in filled(connection, layer, z)[:4]:
                data = fetch(client, layer.id, z, x, y)
                tile = vector_tile_pb2.tile.FromString(data)
                names = [each.name for each in tile.layers]
                assert names == [name for name in (layer.id, layer.id + LABEL) if name in names]
                for each in tile.layers:
                    assert (each.version, each.extent) == (2, EXTENT)
                    assert len(each.features) > 0
                    assert all(feature.geometry for feature in each.features)
                _require_rings(data, f"{layer.id} {z}/{x}/{y}")


def _require_rings(data: bytes, where: str) -> None:
    """Outer rings go clockwise on the screen and inner rings do not: a decoder tells polygons apart by it."""
    for layer in (
        mapbox_vector_tile.decode(data, default_options={"y_coord_down": True}).values() if data else ()
    ):
        for feature in layer["features"]:
            geometry = feature["geometry"]
            if geometry["type"] not in ("Polygon", "MultiPolygon"):
                continue
            shape = shapely.geometry.shape(geometry)
            assert shape.is_valid, f"{where}: {shapely.is_valid_reason(shape)}"
            for part in getattr(shape, "geoms", [shape]):
                assert part.exterior.is_ccw  # y grows downwards, so this is clockwise on the screen
                assert not any(ring.is_ccw for ring in part.interiors)


def test_a_house_at_the_last_zoom_keeps_its_shape(
    installation: Installation, client: FlaskClient, connection: Connection
) -> None:
    layer = installation.catalogue.layer("base.building")
    z, checked = layer.max_zoom, 0
    for x, y in filled(connection, layer, z)[:12]:
        inside = shapely.box(*grown(z, x, y, 0))
        drawn: list[Drawn] = decode(fetch(client, layer.id, z, x, y), z, x, y).get(layer.id, [])
        whole = [feature for feature in drawn if inside.contains(feature.shape)]
        areas = dict(
            connection.exec_driver_sql(
                "SELECT id, ST_Area(geom_web) FROM base.building WHERE id = ANY(%s)", ([f.id for f in whole],)
            ).all()  # type: ignore[arg-type]
        )
        for feature in whole:
            slack = feature.shape.length * unit(z)  # every corner moves by at most half a unit each way
            assert abs(feature.shape.area - areas[feature.id]) <= slack
            checked += 1
    assert checked > 50


def test_flooded_areas_keep_their_size_at_every_zoom(
    installation: Installation, client: FlaskClient, connection: Connection
) -> None:
    layer = installation.catalogue.layer("disaster.flood_depth")
    true = connection.exec_driver_sql("SELECT sum(ST_Area(geom_web)) FROM disaster.flood_depth").scalar_one()
    for z in range(layer.min_zoom, 14):
        painted = 0.0
        for x, y in filled(connection, layer, z):
            cell = shapely.box(*tile_box(z, x, y))
            for feature in decode(fetch(client, layer.id, z, x, y), z, x, y).get(layer.id, []):
                painted += feature.shape.intersection(cell).area
        assert painted == pytest.approx(true, rel=0.02 if z > 10 else 0.1), z


def test_a_joined_tile_holds_what_the_tiles_of_its_layers_hold(
    installation: Installation, client: FlaskClient, connection: Connection
) -> None:
    x, y = filled(connection, installation.catalogue.layer("roads.street"), 15)[0]
    apart = [fetch(client, layer, 15, x, y) for layer in ("base.building", "roads.street")]
    assert all(apart)
    assert fetch(client, "base.building,roads.street", 15, x, y) == b"".join(apart)


def test_a_joined_tile_has_each_layer_from_its_first_zoom_on(
    installation: Installation, client: FlaskClient, connection: Connection
) -> None:
    names = "base.boundary,base.building,base.town"  # from 5 to 14, 13 to 16, 11 to 14
    x, y = filled(connection, installation.catalogue.layer("base.building"), 16)[0]
    found = {
        z: {
            name
            for name in decode(fetch(client, names, z, x >> 16 - z, y >> 16 - z), z, 0, 0)
            if not name.endswith(LABEL)
        }
        for z in (10, 11, 12, 13, 16)
    }
    assert found[10] == found[11] == {"base.boundary"}  # the style draws towns from 12 on
    assert found[12] == {"base.boundary", "base.town"}
    assert found[13] == found[16] == {"base.boundary", "base.building", "base.town"}


def test_the_same_rows_give_the_same_bytes(
    client: FlaskClient, installation: Installation, connection: Connection
) -> None:
    x, y = filled(connection, installation.catalogue.layer("base.building"), 14)[0]
    assert (
        len({fetch(client, "base.building", 14, x, y) for _ in range(8)}) == 1
    )  # the prepared statement's too
