"""Low zooms from tables generalised ahead of time: one look-up by the tile's numbers, already clipped and simplified.

Their shapes stand on the tile's whole units, valid and wound as tiles want them. Areas are there as a tile writes them, too:
ST_AsMVT writes the attributes, beside a placeholder that Python replaces, for it takes longer over the 50,000 points of a
tile of houses than all else together (and ST_AsMVTGeom, which checks each again, a hundred times as long). Until a zoom has been built for
the first time its tiles are drawn from the layer itself.
"""

from __future__ import annotations

from dataclasses import dataclass

from psycopg import sql

from gisapp.catalogue.generalised import MARK, SCHEMA, class_columns, clustered, relation, table_name
from gisapp.catalogue.layer import POINT_COUNT, Layer
from gisapp.geo.tiles import EXTENT
from gisapp.tiles.features import PLACEHOLDER, with_geometries


@dataclass(frozen=True)
class Ahead:
    """What the tiles of one layer are at one generalised zoom. `columns` besides id and geometry."""

    relation: str  # as changes name it: tiles are stale when it changes, and only then
    table: str
    columns: tuple[str, ...]
    areas: bool  # else clusters


def ahead_at(layer: Layer, z: int, named: tuple[str, ...]) -> Ahead | None:
    """What the layer's tiles at zoom `z` are read from ahead; None where they are read from the layer itself.

    `named`: the fields that the style names there.
    """
    if layer.generalised_at(z) is None:
        return None
    classes = tuple(name for name in class_columns(layer) if name in named)
    counts = (POINT_COUNT,) if clustered(layer) else ()
    return Ahead(relation(layer), table_name(layer), classes + counts, not counts)


_AHEAD = sql.SQL(
    """(CASE WHEN EXISTS (SELECT FROM {table} WHERE z = %(z)s AND x = {mark} AND y = {mark})
THEN {tile}
ELSE {otherwise} END)"""
)
_TILE = sql.SQL(
    """(SELECT coalesce(ST_AsMVT(tile, {name}, {extent}, 'geom', 'id'), '') FROM (
  SELECT {geometry} AS geom, {columns} FROM {table} WHERE {here} ORDER BY id) AS tile)"""
)
_HERE = sql.SQL("z = %(z)s AND x = %(x)s AND y = %(y)s")
# As records: the length of a tile, the tile, and then of each of its features the length of its commands, and these.
_RECORDS = sql.SQL(
    "(SELECT int4send(length(_tile)) || _tile{commands} FROM (SELECT {tile} AS _tile OFFSET 0) AS _made)"
)
_COMMANDS = sql.SQL(
    """ || coalesce((SELECT string_agg(int4send(length(commands)) || commands, '' ORDER BY id)
    FROM {table} WHERE {here}), '')"""
)


def ahead_sql(name: str, ahead: Ahead, otherwise: sql.Composable) -> sql.Composed:
    """The tile of a layer called `name` as an SQL expression (bytea); `otherwise` for as long as nothing was built.

    Of areas it is no tile yet: `outlined` makes it one. Parameters z, x and y.
    """
    table = sql.Identifier(SCHEMA, ahead.table)
    tile: sql.Composable = _TILE.format(
        name=sql.Literal(name),
        extent=sql.Literal(EXTENT),
        geometry=sql.SQL("{}::geometry").format(sql.Literal(PLACEHOLDER))
        if ahead.areas
        else sql.SQL("geom_tile"),
        columns=sql.SQL(", ").join(map(sql.Identifier, ("id", *ahead.columns))),
        table=table,
        here=_HERE,
    )
    if ahead.areas:
        tile = _RECORDS.format(tile=tile, commands=_COMMANDS.format(table=table, here=_HERE))
        otherwise = _RECORDS.format(tile=otherwise, commands=sql.SQL(""))
    return _AHEAD.format(table=table, mark=sql.Literal(MARK), tile=tile, otherwise=otherwise)


def outlined(records: bytes) -> bytes:
    """The tile of areas (or no bytes) that PostGIS answered as records."""
    at = 4 + int.from_bytes(records[:4], "big")
    tile, commands = records[4:at], []
    while at < len(records):
        end = at + 4 + int.from_bytes(records[at : at + 4], "big")
        commands.append(records[at + 4 : end])
        at = end
    return with_geometries(tile, commands) if commands else tile
