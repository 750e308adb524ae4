"""The areas that a summary is split by: features of a layer of polygons, or standard meshes (JIS X 0410)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from psycopg import sql

from gisapp.catalogue.layer import Layer, View
from gisapp.features import expressions
from gisapp.features.filters import Condition, Scope, compile_filter
from gisapp.features.parameters import invalid
from gisapp.geo import mesh
from gisapp.settings import City

MOST_CELLS = 20_000

_FEATURES = sql.SQL("SELECT f.id, f.geom, {columns} FROM {source} AS f WHERE {where}")
_CELLS = sql.SQL(
    """SELECT row_number() OVER () AS id, code AS area_0,
  ST_Transform(ST_MakeEnvelope(west, south, east, north, 6668), {srid}) AS geom
FROM unnest(%(mesh_code)s::text[], %(mesh_west)s::float8[], %(mesh_south)s::float8[], %(mesh_east)s::float8[], %(mesh_north)s::float8[])
  AS cell(code, west, south, east, north)"""
)


@dataclass(frozen=True)
class Areas:
    """SQL that gives id, geom and the columns area_0, area_1 … that name an area; their titles; what is bound.

    layer: whose features they are, with the view of it; None for meshes.
    """

    sql: str
    names: tuple[str, ...]
    values: Mapping[str, Any] = field(default_factory=dict)
    layer: Layer | None = None
    view: View | None = None


def of_layer(layer: Layer, view: View, city: City, by: str, filter: str) -> Areas:
    """The features of a layer of polygons that `filter` holds for, told apart by the fields `by` (its label's by default).

    Raises errors.ParameterInvalid.
    """
    if not expressions.is_area(layer):
        why = "面のレイヤーを指定してください", "it is the id of a layer of polygons"
        raise invalid("area", *why, "area=base.town")
    known = expressions.fields_of(view)
    named = (
        [name for name in by.split(",") if name]
        or [n for n in layer.label_fields() if n in known]
        or list(known[:1])
    )
    unknown = [name for name in named if name not in known]
    if unknown or len(named) > 3:
        listed = ", ".join(known)
        raise invalid(
            "area-by", f"項目（3つまで）は {listed} です", f"it is up to 3 of {listed}", f"area-by={known[0]}"
        )
    condition = compile_filter(filter, Scope.of(layer, view, city), prefix="a") if filter else Condition()
    columns = (
        sql.SQL("{} AS {}").format(sql.Identifier("f", name), sql.Identifier(f"area_{number}"))
        for number, name in enumerate(named)
    )
    made = _FEATURES.format(
        columns=sql.SQL(", ").join(columns),
        source=expressions.source(layer, view),
        where=sql.SQL(condition.sql),
    )
    return Areas(made.as_string(None), tuple(named), condition.values, layer, view)


def of_mesh(level: str, city: City) -> Areas:
    """The cells of a standard mesh over the city. Raises errors.ParameterInvalid for an unknown level or too many cells."""
    west, south, east, north = city.bounds
    first = mesh.bounds(mesh.encode(west, south, level))
    wide, high = first[2] - first[0], first[3] - first[1]
    columns, rows = int((east - first[0]) / wide) + 1, int((north - first[1]) / high) + 1
    if columns * rows > MOST_CELLS:
        why = f"区画が {MOST_CELLS:,} を超えます", f"that would be more than {MOST_CELLS:,} cells"
        raise invalid("area", *why, "area=mesh:3")
    lon = [first[0] + (x + 0.5) * wide for _ in range(rows) for x in range(columns)]
    lat = [first[1] + (y + 0.5) * high for y in range(rows) for _ in range(columns)]
    codes = [str(code) for code in mesh.encode_many(lon, lat, level)]
    sides = zip(*(mesh.bounds(code) for code in codes), strict=True)
    values: dict[str, Any] = {"mesh_code": codes}
    values |= {
        f"mesh_{side}": list(each)
        for side, each in zip(("west", "south", "east", "north"), sides, strict=True)
    }
    return Areas(_CELLS.format(srid=sql.Literal(city.srid)).as_string(None), ("mesh_code",), values)
