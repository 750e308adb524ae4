"""How staged rows differ from the layer: which are added, which changed, which are gone.

Rows belong together by the layer's key. Where it has none: by being the same in every field and in shape; of the rest,
those of the same shape are one row whose values changed. Shapes are compared coordinate by coordinate.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg import sql

from gisapp.catalogue.layer import Layer
from gisapp.intake.stage import Stage
from gisapp.revisions.apply import columns_of, table_of


def compare(
    raw: psycopg.Connection[Any], layer: Layer, stage: Stage, mode: str, declined: Sequence[str] = ()
) -> dict[str, int]:
    """Fill the stage's table of changes anew; returns how many rows are added, changed, removed and unchanged.

    `mode`: replace, append or upsert. Rows with a repair whose code is in `declined` are left out: they change nothing
    and, where they have a key, what the layer has under it stays.
    """
    words = {
        "table": table_of(layer),
        "rows": stage.rows,
        "changes": stage.changes,
        "repairs": stage.repairs,
        "old": columns_of(layer, "t."),
        "new": columns_of(layer, "s."),
        "wanted": sql.SQL(_WANTED).format(stage.repairs, sql.Literal(list(declined)))
        if declined
        else sql.SQL("true"),
    }
    raw.execute(sql.SQL("TRUNCATE {changes}").format(**words))
    raw.execute(sql.SQL("ANALYZE {rows}").format(**words))
    if mode == "append":
        raw.execute(sql.SQL(_ALL_ADDED).format(**words))
    elif layer.key:
        same = sql.SQL(" AND ").join(
            sql.SQL("t.{0} = s.{0}").format(sql.Identifier(key)) for key in layer.key
        )
        join = sql.SQL("FULL" if mode == "replace" else "RIGHT")
        raw.execute(sql.SQL(_BY_KEY).format(**words, same=same, join=join))
    else:
        raw.execute(sql.SQL(_BY_CONTENT).format(**words))
        raw.execute(sql.SQL(_PAIR_BY_SHAPE).format(**words))
    raw.execute(sql.SQL("ANALYZE {changes}").format(**words))
    counts = {"added": 0, "changed": 0, "removed": 0}
    counts |= dict(
        raw.execute(sql.SQL("SELECT what, count(*) FROM {changes} GROUP BY what").format(**words)).fetchall()
    )
    there = _count(raw, table_of(layer))
    return {**counts, "unchanged": there - counts["changed"] - counts["removed"]}


def _count(raw: psycopg.Connection[Any], table: sql.Composable) -> int:
    row = raw.execute(sql.SQL("SELECT count(*) FROM {}").format(table)).fetchone()
    assert row is not None
    return int(row[0])


_WANTED = "s.row NOT IN (SELECT r.row FROM {} AS r WHERE r.code = ANY({}))"
_ALL_ADDED = "INSERT INTO {changes} (what, row) SELECT 'added', s.row FROM {rows} AS s WHERE {wanted}"
_BY_KEY = """
INSERT INTO {changes} (what, id, row)
SELECT CASE WHEN t.id IS NULL THEN 'added' WHEN s.row IS NULL THEN 'removed' ELSE 'changed' END, t.id, s.row
FROM {table} AS t {join} JOIN {rows} AS s ON {same}
WHERE s.row IS NULL OR ({wanted} AND (t.id IS NULL OR row({new}) IS DISTINCT FROM row({old})))
"""
# Rows alike in everything are paired one to one, however often they are repeated.
_BY_CONTENT = """
INSERT INTO {changes} (what, id, row)
SELECT CASE WHEN t.id IS NULL THEN 'added' ELSE 'removed' END, t.id, s.row
FROM (
  SELECT id, content, row_number() OVER (PARTITION BY content ORDER BY id) AS nth
  FROM (SELECT t.id, sha256(convert_to(row({old})::text, 'UTF8')) AS content FROM {table} AS t) AS hashed
) AS t FULL JOIN (
  SELECT row, content, row_number() OVER (PARTITION BY content ORDER BY row) AS nth
  FROM (SELECT s.row, sha256(convert_to(row({new})::text, 'UTF8')) AS content FROM {rows} AS s) AS hashed
) AS s ON s.content = t.content AND s.nth = t.nth
WHERE s.row IS NULL OR (t.id IS NULL AND {wanted})
"""
_PAIR_BY_SHAPE = """
WITH gone AS (
  SELECT c.id, sha256(ST_AsBinary(t.geom)) AS shape, row_number() OVER (PARTITION BY ST_AsBinary(t.geom) ORDER BY c.id) AS nth
  FROM {changes} AS c JOIN {table} AS t ON t.id = c.id WHERE c.what = 'removed'
), come AS (
  SELECT c.row, sha256(ST_AsBinary(s.geom)) AS shape, row_number() OVER (PARTITION BY ST_AsBinary(s.geom) ORDER BY c.row) AS nth
  FROM {changes} AS c JOIN {rows} AS s ON s.row = c.row WHERE c.what = 'added'
), pairs AS (
  SELECT gone.id, come.row FROM gone JOIN come ON come.shape = gone.shape AND come.nth = gone.nth
), taken AS (
  DELETE FROM {changes} AS c USING pairs AS p WHERE (c.what = 'removed' AND c.id = p.id) OR (c.what = 'added' AND c.row = p.row)
)
INSERT INTO {changes} (what, id, row) SELECT 'changed', id, row FROM pairs
"""
