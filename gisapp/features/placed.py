"""The statement that counts a selection by areas whose grid is known (`area_grid`): one look at each feature.

A feature whose box lies in squares of one area is placed without its geometry. Only what lies beside an outline is
compared with the pieces of areas near it. Everything else (what counts where) is as `summary` says.
"""

from __future__ import annotations

from dataclasses import dataclass

from psycopg import sql

# OFFSET has what a level computes computed once; written '0', PostgreSQL sees before it plans that nothing is left out, and lets
# a second process do half of a layer. The grid is bound, not written: a plan with megabytes in it would be copied to that process.
# So one plan fits all values (`summary` asks for it), and a series stands where the length of a list would be guessed as ten.
# `part`: sums of what is placed by its box, by number of the area (0: none), and each other feature alone, with its shape.
_PLACED = """WITH area AS MATERIALIZED (
  SELECT row_number() OVER (ORDER BY a.id) AS number, {names} FROM ({areas}) AS a
), piece AS MATERIALIZED (
  SELECT p.piece, p.number, p.x, p.y, ST_GeomFromEWKB(p.shape) AS geom
  FROM unnest(%(grid_piece_area)s::int[], %(grid_piece_x)s::int[], %(grid_piece_y)s::int[], %(grid_piece_shape)b::bytea[])
    WITH ORDINALITY AS p(number, x, y, shape, piece)
), tile AS MATERIALIZED (
  SELECT t.x, t.y, p.piece, p.number, p.x AS first_x, p.y AS first_y, p.geom FROM (
    SELECT (%(grid_tile_piece)s::int[])[n] AS piece, (%(grid_tile_x)s::int[])[n] AS x, (%(grid_tile_y)s::int[])[n] AS y
    FROM generate_series(1, %(grid_tile_count)s::int) AS n) AS t
  JOIN piece AS p USING (piece)
), part AS MATERIALIZED (
  SELECT f.number, f.id, f.shape, {labels} count(*) AS count, {sums}
  FROM (SELECT f.*, CASE WHEN f.number IS NULL THEN f.feature END AS id, CASE WHEN f.number IS NULL THEN f.geom END AS shape FROM (
    SELECT f.*, CASE WHEN get_byte({squares}, f.at) > f.span THEN {number} END AS number FROM (
      SELECT f.*, {at} AS at,
        greatest(width_bucket(ST_XMax(f.box), {x_of_squares}) - f.x, width_bucket(ST_YMax(f.box), {y_of_squares}) - f.y) AS span
      FROM (SELECT f.*, width_bucket(ST_XMin(f.box), {x_of_squares}) AS x, width_bucket(ST_YMin(f.box), {y_of_squares}) AS y
        FROM (SELECT f.id AS feature, {kept}, f.geom, f.geom::box2d::box3d AS box FROM {source} AS f WHERE {where} OFFSET '0') AS f
        OFFSET '0') AS f
      OFFSET '0') AS f
    OFFSET '0') AS f OFFSET '0') AS f
  GROUP BY f.number, f.id, f.shape{groups}
), """
# Of what lies near an outline: whether no outline is near its box (`clear`), and if so the area of a square that it reaches into.
_NEAR = """near AS MATERIALIZED (
  SELECT f.id, f.shape, f.clear, f.box, CASE WHEN f.clear THEN {reached} END AS placed FROM (
    SELECT f.*, coalesce({clear}, false) AS clear FROM (
      SELECT f.*, {corners} FROM (
        SELECT f.*, f.x0 >> 2 AS left_, f.x1 >> 2 AS right_, f.y0 >> 2 AS low, f.y1 >> 2 AS high,
          f.x0 >= 0 AND f.y0 >= 0 AND f.x1 < 4 * {columns} AND f.y1 < 4 * {rows}
            AND (f.x1 >> 2) - (f.x0 >> 2) < 2 AND (f.y1 >> 2) - (f.y0 >> 2) < 2 AS small
        FROM (SELECT f.*, width_bucket(ST_XMin(f.box), {x_of_cells}) - 1 AS x0, width_bucket(ST_YMin(f.box), {y_of_cells}) - 1 AS y0,
            width_bucket(ST_XMax(f.box), {x_of_cells}) - 1 AS x1, width_bucket(ST_YMax(f.box), {y_of_cells}) - 1 AS y1
          FROM (SELECT p.id, p.shape, p.shape::box2d::box3d AS box FROM part AS p WHERE p.number IS NULL OFFSET '0') AS f
          OFFSET '0') AS f
        OFFSET '0') AS f
      OFFSET '0') AS f
    OFFSET '0') AS f
), point AS (
  SELECT f.id, t.number FROM (
    SELECT f.id, f.point, width_bucket(ST_X(f.point), {x_of_tiles}) AS x, width_bucket(ST_Y(f.point), {y_of_tiles}) AS y FROM (
      SELECT f.id, {point} AS point FROM near AS f WHERE {pointed} OFFSET '0') AS f
    OFFSET '0') AS f
  JOIN tile AS t USING (x, y) WHERE t.geom && f.point AND ST_Intersects(t.geom, f.point)
), """
_CORNER = "ST_SetSRID(ST_MakePoint(ST_XMin(f.box), ST_YMin(f.box)), %(grid_srid)s::int)"
_BY_MIDDLE = """held AS (
  SELECT p.number, {labels_of_p} p.count, {values_of_p} FROM part AS p WHERE p.number > 0
  UNION ALL SELECT s.number, {labels_of_p} p.count, {values_of_p} FROM part AS p JOIN (
    SELECT f.id, f.placed AS number FROM near AS f WHERE f.placed > 0
    UNION ALL SELECT f.id, min(f.number) FROM point AS f GROUP BY f.id) AS s USING (id)
), """
# A pair that meets in several tiles is taken in the first. Its order lets PostGIS prepare a piece once for all its features.
_BY_SHARE = """pair AS (
  SELECT f.id, f.shape, t.piece FROM (
    SELECT f.*, generate_series(greatest(f.y0, 1), least(f.y1, {tiles})) AS y FROM (
      SELECT f.*, generate_series(greatest(f.x0, 1), least(f.x1, {tiles})) AS x FROM (
        SELECT f.id, f.shape, width_bucket(ST_XMin(f.box), {x_of_tiles}) AS x0, width_bucket(ST_YMin(f.box), {y_of_tiles}) AS y0,
          width_bucket(ST_XMax(f.box), {x_of_tiles}) AS x1, width_bucket(ST_YMax(f.box), {y_of_tiles}) AS y1
        FROM near AS f WHERE NOT f.clear OFFSET '0') AS f
      OFFSET '0') AS f
    OFFSET '0') AS f
  JOIN tile AS t ON t.x = f.x AND t.y = f.y AND t.x = greatest(t.first_x, f.x0) AND t.y = greatest(t.first_y, f.y0)
  WHERE t.geom && f.shape ORDER BY t.piece OFFSET '0'
), shared AS MATERIALIZED (
  SELECT f.id, f.placed AS number, 1.0::float8 AS share FROM near AS f WHERE f.placed > 0
  UNION ALL SELECT DISTINCT f.id, f.number, 1.0::float8 FROM point AS f
  UNION ALL SELECT f.id, area.number, {share}
  FROM pair JOIN piece AS area USING (piece) CROSS JOIN LATERAL (SELECT pair.id, pair.shape AS geom) AS f
), held AS (
  SELECT p.number, {labels_of_p} p.count::float8 AS count, {floats_of_p} FROM part AS p WHERE p.number > 0
  UNION ALL SELECT s.number, {labels_of_p} s.share, {shares_of_p} FROM shared AS s JOIN part AS p USING (id) WHERE s.share > 0
), """
_COUNTED = """summed AS MATERIALIZED (
  SELECT f.number, {labels} sum(f.count) AS count, {sums} FROM held AS f GROUP BY f.number{groups}
), named AS (
  SELECT {shown}, sum(f.count){whole} AS count, {measures} FROM area JOIN summed AS f USING (number) GROUP BY {order}
), total AS (
  SELECT coalesce(sum(f.count), 0)::bigint AS total_count, {totals} FROM part AS f
)
SELECT named.*, total.* FROM total LEFT JOIN named ON true ORDER BY {order_of_named} LIMIT {most} + 1"""

