"""Counts, sums and areas of a selection: by fields of the layer, by areas of another layer, by mesh.

A feature over the border of two areas counts where its middle lies (a point on its surface), or, when shares are asked for,
in each with the part of its area or length that lies there; sums then take the same part of its values.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from psycopg import sql
from sqlalchemy import Connection

from gisapp.catalogue.layer import Layer
from gisapp.db import Database
from gisapp.features import area_grid, placed
from gisapp.features.areas import Areas
from gisapp.features.selection import Selection, sorted_failures

MOST_GROUPS = 10_000

Row = dict[str, Any]
_TWO_CORES = "SELECT set_config('max_parallel_workers_per_gather', '1', true)"
_ONE_PLAN = "SELECT set_config('plan_cache_mode', 'force_generic_plan', true)"


class _Words(NamedTuple):
    """What a statement is made of. areas: their SQL, empty where rows are not by area."""

    layer: Layer
    view: str
    where: str
    by: tuple[str, ...]
    sums: tuple[str, ...]
    areas: str = ""
    area_names: tuple[str, ...] = ()
    share: bool = False


_WHOLE = sql.SQL(
    """SELECT {by} count(*) AS count, {measures}
FROM {source} AS f WHERE {where} {group} ORDER BY {order} LIMIT {most} + 1"""
)
# The totals are sums of the groups': the layer is read once. (GROUPING SETS would do so too, but on one core.)
_BY_FIELDS = sql.SQL(
    """WITH named AS MATERIALIZED (
  SELECT {by} count(*) AS count, {measures} FROM {source} AS f WHERE {where} {group}
), total AS (
  SELECT coalesce(sum(f.count), 0)::bigint AS total_count, {totals} FROM named AS f
)
SELECT named.*, total.* FROM total LEFT JOIN named ON true ORDER BY {order} LIMIT {most} + 1"""
)
# The areas of `area_grid` have a faster statement in `placed`, with the same answers; these are for more areas than that.
# Each small piece of an area asks the index of the features: outlines of thousands of points are cut first, because a test
# against a piece costs a fraction; OFFSET 0 keeps that order, which PostgreSQL's guess of the number of pieces would turn round.
# In _BY_MIDDLE the lowest id breaks a tie on a border.
_BY_MIDDLE = sql.SQL(
    """WITH area AS MATERIALIZED ({pieces}), held AS (
  SELECT DISTINCT ON (f.id) {named}, f.* FROM area CROSS JOIN LATERAL (
    SELECT f.id, {kept} FROM {source} AS f
    WHERE f.geom && area.geom AND ST_Intersects(area.geom, ST_PointOnSurface(f.geom)) AND {where} OFFSET 0) AS f
  ORDER BY f.id, area.id
)
SELECT {by} count(*) AS count, {measures} FROM held AS f {group} ORDER BY {order} LIMIT {most} + 1"""
)
_BY_SHARE = sql.SQL(
    """WITH area AS MATERIALIZED ({pieces}), held AS (
  SELECT {named}, f.* FROM area CROSS JOIN LATERAL (
    SELECT f.id, {kept}, {share} AS share FROM {source} AS f
    WHERE ST_Intersects(f.geom, area.geom) AND {where} OFFSET 0) AS f
  WHERE f.share > 0
)
SELECT {by} sum(f.share) AS count, {measures} FROM held AS f {group} ORDER BY {order} LIMIT {most} + 1"""
)
PIECE_POINTS = 32
_PIECES = sql.SQL("SELECT a.id, {columns}, ST_Subdivide(a.geom, {points}) AS geom FROM ({areas}) AS a")
_SHARES = {
    "Point": "CASE WHEN ST_Intersects(area.geom, f.geom) THEN 1.0 ELSE 0.0 END",
    "LineString": """CASE WHEN ST_Covers(area.geom, f.geom) THEN 1.0 WHEN NOT ST_Intersects(area.geom, f.geom) THEN 0.0
      ELSE ST_Length(ST_Intersection(f.geom, area.geom)) / nullif(ST_Length(f.geom), 0) END""",
    "Polygon": """CASE WHEN ST_Covers(area.geom, f.geom) THEN 1.0 WHEN NOT ST_Intersects(area.geom, f.geom) THEN 0.0
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
    with sorted_failures(), database.snapshot(role) as connection:
        connection.exec_driver_sql(_TWO_CORES)
        rows, whole = (
            _by_areas(connection, asked, asked.areas) if asked.areas else _by_fields(connection, asked)
        )
    return Summary(_names(asked), rows[:MOST_GROUPS], whole, len(rows) > MOST_GROUPS)


