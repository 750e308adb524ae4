"""The statement that counts a selection by areas whose grid is known (`area_grid`): one look at each feature.

A feature whose box lies in squares of one area is placed without its geometry. Only what lies beside an outline is
compared with the pieces of areas near it. Everything else (what counts where) is as `summary` says.
"""

from __future__ import annotations

from dataclasses import dataclass

from psycopg import sql

from gisapp.geo.inside import BLOCK, CELLS, IN_BLOCK, LARGEST, UNKNOWN

# OFFSET has what a level computes computed once; written '0', PostgreSQL sees before it plans that nothing is left out, and lets
# a second process do half of a layer. The grid is bound, not written: a plan with megabytes in it would be copied to that process.
# So one plan fits all values (`summary` asks for it), and a series stands where the length of a list would be guessed as ten.
# `part`: sums of what is placed by its box, by number of the area (0: none), and each other feature alone, with its shape.
# By middle, that shape is the point already, looked up in the grid too: most points have no outline in their cell. All of it is done where a feature is read: what comes after `part` is left to one process.
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
  SELECT f.number, f.id, f.shape, f.clear, {labels} count(*) AS count, {sums}
  FROM (SELECT {values}, f.number, CASE WHEN f.number IS NULL THEN f.feature END AS id,
      CASE WHEN f.number IS NULL THEN f.shape END AS shape, CASE WHEN f.number IS NULL THEN f.clear END AS clear
    FROM ({found}) AS f
    OFFSET '0') AS f
  GROUP BY f.number, f.id, f.shape, f.clear{groups}
), """
_BY_BOX = """SELECT f.*, CASE WHEN f.{by_box} IS NULL THEN {left} END AS shape, CASE WHEN f.{by_box} IS NULL THEN {clear} END AS clear
FROM (SELECT f.*, CASE WHEN {inside} THEN {number} WHEN {clear} THEN {reached} END AS {by_box}
  FROM (SELECT f.*, width_bucket(ST_XMin(f.box), {x_of_cells}) - 1 AS x0, width_bucket(ST_YMin(f.box), {y_of_cells}) - 1 AS y0,
      width_bucket(ST_XMax(f.box), {x_of_cells}) - 1 AS x1, width_bucket(ST_YMax(f.box), {y_of_cells}) - 1 AS y1
    FROM (SELECT f.id AS feature, {kept}, f.geom, f.geom::box2d::box3d AS box FROM {source} AS f WHERE {where} OFFSET '0') AS f
    OFFSET '0') AS f
  OFFSET '0') AS f
OFFSET '0'"""
_BY_POINT = """SELECT f.*, coalesce(f.by_box, {at_point}) AS number
FROM (SELECT f.*, width_bucket(ST_X(f.shape), {x_of_cells}) - 1 AS x, width_bucket(ST_Y(f.shape), {y_of_cells}) - 1 AS y
  FROM ({found_by_box}) AS f
  OFFSET '0') AS f
OFFSET '0'"""
_LEFT = """near AS MATERIALIZED (
  SELECT p.id, p.shape, p.clear, p.shape::box2d::box3d AS box FROM part AS p WHERE p.number IS NULL
), point AS (
  SELECT f.id, t.number FROM (
    SELECT f.id, f.point, width_bucket(ST_X(f.point), {x_of_tiles}) AS x, width_bucket(ST_Y(f.point), {y_of_tiles}) AS y FROM (
      SELECT f.id, {point} AS point FROM near AS f WHERE {pointed} OFFSET '0') AS f
    OFFSET '0') AS f
  JOIN tile AS t USING (x, y) WHERE t.geom && f.point AND ST_Intersects(t.geom, f.point)
), """
_CORNER = "ST_SetSRID(ST_MakePoint(ST_XMin(f.box), ST_YMin(f.box)), %(grid_srid)s::int)"
_MIDDLE = f"CASE WHEN {{clear}} THEN {_CORNER} ELSE ST_PointOnSurface(f.geom) END"
_BY_MIDDLE = """held AS (
  SELECT p.number, {labels_of_p} p.count, {values_of_p} FROM part AS p WHERE p.number > 0
  UNION ALL SELECT s.number, {labels_of_p} p.count, {values_of_p} FROM part AS p JOIN (
    SELECT f.id, min(f.number) AS number FROM point AS f GROUP BY f.id) AS s USING (id)
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
  SELECT DISTINCT f.id, f.number, 1.0::float8 AS share FROM point AS f
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
    "cells": "%(grid_cells)b::bytea",
    "columns": "%(grid_columns)s::int",
    "rows": "%(grid_rows)s::int",
    "x_of_cells": "%(grid_west)s, %(grid_east)s, 4 * %(grid_columns)s::int",
    "y_of_cells": "%(grid_south)s, %(grid_north)s, 4 * %(grid_rows)s::int",
    "tiles": "%(grid_tiles)s::int",
    "x_of_tiles": "%(grid_west)s, %(grid_east)s, %(grid_tiles)s::int",
    "y_of_tiles": "%(grid_south)s, %(grid_north)s, %(grid_tiles)s::int",
}
_NUMBER = "get_byte({of}, {at}) * 256 + get_byte({of}, {at} + 1)"
_FIRST = f"get_byte({_GRID['squares']}, {{at}})"
_AFTER = _NUMBER.format(of=_GRID["squares"], at="{at} + 1")
_WHOLE = f"{_FIRST} BETWEEN 1 AND {LARGEST}"
_BLOCK = f"{BLOCK} * (({_FIRST} - {IN_BLOCK}) * 65536 + {_AFTER})"
_BITS = f"CASE WHEN {_FIRST} = 0 THEN {_AFTER} ELSE {_NUMBER.format(of=_GRID['cells'], at=_BLOCK)} END"
_AT = f"3 * (({{y}} >> 2) * {_GRID['columns']} + ({{x}} >> 2))"


