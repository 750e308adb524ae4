"""An empty layer that takes many rows: its spatial indexes are built after them, and nobody who reads it waits.

PostGIS builds a GiST index over rows that are there several times faster than row by row. To drop an index, PostgreSQL
keeps readers out until the transaction ends; so that is done beforehand in a transaction of its own, in which the layer is
still empty and readers miss nothing. Building it keeps only writers out.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any

import psycopg
from psycopg import sql

from gisapp import errors
from gisapp.catalogue.layer import Layer
from gisapp.db import Database
from gisapp.intake.raw import raw_connection
from gisapp.revisions.apply import table_of

COLUMNS = ("geom", "geom_web")
WAIT_MS = 500  # for readers of a layer that is empty; whoever reads longer has it filled the slow way


@contextmanager
def filling(database: Database, layer: Layer | None) -> Iterator[None]:
    """What is published inside finds an empty layer without its spatial indexes, and `build_missing_indexes` them there.

    Whatever happens inside, the layer has them afterwards. Needs the owner's connection. Nothing for None.
    """
    if layer is None:
        yield
        return
    with database.transaction("owner") as connection:
        _drop_of_empty(raw_connection(connection), layer)
    try:
        yield
    except BaseException:
        _sweep(database, layer)
        raise
    finally:
        try:
            with database.transaction("owner") as connection:
                build_missing_indexes(raw_connection(connection), layer)
        except errors.GisappError:  # the database is away: `layers sync` and the next publication build them
            pass


def _drop_of_empty(raw: psycopg.Connection[Any], layer: Layer) -> None:
    if not is_empty(raw, layer):
        return
    raw.execute(sql.SQL("SET LOCAL lock_timeout = {}").format(sql.Literal(WAIT_MS)))
    try:
        raw.execute(sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(table_of(layer)))
    except psycopg.errors.LockNotAvailable:
        return
    if is_empty(raw, layer):
        for column in COLUMNS:
            raw.execute(sql.SQL("DROP INDEX IF EXISTS {}").format(_index(layer, column)))


def _sweep(database: Database, layer: Layer) -> None:
    """Give back the room of rows that were taken back, which whoever reads the empty layer would go through."""
    with suppress(psycopg.Error, errors.GisappError), closing(database.standing("owner")) as raw:
        if is_empty(raw, layer):
            raw.execute(sql.SQL("VACUUM (SKIP_LOCKED) {}").format(table_of(layer)))


def _index(layer: Layer, column: str) -> sql.Identifier:
    return sql.Identifier(layer.department, f"{layer.name}_{column}_idx")


def is_empty(raw: psycopg.Connection[Any], layer: Layer) -> bool:
    """Whether the layer has no row."""
    row = raw.execute(sql.SQL("SELECT EXISTS (SELECT FROM {})").format(table_of(layer))).fetchone()
    return row is not None and not row[0]


def build_missing_indexes(raw: psycopg.Connection[Any], layer: Layer) -> bool:
    """Build the layer's spatial indexes that are not there; returns whether one was missing. Readers go on."""
    have = raw.execute(
        "SELECT indexname FROM pg_indexes WHERE schemaname = %s AND tablename = %s",
        [layer.department, layer.name],
    )
    names = {row[0] for row in have}
    missing = [column for column in COLUMNS if f"{layer.name}_{column}_idx" not in names]
    for column in missing:
        statement = sql.SQL("CREATE INDEX {} ON {} USING gist ({})")
        name = sql.Identifier(f"{layer.name}_{column}_idx")
        raw.execute(statement.format(name, table_of(layer), sql.Identifier(column)))
    return bool(missing)
