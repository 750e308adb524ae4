"""Nothing is lost at the seams of tiles, in whatever reference system a city keeps its tables."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
import shapely
from psycopg import sql
from sqlalchemy import Connection, MetaData

from gisapp.catalogue.layer import Layer
from gisapp.catalogue.table import layer_table
from gisapp.geo.tiles import BUFFER, tile_at, tile_box, unit
from gisapp.installation import Installation
from gisapp.schema import pieces
from gisapp.tiles.plan import plan, reads_pieces
from gisapp.tiles.queries import tiles_on
from gisapp.tiles.statement import statement
from tests.tiles.decoding import Drawn, decode

SYSTEMS = {6677: (139.8, 35.7), 2450: (138.5, 36.1), 3857: (141.3, 43.1), 4326: (127.7, 26.2)}
"""And a place that each is for."""
Z = 14


@dataclass(frozen=True)
class Table:
    """A layer's real table, made as `layers sync` makes it, in a transaction that is not kept."""

    connection: Connection
    layer: Layer
    srid: int

    def add(self, *shapes: shapely.Geometry) -> list[int]:
        """Rows of these shapes (in EPSG:3857); their ids."""
        query = sql.SQL(
            "INSERT INTO {} (geom) SELECT ST_Transform(ST_SetSRID(%s::geometry, 3857), {}) RETURNING id"
        ).format(sql.Identifier(self.layer.department, self.layer.name), sql.Literal(self.srid))
        text = query.as_string(None)
        return [
            self.connection.exec_driver_sql(text, (shapely.to_wkb(shape, hex=True),)).scalar_one()
            for shape in shapes
        ]

    def tile(self, z: int, x: int, y: int) -> list[Drawn]:
        _, contents = tiles_on(self.connection, (plan(self.layer, self.layer.views()[0]),), z, x, y)
        return decode(b"".join(contents), z, x, y).get(self.layer.id, [])


@pytest.fixture
def make(installation: Installation, request: pytest.FixtureRequest) -> Iterator[object]:
    with installation.database.transaction("owner") as connection:
        savepoint = connection.begin_nested()
        connection.exec_driver_sql("CREATE SCHEMA seams")
        model = installation.catalogue.layer("base.railway")  # drawn whole from zoom 11 on

        def make(geometry: str, srid: int) -> Table:
            name = f"{geometry.lower()}_{srid}"
            paint = {"MultiPolygon": "fill", "MultiPoint": "circle"}.get(geometry, "line")
            style = {"id": "all", "type": paint, "metadata": {"slot": "fill"}}
            layer = replace(
                model, id=f"seams.{name}", department="seams", name=name, geometry=geometry, style=(style,),
                fields=(), key=(), min_zoom=4,
            )  # fmt: skip
            layer_table(layer, srid, MetaData()).create(connection)
            if reads_pieces(layer):
                connection.exec_driver_sql(pieces.making(layer))
            view = layer.views()[0]
            form = sql.SQL("CREATE VIEW {} AS SELECT {} FROM {}").format(
                sql.Identifier("seams", view.name),
                sql.SQL(", ").join(map(sql.Identifier, view.columns)),
                sql.Identifier("seams", name),
            )
            connection.exec_driver_sql(form.as_string(None))
            return Table(connection, layer, srid)

        yield make
        savepoint.rollback()


def around(x: int, y: int, z: int = Z) -> Iterator[tuple[float, float]]:
    """Places that lie only in the buffer of the tile: beyond each edge and corner, near and far."""
    west, south, east, north = tile_box(z, x, y)
    for by in (2, BUFFER / 2, BUFFER - 4):
        off = by * unit(z)
        xs, ys = (west - off, (west + east) / 2, east + off), (south - off, (south + north) / 2, north + off)
        yield from ((e, n) for e in xs for n in ys if (e, n) != (xs[1], ys[1]))