def _in_cell(x: str, y: str) -> str:
    """The area that a cell lies in; NULL where the grid does not say."""
    at = _AT.format(x=x, y=y)
    place = f"{_BLOCK.format(at=at)} + 2 + 2 * ({CELLS} * ({y} & 3) + ({x} & 3))"
    told = _NUMBER.format(of=_GRID["cells"], at=place)
    return f"""CASE WHEN {x} >= 0 AND {y} >= 0 AND {x} < 4 * {_GRID["columns"]} AND {y} < 4 * {_GRID["rows"]} THEN
      CASE WHEN {_WHOLE.format(at=at)} THEN {_AFTER.format(at=at)} WHEN {_FIRST.format(at=at)} > 0 THEN nullif({told}, {UNKNOWN}) END END"""


def _looked_up() -> dict[str, str]:
    """What the grid says of a box whose lowest left cell is x0, y0 and whose highest right cell is x1, y1.

    `inside`: its squares are in a block of the area `number`. `clear`: it is small, and no outline is near it; then `reached` is the
    area of a square that it reaches into, if one of them is wholly in one, else of the cell of a corner. The squares that a small box reaches into are those of its
    corners; of a square's bits, four columns in each of four rows, those count that the box covers.
    """
    at = _AT.format(x="f.x0", y="f.y0")
    wide, high = "(f.x1 >> 2) - (f.x0 >> 2)", "(f.y1 >> 2) - (f.y0 >> 2)"
    start = f"f.x0 >= 0 AND f.y0 >= 0 AND f.x0 < 4 * {_GRID['columns']} AND f.y0 < 4 * {_GRID['rows']}"
    end = f"f.x1 < 4 * {_GRID['columns']} AND f.y1 < 4 * {_GRID['rows']}"
    clear, reached = [f"CASE WHEN {start} AND {end} AND {wide} < 2 AND {high} < 2 THEN true"], []
    for x, columns in _sides("x"):
        for y, rows in _sides("y"):
            corner = _AT.format(x=x, y=y)
            whole, bits = _WHOLE.format(at=corner), _BITS.format(at=corner)
            across = "((2 << {1}) - (1 << {0})) * 4369".format(*columns)
            along = "((2 << 4 * {1} + 3) - (1 << 4 * {0}))".format(*rows)
            clear.append(f"({whole} OR ({bits}) & ({across} & {along}) = 0)")
            reached.append(f"WHEN {whole} THEN {_AFTER.format(at=corner)}")
    return {
        "inside": f"CASE WHEN {start} THEN {_WHOLE.format(at=at)} AND {_FIRST.format(at=at)} > greatest({wide}, {high}) END",
        "number": _AFTER.format(at=at),
        "clear": " AND ".join(clear) + " ELSE false END",
        "reached": f"CASE {' '.join(reached)} ELSE {_in_cell('f.x0', 'f.y0')} END",
    }


def _sides(axis: str) -> list[tuple[str, tuple[str, str]]]:
    """The first and the last cell of a box along an axis, and which of its square's four cells each the box covers."""
    first, last = f"f.{axis}0", f"f.{axis}1"
    one = f"{first} >> 2 = {last} >> 2"
    return [
        (first, (f"({first} & 3)", f"CASE WHEN {one} THEN {last} & 3 ELSE 3 END")),
        (last, (f"CASE WHEN {one} THEN {first} & 3 ELSE 0 END", f"({last} & 3)")),
    ]


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
    looked = _looked_up()
    found = _BY_BOX if by_share else _BY_POINT.replace("{found_by_box}", _BY_BOX)
    text = _PLACED.replace("{found}", found) + _LEFT + (_BY_SHARE if by_share else _BY_MIDDLE) + _COUNTED
    parts = {
        **_GRID,
        **looked,
        "by_box": "number" if by_share else "by_box",
        "at_point": _in_cell("f.x", "f.y"),
        "left": "f.geom" if by_share else _MIDDLE.format(clear=looked["clear"]),
        "point": _CORNER if by_share else "f.shape",
        "pointed": "f.clear" if by_share else "true",
        "names": ", ".join(f"a.{name}" for name in names),
        "labels": "".join(f"f.{name}, " for name in by),
        "labels_of_f": "".join(f"f.{name}, " for name in by),
        "labels_of_p": "".join(f"p.{name}, " for name in by),
        "groups": "".join(f", f.{name}" for name in by),
        "values": _each("f.{0}", [*by, *values]),
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
