"""What only the layer's neighbours and the city can tell of a feature: asked of the database before it is changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg import sql

from gisapp import errors
from gisapp.catalogue.layer import Layer
from gisapp.edits.feature import Given
from gisapp.edits.values import known_code
from gisapp.revisions.apply import table_of
from gisapp.settings import City

LEAST_M2 = 1.0  # of a common area; less is drawing: two people trace one border
NEAR_DEGREES = 0.5  # around the city's box


def shape_in(city: City) -> sql.Composed:
    """The given shape in the city's system, in SQL, from the values `shape` and `srid`."""
    return sql.SQL("ST_Transform(ST_SetSRID(%(shape)s::geometry, %(srid)s), {})").format(
        sql.Literal(city.srid)
    )


def require_fit(
    raw: psycopg.Connection[Any],
    city: City,
    layer: Layer,
    given: Given,
    *,
    before: Mapping[str, Any] | None,
    id_: int = 0,
) -> None:
    """Codes are in their lists, unless they were there `before`; the shape is valid, near the city, and where the layer
    forbids it overlaps no other feature than `id_`. Raises errors.FeatureInvalid."""
    for name, value in given.values.items():
        field = layer.field(name)
        if not known_code(layer, field, value) and (before is None or before[name] != value):
            ja, en = f"「{field.title.ja}」のコード表にない値です", f"it is no code of “{field.title.en}”"
            raise errors.FeatureInvalid(field=name, why_ja=ja, why_en=en)
    if given.shape is None:
        return
    words = {"table": table_of(layer), "shape": shape_in(city), "extent": sql.SQL(_EXTENT[_kind(layer)])}
    values = {
        "shape": given.shape,
        "srid": given.srid,
        "id": id_,
        "least": LEAST_M2,
        "near": NEAR_DEGREES,
        **dict(zip(("west", "south", "east", "north"), city.bounds, strict=True)),
    }
    _require_shape(raw, sql.SQL(_SHAPE).format(**words), values)
    if layer.overlap == "forbid":
        found = raw.execute(sql.SQL(_OVERLAP).format(**words), values).fetchone()
        if found is not None:
            ja = f"番号 {found[0]} の区域と {found[1]:,.1f} m² 重なっています"
            raise _wrong_shape(ja, f"it overlaps feature {found[0]} by {found[1]:,.1f} m²")


def _kind(layer: Layer) -> str:
    return layer.geometry.removeprefix("Multi")


def _require_shape(
    raw: psycopg.Connection[Any], question: sql.Composed, values: Mapping[str, object]
) -> None:
    try:
        row = raw.execute(question, values).fetchone()
    except psycopg.errors.InternalError as error:  # PROJ cannot place it
        raise _wrong_shape(
            "その座標を市の座標系に移せません", "it cannot be placed in the city's system"
        ) from error
    assert row is not None
    why, near, extent = row
    if not near:
        raise _wrong_shape("市から遠く離れた場所です", "it is far away from the city")
    if why != "Valid Geometry":
        raise _wrong_shape(f"形状が正しくありません（{why}）", f"the shape is not valid ({why})")
    if not extent:
        raise _wrong_shape("長さか面積がありません", "it has no length or no area")


def _wrong_shape(ja: str, en: str) -> errors.FeatureInvalid:
    return errors.FeatureInvalid(field="geometry", why_ja=ja, why_en=en)


_EXTENT = {"Point": "true", "LineString": "ST_Length(s) > 0", "Polygon": "ST_Area(s) > 0"}
_SHAPE = """
SELECT ST_IsValidReason(s), ST_Transform(s, 4326) && ST_Expand(ST_MakeEnvelope(%(west)s, %(south)s, %(east)s, %(north)s, 4326),
  %(near)s), {extent}
FROM {shape} AS s
"""
_OVERLAP = """
SELECT id, area FROM (
  SELECT t.id, ST_Area(ST_Intersection(t.geom, s)) AS area FROM {table} AS t, {shape} AS s
  WHERE t.geom && s AND t.id <> %(id)s AND ST_Relate(t.geom, s, '2********')
) AS common WHERE area > %(least)s ORDER BY area DESC LIMIT 1
"""
