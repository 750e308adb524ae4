"""An outline of thousands of points is read in pieces, and drawn and named as if it were whole."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator

import pytest
import shapely
from sqlalchemy import Connection

from gisapp.catalogue.pieces import LONG, ZOOM
from gisapp.geo.tiles import BUFFER, WORLD, tile_at, tile_box, tiles_over, to_web, unit
from gisapp.installation import Installation
from gisapp.tiles.plan import plan
from gisapp.tiles.queries import tiles_on
from tests.tiles.decoding import Drawn, decode

FLOOD = "disaster.flood_depth"
LON, LAT = 139.75, 35.9
ALLOWED = 2  # units of a tile by which a drawn edge may lie beside the true one: simplified by one, and put on whole ones


@pytest.fixture
def connection(installation: Installation) -> Iterator[Connection]:
    """The owner's, with no flooded area but those that a test adds; nothing is kept."""
    with installation.database.transaction("owner") as connection:
        savepoint = connection.begin_nested()
        connection.exec_driver_sql(f"DELETE FROM {FLOOD}")
        yield connection
        savepoint.rollback()


def lake(points: int, radius: float, seed: int, hole: bool = False) -> shapely.MultiPolygon:
    """A ragged ring of so many points around LON, LAT, in EPSG:3857 metres; with an island in the middle or without."""
    chance = random.Random(seed)
    x, y = to_web(LON, LAT)
    reach = [radius * (1 + 0.02 * chance.random()) for _ in range(points)]
    ring = [
        (x + r * math.cos(2 * math.pi * i / points), y + r * math.sin(2 * math.pi * i / points))
        for i, r in enumerate(reach)
    ]
    island = shapely.Point(x, y).buffer(radius / 3, quad_segs=300).exterior
    return shapely.MultiPolygon([shapely.Polygon(ring, [island] if hole else [])])


def add(connection: Connection, shape: shapely.Geometry, rank: int) -> int:
    sql = f"INSERT INTO {FLOOD} (rank, geom) SELECT %s, ST_Transform(ST_SetSRID(%s::geometry, 3857), Find_SRID('disaster', 'flood_depth', 'geom')) RETURNING id"
    return int(connection.exec_driver_sql(sql, (rank, shapely.to_wkb(shape, hex=True))).scalar_one())


def pieces(connection: Connection) -> int:
    return int(connection.exec_driver_sql("SELECT count(*) FROM pieces.disaster__flood_depth").scalar_one())


def drawn(
    installation: Installation, connection: Connection, z: int, x: int, y: int
) -> dict[str, list[Drawn]]:
    layer = installation.catalogue.layer(FLOOD)
    _, contents = tiles_on(connection, (plan(layer, layer.views()[0]),), z, x, y)
    return decode(b"".join(contents), z, x, y)


def around(shape: shapely.Geometry, z: int) -> list[tuple[int, int]]:
    west, south, east, north = shape.bounds
    half = WORLD / 2

    def degrees(x: float, y: float) -> tuple[float, float]:
        return x / half * 180, math.degrees(math.atan(math.sinh(y / half * math.pi)))

    return list(tiles_over((*degrees(west, south), *degrees(east, north)), z))


@pytest.mark.parametrize("hole", [False, True])
@pytest.mark.parametrize("z", [ZOOM, ZOOM + 1, ZOOM + 2])
def test_every_tile_shows_the_outline_as_far_as_its_buffer(
    installation: Installation, connection: Connection, z: int, hole: bool
) -> None:
    shape = lake(6000, 2500, z, hole)
    id = add(connection, shape, 3)
    assert pieces(connection) > 4
    checked = 0
    for x, y in around(shape, z):
        found = drawn(installation, connection, z, x, y).get(FLOOD, [])
        west, south, east, north = tile_box(z, x, y)
        by = BUFFER * unit(z)
        cell = shapely.box(west - by, south - by, east + by, north + by)
        true = shape.intersection(cell)
        assert [feature.id for feature in found] == ([id] if true.area > unit(z) ** 2 else [])
        for feature in found:
            assert feature.properties == {"rank": 3}
            valid = shapely.make_valid(feature.shape)
            near = true.buffer(ALLOWED * unit(z))
            assert valid.difference(near).area < unit(z) ** 2
            assert true.difference(valid.buffer(ALLOWED * unit(z))).area < unit(z) ** 2
            checked += 1
    assert checked > 4


