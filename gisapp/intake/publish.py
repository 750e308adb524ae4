"""From staged rows to the layer: all or nothing, under one revision, in the transaction of the caller.

Rows that are the same are not touched, so their id and revision stay. Readers go on reading the layer as it was until
the end; other writers wait.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import psycopg
from psycopg import sql

from gisapp.catalogue.layer import Layer
from gisapp.catalogue.rows import common_source, relation
from gisapp.intake.beside import MANY, Beside, build_indexes, exchange, is_empty, make_beside, may_be_replaced
from gisapp.intake.difference import compare
from gisapp.intake.progress import SILENT
from gisapp.intake.raw import identifier
from gisapp.intake.stage import Stage
from gisapp.intake.writing import Straight
from gisapp.revisions.apply import apply_changes, close_revision, columns_of, new_revision, table_of

COMPARED, APPLIED, INDEXED = 0.3, 0.8, 0.95  # shares of publishing


def publish(
    raw: psycopg.Connection[Any],
    layer: Layer,
    mode: str,
    stage: Stage,
    who: str,
    what: Mapping[str, object],
    difference: Mapping[str, int] | None = None,
    told: Callable[[float], None] = SILENT.publishing,
    straight: Straight | None = None,
) -> tuple[int, dict[str, int]]:
    """Make the layer follow the staged rows; returns the revision and how many rows were added, changed, removed, kept.

    `mode`: replace, append or upsert (see Options). `difference`: what `compare` found, where the stage's changes are
    known and hold for the layer as it is now. The layer is locked and the keys were checked before. `told` hears after each
    step how much is done: they last about as long as the shares say. `straight`: the rows are in a new table already.
    Raises NotTaken where a key comes twice among them.
    """
    told(0.0)
    revision = straight.revision if straight else new_revision(raw, layer.id, who, what)
    beside = None
    if straight is not None:
        counts, beside = straight.counts(), straight.beside
    elif is_empty(raw, layer) or (difference is None and mode == "append"):
        counts, beside = _insert_all(raw, layer, stage, revision, listed=difference is not None)
    else:
        counts = dict(compare(raw, layer, stage, mode) if difference is None else difference)
        told(COMPARED)
        apply_changes(raw, layer, stage.changes, stage.rows, revision)
    told(APPLIED)
    if beside is not None:
        build_indexes(raw, beside)
    told(INDEXED)
    tables = [beside.name] if beside else dict.fromkeys([layer.id, relation(common_source(layer))])
    for table in tables:
        raw.execute(sql.SQL("ANALYZE {}").format(identifier(table)))
    if beside is not None:
        exchange(raw, beside)
    close_revision(raw, revision, {**what, **counts})
    return revision, counts


def _insert_all(
    raw: psycopg.Connection[Any], layer: Layer, stage: Stage, revision: int, *, listed: bool
) -> tuple[dict[str, int], Beside | None]:
    """Every staged row (of those `listed` as a difference, if there is one) is new: nothing to compare. Many rows of an empty
    layer go into a new table."""
    rows = sql.SQL("{} AS s").format(stage.rows)
    if listed:
        rows = sql.SQL("{} JOIN {} AS c ON c.row = s.row AND c.what = 'added'").format(rows, stage.changes)
    there, count = (
        _one(raw, sql.SQL("SELECT count(*) FROM {}").format(of)) for of in (table_of(layer), rows)
    )
    beside = make_beside(raw, layer) if not there and count > MANY and may_be_replaced(raw, layer) else None
    statement = sql.SQL("INSERT INTO {} ({}, revision) SELECT {}, %s FROM {}")
    columns = columns_of(layer), columns_of(layer, "s.")
    raw.execute(statement.format(beside.table if beside else table_of(layer), *columns, rows), [revision])
    return {"added": count, "changed": 0, "removed": 0, "unchanged": there}, beside


def _one(raw: psycopg.Connection[Any], question: sql.Composed) -> int:
    row = raw.execute(question).fetchone()
    assert row is not None
    return int(row[0])
