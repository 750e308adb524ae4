"""Counts what the program asks the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import psycopg
from sqlalchemy import Engine, event


@contextmanager
def statements() -> Iterator[list[str]]:
    """The SQL statements that run inside the block, from any engine of this process or by one plan beside SQLAlchemy."""
    said: list[str] = []

    def listen(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        said.append(statement)

    execute = psycopg.RawCursor.execute

    def heard(cursor: Any, statement: str, *rest: Any, **more: Any) -> Any:
        said.append(statement)
        return execute(cursor, statement, *rest, **more)

    event.listen(Engine, "before_cursor_execute", listen)
    try:
        with patch.object(psycopg.RawCursor, "execute", heard):
            yield said
    finally:
        event.remove(Engine, "before_cursor_execute", listen)