@pytest.mark.parametrize("srid", SYSTEMS)
@pytest.mark.parametrize("geometry", ["MultiPoint", "MultiLineString", "MultiPolygon"])
def test_what_lies_only_in_the_buffer_is_in_the_tile(make, geometry: str, srid: int) -> None:  # type: ignore[no-untyped-def]
    table = make(geometry, srid)
    x, y = tile_at(*SYSTEMS[srid], Z)
    small = 1.5 * unit(Z)
    shapes = []
    for e, n in around(x, y):
        box = shapely.box(e - small, n - small, e + small, n + small)
        line = shapely.MultiLineString([[(e - small, n), (e + small, n)]])
        shapes.append({"MultiPoint": shapely.MultiPoint([(e, n)]), "MultiLineString": line}.get(
            geometry, shapely.MultiPolygon([box])
        ))  # fmt: skip
    ids = table.add(*shapes)
    assert [feature.id for feature in table.tile(Z, x, y)] == ids


@pytest.mark.parametrize("srid", SYSTEMS)
def test_a_long_line_is_whole_over_all_its_tiles(make, srid: int) -> None:  # type: ignore[no-untyped-def]
    table = make("MultiLineString", srid)
    x, y = tile_at(*SYSTEMS[srid], Z)
    west, south, east, north = tile_box(Z, x, y)
    side = east - west
    line = shapely.LineString([(west - 5.3 * side, south - 2.2 * side), (west + 0.4 * side, south + 0.6 * side),
                               (east + 4.7 * side, north - 3.1 * side)])  # fmt: skip
    (id,) = table.add(shapely.MultiLineString([line]))
    drawn = 0.0
    for column in range(x - 7, x + 8):
        for row in range(y - 5, y + 7):
            cell = shapely.box(*tile_box(Z, column, row))
            found = table.tile(Z, column, row)
            length = sum(feature.shape.intersection(cell).length for feature in found)
            assert length == pytest.approx(line.intersection(cell).length, abs=3 * unit(Z))
            assert [feature.id for feature in found] in ([], [id])
            drawn += length
    assert drawn == pytest.approx(line.length, rel=1e-3)


@pytest.mark.parametrize("fine", [64, 2000])
@pytest.mark.parametrize("srid", SYSTEMS)
def test_neighbours_of_a_large_area_leave_no_gap_and_no_overlap(make, srid: int, fine: int) -> None:  # type: ignore[no-untyped-def]
    """`fine`: points of a quarter circle; what has many is cut near the tile before it is simplified."""
    table = make("MultiPolygon", srid)
    x, y = tile_at(*SYSTEMS[srid], Z)
    west, south, east, north = tile_box(Z, x, y)
    side = east - west
    middle = shapely.Point((west + east) / 2, (south + north) / 2)
    area = middle.buffer(2.6 * side, fine).difference(middle.buffer(0.7 * side, fine))
    table.add(shapely.MultiPolygon([area]))
    for z in (Z - 2, Z, table.layer.max_zoom):
        painted, corner = 0.0, tile_at(*SYSTEMS[srid], z)
        reach = int(3 * 2 ** (z - Z)) + 2
        for column in range(corner[0] - reach, corner[0] + reach + 1):
            for row in range(corner[1] - reach, corner[1] + reach + 1):
                cell = shapely.box(*tile_box(z, column, row))
                for feature in table.tile(z, column, row):
                    assert feature.shape.is_valid
                    painted += feature.shape.intersection(cell).area
        assert painted == pytest.approx(area.area, rel=0.002), z


