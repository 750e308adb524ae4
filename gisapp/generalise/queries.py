"""What the generaliser asks PostGIS and writes to it, with the owner's connection."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import psycopg
from psycopg import sql

from gisapp.catalogue.generalised import MARK, SCHEMA, class_columns, clustered, relation, table_name
from gisapp.catalogue.layer import POINT_COUNT, Layer
from gisapp.catalogue.rows import common_source
from gisapp.changes.derived import boxes_of
from gisapp.generalise.commands import commands
from gisapp.generalise.frame import Frame
from gisapp.geo.tiles import WORLD, Box

Raw = psycopg.Connection[Any]
Row = tuple[Any, ...]

_TILES = sql.SQL(
    """SELECT DISTINCT x, y FROM (
  SELECT ST_XMin(geom_web) / {world} + 0.5 AS west, 0.5 - ST_YMax(geom_web) / {world} AS north,
    ST_XMax(geom_web) / {world} + 0.5 AS east, 0.5 - ST_YMin(geom_web) / {world} AS south
  FROM {table} WHERE NOT ST_IsEmpty(geom_web)) AS box
CROSS JOIN LATERAL generate_series(floor(west * {n} - {more})::int, floor(east * {n} + {more})::int) AS x
CROSS JOIN LATERAL generate_series(floor(north * {n} - {more})::int, floor(south * {n} + {more})::int) AS y
WHERE x BETWEEN 0 AND {n} - 1 AND y BETWEEN 0 AND {n} - 1"""
)
_SHAPES = sql.SQL(
    "SELECT geom_web::bytea, id{columns} FROM {table} "
    "WHERE geom_web && ST_MakeEnvelope(%s, %s, %s, %s, 3857) ORDER BY id"
)
_ROWS = sql.SQL(
    "SELECT geom_tile::bytea, x, y, area{columns} FROM {table} WHERE z = %s AND x BETWEEN %s AND %s AND y BETWEEN %s AND %s "
    "AND x <> {mark} ORDER BY x, y, id"
)


def _table(layer: Layer) -> sql.Identifier:
    return sql.Identifier(*common_source(layer))


def _own(layer: Layer) -> sql.Identifier:
    return sql.Identifier(SCHEMA, table_name(layer))


def _columns(layer: Layer) -> sql.Composed:
    return sql.Composed([sql.SQL(", {}").format(sql.Identifier(name)) for name in class_columns(layer)])


def tiles_of_layer(raw: Raw, layer: Layer, z: int, margin: float) -> set[Frame]:
    """Every tile at zoom `z` that a feature's box comes as near as `margin` units."""
    query = _TILES.format(
        world=sql.Literal(WORLD), table=_table(layer), n=sql.Literal(2**z), more=sql.Literal(margin / 4096)
    )
    return {Frame(z, x, y) for x, y in raw.execute(query)}


def tiles_there(raw: Raw, layer: Layer, z: int) -> set[Frame]:
    """Every tile at zoom `z` that has rows."""
    query = sql.SQL("SELECT DISTINCT x, y FROM {} WHERE z = %s AND x <> {}")
    return {Frame(z, x, y) for x, y in raw.execute(query.format(_own(layer), sql.Literal(MARK)), [z])}


def shapes_in(raw: Raw, layer: Layer, box: Box) -> list[Row]:
    """The layer's features that meet a box: EPSG:3857 as EWKB, id, and the fields of their class."""
    query = _SHAPES.format(columns=_columns(layer), table=_table(layer))
    return raw.cursor(binary=True).execute(query, box).fetchall()


def rows_in(raw: Raw, layer: Layer, z: int, columns: range, rows: range) -> list[Row]:
    """Generalised rows of a block of tiles: in the units of their tile (y downwards) as WKB, x, y, true area, and the fields of their class."""
    query = _ROWS.format(columns=_columns(layer), table=_own(layer), mark=sql.Literal(MARK))
    values = [z, columns.start, columns.stop - 1, rows.start, rows.stop - 1]
    return raw.cursor(binary=True).execute(query, values).fetchall()


