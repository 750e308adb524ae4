"""One moment of the database, read by several connections in many short transactions.

The snapshot is held by a transaction that touches no table; whoever reads takes it over (`SET TRANSACTION SNAPSHOT`) and
ends soon. So nobody holds a lock on a layer for as long as a bundle takes: a publish that replaces a layer (TRUNCATE)
would wait for it, and every reader behind that. What TRUNCATE does is seen by older snapshots as well: it is found by the
table's file, which is another one afterwards.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from psycopg import sql
from sqlalchemy import Connection

from gisapp import errors
from gisapp.db import Database

AWAKE = 30.0  # seconds: a server ends transactions in which nothing happens for minutes
_REPEATABLE = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
_BEGIN = "SELECT pg_export_snapshot(), now()"


class Moment:
    """The state of the database at one moment. `at`: when."""

    def __init__(self, database: Database, role: str, keeper: Connection) -> None:
        self._database, self._role, self._keeper = database, role, keeper
        keeper.exec_driver_sql(_REPEATABLE)
        row = keeper.exec_driver_sql(_BEGIN).one()
        self._name: str = row[0]
        self.at: datetime = row[1]
        self._awake = time.monotonic()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees this moment; short, for it holds what it reads. Raises errors.DatabaseAway, TooSlow, Busy."""
        with self._database.transaction(self._role) as connection:
            connection.exec_driver_sql(_REPEATABLE)
            connection.exec_driver_sql(
                sql.SQL("SET TRANSACTION SNAPSHOT {}").format(self._name).as_string(None)
            )
            yield connection

    def stay(self) -> None:
        """Keep it alive; called often, by the thread that began it."""
        if time.monotonic() - self._awake > AWAKE:
            self._keeper.exec_driver_sql("SELECT 1")
            self._awake = time.monotonic()


@contextmanager
def moment(database: Database, role: str, relations: Sequence[str]) -> Iterator[Moment]:
    """The moment of now, for what is read inside. Raises errors.DatabaseAway; DataReplaced where a table of `relations`
    (`schema.table`) was emptied or rewritten meanwhile: what was read inside may then lack its rows."""
    with database.transaction(role) as keeper:
        before = _files(database, role, relations)  # first: a table replaced in between is found, too
        yield Moment(database, role, keeper)
        after = _files(database, role, relations)
    replaced = sorted(name for name in relations if before[name] != after[name])
    if replaced:
        raise errors.DataReplaced(layers=", ".join(replaced))


def _files(database: Database, role: str, relations: Sequence[str]) -> dict[str, int | None]:
    with database.reading(role) as connection:
        return {name: file for name, file in connection.exec_driver_sql(_FILES, (list(relations),))}


_FILES = """
SELECT name, pg_relation_filenode(c.oid) FROM unnest(%s::text[]) AS name
LEFT JOIN pg_namespace n ON n.nspname = split_part(name, '.', 1)
LEFT JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = split_part(name, '.', 2)
"""
