"""Do polygons overlap in a layer that allows none, such as use districts? Asked of the staged rows in the database."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg import sql

from gisapp.catalogue.layer import Layer
from gisapp.intake.problem import WARNING, Problem

LEAST_M2 = 1.0  # less is drawing: two people trace one border
MOST = 1_000  # pairs


def overlapping(raw: psycopg.Connection[Any], layer: Layer, staged: sql.Identifier) -> Iterator[Problem]:
    """A warning for rows whose areas overlap by more than LEAST_M2 (planar, in the city's plane zone)."""
    if layer.overlap != "forbid":
        return
    raw.execute(sql.SQL("CREATE INDEX ON {} USING gist (geom)").format(staged))
    raw.execute(sql.SQL("ANALYZE {}").format(staged))
    question = sql.SQL(
        "SELECT a.row, b.row, ST_Area(ST_Intersection(a.geom, b.geom)) AS area FROM {0} AS a JOIN {0} AS b "
        "ON a.geom && b.geom AND a.row < b.row AND ST_Relate(a.geom, b.geom, '2********') "
        "WHERE ST_Area(ST_Intersection(a.geom, b.geom)) > %s ORDER BY area DESC LIMIT %s"
    ).format(staged)
    found = raw.execute(question, [LEAST_M2, MOST]).fetchall()
    if not found:
        return
    first, second, area = found[0]
    rows = tuple(sorted({row for one, other, _ in found for row in (one, other)}))
    ja = f"重なってはならない区域が重なっています：{len(found):,}組、最大 {area:,.1f} m²（{first}行目と{second}行目）"
    en = f"areas overlap that must not: {len(found):,} pairs, at most {area:,.1f} m² (rows {first} and {second})"
    yield Problem(WARNING, "overlap", ja, en, rows)
