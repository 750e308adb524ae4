"""A list of changes put into a layer under one revision, with what was there before kept in the layer's history.

Loads, undoing and single edits all end here, so whatever they change can be undone. The list is a table of
(what, id, row): `added`, `changed` or `removed`; `id` is the layer's row, `row` the new state in a second table.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import psycopg
from psycopg import sql

from gisapp.catalogue.history import history_table
from gisapp.catalogue.layer import Layer


def lock_layer(raw: psycopg.Connection[Any], layer: Layer, *, wait: bool = True) -> None:
    """Keep other writers out until the transaction ends; readers go on. A second writer waits here.

    Not to wait raises psycopg.errors.LockNotAvailable while there is another.
    """
    how = sql.SQL("" if wait else " NOWAIT")
    raw.execute(sql.SQL("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE{}").format(table_of(layer), how))


def new_revision(
    raw: psycopg.Connection[Any], layer: str, who: str, what: Mapping[str, object], *, kept: bool = False
) -> int:
    """Note a change of a layer in `gisapp.revision`; its number goes into the rows that changed.

    kept: it is known already that all of them can be brought back.
    """
    row = raw.execute(
        "INSERT INTO gisapp.revision (layer, who, what, kept) VALUES (%s, %s, %s, %s) RETURNING id",
        [layer, who, json.dumps(what), kept],
    ).fetchone()
    assert row is not None
    return int(row[0])


def close_revision(raw: psycopg.Connection[Any], revision: int, counts: Mapping[str, object]) -> None:
    """Add to the revision how many rows it changed (and what else is known only now); all can be brought back."""
    raw.execute(
        "UPDATE gisapp.revision SET what = what || %s::jsonb, kept = true WHERE id = %s",
        [json.dumps(dict(counts)), revision],
    )


def apply_changes(
    raw: psycopg.Connection[Any],
    layer: Layer,
    changes: sql.Composable,
    rows: sql.Composable,
    revision: int,
    *,
    own_ids: bool = False,
    values: Mapping[str, object] = MappingProxyType({}),
) -> dict[str, int]:
    """Make the layer follow `changes`; returns how many rows were added, changed, removed. Layer or rows are locked.

    `rows` has the columns row, the layer's fields and geom. `own_ids`: an added row takes its id from `changes`.
    `values` are bound to the placeholders in `changes` and `rows`.
    """
    words = {
        "table": table_of(layer),
        "history": history_table(layer),
        "columns": columns_of(layer),
        "old": columns_of(layer, "t."),
        "new": columns_of(layer, "s."),
        "rows": rows,
        "changes": changes,
        "id": sql.SQL("id, " if own_ids else ""),
        "its_id": sql.SQL("c.id, " if own_ids else ""),
    }
    bound = {**values, "revision": revision}
    removed = raw.execute(sql.SQL(_REMOVE).format(**words), bound).rowcount
    raw.execute(sql.SQL(_KEEP_CHANGED).format(**words), bound)
    changed = raw.execute(sql.SQL(_CHANGE).format(**words), bound).rowcount
    added = raw.execute(sql.SQL(_ADD).format(**words), bound).rowcount
    return {"added": added, "changed": changed, "removed": removed}


def add_row(
    raw: psycopg.Connection[Any],
    layer: Layer,
    row: sql.Composable,
    revision: int,
    values: Mapping[str, object],
) -> int:
    """Add one row, in the form of `apply_changes`' `rows`; returns its id."""
    statement = sql.SQL("INSERT INTO {} ({}, revision) SELECT {}, %(revision)s FROM {} AS s RETURNING id")
    made = raw.execute(
        statement.format(table_of(layer), columns_of(layer), columns_of(layer, "s."), row),
        {**values, "revision": revision},
    ).fetchone()
    assert made is not None
    return int(made[0])


_REMOVE = """
WITH gone AS (DELETE FROM {table} AS t USING {changes} AS c WHERE c.what = 'removed' AND c.id = t.id RETURNING t.*)
INSERT INTO {history} (revision, became, id, old_revision, {columns}) SELECT %(revision)s, 'removed', id, revision, {columns} FROM gone
"""
_KEEP_CHANGED = """
INSERT INTO {history} (revision, became, id, old_revision, {columns})
SELECT %(revision)s, 'changed', t.id, t.revision, {old} FROM {table} AS t JOIN {changes} AS c ON c.id = t.id WHERE c.what = 'changed'
"""
_CHANGE = """
UPDATE {table} AS t SET ({columns}, revision) = ({new}, %(revision)s)
FROM {changes} AS c JOIN {rows} AS s ON s.row = c.row WHERE c.what = 'changed' AND c.id = t.id
"""
_ADD = """
INSERT INTO {table} ({id}{columns}, revision)
SELECT {its_id}{new}, %(revision)s FROM {changes} AS c JOIN {rows} AS s ON s.row = c.row WHERE c.what = 'added'
"""


def table_of(layer: Layer) -> sql.Identifier:
    """The layer's table for a statement."""
    return sql.Identifier(layer.department, layer.name)


def columns_of(layer: Layer, prefix: str = "") -> sql.Composed:
    """The layer's fields and its shape for a statement, each with `prefix` (such as "t.") before it."""
    names = [*(field.name for field in layer.fields), "geom"]
    return sql.SQL(", ").join(sql.SQL(prefix) + sql.Identifier(name) for name in names)