def _by_fields(connection: Connection, asked: Question) -> tuple[list[Row], Row]:
    rows = _ask(connection, _statement(_words(asked)), dict(asked.selection.values))
    return _apart(rows) if asked.by else (rows, rows[0])


def _by_areas(connection: Connection, asked: Question, areas: Areas) -> tuple[list[Row], Row]:
    chosen = asked.selection
    values = {**chosen.values, **areas.values}
    kind = chosen.layer.geometry.removeprefix("Multi")
    grid = area_grid.values_of(connection, areas, _cut(kind, asked.share))
    if grid is None:
        rows = _ask(connection, _statement(_words(asked)), values)
        return rows, _ask(connection, _total(asked), dict(chosen.values))[0]
    connection.exec_driver_sql(_ONE_PLAN)
    rows = _ask(connection, _placed(_words(asked)), {**values, **grid})
    return _apart(rows)


def _apart(rows: list[Row]) -> tuple[list[Row], Row]:
    """The rows, and the totals that a statement told with each of them (and alone, where there is none)."""
    total = {
        name.removeprefix("total_"): value for name, value in rows[0].items() if name.startswith("total_")
    }
    return [row for row in rows if row["count"] is not None], total


def _ask(connection: Connection, statement: str, values: dict[str, Any]) -> list[Row]:
    return [dict(row._mapping) for row in connection.exec_driver_sql(statement, values)]


def _names(asked: Question) -> tuple[str, ...]:
    areas = tuple(f"area_{number}" for number in range(len(asked.areas.names) if asked.areas else 0))
    size = _SIZES.get(asked.selection.layer.geometry.removeprefix("Multi"))
    sums = tuple(f"sum_{number}" for number in range(len(asked.sums)))
    return (*areas, *(f"by_{n}" for n in range(len(asked.by))), "count", *([size[0]] if size else []), *sums)


def _cut(kind: str, share: bool) -> bool:
    """Whether areas may be cut: what lies on a cut is counted once all the same, but for the length of a line along it."""
    return not share or kind == "Polygon"


def _total(asked: Question) -> str:
    return _statement(_words(asked)._replace(by=(), areas="", area_names=(), share=False))


def _words(asked: Question) -> _Words:
    chosen, areas = asked.selection, asked.areas
    of = _Words(chosen.layer, chosen.view.name, chosen.where, asked.by, asked.sums, share=asked.share)
    return of._replace(areas=areas.sql, area_names=areas.names) if areas else of


@lru_cache(maxsize=256)
def _placed(of: _Words) -> str:
    kind = of.layer.geometry.removeprefix("Multi")
    words = placed.Words(
        areas=of.areas,
        source=sql.Identifier(of.layer.department, of.view),
        where=of.where,
        kept=_kept(kind, of.by, of.sums),
        names=len(of.area_names),
        by=len(of.by),
        sums=len(of.sums),
        size=_SIZES[kind][0] if kind in _SIZES else "",
        share=_SHARES[kind],
        most=MOST_GROUPS,
    )
    return placed.statement(words, of.share)