_GRID = {
    "squares": "%(grid_squares)b::bytea",
    "at": """CASE WHEN f.x BETWEEN 1 AND %(grid_columns)s AND f.y BETWEEN 1 AND %(grid_rows)s
        THEN 3 * ((f.y - 1) * %(grid_columns)s::int + f.x - 1) END""",
    "x_of_squares": "%(grid_west)s, %(grid_east)s, %(grid_columns)s::int",
    "y_of_squares": "%(grid_south)s, %(grid_north)s, %(grid_rows)s::int",
    "columns": "%(grid_columns)s::int",
    "rows": "%(grid_rows)s::int",
    "x_of_cells": "%(grid_west)s, %(grid_east)s, 4 * %(grid_columns)s::int",
    "y_of_cells": "%(grid_south)s, %(grid_north)s, 4 * %(grid_rows)s::int",
    "tiles": "%(grid_tiles)s::int",
    "x_of_tiles": "%(grid_west)s, %(grid_east)s, %(grid_tiles)s::int",
    "y_of_tiles": "%(grid_south)s, %(grid_north)s, %(grid_tiles)s::int",
}
_AFTER = "get_byte({squares}, {at} + 1) * 256 + get_byte({squares}, {at} + 2)"
_GRID["number"] = _AFTER.format(squares=_GRID["squares"], at="f.at")


