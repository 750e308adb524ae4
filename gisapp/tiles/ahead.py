"""Low zooms from tables generalised ahead of time: one look-up by the tile's numbers, already clipped and simplified.

Their shapes stand on the tile's whole units, valid and wound as tiles want them, so they are only written: ST_AsMVTGeom
would take them apart and check each again, for a hundred times as long. Until a zoom has been built for
the first time its tiles are drawn from the layer itself.
"""

from __future__ import annotations

from dataclasses import dataclass

from psycopg import sql

from gisapp.catalogue.generalised import MARK, SCHEMA, class_columns, clustered, relation, table_name
from gisapp.catalogue.layer import POINT_COUNT, Layer
from gisapp.geo.tiles import EXTENT


@dataclass(frozen=True)
class Ahead:
    """What the tiles of one layer are at one generalised zoom. `columns` besides id and geometry."""

    relation: str  # as changes name it: tiles are stale when it changes, and only then
    table: str
    columns: tuple[str, ...]


def ahead_at(layer: Layer, z: int, named: tuple[str, ...]) -> Ahead | None:
    """What the layer's tiles at zoom `z` are read from ahead; None where they are read from the layer itself.

    `named`: the fields that the style names there.
    """
    if layer.generalised_at(z) is None:
        return None
    classes = tuple(name for name in class_columns(layer) if name in named)
    return Ahead(relation(layer), table_name(layer), (*classes, *([POINT_COUNT] if clustered(layer) else [])))


_AHEAD = sql.SQL(
    """(CASE WHEN EXISTS (SELECT FROM {table} WHERE z = %(z)s AND x = {mark} AND y = {mark})
THEN (SELECT coalesce(ST_AsMVT(tile, {name}, {extent}, 'geom', 'id'), '') FROM (
  SELECT geom_tile AS geom, {columns}
  FROM {table}
  WHERE z = %(z)s AND x = %(x)s AND y = %(y)s
  ORDER BY id) AS tile)
ELSE {otherwise} END)"""
)


def ahead_sql(name: str, ahead: Ahead, otherwise: sql.Composable) -> sql.Composed:
    """The tile of a layer called `name` as an SQL expression (bytea); `otherwise` for as long as nothing was built.

    Parameters z, x and y.
    """
    return _AHEAD.format(
        table=sql.Identifier(SCHEMA, ahead.table),
        mark=sql.Literal(MARK),
        name=sql.Literal(name),
        extent=sql.Literal(EXTENT),
        columns=sql.SQL(", ").join(map(sql.Identifier, ("id", *ahead.columns))),
        otherwise=otherwise,
    )
