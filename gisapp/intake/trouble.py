"""What PostgreSQL refuses although every check passed, as sentences."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from gisapp import errors
from gisapp.intake.problem import refuse

NOT_PREPARED = (
    psycopg.errors.UndefinedTable,
    psycopg.errors.UndefinedColumn,
    psycopg.errors.InvalidSchemaName,
)
OF_THE_DATA = (psycopg.DataError, psycopg.IntegrityError, psycopg.InternalError)


@contextmanager
def told_apart() -> Iterator[None]:
    """Raises errors.NotMigrated where the layer's table is not there (or has other columns), FileRefused for the data."""
    try:
        yield
    except NOT_PREPARED as error:
        raise errors.NotMigrated() from error
    except OF_THE_DATA:
        why = (
            "データベースが受け付けない値か形状があります",
            "the database does not take one of its values or shapes",
        )
        do = (
            "座標や桁数が極端な行がないか確かめてください。",
            "Look for rows with extreme coordinates or numbers.",
        )
        refuse("database_refused", why, do)
