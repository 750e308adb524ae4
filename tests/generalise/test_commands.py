"""Outlines as commands, read again by a decoder that is not ours."""

from __future__ import annotations

import mapbox_vector_tile
import numpy as np
import pytest
import shapely
from mapbox_vector_tile.Mapbox import vector_tile_pb2
from shapely.geometry import shape

from gisapp.generalise.commands import commands
from gisapp.geo.tiles import EXTENT
from gisapp.tiles.ahead import outlined
from gisapp.tiles.features import PLACEHOLDER, with_geometries


def tile_of(*placeholders: int) -> bytes:
    """A tile as PostGIS writes it, with a feature of an attribute and PLACEHOLDER for each of these ids."""
    feature = {"geometry": PLACEHOLDER, "properties": {"class": "宅地"}}
    options = {"y_coord_down": True, "extents": EXTENT}
    made = mapbox_vector_tile.encode(
        {"name": "a", "features": [feature | {"id": id} for id in placeholders]}, default_options=options
    )
    tile = vector_tile_pb2.tile()
    tile.ParseFromString(made)
    for one in tile.layers[0].features:
        one.geometry[:] = [9, 0, 0, 18, 0, 2, 2, 0, 15]
    return bytes(tile.SerializeToString())


def drawn(*shapes: shapely.Geometry) -> list[shapely.Geometry]:
    wound = [shapely.MultiPolygon([shapely.orient_polygons(p) for p in shapely.get_parts(s)]) for s in shapes]
    blobs = [commands(shapely.to_wkb(one)) for one in wound]
    tile = with_geometries(tile_of(*range(1, len(blobs) + 1)), blobs)
    found = mapbox_vector_tile.decode(tile, default_options={"y_coord_down": True})["a"]
    assert [one["id"] for one in found["features"]] == list(range(1, len(blobs) + 1))
    assert all(one["properties"] == {"class": "宅地"} for one in found["features"])
    assert (found["extent"], found["version"]) == (EXTENT, 2)
    return [shape(one["geometry"]) for one in found["features"]]


def test_polygons_with_holes_parts_and_long_rings_come_back_as_they_were() -> None:
    chance = np.random.default_rng(3)
    shapes = []
    for points in (3, 20, 900, 6000):
        angles = np.linspace(0, 2 * np.pi, points, endpoint=False)
        reach = chance.uniform(1800, 2000, points)
        star = np.rint(np.column_stack([2048 + reach * np.cos(angles), 2048 + reach * np.sin(angles)]))
        outer = shapely.make_valid(shapely.Polygon(star))
        holed = outer.difference(
            shapely.union_all([shapely.box(x, 1900, x + 40, 2000) for x in range(1500, 2500, 90)])
        )
        both = shapely.union_all([holed, shapely.box(-64, -64, -1, 9), shapely.box(4100, 4097, 4160, 4160)])
        shapes.append(
            shapely.MultiPolygon([p for p in shapely.get_parts(shapely.set_precision(both, 1)) if p.area])
        )
    for want, found in zip(shapes, drawn(*shapes), strict=True):
        assert found.normalize().equals(want.normalize())


@pytest.mark.parametrize("length", [0, 5])
def test_records_without_commands_are_the_tile_itself(length: int) -> None:
    tile = bytes(range(length))
    assert outlined(length.to_bytes(4, "big") + tile) == tile


def test_records_are_a_tile_and_the_commands_of_its_features_in_their_order() -> None:
    blobs = [
        commands(shapely.to_wkb(shapely.MultiPolygon([shapely.box(0, 0, n, n)]))) for n in (1, 300, 4096)
    ]
    tile = tile_of(3, 2**45, 7)
    records = b"".join(len(part).to_bytes(4, "big") + part for part in (tile, *blobs))
    assert outlined(records) == with_geometries(tile, blobs)
    found = mapbox_vector_tile.decode(outlined(records))["a"]["features"]
    assert [(one["id"], shape(one["geometry"]).area) for one in found] == [
        (3, 1),
        (2**45, 300**2),
        (7, 4096**2),
    ]