@pytest.mark.parametrize("srid", SYSTEMS)
def test_nothing_vanishes_between_two_zooms(make, srid: int) -> None:  # type: ignore[no-untyped-def]
    """PostGIS before 3.5 hid geometries at some zooms, and kept them at the zooms above and below."""
    lines, areas = make("MultiLineString", srid), make("MultiPolygon", srid)
    place = tile_at(*SYSTEMS[srid], 16)
    west, south, east, north = tile_box(16, *place)
    side = east - west
    thin = shapely.box(west, south + 0.3 * side, west + 900 * side, south + 0.3 * side + 40 * unit(8))
    comb = shapely.union_all(
        [
            shapely.box(west + k * side, south, west + (k + 0.5) * side, south + 6 * side)
            for k in range(0, 40, 2)
        ]
        + [shapely.box(west, south, west + 40 * side, south + side)]
    )
    long = shapely.LineString([(west, south), (west + 900 * side, south + side)])
    hook = shapely.LineString([(west, south), (east, north), (west, north), (east + 60 * side, south)])
    line_ids = lines.add(shapely.MultiLineString([long]), shapely.MultiLineString([hook]))
    area_ids = areas.add(shapely.MultiPolygon([thin]), shapely.MultiPolygon([comb]))
    for z in range(4, 17):
        x, y = place[0] >> 16 - z, place[1] >> 16 - z
        assert {feature.id for feature in lines.tile(z, x, y)} == set(line_ids), z
        assert {feature.id for feature in areas.tile(z, x, y)} == set(area_ids), z


def test_a_noisy_outline_is_simplified_before_it_is_clipped(make) -> None:  # type: ignore[no-untyped-def]
    """Clipped as it is, this one takes PostGIS some ten seconds."""
    table = make("MultiPolygon", 6677)
    noise, z = random.Random(1), 8
    middle = tile_box(z, *tile_at(*SYSTEMS[6677], z))
    e, n = (middle[0] + middle[2]) / 2, (middle[1] + middle[3]) / 2
    angles = [math.tau * step / 30_000 for step in range(30_000)]
    ring = [
        (e + reach * math.cos(angle), n + reach * math.sin(angle))
        for angle in angles
        for reach in [60_000 * noise.uniform(1, 1.05)]
    ]
    table.add(shapely.MultiPolygon([shapely.Polygon(ring)]))
    (found,) = table.tile(z, *tile_at(*SYSTEMS[6677], z))
    assert found.shape.is_valid
    assert found.shape.area == pytest.approx(shapely.Polygon(ring).area, rel=0.01)
    assert shapely.get_num_coordinates(found.shape) < 6000
    text = statement((plan(table.layer, table.layer.views()[0]),), z)
    assert "ST_AsMVTGeom(CASE" in text and "ST_AsMVTGeom(geom_web" not in text


@pytest.mark.parametrize("kind", ["LineString", "MultiLineString"])
def test_heights_do_not_disturb_a_tile(make, kind: str) -> None:  # type: ignore[no-untyped-def]
    """A table may have been made by others: with heights, that tiles do not carry."""
    table = make("MultiLineString", 6677)
    name = sql.Identifier("seams", table.layer.name).as_string(None)
    table.connection.exec_driver_sql(f"DROP VIEW seams.{table.layer.views()[0].name}")
    alter = f"ALTER TABLE {name} DROP COLUMN geom_web, ALTER geom TYPE geometry({kind}Z, 6677) USING NULL"
    table.connection.exec_driver_sql(alter)
    web = f"ALTER TABLE {name} ADD geom_web geometry GENERATED ALWAYS AS (ST_Transform(geom, 3857)) STORED"
    table.connection.exec_driver_sql(web)
    table.connection.exec_driver_sql(
        f"CREATE VIEW seams.{table.layer.views()[0].name} AS SELECT id, geom, geom_web FROM {name}"
    )
    x, y = tile_at(*SYSTEMS[6677], Z)
    west, south, east, north = tile_box(Z, x, y)
    line = shapely.LineString([(west, south, 12.5), (east, north, 80.0)])
    table.add(shapely.MultiLineString([line]) if kind.startswith("Multi") else line)
    (found,) = table.tile(Z, x, y)
    assert not found.shape.has_z
    assert found.shape.length == pytest.approx(line.length, rel=0.05)
