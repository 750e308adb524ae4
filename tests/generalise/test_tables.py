"""The generalised tables of the sample city: what each tile paints, against PostGIS's own areas of the layer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
import shapely
from psycopg import sql

from gisapp.catalogue.generalised import SCHEMA, class_columns, columns, table_name
from gisapp.catalogue.layer import Layer
from gisapp.generalise.frame import INSIDE, PIXEL, SHEET, Frame, flipped
from gisapp.generalise.queries import rows_of, tiles_there
from gisapp.installation import Installation

AREAS = ("tax.parcel", "land_use.land_use", "base.building")
MAY_LACK = 0.02
PIXELS = 1.0
"""Square pixels (of 512 along a tile) that a class with hardly any may lack: its vertices stand on whole units."""
Tile = dict[tuple[Any, ...], shapely.MultiPolygon]


@pytest.fixture(scope="module")
def raw(installation: Installation) -> Iterator[psycopg.Connection[Any]]:
    url = installation.database.url("owner").set(drivername="postgresql")
    with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as connection:
        yield connection


def zooms(layer: Layer) -> list[int]:
    return [z for z in range(layer.min_zoom, layer.max_zoom) if layer.generalised_at(z)]


def tiles_of(raw: psycopg.Connection[Any], layer: Layer, z: int) -> dict[Frame, Tile]:
    """What every tile of a zoom holds: class → shape in the tile's units."""
    found: dict[Frame, Tile] = {}
    for frame in tiles_there(raw, layer, z):
        rows = rows_of(raw, layer, frame)
        shapes = shapely.from_wkb([bytes(row[-1]) for row in rows])
        rounded = shapely.transform(shapes, lambda points: points.round())
        assert shapely.equals_exact(shapes, rounded, 0).all(), "every vertex stands on a whole unit"
        assert shapely.equals_exact(shapes, shapely.remove_repeated_points(shapes)).all(), "and none twice"
        found[frame] = dict(zip((row[1:-2] for row in rows), flipped(shapes), strict=True))
    return found


def true_areas(raw: psycopg.Connection[Any], layer: Layer, frame: Frame) -> dict[tuple[Any, ...], float]:
    """Square units that each class covers in the tile, by PostGIS; overlaps count once."""
    names = sql.SQL("").join(sql.SQL("{}, ").format(sql.Identifier(name)) for name in class_columns(layer))
    groups = sql.SQL("GROUP BY {}").format(sql.SQL(", ").join(map(sql.Identifier, class_columns(layer))))
    query = sql.SQL(
        "SELECT {names} ST_Area(ST_Intersection(ST_UnaryUnion(ST_Collect(geom_web)), ST_MakeEnvelope(%s, %s, %s, %s, 3857))) "
        "FROM {table} WHERE geom_web && ST_MakeEnvelope(%s, %s, %s, %s, 3857) {groups}"
    ).format(
        names=names,
        table=sql.Identifier(layer.department, layer.name),
        groups=groups if class_columns(layer) else sql.SQL(""),
    )
    rows = raw.execute(query, frame.box(0) * 2).fetchall()
    return {row[:-1]: (row[-1] or 0) / frame.unit**2 for row in rows}


@pytest.mark.parametrize("layer_id", AREAS)
def test_each_class_is_painted_at_its_true_size_in_every_tile(
    installation: Installation, raw: psycopg.Connection[Any], layer_id: str
) -> None:
    layer = installation.catalogue.layer(layer_id)
    checked, wrong = 0, []
    for z in zooms(layer):
        for frame, tile in tiles_of(raw, layer, z).items():
            for name, want in true_areas(raw, layer, frame).items():
                painted = tile[name].intersection(INSIDE).area if name in tile else 0.0
                allowed = max(MAY_LACK * want, PIXELS * PIXEL**2)
                checked += 1
                if abs(painted - want) > allowed:
                    wrong.append((frame, name, want / PIXEL**2, painted / max(want, 1)))
    assert not wrong
    assert checked >= len(zooms(layer))


@pytest.mark.parametrize("layer_id", AREAS)
def test_shapes_are_valid_wound_for_tiles_and_within_the_buffer(
    installation: Installation, raw: psycopg.Connection[Any], layer_id: str
) -> None:
    layer = installation.catalogue.layer(layer_id)
    for z in zooms(layer):
        for frame, tile in tiles_of(raw, layer, z).items():
            for name, shape in tile.items():
                assert shape.is_valid, (frame, name, shapely.is_valid_reason(shape))
                assert not any(part.exterior.is_ccw for part in shape.geoms)
                assert SHEET.buffer(1).covers(shape)


