"""Columns that seem to name their rows, in the draft of a layer whose key nobody has said yet."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg import sql

from gisapp.catalogue.layer import Layer
from gisapp.intake.problem import WARNING, Problem

KEY_LIKE = re.compile(r"^(key|key_?code|[a-z_]*id|no\.?)$|(?<!電話)(?<!郵便)(コード|番号)$|ID$|ＩＤ$", re.I)
MOSTLY = 0.8  # of the values differ: then those that repeat are exceptions


def repeated_names(raw: psycopg.Connection[Any], layer: Layer, staged: sql.Identifier) -> Iterator[Problem]:
    """A warning for each key-like column of which nearly all values differ, and some do not."""
    for field in layer.fields:
        if field.type not in ("text", "integer") or not KEY_LIKE.search(field.title.ja):
            continue
        column = sql.Identifier(field.name)
        counted = sql.SQL("SELECT count({0}), count(DISTINCT {0}) FROM {1}").format(column, staged)
        row = raw.execute(counted).fetchone()
        assert row is not None
        there, different = row
        if different < there and different >= MOSTLY * there:
            yield _problem(raw, field.title.ja, column, staged, there - different)


def _problem(
    raw: psycopg.Connection[Any], title: str, column: sql.Identifier, staged: sql.Identifier, more: int
) -> Problem:
    question = "SELECT array_agg(row ORDER BY row) FROM (SELECT row, count(*) OVER (PARTITION BY {0}) AS n FROM {1} WHERE {0} IS NOT NULL) AS x WHERE n > 1"
    row = raw.execute(sql.SQL(question).format(column, staged)).fetchone()
    ja = f"同じ値の行があります（重複 {more:,}件）。すべて残します。キーにはできません"
    en = f"rows share a value ({more:,} repeat one); all are kept, but it cannot be the key"
    return Problem(WARNING, "duplicate_key", ja, en, tuple(row[0]) if row else (), title)
