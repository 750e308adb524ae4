"""From staged rows to the layer, in the transaction they were staged in: all or nothing, under one revision.

Staged rows are compared with the layer's: rows that are the same are not touched, so their id and revision stay. Rows
are matched by the layer's key or, where it has none, by being the same in every field and in shape. Readers go on
reading the layer as it was until the end; other writers wait. (Only an empty layer that takes many rows is closed to
readers too, for the seconds in which its indexes are built.)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg import sql

from gisapp.catalogue.layer import Layer
from gisapp.intake.copy import build_indexes, drop_spatial_indexes, identifier, new_revision

MANY = 20_000  # rows from which an empty layer's spatial indexes are built after them
SAME = sql.Identifier("gisapp_same")  # which row of the layer (id) is which staged row (row)


def lock_layer(raw: psycopg.Connection[Any], layer: Layer) -> None:
    """Keep other writers out until the transaction ends; a second upload waits here."""
    raw.execute(sql.SQL("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE").format(identifier(layer.id)))


def publish(
    raw: psycopg.Connection[Any],
    layer: Layer,
    mode: str,
    staged: sql.Identifier,
    who: str,
    what: Mapping[str, object],
) -> tuple[int, dict[str, int]]:
    """Make the layer follow the staged rows; returns the revision and how many rows were added, changed, removed, kept.

    `mode`: replace, append or upsert (see Options). The layer is locked and the keys were checked before.
    """
    revision = new_revision(raw, layer.id, who, what)
    table = identifier(layer.id)
    there = _one(raw, sql.SQL("SELECT count(*) FROM {}").format(table))
    rows = _one(raw, sql.SQL("SELECT count(*) FROM {}").format(staged))
    if there == 0 or mode == "append":
        _insert_all(raw, layer, staged, revision, fresh=there == 0 and rows >= MANY)
        difference = {"added": rows, "changed": 0, "removed": 0, "unchanged": there}
    else:
        difference = _follow(raw, layer, mode, staged, revision, there)
    raw.execute(sql.SQL("ANALYZE {}").format(table))
    raw.execute(
        "UPDATE gisapp.revision SET what = what || %s WHERE id = %s",
        [psycopg.types.json.Jsonb(difference), revision],
    )
    return revision, difference


def _insert_all(
    raw: psycopg.Connection[Any], layer: Layer, staged: sql.Identifier, revision: int, *, fresh: bool
) -> None:
    indexes = drop_spatial_indexes(raw, layer.id) if fresh else []
    raw.execute(_insert(layer, staged, sql.SQL("true")), [revision])
    if fresh:
        build_indexes(raw, layer.id, indexes)


def _follow(
    raw: psycopg.Connection[Any], layer: Layer, mode: str, staged: sql.Identifier, revision: int, there: int
) -> dict[str, int]:
    raw.execute(sql.SQL("ANALYZE {}").format(staged))
    raw.execute(sql.SQL("DROP TABLE IF EXISTS pg_temp.{}").format(SAME))
    raw.execute(_match_by_key(layer, staged) if layer.key else _match_by_content(layer, staged))
    raw.execute(sql.SQL("ANALYZE {}").format(SAME))
    matched = _one(raw, sql.SQL("SELECT count(*) FROM {}").format(SAME))
    changed = raw.execute(_update(layer, staged), [revision]).rowcount if layer.key else 0
    removed = 0
    if mode == "replace":
        gone = sql.SQL("DELETE FROM {} AS t WHERE NOT EXISTS (SELECT FROM {} AS m WHERE m.id = t.id)")
        removed = raw.execute(gone.format(identifier(layer.id), SAME)).rowcount
    new = sql.SQL("NOT EXISTS (SELECT FROM {} AS m WHERE m.row = s.row)").format(SAME)
    added = raw.execute(_insert(layer, staged, new), [revision]).rowcount
    unchanged = (matched if mode == "replace" else there) - changed
    return {"added": added, "changed": changed, "removed": removed, "unchanged": unchanged}


def _columns(layer: Layer, prefix: str = "") -> sql.Composed:
    names = [*(field.name for field in layer.fields), "geom"]
    return sql.SQL(", ").join(sql.SQL(prefix) + sql.Identifier(name) for name in names)


def _insert(layer: Layer, staged: sql.Identifier, condition: sql.Composable) -> sql.Composed:
    statement = "INSERT INTO {} ({}, revision) SELECT {}, %s FROM {} AS s WHERE {}"
    return sql.SQL(statement).format(
        identifier(layer.id), _columns(layer), _columns(layer, "s."), staged, condition
    )


def _match_by_key(layer: Layer, staged: sql.Identifier) -> sql.Composed:
    same = sql.SQL(" AND ").join(sql.SQL("t.{0} = s.{0}").format(sql.Identifier(name)) for name in layer.key)
    statement = (
        "CREATE TEMPORARY TABLE {} ON COMMIT DROP AS SELECT t.id, s.row FROM {} AS t JOIN {} AS s ON {}"
    )
    return sql.SQL(statement).format(SAME, identifier(layer.id), staged, same)


def _match_by_content(layer: Layer, staged: sql.Identifier) -> sql.Composed:
    """Rows alike in everything are paired one to one, however often they are repeated."""
    numbered = "SELECT {}, md5(row({})::text) AS content, row_number() OVER (PARTITION BY row({})::text) AS nth FROM {}"
    old = sql.SQL(numbered).format(
        sql.Identifier("id"), _columns(layer), _columns(layer), identifier(layer.id)
    )
    new = sql.SQL(numbered).format(sql.Identifier("row"), _columns(layer), _columns(layer), staged)
    statement = (
        "CREATE TEMPORARY TABLE {} ON COMMIT DROP AS "
        "SELECT t.id, s.row FROM ({}) AS t JOIN ({}) AS s ON t.content = s.content AND t.nth = s.nth"
    )
    return sql.SQL(statement).format(SAME, old, new)


def _update(layer: Layer, staged: sql.Identifier) -> sql.Composed:
    """Changed rows only: geometry compares coordinate by coordinate."""
    statement = (
        "UPDATE {} AS t SET ({}, revision) = ({}, %s) FROM {} AS s, {} AS m "
        "WHERE m.id = t.id AND m.row = s.row AND row({}) IS DISTINCT FROM row({})"
    )
    table = identifier(layer.id)
    new, old = _columns(layer, "s."), _columns(layer, "t.")
    return sql.SQL(statement).format(table, _columns(layer), new, staged, SAME, old, new)


def _one(raw: psycopg.Connection[Any], question: sql.Composed) -> int:
    row = raw.execute(question).fetchone()
    assert row is not None
    return int(row[0])
