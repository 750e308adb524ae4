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
from gisapp.catalogue.rows import common_source
from gisapp.intake.difference import compare
from gisapp.intake.filling import build_missing_indexes, is_empty
from gisapp.intake.progress import SILENT
from gisapp.intake.raw import identifier
from gisapp.intake.stage import Stage
from gisapp.intake.writing import Straight
from gisapp.revisions.apply import apply_changes, close_revision, columns_of, new_revision

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
    step how much is done: they last about as long as the shares say. `straight`: the rows are in the layer already.
    """
    told(0.0)
    revision = straight.revision if straight else new_revision(raw, layer.id, who, what)
    if straight is not None:
        counts = straight.counts()
    elif difference is None and (mode == "append" or is_empty(raw, layer)):
        counts = _insert_all(raw, layer, stage, revision)
    else:
        counts = dict(compare(raw, layer, stage, mode) if difference is None else difference)
        told(COMPARED)
        apply_changes(raw, layer, stage.changes, stage.rows, revision)
    told(APPLIED)
    build_missing_indexes(raw, layer)
    told(INDEXED)
    for table in dict.fromkeys([(layer.department, layer.name), common_source(layer)]):
        raw.execute(sql.SQL("ANALYZE {}").format(sql.Identifier(*table)))
    close_revision(raw, revision, {**what, **counts})
    return revision, counts


def _insert_all(raw: psycopg.Connection[Any], layer: Layer, stage: Stage, revision: int) -> dict[str, int]:
    """Every staged row is new: nothing to compare."""
    there = _one(raw, sql.SQL("SELECT count(*) FROM {}").format(identifier(layer.id)))
    rows = _one(raw, sql.SQL("SELECT count(*) FROM {}").format(stage.rows))
    statement = sql.SQL("INSERT INTO {} ({}, revision) SELECT {}, %s FROM {} AS s")
    columns = columns_of(layer), columns_of(layer, "s.")
    raw.execute(statement.format(identifier(layer.id), *columns, stage.rows), [revision])
    return {"added": rows, "changed": 0, "removed": 0, "unchanged": there}


def _one(raw: psycopg.Connection[Any], question: sql.Composed) -> int:
    row = raw.execute(question).fetchone()
    assert row is not None
    return int(row[0])