@lru_cache(maxsize=256)
def _statement(of: _Words) -> str:
    kind = of.layer.geometry.removeprefix("Multi")
    named = [f"area_{number}" for number in range(len(of.area_names))]
    labels = [*named, *(f"by_{number}" for number in range(len(of.by)))]
    groups = [sql.Identifier("f", name) for name in ([*labels] if of.areas else of.by)]
    shown = [
        sql.SQL("{} AS {}, ").format(group, sql.Identifier(label))
        for group, label in zip(groups, labels, strict=True)
    ]
    form = (_BY_FIELDS if of.by else _WHOLE) if not of.areas else _BY_SHARE if of.share else _BY_MIDDLE
    group = sql.SQL("GROUP BY {}").format(sql.SQL(", ").join(groups)) if groups else sql.SQL("")
    if form is _BY_FIELDS:
        groups = [sql.Identifier("named", label) for label in labels]
    return form.format(
        pieces=_pieces(of.areas, named, _cut(kind, of.share)),
        named=sql.SQL(", ").join(sql.Identifier("area", name) for name in named),
        kept=_kept(kind, of.by, of.sums),
        by=sql.Composed(shown),
        measures=_measures(
            kind, of.sums, held=bool(of.areas), weight="f.share * " if of.areas and of.share else ""
        ),
        source=sql.Identifier(of.layer.department, of.view),
        where=sql.SQL(of.where),
        share=sql.SQL(_SHARES[kind]),
        totals=_totals(kind, len(of.sums)),
        group=group,
        order=sql.SQL(", ").join(groups) if groups else sql.SQL("1"),
        most=sql.Literal(MOST_GROUPS),
    ).as_string(None)


def _pieces(areas: str, named: list[str], cut: bool) -> sql.Composable:
    if not cut:
        return sql.SQL(areas)
    columns = sql.SQL(", ").join(sql.Identifier("a", name) for name in named)
    return _PIECES.format(columns=columns, points=sql.Literal(PIECE_POINTS), areas=sql.SQL(areas))


def _kept(kind: str, by: tuple[str, ...], sums: tuple[str, ...]) -> sql.Composable:
    """What of a feature its groups and sums need: rows with whole geometries would be sorted on disk."""
    kept: list[sql.Composable] = [sql.SQL((_SIZES[kind][1] if kind in _SIZES else "0") + " AS size")]
    kept += [
        sql.SQL("{} AS {}").format(sql.Identifier("f", n), sql.Identifier(f"by_{i}"))
        for i, n in enumerate(by)
    ]
    kept += [
        sql.SQL("{} AS {}").format(sql.Identifier("f", n), sql.Identifier(f"value_{i}"))
        for i, n in enumerate(sums)
    ]
    return sql.SQL(", ").join(kept)


def _measures(kind: str, sums: tuple[str, ...], *, held: bool, weight: str) -> sql.Composable:
    made: list[sql.Composable] = []
    if kind in _SIZES:
        name, size = _SIZES[kind]
        size = "f.size" if held else size
        made.append(sql.SQL(f"coalesce(sum({weight}{size}), 0) AS {{}}").format(sql.Identifier(name)))
    for number, name in enumerate(sums):
        value = sql.Identifier("f", f"value_{number}" if held else name)
        made.append(
            sql.SQL("sum({}{}) AS {}").format(sql.SQL(weight), value, sql.Identifier(f"sum_{number}"))
        )
    return sql.SQL(", ").join(made) if made else sql.SQL("NULL AS nothing")


def _totals(kind: str, sums: int) -> sql.Composable:
    """The measures of all groups together, by the names of `_measures`."""
    made = [f"sum(f.sum_{number}) AS total_sum_{number}" for number in range(sums)]
    if kind in _SIZES:
        name = _SIZES[kind][0]
        made.insert(0, f"coalesce(sum(f.{name}), 0) AS total_{name}")
    return sql.SQL(", ".join(made) or "NULL AS total_nothing")
