"""The generalised tables: made, made anew where they are not as declared, and dropped when no layer has them.

What they hold is derived from the layers, so nothing is lost with them; the worker fills them (`tiles.generalise`).
"""

from __future__ import annotations

from sqlalchemy import Connection

from gisapp.catalogue.generalised import SCHEMA, clustered, columns, relation, table_name
from gisapp.catalogue.layer import Layer
from gisapp.catalogue.load import Catalogue
from gisapp.schema.step import Step, literal, quote, statement


def generalised_steps(connection: Connection, catalogue: Catalogue) -> list[Step]:
    """Steps that make the tables as the layer folders want them."""
    want = {table_name(layer): layer for layer in catalogue.layers.values() if layer.generalised}
    have = _existing(connection)
    steps = []
    if want and not connection.exec_driver_sql("SELECT to_regnamespace(%s)", (SCHEMA,)).scalar():
        steps.append(statement(f"create schema {SCHEMA}", f"CREATE SCHEMA {SCHEMA}"))
    for name, found in have.items():
        if name not in want or found != list(columns(want[name]).items()):
            steps.append(_drop(name))
    for name, layer in want.items():
        if have.get(name) != list(columns(layer).items()):
            steps.append(statement(f"create table {SCHEMA}.{name}", _create(layer)))
    return steps


def _existing(connection: Connection) -> dict[str, list[tuple[str, str]]]:
    query = """
        SELECT relname, attname, format_type(atttypid, atttypmod)
        FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = relnamespace
        JOIN pg_attribute AS a ON attrelid = c.oid AND attnum > 0 AND NOT attisdropped
        WHERE nspname = %s AND relkind = 'r' ORDER BY relname, attnum
    """
    found: dict[str, list[tuple[str, str]]] = {}
    for table, column, kind in connection.exec_driver_sql(query, (SCHEMA,)):
        found.setdefault(table, []).append((column, kind))
    return found


def _drop(name: str) -> Step:
    full = f"{SCHEMA}.{quote(name)}"
    return statement(
        f"drop table {SCHEMA}.{name}",
        f"DROP TABLE {full}; DELETE FROM gisapp.generalised WHERE layer = {literal(name.replace('__', '.', 1))}; "
        f"INSERT INTO gisapp.tile_change (relation) VALUES ({literal(f'{SCHEMA}.{name}')})",
    )


def _create(layer: Layer) -> str:
    full = f"{SCHEMA}.{quote(table_name(layer))}"
    listed = ", ".join(f"{quote(name)} {kind}" for name, kind in columns(layer).items())
    key = ", ".join(f"ALTER COLUMN {name} SET NOT NULL" for name in ("z", "x", "y", "id"))
    large = ["geom_tile"] if clustered(layer) else ["geom_tile", "commands"]
    as_it_is = ", ".join(f"ALTER COLUMN {name} SET STORAGE EXTERNAL" for name in large)
    note = f"{layer.title.ja}（総描：低いズーム用、自動作成）"
    return (
        f"CREATE TABLE {full} ({listed}, PRIMARY KEY (z, x, y, id)); ALTER TABLE {full} {key}, "
        # Coordinates hardly shrink, and unpacking them costs more than reading them.
        f"{as_it_is}; COMMENT ON TABLE {full} IS {literal(note)}; "
        f"DELETE FROM gisapp.generalised WHERE layer = {literal(layer.id)}; "
        f"INSERT INTO gisapp.tile_change (relation) VALUES ({literal(relation(layer))})"
    )
