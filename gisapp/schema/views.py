"""A plain view for every visibility class of every layer: explicit columns, run with the reader's own rights.

A table with column grants breaks clients that say SELECT * (QGIS, Mapnik); a view does not, and the column grants
still stand behind it (`security_invoker`).
"""

from __future__ import annotations

import re

from sqlalchemy import Connection

from gisapp.catalogue.layer import Layer, View
from gisapp.catalogue.load import Catalogue
from gisapp.catalogue.rows import relation, source
from gisapp.schema.step import Step, literal, quote, statement


def existing_views(connection: Connection, schemas: list[str]) -> dict[tuple[str, str], str]:
    """(schema, view) → its columns as text, empty for a view that does not run with the reader's rights."""
    query = """
        SELECT nspname, relname, CASE WHEN 'security_invoker=true' = ANY(reloptions) THEN pg_get_viewdef(c.oid) ELSE '' END
        FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
        WHERE relkind = 'v' AND nspname = ANY(%s)
    """
    rows = connection.exec_driver_sql(query, (schemas,))
    return {(schema, view): _plain(definition) for schema, view, definition in rows}


def _plain(definition: str) -> str:
    """A view's definition without the layout and the table name before each column that PostgreSQL writes."""
    words = re.sub(r"\s+", " ", definition).strip().rstrip(";").replace('"', "")
    match = re.fullmatch(r"SELECT (.*) FROM (\S+)", words)
    if not match:
        return words
    table = match[2].split(".")[-1]
    columns = [column.strip().removeprefix(f"{table}.") for column in match[1].split(",")]
    return f"SELECT {', '.join(columns)} FROM {match[2]}"


def _wanted(layer: Layer, view: View) -> str:
    return f"SELECT {', '.join(view.columns)} FROM {relation(source(layer, view))}"


def drop_steps(connection: Connection, catalogue: Catalogue, changing: set[str]) -> list[Step]:
    """Views that are wrong, no longer wanted, or stand on a table that is about to change (ids in `changing`)."""
    want = {
        (layer.department, v.name): (layer, v) for layer in catalogue.layers.values() for v in layer.views()
    }
    steps = []
    for (schema, name), definition in sorted(
        existing_views(connection, sorted(catalogue.departments)).items()
    ):
        if (schema, name) in want:
            layer, view = want[schema, name]
            stale = definition != _wanted(layer, view) or layer.id in changing
        else:
            stale = re.search(r"_for_[a-z0-9_]+$", name) is not None
        if stale:
            steps.append(statement(f"drop view {schema}.{name}", f"DROP VIEW {quote(schema)}.{quote(name)}"))
    return steps


def create_steps(connection: Connection, catalogue: Catalogue, dropped: set[str]) -> list[Step]:
    """Views to create: those missing and those that were `dropped` (`schema.view`)."""
    have = {
        f"{schema}.{name}" for schema, name in existing_views(connection, sorted(catalogue.departments))
    } - dropped
    steps = []
    for layer in catalogue.layers.values():
        for view in layer.views():
            if f"{layer.department}.{view.name}" in have:
                continue
            full = f"{quote(layer.department)}.{quote(view.name)}"
            columns = ", ".join(quote(column) for column in view.columns)
            table = ".".join(map(quote, source(layer, view)))
            steps.append(
                statement(
                    f"create view {layer.department}.{view.name}",
                    f"CREATE VIEW {full} WITH (security_invoker=true) AS SELECT {columns} FROM {table}; "
                    f"COMMENT ON VIEW {full} IS {literal(layer.title.ja)}",
                )
            )
    return steps
