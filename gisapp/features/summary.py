"""Counts, sums and areas of a selection: by fields of the layer, by areas of another layer, by mesh.

A feature over the border of two areas counts where its middle lies (a point on its surface), or, when shares are asked for,
in each with the part of its area or length that lies there; sums then take the same part of its values.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from psycopg import sql

from gisapp.catalogue.layer import Layer
from gisapp.db import Database
from gisapp.features.areas import Areas
from gisapp.features.selection import Selection, sorted_failures

MOST_GROUPS = 10_000

_WHOLE = sql.SQL(
    """SELECT {by} count(*) AS count, {measures}
FROM {source} AS f WHERE {where} {group} ORDER BY {order} LIMIT {most} + 1"""
)
# The index serves either side: ST_Intersects narrows by boxes, the middle decides, the lowest id breaks a tie on a border.
_BY_MIDDLE = sql.SQL(
    """WITH area AS ({areas}), held AS (
  SELECT DISTINCT ON (f.id) f.*, {named} FROM {source} AS f JOIN area
    ON ST_Intersects(f.geom, area.geom) AND ST_Intersects(ST_PointOnSurface(f.geom), area.geom)
  WHERE {where} ORDER BY f.id, area.id
)
SELECT {by} count(*) AS count, {measures} FROM held AS f {group} ORDER BY {order} LIMIT {most} + 1"""
)
_BY_SHARE = sql.SQL(
    """WITH area AS ({areas}), held AS (
  SELECT f.*, {named}, part.share FROM {source} AS f JOIN area ON ST_Intersects(f.geom, area.geom)
  CROSS JOIN LATERAL (SELECT {share} AS share) AS part
  WHERE {where} AND part.share > 0
)
SELECT {by} sum(f.share) AS count, {measures} FROM held AS f {group} ORDER BY {order} LIMIT {most} + 1"""
)
_SHARES = {
    "Point": "1.0::float8",
    "LineString": """CASE WHEN ST_CoveredBy(f.geom, area.geom) THEN 1.0
      ELSE ST_Length(ST_Intersection(f.geom, area.geom)) / nullif(ST_Length(f.geom), 0) END""",
    "Polygon": """CASE WHEN ST_CoveredBy(f.geom, area.geom) THEN 1.0
      ELSE ST_Area(ST_Intersection(f.geom, area.geom)) / nullif(ST_Area(f.geom), 0) END""",
}
_SIZES = {"LineString": ("length_m", "ST_Length(f.geom)"), "Polygon": ("area_m2", "ST_Area(f.geom)")}


@dataclass(frozen=True)
class Question:
    """What to count of a selection. by: fields; sums: fields of numbers; share: exact at the borders of `areas`."""

    selection: Selection
    by: tuple[str, ...] = ()
    sums: tuple[str, ...] = ()
    areas: Areas | None = None
    share: bool = False


@dataclass(frozen=True)
class Summary:
    """Rows of a summary in the order of their names, and the selection's own totals. more: there are further rows."""

    columns: tuple[str, ...]
    rows: list[dict[str, Any]]
    total: dict[str, Any]
    more: bool


def summarise(database: Database, role: str, asked: Question) -> Summary:
    """Ask it. Raises errors.ParameterInvalid (a filter that cannot be computed), TooSlow, DatabaseAway, Busy."""
    chosen, areas = asked.selection, asked.areas
    values = {**chosen.values, **(areas.values if areas else {})}
    one = _statement(
        chosen.layer,
        chosen.view.name,
        chosen.where,
        asked.by,
        asked.sums,
        areas and areas.sql,
        areas and areas.names,
        asked.share,
    )
    total = _statement(chosen.layer, chosen.view.name, chosen.where, (), asked.sums, None, None, False)
    with sorted_failures(), database.snapshot(role) as connection:
        rows = [dict(row._mapping) for row in connection.exec_driver_sql(one, values)]
        whole = dict(connection.exec_driver_sql(total, dict(chosen.values)).one()._mapping)
    return Summary(_names(asked), rows[:MOST_GROUPS], whole, len(rows) > MOST_GROUPS)


def _names(asked: Question) -> tuple[str, ...]:
    areas = tuple(f"area_{number}" for number in range(len(asked.areas.names) if asked.areas else 0))
    size = _SIZES.get(asked.selection.layer.geometry.removeprefix("Multi"))
    sums = tuple(f"sum_{number}" for number in range(len(asked.sums)))
    return (*areas, *(f"by_{n}" for n in range(len(asked.by))), "count", *([size[0]] if size else []), *sums)


@lru_cache(maxsize=256)
def _statement(
    layer: Layer,
    view: str,
    where: str,
    by: tuple[str, ...],
    sums: tuple[str, ...],
    areas: str | None,
    area_names: tuple[str, ...] | None,
    share: bool,
) -> str:
    kind = layer.geometry.removeprefix("Multi")
    named = [sql.Identifier(f"area_{number}") for number in range(len(area_names or ()))]
    groups: list[sql.Composable] = [sql.Identifier("f", one.as_string(None).strip('"')) for one in named]
    groups += [sql.Identifier("f", name) for name in by]
    labels = [*named, *(sql.Identifier(f"by_{number}") for number in range(len(by)))]
    shown = [sql.SQL("{} AS {}, ").format(group, label) for group, label in zip(groups, labels, strict=True)]
    weight = sql.SQL("f.share * " if areas and share else "")
    measures = (
        [
            sql.SQL("coalesce(sum({}" + size + "), 0) AS {}").format(weight, sql.Identifier(name))
            for name, size in [_SIZES[kind]]
        ]
        if kind in _SIZES
        else []
    )
    measures += [
        sql.SQL("sum({}{}) AS {}").format(weight, sql.Identifier("f", name), sql.Identifier(f"sum_{number}"))
        for number, name in enumerate(sums)
    ]
    form = _WHOLE if not areas else _BY_SHARE if share else _BY_MIDDLE
    order = sql.SQL(", ").join(groups) if groups else sql.SQL("1")
    return form.format(
        areas=sql.SQL(areas or ""),
        named=sql.SQL(", ").join(sql.Identifier("area", one.as_string(None).strip('"')) for one in named),
        by=sql.Composed(shown),
        measures=sql.SQL(", ").join(measures) if measures else sql.SQL("NULL AS nothing"),
        source=sql.Identifier(layer.department, view),
        where=sql.SQL(where),
        share=sql.SQL(_SHARES[kind]),
        group=sql.SQL("GROUP BY {}").format(order) if groups else sql.SQL(""),
        order=order,
        most=sql.Literal(MOST_GROUPS),
    ).as_string(None)