def rows_of(raw: Raw, layer: Layer, frame: Frame) -> list[Row]:
    """What a tile holds: id, class fields, figure, and its own units (y downwards) as WKB, by id."""
    query = sql.SQL(
        "SELECT id{columns}, {figure}, geom_tile::bytea FROM {table} WHERE (z, x, y) = (%s, %s, %s) ORDER BY id"
    )
    made = query.format(columns=_columns(layer), figure=sql.Identifier(_figure(layer)), table=_own(layer))
    return raw.cursor(binary=True).execute(made, [frame.z, frame.x, frame.y]).fetchall()


def replace_rows(raw: Raw, layer: Layer, frame: Frame, rows: Sequence[Row]) -> None:
    """Make a tile hold these rows (as `rows_of` gives them) and no others."""
    raw.execute(
        sql.SQL("DELETE FROM {} WHERE (z, x, y) = (%s, %s, %s)").format(_own(layer)),
        [frame.z, frame.x, frame.y],
    )
    names = ["z", "x", "y", "id", *class_columns(layer), _figure(layer), "geom_tile"]
    names += [] if clustered(layer) else ["commands"]
    copy = sql.SQL("COPY {} ({}) FROM STDIN").format(
        _own(layer), sql.SQL(", ").join(map(sql.Identifier, names))
    )
    with raw.cursor().copy(copy) as stream:
        for *values, shape in rows:
            drawn = [] if clustered(layer) else [commands(shape)]
            stream.write_row([frame.z, frame.x, frame.y, *values, bytes(shape).hex(), *drawn])


def forget_other_zooms(raw: Raw, layer: Layer, zooms: Iterable[int]) -> None:
    """Remove the rows of zooms that are generalised no more."""
    raw.execute(sql.SQL("DELETE FROM {} WHERE NOT z = ANY(%s)").format(_own(layer)), [list(zooms)])


def mark_built(raw: Raw, layer: Layer, z: int) -> None:
    """Say that zoom `z` has been built: from now on its tiles are drawn from here, also where they hold nothing."""
    query = sql.SQL("INSERT INTO {} (z, x, y, id) VALUES (%s, {mark}, {mark}, 0) ON CONFLICT DO NOTHING")
    raw.execute(query.format(_own(layer), mark=sql.Literal(MARK)), [z])


def unfinished(raw: Raw, layer: Layer) -> dict[int, list[Box]]:
    """Where rows of a zoom changed (EPSG:3857) that lower ones, made from them, have yet to follow."""
    query = "SELECT zoom, boxes FROM gisapp.generalised_unfinished WHERE layer = %s"
    return {zoom: list(boxes_of(flat)) for zoom, flat in raw.execute(query, [layer.id])}


def leave_unfinished(raw: Raw, layer: Layer, z: int, boxes: Iterable[Box]) -> None:
    """Note where rows of zoom `z` changed (EPSG:3857), for the zooms below it."""
    flat = [number for box in boxes for number in box]
    raw.execute(
        "INSERT INTO gisapp.generalised_unfinished AS u (layer, zoom, boxes) VALUES (%s, %s, %s) "
        "ON CONFLICT (layer, zoom) DO UPDATE SET boxes = u.boxes || excluded.boxes",
        [layer.id, z, flat],
    )


def finished(raw: Raw, layer: Layer) -> None:
    """All zooms have followed."""
    raw.execute("DELETE FROM gisapp.generalised_unfinished WHERE layer = %s", [layer.id])


def announce(raw: Raw, layer: Layer, z: int, frames: Iterable[Frame] | None) -> None:
    """Note which tiles changed, for whoever keeps copies of them: a point in the middle of each; None: all of the zoom."""
    boxes: list[float] | None = None
    if frames is not None:
        boxes = []
        for frame in sorted(frames):
            west, south, east, north = frame.box(0)
            boxes += [(west + east) / 2, (south + north) / 2] * 2
    raw.execute(
        "INSERT INTO gisapp.tile_change (relation, boxes, zoom) VALUES (%s, %s, %s)",
        [relation(layer), boxes, z],
    )


def analyse(raw: Raw, layer: Layer) -> None:
    """Let the planner know a table that was filled anew."""
    raw.execute(sql.SQL("ANALYZE {}").format(_own(layer)))


def _figure(layer: Layer) -> str:
    return POINT_COUNT if clustered(layer) else "area"
