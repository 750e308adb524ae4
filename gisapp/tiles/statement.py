"""A tile as SQL, composed once for each set of plans and kept; zoom, column, row are bound when it runs.

One statement a request: its one row has a column (bytea) for every plan. Two vector tiles written one after
the other are one vector tile with the layers of both, so joining is the caller's `b"".join`.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from psycopg import sql

from gisapp.catalogue import pieces
from gisapp.geo.tiles import BUFFER, EXTENT
from gisapp.tiles.ahead import ahead_sql
from gisapp.tiles.plan import Part, Plan, Slice
from gisapp.tiles.rings import MOST_POINTS, WKB_HEAD, WKB_REST

PIXEL_UNITS = EXTENT // 256  # of a map whose tiles are 256 pixels wide
# Of one feature; each has 16 bytes, which PostgreSQL knows without reading them.
SOME_POINTS = 500
MANY_POINTS = 5000

_TILE = sql.SQL("ST_TileEnvelope(%(z)s, %(x)s, %(y)s)")
_SEARCHED = sql.SQL("ST_TileEnvelope(%(z)s, %(x)s, %(y)s, margin => {})").format(sql.Literal(BUFFER / EXTENT))
_AROUND = sql.SQL("ST_TileEnvelope(%(z)s, %(x)s, %(y)s, margin => {})").format(
    sql.Literal(2 * BUFFER / EXTENT)
)
_ONCE = sql.SQL("(SELECT {})")  # or a plan that is for any tile computes the box for each row
_LAYER = sql.SQL(
    """(SELECT coalesce(ST_AsMVT(_tile, {name}, {extent}, 'geom', 'id'), '') FROM (
  SELECT ST_AsMVTGeom({geometry}, {tile}, {extent}, {buffer}, true) AS geom,
    {columns}
  FROM {found}
  ORDER BY id) AS _tile)"""
)
_NEAR = sql.SQL("{geometry} && {searched}")
_SHAPES = sql.SQL("{relation} WHERE {conditions}")
# Beside the others the long outlines, of which only the piece around the tile is read.
_AND_PIECES = sql.SQL(
    """(
    SELECT {columns} FROM {others}
    UNION ALL
    SELECT {of_pieces} FROM (
      SELECT id AS _id, shape AS _shape, point AS _point FROM {pieces}
      WHERE (x, y) = (%(x)s >> (%(z)s - {zoom}), %(y)s >> (%(z)s - {zoom})) AND {near} OFFSET 0
    ) AS _pieces JOIN {relation} ON id = _id{drawn}
  ) AS _found"""
)
_SHORT = sql.SQL("ST_MemSize(geom_web) <= {}").format(sql.Literal(pieces.LONG))
# What `rings` draws is left to it: as records behind the tile of all others and that tile's own length. A name that begins
# with _ is no field's.
_WITH_RINGS = sql.SQL(
    """(WITH _near AS MATERIALIZED (
    SELECT *, length(_wkb) <= {most} AND substring(_wkb FOR {size}) = {head} AND geom_web @ {tile} AS _plain
    FROM (SELECT {columns}, geom_web::bytea AS _wkb FROM {found} OFFSET 0) AS _found)
  SELECT int4send(length(_others)) || _others || coalesce((
      SELECT int4send(count(*)::int) || string_agg(int2send(((length(_wkb) - {rest}) / 16)::int2), '')
        || string_agg(int8send(id) || substring(_wkb FROM {first} FOR length(_wkb) - {rest}), '')
      FROM _near WHERE _plain), '')
  FROM (SELECT {others} AS _others OFFSET 0) AS _tile)"""
)
_NOT_PLAIN = sql.SQL("_near WHERE NOT _plain")
# Names that begin with _ are no field's. The same point whatever the tile, so that a name stands once however many tiles its polygon touches. OFFSET 0
# keeps the point from being computed twice.
_POINTS = sql.SQL(
    """(
    SELECT {columns}, ST_PointOnSurface(geom_web) AS _point FROM {relation} WHERE {conditions} OFFSET 0
  ) AS labelled WHERE {near}"""
)
# Before ST_AsMVTGeom, which takes seconds over a noisy outline of 30,000 points, and milliseconds after. What has some points
# is cut near the tile first, beyond what is drawn: a river is as long as its city. What has many even then loses more: half
# a pixel of MapLibre's (512 of them along a tile).
_SIMPLIFIED = sql.SQL(
    """CASE WHEN ST_MemSize(geom_web) <= {some} THEN ST_Simplify(geom_web, %(unit)s, true) ELSE (
      SELECT ST_Simplify(_cut, %(unit)s * CASE WHEN ST_MemSize(_cut) > {many} THEN 4 ELSE 1 END, true)
      FROM (SELECT ST_ClipByBox2D(geom_web, {around}::box2d) AS _cut OFFSET 0) AS _cut) END"""
).format(some=sql.Literal(16 * SOME_POINTS), many=sql.Literal(16 * MANY_POINTS), around=_ONCE.format(_AROUND))
# By the box2d, which PostGIS keeps in the row's head: a geometry's own ST_XMax goes through all its points. It is
# rounded outwards, by a metre or two: some that are a little smaller than a pixel stay.
_LARGE_ENOUGH = sql.SQL(
    """(ST_XMax(geom_web::box2d) - ST_XMin(geom_web::box2d) >= %(unit)s * {pixel}
      OR ST_YMax(geom_web::box2d) - ST_YMin(geom_web::box2d) >= %(unit)s * {pixel})"""
).format(pixel=sql.Literal(PIXEL_UNITS))


@lru_cache(maxsize=2048)
def statement(plans: tuple[Plan, ...], z: int) -> str:
    """The statement for a tile at zoom `z` with these layers (at least one, all drawn there); parameters z, x, y and unit.

    Its row says which transactions it sees (pg_snapshot as text), then a column (bytea) for every plan.
    `unit` is one of the tile's 4096 units in EPSG:3857 metres. Features that lie only in the buffer are in
    the tile (the search reaches as far as the buffer does); in the order of ids: equal rows give equal bytes.
    A column of a slice with `rings` is not yet a tile: `content.finished` makes it one.
    """
    columns = [_column(plan, plan.at(z)) for plan in plans]
    return (
        sql.SQL("SELECT pg_current_snapshot()::text,\n{}")
        .format(sql.SQL(",\n").join(columns))
        .as_string(None)
    )


def _column(plan: Plan, of: Slice) -> sql.Composed:
    """From the generalised table where there is one, and from the layer for as long as that was never built."""
    if of.rings:
        return _with_rings(of)
    own = _joined(_layer(of, part, _found(of, part)) for part in of.parts)
    return ahead_sql(plan.layer, of.ahead, own) if of.ahead else own


def _with_rings(of: Slice) -> sql.Composed:
    shapes, *labels = of.parts
    near = sql.Identifier("_near")  # all that there is: names are looked for among the shapes
    others = [_layer(of, shapes, _NOT_PLAIN), *(_layer(of, part, _points(of, part, near)) for part in labels)]
    more = dict.fromkeys(name for part in labels for name in part.columns)
    return _WITH_RINGS.format(
        most=sql.Literal(WKB_REST + 16 * MOST_POINTS),
        size=sql.Literal(len(WKB_HEAD)),
        head=sql.Literal(WKB_HEAD),
        tile=_ONCE.format(_SEARCHED),
        columns=_listed(("id", "geom_web", *more)),
        found=_shapes(of, shapes),
        rest=sql.Literal(WKB_REST),
        first=sql.Literal(len(WKB_HEAD) + 5),
        others=_joined(others),
    )


def _joined(layers: Iterable[sql.Composed]) -> sql.Composed:
    return sql.SQL(" ||\n").join(layers)


def _layer(of: Slice, part: Part, found: sql.Composable) -> sql.Composed:
    return _LAYER.format(
        name=sql.Literal(part.name),
        extent=sql.Literal(EXTENT),
        buffer=sql.Literal(BUFFER),
        geometry=_geometry(of, part),
        tile=_ONCE.format(_TILE),
        columns=_columns(part),
        found=found,
    )


def _columns(part: Part) -> sql.Composed:
    return _listed(_names(part))


def _names(part: Part) -> tuple[str, ...]:
    return ("id", *part.columns)


def _listed(names: Iterable[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, names))


def _found(of: Slice, part: Part) -> sql.Composed:
    return _points(of, part) if part.label_points else _shapes(of, part)


def _geometry(of: Slice, part: Part) -> sql.Composable:
    if part.label_points:
        return sql.Identifier("_point")
    return _SIMPLIFIED if of.simplified else sql.Identifier("geom_web")


def _shapes(of: Slice, part: Part) -> sql.Composed:
    conditions = [_near("geom_web", _SEARCHED), *_drawn(part)]
    conditions += [_LARGE_ENOUGH] if of.thinned else []
    conditions += [_SHORT] if of.pieces else []
    found = _SHAPES.format(
        relation=sql.Identifier(*of.relation), conditions=sql.SQL("\n    AND ").join(conditions)
    )
    return _and_pieces(of, part, found, "geom_web", "shape") if of.pieces else found


def _points(of: Slice, part: Part, among: sql.Identifier | None = None) -> sql.Composed:
    """Where names stand: of the layer's rows, or `among` those that lie near the tile."""
    conditions = _drawn(part) if among else [_near("geom_web", _SEARCHED), *_drawn(part)]
    conditions += [_SHORT] if of.pieces else []
    found = _POINTS.format(
        columns=_columns(part),
        relation=among or sql.Identifier(*of.relation),
        conditions=sql.SQL(" AND ").join(conditions or [sql.SQL("true")]),
        near=_near("_point", _ONCE.format(_SEARCHED)),
    )
    return _and_pieces(of, part, found, "_point", "point") if of.pieces else found


def _and_pieces(of: Slice, part: Part, others: sql.Composed, geometry: str, column: str) -> sql.Composed:
    """What is found of `others`, and of the pieces what their `column` has near the tile."""
    drawn = [sql.SQL("\n    WHERE "), *_drawn(part)] if part.where else []
    return _AND_PIECES.format(
        columns=_listed([*_names(part), geometry]),
        others=others,
        of_pieces=_listed([*_names(part), f"_{column}"]),
        pieces=sql.Identifier(pieces.SCHEMA, of.pieces),
        zoom=sql.Literal(pieces.ZOOM),
        near=_near(column, _SEARCHED),
        relation=sql.Identifier(*of.relation),
        drawn=sql.Composed(drawn),
    )


def _drawn(part: Part) -> list[sql.Composable]:
    """Something that the style draws."""
    return [sql.SQL(part.where)] if part.where else []


def _near(column: str, searched: sql.Composable) -> sql.Composed:
    return _NEAR.format(geometry=sql.Identifier(column), searched=searched)
