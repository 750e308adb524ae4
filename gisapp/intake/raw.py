"""The driver's own connection, and a table's name for it: without Arrow, which the web process does not load."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import Connection, Table


def raw_connection(connection: Connection) -> psycopg.Connection[Any]:
    """The psycopg connection under a SQLAlchemy connection, in the same transaction."""
    raw = connection.connection.dbapi_connection
    assert isinstance(raw, psycopg.Connection)
    return raw


def identifier(table: Table | str) -> sql.Composable:
    """The table's name as an SQL identifier, its schema before it where it has one."""
    name = table if isinstance(table, str) else f"{table.schema}.{table.name}" if table.schema else table.name
    return sql.Identifier(*name.split("."))