def test_its_name_stands_once_where_it_would_stand_without_pieces(
    installation: Installation, connection: Connection
) -> None:
    shape = lake(6000, 2500, 5)
    id = add(connection, shape, 4)
    sql = f"SELECT ST_X(p), ST_Y(p) FROM (SELECT ST_PointOnSurface(geom_web) AS p FROM {FLOOD}) AS f"
    place = connection.exec_driver_sql(sql).one()
    for z in (ZOOM + 1, ZOOM + 2):
        points = [
            (tile, feature)
            for tile in around(shape, z)
            for feature in drawn(installation, connection, z, *tile).get(f"{FLOOD}:label", [])
        ]
        own = [
            feature for tile, feature in points if shapely.box(*tile_box(z, *tile)).contains(feature.shape)
        ]
        assert [feature.id for feature in own] == [id]
        for _, feature in points:  # also in the buffer of a neighbour
            assert feature.shape.distance(shapely.Point(*place)) <= unit(z)


def test_a_name_beside_a_tile_is_in_the_tiles_buffer_also_where_another_piece_begins(
    installation: Installation, connection: Connection
) -> None:
    x, y = tile_at(LON, LAT, ZOOM)
    west, south, _, north = tile_box(ZOOM, x, y)
    z, margin = ZOOM + 2, BUFFER / 2 * unit(ZOOM + 2)
    for name_x in (west - margin, west + margin):  # of a ring as wide to the left as to the right
        round_ = shapely.Point(name_x, (south + north) / 2 + 30).buffer(300, quad_segs=1000)
        add(connection, shapely.MultiPolygon([round_]), 2)
    assert pieces(connection) == 4
    left, right = (4 * x - 1, 4 * y + 1), (4 * x, 4 * y + 1)
    for tile in (left, right):
        assert len(drawn(installation, connection, z, *tile)[f"{FLOOD}:label"]) == 2, tile


def test_short_and_long_outlines_lie_in_one_tile_in_the_order_of_their_numbers(
    installation: Installation, connection: Connection
) -> None:
    shapes = [lake(points, 200, points) for points in (60, 3000, 90, 4000)]
    ids = [add(connection, shape, rank) for rank, shape in enumerate(shapes, start=1)]
    sizes = connection.exec_driver_sql(f"SELECT ST_MemSize(geom_web) > {LONG} FROM {FLOOD} ORDER BY id")
    assert [row[0] for row in sizes] == [False, True, False, True]
    for z in (ZOOM - 1, ZOOM, ZOOM + 2):
        found = drawn(installation, connection, z, *tile_at(LON, LAT, z))[FLOOD]
        assert [(feature.id, feature.properties["rank"]) for feature in found] == list(
            zip(ids, (1, 2, 3, 4), strict=True)
        )


def test_what_the_style_leaves_out_is_left_out_of_the_pieces_too(
    installation: Installation, connection: Connection
) -> None:
    shape = lake(3000, 300, 9)
    id = add(connection, shape, 9)  # no rank that has a name
    found = drawn(installation, connection, ZOOM + 2, *tile_at(LON, LAT, ZOOM + 2))
    assert [feature.id for feature in found[FLOOD]] == [id]
    assert f"{FLOOD}:label" not in found


def test_an_outline_that_crosses_itself_is_cut_as_well(
    installation: Installation, connection: Connection
) -> None:
    x, y = to_web(LON, LAT)
    turns = [2 * math.pi * i / 4000 for i in range(4000)]
    eight = shapely.Polygon([(x + 3000 * math.sin(t), y + 1500 * math.sin(2 * t)) for t in turns])
    id = add(connection, shapely.MultiPolygon([eight]), 2)
    assert not eight.is_valid and pieces(connection) > 4
    z = ZOOM + 1
    drawn_in = {
        tile: [feature.id for feature in drawn(installation, connection, z, *tile).get(FLOOD, [])]
        for tile in around(eight, z)
    }
    lobes = shapely.make_valid(eight)
    for tile, ids in drawn_in.items():
        assert ids == [id] or lobes.intersection(shapely.box(*tile_box(z, *tile))).area < unit(z) ** 2, tile
    assert sum(map(bool, drawn_in.values())) > 8
