"""The search tables: made, made anew where they are not as declared, and dropped when no layer has them.

What they hold is derived from the layers, so nothing is lost with them; the worker fills them (`search.follow`).
"""

from __future__ import annotations

from sqlalchemy import Connection

from gisapp.catalogue.load import Catalogue
from gisapp.catalogue.search import COLUMNS, SCHEMA, searchable, table_name
from gisapp.schema.step import Step, literal, quote, statement


def search_steps(connection: Connection, catalogue: Catalogue) -> list[Step]:
    """Steps that make the tables as the layer folders want them."""
    want = {table_name(layer): layer for layer in searchable(catalogue)}
    have = _existing(connection)
    steps = []
    if want and not connection.exec_driver_sql("SELECT to_regnamespace(%s)", (SCHEMA,)).scalar():
        steps.append(statement(f"create schema {SCHEMA}", f"CREATE SCHEMA {SCHEMA}"))
    stale = [name for name in have if name not in want or have[name] != list(COLUMNS)]
    steps += [statement(f"drop table {SCHEMA}.{name}", _drop(name)) for name in stale]
    for name, layer in want.items():
        if name not in have or name in stale:
            columns = ", ".join(f"{column} {kind}" for column, kind in COLUMNS.items())
            note = literal(f"{layer.title.ja}（検索用、自動作成）")
            full = f"{SCHEMA}.{quote(name)}"
            made = f"CREATE TABLE {full} ({columns}); COMMENT ON TABLE {full} IS {note}; {_forget(name)}"
            steps.append(statement(f"create table {SCHEMA}.{name}", made))
    return steps


def _drop(name: str) -> str:
    return f"DROP TABLE {SCHEMA}.{quote(name)}; {_forget(name)}"


def _forget(name: str) -> str:
    return f"DELETE FROM gisapp.search_index WHERE layer = {literal(name.replace('__', '.', 1))}"


def _existing(connection: Connection) -> dict[str, list[str]]:
    query = """
        SELECT relname, array_agg(attname::text ORDER BY attnum) FROM pg_class AS c
        JOIN pg_attribute AS a ON attrelid = c.oid AND attnum > 0 AND NOT attisdropped
        WHERE relnamespace = to_regnamespace(%s) AND relkind = 'r' GROUP BY relname
    """
    return {name: list(columns) for name, columns in connection.exec_driver_sql(query, (SCHEMA,))}
