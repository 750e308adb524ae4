"""Plain outlines that numpy writes: those and no others that are valid on the tile's grid; the rest is repaired."""

from __future__ import annotations

import random
import struct

import mapbox_vector_tile
import pytest
import shapely
from shapely.geometry import Polygon, shape

from gisapp import roles
from gisapp.catalogue.layer import View, view_for
from gisapp.geo.tiles import EXTENT, WORLD, unit
from gisapp.installation import Installation
from gisapp.tiles.features import Features, features_of, features_repaired, layer_with
from gisapp.tiles.maker import Maker
from gisapp.tiles.plan import plan
from gisapp.tiles.rings import plain_rings
from gisapp.tiles.setup import open_cache
from gisapp.tiles.statement import statement
from tests.statements import statements

Z, X, Y = 15, 29244, 12959
Points = list[tuple[float, float]]
TAX = frozenset({"tax"})


def records(rings: dict[int, Points]) -> bytes:
    """As the statement sends them, in metres and in any order. Points are given in the tile's units."""
    west, north = X * EXTENT * unit(Z) - WORLD / 2, WORLD / 2 - Y * EXTENT * unit(Z)
    mixed = random.Random(5).sample(sorted(rings.items()), len(rings))
    parts = [struct.pack(f">i{len(mixed)}h", len(mixed), *(len(points) for _, points in mixed))]
    for id, points in mixed:
        metres = [(west + x * unit(Z), north - y * unit(Z)) for x, y in points]
        parts += [struct.pack(">q", id), *(struct.pack("<2d", *one) for one in metres)]
    return b"".join(parts)


def drawn(rings: dict[int, Points]) -> tuple[dict[int, shapely.Geometry], set[int]]:
    """What another decoder reads of them, and which had to be repaired."""
    plain, repaired = plain_rings(records(rings), Z, X, Y)
    data = layer_with("a", b"", None if plain is None else features_of(plain), features_repaired(repaired))
    if not data:
        return {}, {id for id, _ in repaired}
    tile = mapbox_vector_tile.decode(data, default_options={"y_coord_down": True})
    ids = [one["id"] for one in tile["a"]["features"]]
    assert ids == sorted(set(ids))
    assert tile["a"]["extent"] == EXTENT and tile["a"]["version"] == 2
    found = {one["id"]: shape(one["geometry"]) for one in tile["a"]["features"]}
    for one in found.values():
        assert one.is_valid
        for part in shapely.get_parts(one):  # clockwise on the screen, where y grows downwards
            assert part.exterior.is_ccw and not any(ring.is_ccw for ring in part.interiors)
    return found, {id for id, _ in repaired}


def test_rings_by_chance_are_written_as_they_are_or_repaired_where_they_are_not_valid() -> None:
    chance = random.Random(4)
    rings = {}
    for id in range(1, 4000):
        span = chance.choice((3, 6, 12, 400))
        x, y, count = chance.randint(-64, 3700), chance.randint(-64, 3700), chance.choice((3, 4, 5, 6, 8, 15))
        rings[id * 7919**2] = [
            (x + chance.randint(0, span), y + chance.randint(0, span)) for _ in range(count)
        ]
    found, repaired = drawn(rings)
    plain = 0
    for id, points in rings.items():
        whole = Polygon(points)
        if id not in repaired and id in found:
            plain += 1
            assert whole.is_valid and found[id].normalize().equals(whole.normalize()), points
        elif id in found:
            assert found[id].symmetric_difference(shapely.make_valid(whole)).area <= whole.length, points
        else:
            assert shapely.make_valid(whole).area <= whole.length, points
    assert plain > 900 and len(repaired) > 900


