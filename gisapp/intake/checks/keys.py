"""Does the key name each row once? Asked of the staged rows in the database, so that any number of rows will do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg import sql

from gisapp.catalogue.layer import Layer
from gisapp.intake.problem import ERROR, Problem
from gisapp.intake.raw import identifier

GROUPS_LISTED = 1000


def repeated_keys(raw: psycopg.Connection[Any], layer: Layer, staged: sql.Identifier) -> Iterator[Problem]:
    """An error for rows of the file that have the same key."""
    if not layer.key:
        return
    columns = [sql.Identifier(name) for name in layer.key]
    question = sql.SQL(
        "WITH repeated AS MATERIALIZED (SELECT {key} FROM {staged} WHERE {there} GROUP BY {key} HAVING count(*) > 1) "
        "SELECT array_agg(row ORDER BY row) FROM {staged} JOIN repeated USING ({key}) GROUP BY {key} ORDER BY 1 LIMIT {most}"
    ).format(
        staged=staged,
        there=sql.SQL(" AND ").join(sql.SQL("{} IS NOT NULL").format(column) for column in columns),
        key=sql.SQL(", ").join(columns),
        most=GROUPS_LISTED,
    )
    for (rows,) in raw.execute(question):
        ja, en = (
            "同じ値の行が複数あります。値は行ごとに違う必要があります",
            "several rows have the same value; each row needs its own",
        )
        yield Problem(ERROR, "duplicate_key", ja, en, tuple(rows), _titles(layer))


def keys_without_value(
    raw: psycopg.Connection[Any], layer: Layer, staged: sql.Identifier
) -> Iterator[Problem]:
    """An error for rows without a key: they cannot be matched with the rows that are there (mode upsert)."""
    columns = [sql.Identifier(name) for name in layer.key]
    question = sql.SQL("SELECT array_agg(row ORDER BY row) FROM {} WHERE {}").format(
        staged, sql.SQL(" OR ").join(sql.SQL("{} IS NULL").format(column) for column in columns)
    )
    row = raw.execute(question).fetchone()
    if row and row[0]:
        ja, en = (
            "値がないため、どの行を更新するか分かりません",
            "there is no value, so it is not clear which row to update",
        )
        yield Problem(ERROR, "missing_key", ja, en, tuple(row[0]), _titles(layer))


def keys_there_already(
    raw: psycopg.Connection[Any], layer: Layer, staged: sql.Identifier
) -> Iterator[Problem]:
    """An error for rows whose key the layer has already (mode append)."""
    if not layer.key:
        return
    same = sql.SQL(" AND ").join(sql.SQL("t.{0} = s.{0}").format(sql.Identifier(name)) for name in layer.key)
    question = sql.SQL("SELECT array_agg(s.row ORDER BY s.row) FROM {} AS s JOIN {} AS t ON {}").format(
        staged, identifier(layer.id), same
    )
    row = raw.execute(question).fetchone()
    if row and row[0]:
        ja = "同じ値の行がすでに登録されています（更新するなら `--mode upsert`）"
        en = "the layer has rows with this value already (to update them: `--mode upsert`)"
        yield Problem(ERROR, "duplicate_key", ja, en, tuple(row[0]), _titles(layer))


def _titles(layer: Layer) -> str:
    return "・".join(layer.field(name).title.ja for name in layer.key)
