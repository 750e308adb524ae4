"""A tile as SQL, composed once for each set of plans and kept; zoom, column, row are bound when it runs.

One statement a request: its one row has a column (bytea) for every layer. Two vector tiles written one after
the other are one vector tile with the layers of both, so joining is the caller's `b"".join`.
"""

from __future__ import annotations

from functools import lru_cache

from psycopg import sql

from gisapp.geo.tiles import BUFFER, EXTENT
from gisapp.tiles.ahead import ahead_sql
from gisapp.tiles.plan import Plan

PIXEL_UNITS = EXTENT // 256  # of a map whose tiles are 256 pixels wide

_LAYER = sql.SQL(
    """(SELECT coalesce(ST_AsMVT(tile, {layer}, {extent}, 'geom', 'id'), '') FROM (
  SELECT ST_AsMVTGeom({geometry}, ST_TileEnvelope(%(z)s, %(x)s, %(y)s), {extent}, {buffer}, true) AS geom,
    {columns}
  FROM {view}
  WHERE geom_web && ST_TileEnvelope(%(z)s, %(x)s, %(y)s, margin => {margin}){large_enough}
  ORDER BY id) AS tile)"""
)
# Before clipping: ST_AsMVTGeom takes seconds over a noisy outline of 30,000 points, and milliseconds after.
_SIMPLIFIED = sql.SQL("ST_Simplify(geom_web, %(unit)s, true)")
# By the box, which PostGIS keeps in the row's head.
_LARGE_ENOUGH = sql.SQL(
    """
    AND greatest(ST_XMax(geom_web) - ST_XMin(geom_web), ST_YMax(geom_web) - ST_YMin(geom_web))
      >= %(unit)s * {pixel}"""
)


@lru_cache(maxsize=2048)
def statement(plans: tuple[Plan, ...], z: int) -> str:
    """The statement for a tile at zoom `z` with these layers (at least one); parameters z, x, y and unit.

    `unit` is one of the tile's 4096 units in EPSG:3857 metres. Features that lie only in the buffer are in
    the tile (the search reaches as far as the buffer does); in the order of ids: equal rows give equal bytes.
    """
    layers = sql.SQL(",\n").join(_layer(p, z) for p in plans)
    return sql.SQL("SELECT pg_current_snapshot()::text,\n{}").format(layers).as_string(None)


def _layer(plan: Plan, z: int) -> sql.Composed:
    ahead = plan.ahead_at(z)
    return ahead_sql(plan.layer, ahead, _own(plan, z)) if ahead else _own(plan, z)


def _own(plan: Plan, z: int) -> sql.Composed:
    """From the layer itself."""
    return _LAYER.format(
        layer=sql.Literal(plan.layer),
        extent=sql.Literal(EXTENT),
        buffer=sql.Literal(BUFFER),
        margin=sql.Literal(BUFFER / EXTENT),
        geometry=_SIMPLIFIED if plan.simplified(z) else sql.Identifier("geom_web"),
        columns=sql.SQL(", ").join(map(sql.Identifier, ("id", *plan.columns))),
        view=sql.Identifier(plan.schema, plan.view),
        large_enough=_LARGE_ENOUGH.format(pixel=sql.Literal(PIXEL_UNITS)) if plan.thinned(z) else sql.SQL(""),
    )