def _corners() -> dict[str, str]:
    """The squares that a small box reaches into are those of its corners. A square's bits: four columns in each of four rows."""
    sides = {"left_": ("f.x0 & 3", "CASE WHEN f.left_ = f.right_ THEN f.x1 & 3 ELSE 3 END")}
    sides["right_"] = ("CASE WHEN f.left_ = f.right_ THEN f.x0 & 3 ELSE 0 END", "f.x1 & 3")
    ends = {"low": ("f.y0 & 3", "CASE WHEN f.low = f.high THEN f.y1 & 3 ELSE 3 END")}
    ends["high"] = ("CASE WHEN f.low = f.high THEN f.y0 & 3 ELSE 0 END", "f.y1 & 3")
    columns, clear, reached = [], ["f.small"], []
    for number, (x, y) in enumerate((x, y) for x in sides for y in ends):
        columns.append(f"CASE WHEN f.small THEN 3 * (f.{y} * {_GRID['columns']} + f.{x}) END AS at{number}")
        across = "((2 << ({1})) - (1 << ({0}))) * 4369".format(*sides[x])
        along = "((2 << (4 * ({1}) + 3)) - (1 << (4 * ({0}))))".format(*ends[y])
        columns.append(f"{across} & {along} AS cells{number}")
        first = f"get_byte({_GRID['squares']}, f.at{number}) > 0"
        after = _AFTER.format(squares=_GRID["squares"], at=f"f.at{number}")
        clear.append(f"({first} OR ({after}) & f.cells{number} = 0)")
        reached.append(f"WHEN {first} THEN {after}")
    return {
        "corners": ", ".join(columns),
        "clear": " AND ".join(clear),
        "reached": f"CASE {' '.join(reached)} END",
    }


@dataclass(frozen=True)
class Words:
    """What a statement is made of, as SQL: `kept` gives the columns `size`, by_0 … and value_0 … of a feature of `source`."""

    areas: str
    source: sql.Composable
    where: str
    kept: sql.Composable
    names: int
    by: int
    sums: int
    size: str
    share: str
    most: int


def statement(words: Words, by_share: bool) -> str:
    """Rows of area_0 …, by_0 …, count, measures, and with each the totals of the selection; one row at the least."""
    names, by = [f"area_{n}" for n in range(words.names)], [f"by_{n}" for n in range(words.by)]
    values = ["size", *(f"value_{n}" for n in range(words.sums))]
    order = [*(f"area.{name}" for name in names), *(f"f.{name}" for name in by)]
    text = _PLACED + _NEAR + (_BY_SHARE if by_share else _BY_MIDDLE) + _COUNTED
    parts = {
        **_GRID,
        **_corners(),
        "point": _CORNER
        if by_share
        else f"CASE WHEN f.clear THEN {_CORNER} ELSE ST_PointOnSurface(f.shape) END",
        "pointed": "f.placed IS NULL" + (" AND f.clear" if by_share else ""),
        "names": ", ".join(f"a.{name}" for name in names),
        "labels": "".join(f"f.{name}, " for name in by),
        "labels_of_f": "".join(f"f.{name}, " for name in by),
        "labels_of_p": "".join(f"p.{name}, " for name in by),
        "groups": "".join(f", f.{name}" for name in by),
        "sums": _each("sum(f.{0}) AS {0}", values),
        "values_of_f": _each("f.{0}", values),
        "values_of_p": _each("p.{0}", values),
        "floats_of_p": _each("p.{0}::float8 AS {0}", values),
        "shares_of_p": _each("s.share * p.{0}", values),
        "shown": ", ".join(order),
        "order": ", ".join(order),
        "order_of_named": ", ".join(f"named.{name}" for name in (*names, *by)),
        "whole": "" if by_share else "::bigint",
        "measures": _measures(words, ""),
        "totals": _measures(words, "total_"),
        "share": words.share,
    }
    made = {name: sql.SQL(part) for name, part in parts.items()}
    return (
        sql.SQL(text)
        .format(
            **made,
            areas=sql.SQL(words.areas),
            source=words.source,
            where=sql.SQL(words.where),
            kept=words.kept,
            most=sql.Literal(words.most),
        )
        .as_string(None)
    )


def _each(form: str, values: list[str]) -> str:
    return ", ".join(form.format(value) for value in values)


def _measures(words: Words, prefix: str) -> str:
    made = [f"coalesce(sum(f.size), 0) AS {prefix}{words.size}"] if words.size else []
    made += [f"sum(f.value_{n}) AS {prefix}sum_{n}" for n in range(words.sums)]
    return ", ".join(made) or f"NULL AS {prefix}nothing"