@pytest.mark.parametrize("layer_id", ["tax.parcel", "land_use.land_use"])
def test_classes_share_their_borders(
    installation: Installation, raw: psycopg.Connection[Any], layer_id: str
) -> None:
    """No class lies over another, and no seam opens between two that were neighbours."""
    layer = installation.catalogue.layer(layer_id)
    for z in zooms(layer):
        for frame, tile in tiles_of(raw, layer, z).items():
            shapes = list(tile.values())
            total, together = shapely.area(shapes).sum(), shapely.union_all(shapes)
            assert total - together.area <= 0.001 * total + PIXEL**2, frame
            slits = (
                shapely.area(shapely.get_parts(together.buffer(0.4, join_style="mitre"))).sum()
                - together.area
            )
            assert slits < 0.5 * 1.2 * together.length + PIXEL**2, frame


@pytest.mark.parametrize("layer_id", AREAS)
def test_neighbouring_tiles_agree_on_their_common_edge(
    installation: Installation, raw: psycopg.Connection[Any], layer_id: str
) -> None:
    layer = installation.catalogue.layer(layer_id)
    edge = shapely.LineString([(4096, 0), (4096, 4096)]), shapely.LineString([(0, 0), (4096, 0)])
    shift = (4096, 0), (0, -4096)
    for z in zooms(layer):
        tiles = tiles_of(raw, layer, z)
        for frame, tile in tiles.items():
            for line, (dx, dy), other in zip(
                edge, shift, (Frame(z, frame.x + 1, frame.y), Frame(z, frame.x, frame.y + 1)), strict=True
            ):
                for name in tile.keys() & tiles.get(other, {}).keys():
                    ours = _along(tile[name], line)
                    theirs = _along(shapely.affinity.translate(tiles[other][name], dx, dy), line)
                    differing = ours.symmetric_difference(theirs).length
                    assert differing <= max(PIXEL, 0.01 * line.length), (frame, other, name, differing)


def _along(shape: shapely.MultiPolygon, line: shapely.LineString) -> Any:
    """The part of the tile's edge that a shape covers."""
    return shape.intersection(line)


def test_clusters_count_every_point_of_their_tile_once(
    installation: Installation, raw: psycopg.Connection[Any]
) -> None:
    for layer in (
        one
        for one in installation.catalogue.layers.values()
        if one.generalised_at(one.generalised[0].min_zoom if one.generalised else -1)
    ):
        if layer.geometry != "Point":
            continue
        for z in zooms(layer):
            counted: dict[tuple[int, ...], int] = defaultdict(int)
            for frame in tiles_there(raw, layer, z):
                for row in rows_of(raw, layer, frame):
                    place = flipped([shapely.from_wkb(bytes(row[-1]))])[0]
                    if 0 <= place.x < 4096 and 0 < place.y <= 4096:
                        counted[row[0], *row[1:-2]] += row[-2]
            query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(layer.department, layer.name))
            assert sum(counted.values()) == raw.execute(query).fetchall()[0][0], (layer.id, z)


def test_a_table_holds_nothing_but_classes_figures_and_shapes(
    installation: Installation, raw: psycopg.Connection[Any]
) -> None:
    parcel = installation.catalogue.layer("tax.parcel")
    assert list(columns(parcel)) == ["z", "x", "y", "id", "land_category", "area", "geom_tile", "commands"]
    query = "SELECT column_name FROM information_schema.columns WHERE table_schema = %s AND table_name = %s ORDER BY ordinal_position"
    assert [name for (name,) in raw.execute(query, [SCHEMA, "tax__parcel"])] == list(columns(parcel))


def test_only_those_who_see_the_layer_may_read_its_table(installation: Installation) -> None:
    with installation.database.transaction("aud_tax") as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM generalised.tax__parcel").scalar()
    with installation.database.transaction("aud_roads") as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM generalised.tax__parcel").scalar(), (
            "all staff"
        )
    with installation.database.transaction("aud_public") as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM generalised.base__building").scalar()
    for role, statement in (
        ("aud_public", "SELECT 1 FROM generalised.tax__parcel"),
        ("aud_tax", "DELETE FROM generalised.tax__parcel"),
        ("publisher_tax", "UPDATE generalised.tax__parcel SET area = 0"),
        ("app", "SELECT 1 FROM generalised.base__building"),
    ):
        with (
            pytest.raises(Exception, match="permission denied"),
            installation.database.transaction(role) as connection,
        ):
            connection.exec_driver_sql(statement)


def test_the_names_of_tables_fit_postgresql(installation: Installation) -> None:
    for layer in installation.catalogue.layers.values():
        assert len(f"{table_name(layer)}_pkey") <= 63
