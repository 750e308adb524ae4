"""The history tables follow the layers' tables: made, renamed with them, given and relieved of columns.

What they hold is not derived from anything, so a table whose layer has gone stays.
"""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection

from gisapp.catalogue.generalised import table_name
from gisapp.catalogue.history import SCHEMA, columns
from gisapp.catalogue.layer import Layer
from gisapp.catalogue.load import Catalogue
from gisapp.schema.step import Step, literal, quote, statement


def history_steps(connection: Connection, catalogue: Catalogue) -> list[Step]:
    """Steps that make the tables as the layer folders want them. The layers' own columns were judged before."""
    have = _existing(connection)
    steps = []
    if not connection.exec_driver_sql("SELECT to_regnamespace(%s)", (SCHEMA,)).scalar():
        steps.append(statement(f"create schema {SCHEMA}", f"CREATE SCHEMA {SCHEMA}"))
    for layer in catalogue.layers.values():
        name = table_name(layer)
        old = table_name(replace(layer, name=layer.was)) if layer.was else name
        if name not in have and old in have:
            says = f"rename table {SCHEMA}.{old} to {name}"
            steps.append(statement(says, f"ALTER TABLE {SCHEMA}.{quote(old)} RENAME TO {quote(name)}"))
            have[name] = have.pop(old)
        if name not in have:
            steps.append(statement(f"create table {SCHEMA}.{name}", _create(layer, name)))
        else:
            steps += _column_steps(layer, name, have[name])
    return steps


def _existing(connection: Connection) -> dict[str, dict[str, str]]:
    query = """
        SELECT relname, attname, format_type(atttypid, atttypmod)
        FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = relnamespace
        JOIN pg_attribute AS a ON attrelid = c.oid AND attnum > 0 AND NOT attisdropped
        WHERE nspname = %s AND relkind = 'r' ORDER BY relname, attnum
    """
    found: dict[str, dict[str, str]] = {}
    for table, column, kind in connection.exec_driver_sql(query, (SCHEMA,)):
        found.setdefault(table, {})[column] = kind
    return found


def _column_steps(layer: Layer, name: str, have: dict[str, str]) -> list[Step]:
    full, want, have = f"{SCHEMA}.{quote(name)}", columns(layer), dict(have)
    steps = []
    for field in layer.fields:
        if field.was and field.was in have and field.name not in have:
            says = f"rename column {SCHEMA}.{name}.{field.was} to {field.name}"
            change = f"RENAME COLUMN {quote(field.was)} TO {quote(field.name)}"
            steps.append(statement(says, f"ALTER TABLE {full} {change}"))
            have[field.name] = have.pop(field.was)
    for column, kind in want.items():
        if column not in have:
            does, change = "add", f"ADD COLUMN {quote(column)} {kind}"
        elif have[column] != kind:
            does = "change"
            change = f"ALTER COLUMN {quote(column)} TYPE {kind} USING {quote(column)}::{kind}"
        else:
            continue
        says = f"{does} column {SCHEMA}.{name}.{column}"
        steps.append(statement(says, f"ALTER TABLE {full} {change}"))
    for column in have.keys() - want.keys():
        says = f"drop column {SCHEMA}.{name}.{column}"
        steps.append(statement(says, f"ALTER TABLE {full} DROP COLUMN {quote(column)}"))
    return steps


def _create(layer: Layer, name: str) -> str:
    full = f"{SCHEMA}.{quote(name)}"
    required = ("revision", "id", "became", "old_revision", "geom")
    listed = ", ".join(
        f"{quote(column)} {kind}{' NOT NULL' if column in required else ''}"
        for column, kind in columns(layer).items()
    )
    note = f"{layer.title.ja}（履歴：変更・削除の前の行）"
    return (
        f"CREATE TABLE {full} ({listed}, PRIMARY KEY (id, revision), CHECK (became IN ('changed', 'removed'))); "
        # Rows of a revision lie together, so a few bytes a page find them.
        f"CREATE INDEX ON {full} USING brin (revision) WITH (pages_per_range = 16, autosummarize = on); "
        f"COMMENT ON TABLE {full} IS {literal(note)}"
    )