@pytest.mark.parametrize(
    ("points", "area", "mended"),
    [
        ([(0, 0), (10, 0), (10, 10), (0, 10)], 100, False),
        ([(0, 10), (10, 10), (10, 0), (0, 0)], 100, False),  # the other way round
        (
            [(0, 0), (5, 0), (10, 0), (10.2, 0.1), (10, 10), (0, 10)],
            100,
            False,
        ),  # straight on, and twice the same
        ([(0, 0), (10, 0), (10, 10), (5, 2), (0, 10)], 60, False),  # not convex
        ([(0, 0), (10, 10), (10, 0), (0, 10)], 50, True),  # crosses itself
        ([(0, 0), (10, 0), (20, 0), (10, 0), (10, 10), (0, 10)], 100, True),  # goes back the way it came
        ([(0, 0), (10, 0), (10, 10), (5, 0), (0, 10)], 50, True),  # touches its own edge
        ([(0, 0), (9, 3), (1, 3), (8, 0), (4, 9)], None, True),  # a star: turns the same way, twice round
        ([(0, 0), (10, 0.2), (20, -0.2), (10, 0.4)], 0, True),  # thinner than the grid
        ([(0, 0), (0.3, 0.2), (0.1, 0.4)], 0, True),  # smaller than the grid
    ],
)
def test_what_a_ring_becomes_on_the_grid(points: Points, area: float | None, mended: bool) -> None:
    square: Points = [(100, 100), (200, 100), (200, 200), (100, 200)]
    found, repaired = drawn({1: points, 2**40: square})
    assert found[2**40].area == 10_000
    assert (1 in repaired) == mended or not area
    assert (found[1].area if 1 in found else 0) == area or area is None


def test_features_join_the_layer_that_postgis_wrote_or_make_one() -> None:
    def made(*ids: int) -> Features:
        plain, _ = plain_rings(records({id: [(0, 0), (9, 0), (9, 9)] for id in ids}), Z, X, Y)
        assert plain is not None
        return features_of(plain)

    own, label = layer_with("a", b"", made(2, 300, 5)), layer_with("a:label", b"", made(1))
    assert layer_with("a", own + label, None) == own + label
    for tile, ids in ((own + label, [1, 2, 4, 5, 300, 301]), (label, [1, 4, 301])):
        decoded = mapbox_vector_tile.decode(layer_with("a", tile, made(1, 4, 301)))
        assert [one["id"] for one in decoded["a"]["features"]] == ids
        assert [one["id"] for one in decoded["a:label"]["features"]] == [1]


def test_a_crowded_tile_is_one_statement(installation: Installation, staff: dict[str, str]) -> None:
    layer = installation.catalogue.layer("tax.parcel")
    view = view_for(layer, TAX)
    assert isinstance(view, View) and plan(layer, view).at(15).rings
    with installation.database.transaction("owner") as connection:
        x, y = connection.exec_driver_sql(
            "SELECT ST_X(ST_Centroid(geom_web)), ST_Y(ST_Centroid(geom_web)) FROM tax.parcel ORDER BY id LIMIT 1"
        ).one()
    place = int((x + WORLD / 2) / unit(15) / EXTENT), int((WORLD / 2 - y) / unit(15) / EXTENT)
    cache = open_cache(installation)
    try:
        cache.follower.begin_anew()
        with statements() as said:
            found = Maker(installation.database, cache, 2).tile(
                roles.audience(TAX), [plan(layer, view)], 15, *place, ""
            )
    finally:
        cache.close()
    assert found.entry.kept.body and len([one for one in said if "ST_AsMVT" in one]) == 1


def test_a_crowded_tile_s_names_are_read_with_its_shapes_and_its_box_is_computed_once(
    installation: Installation,
) -> None:
    layer = installation.catalogue.layer("tax.parcel")
    view = view_for(layer, TAX)
    assert isinstance(view, View) and [part.label_points for part in plan(layer, view).at(16).parts] == [
        False,
        True,
    ]
    text = statement((plan(layer, view),), 16)
    assert text.count('"tax"."parcel_for_tax"') == 1
    alone = text.count("ST_TileEnvelope") - text.count("(SELECT ST_TileEnvelope")
    assert alone == 1 and '"geom_web" && ST_TileEnvelope' in text  # the index looks at it once
