"""The layers' tables: what has to change so that they fit their folders (compared by Alembic).

Geometry is compared here, because Alembic cannot change it: a new SRID or type needs `geom_web`, which is computed from
`geom`, dropped first and added again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic.autogenerate import produce_migrations
from alembic.operations import Operations, ops
from alembic.runtime.migration import MigrationContext
from geoalchemy2 import Geometry
from sqlalchemy import Connection, MetaData, Table

from gisapp.catalogue.load import Catalogue
from gisapp.catalogue.table import layer_table
from gisapp.schema.chosen import is_chosen
from gisapp.schema.step import Step, quote, statement

OURS = {"id", "geom", "geom_web", "revision"}  # a table with these was made from a layer folder


def desired_tables(catalogue: Catalogue, srid: int) -> dict[str, Table]:
    """The table of every layer, by layer id."""
    metadata = MetaData()
    return {layer.id: layer_table(layer, srid, metadata) for layer in catalogue.layers.values()}


def table_steps(connection: Connection, catalogue: Catalogue, srid: int) -> list[Step]:
    """Schemas and tables to create, columns to add, change or drop, renames first."""
    tables = desired_tables(catalogue, srid)
    schemas = sorted({table.schema or "" for table in tables.values()})
    steps = list(_renames(connection, catalogue))
    if steps:  # compare after the renames have been done: the plan is made anew then
        return steps
    have = set(sa.inspect(connection).get_schema_names())
    steps += [statement(f"create schema {s}", f"CREATE SCHEMA {quote(s)}") for s in schemas if s not in have]
    steps += _compared(connection, tables, [s for s in schemas if s in have])
    for table in tables.values():
        steps += _geometry_steps(connection, table)
    return steps


def forgotten_tables(connection: Connection, catalogue: Catalogue) -> list[str]:
    """Tables that were made from a layer folder which is there no more, as `department.layer`."""
    inspector = sa.inspect(connection)
    found = []
    for schema in sorted(set(catalogue.departments) & set(inspector.get_schema_names())):
        for name in inspector.get_table_names(schema):
            if f"{schema}.{name}" in catalogue.layers:
                continue
            if {column["name"] for column in inspector.get_columns(name, schema)} >= OURS:
                found.append(f"{schema}.{name}")
    return found


def _renames(connection: Connection, catalogue: Catalogue) -> Iterator[Step]:
    inspector = sa.inspect(connection)
    for layer in catalogue.layers.values():
        here = layer.department
        there = set(inspector.get_table_names(here)) if here in inspector.get_schema_names() else set()
        if layer.was and layer.was in there and layer.name not in there:
            old, new = f"{quote(here)}.{quote(layer.was)}", quote(layer.name)
            yield statement(
                f"rename table {here}.{layer.was} to {layer.name}", f"ALTER TABLE {old} RENAME TO {new}"
            )
        if layer.name not in there:
            continue
        columns = {column["name"] for column in inspector.get_columns(layer.name, here)}
        for field in layer.fields:
            if field.was and field.was in columns and field.name not in columns:
                yield statement(
                    f"rename column {layer.id}.{field.was} to {field.name}",
                    f"ALTER TABLE {quote(here)}.{quote(layer.name)} RENAME COLUMN {quote(field.was)} TO {quote(field.name)}",
                )


def _compared(connection: Connection, tables: dict[str, Table], schemas: list[str]) -> list[Step]:
    """What Alembic finds different between the tables there are and the tables there should be."""
    names = {(table.schema, table.name) for table in tables.values()}

    def include(name: str | None, kind: str, parents: Any) -> bool:
        if kind == "schema":
            return name in schemas
        return kind != "table" or (parents.get("schema_name"), name) in names

    def include_object(thing: Any, name: str | None, kind: str, reflected: bool, other: Any) -> bool:
        if kind == "index" and is_chosen(name):
            return False
        return not (kind == "column" and name in {"geom", "geom_web"} and other is not None)

    context = MigrationContext.configure(
        connection,
        opts={
            "include_schemas": True,
            "include_name": include,
            "include_object": include_object,
            "compare_type": True,
        },
    )
    upgrade = produce_migrations(context, next(iter(tables.values())).metadata).upgrade_ops
    return [_step(operation) for operation in _flat(upgrade.ops if upgrade else [])]


def _flat(operations: Any) -> Iterator[Any]:
    for operation in operations:
        if isinstance(operation, ops.ModifyTableOps):
            yield from _flat(operation.ops)
        else:
            yield operation


def _step(operation: Any) -> Step:
    def run(connection: Connection) -> None:
        Operations(MigrationContext.configure(connection)).invoke(operation)

    if isinstance(operation, ops.CreateTableOp):
        return Step(f"create table {operation.schema}.{operation.table_name}", run)
    table = f"{operation.schema}.{getattr(operation, 'table_name', '')}"
    if isinstance(operation, ops.AddColumnOp):
        return Step(f"add column {table}.{operation.column.name}", run)
    if isinstance(operation, ops.DropColumnOp):
        where = f"{table}.{operation.column_name}"
        return Step(f"drop column {where}", run, loses=where)
    if isinstance(operation, ops.AlterColumnOp):
        if operation.modify_type is not None:
            name = operation.modify_type.compile(dialect=sa.dialects.postgresql.dialect())
            operation.kw["postgresql_using"] = f"{quote(operation.column_name)}::{name}"
        return Step(f"change column {table}.{operation.column_name}", run)
    name = getattr(operation, "index_name", None) or getattr(operation, "constraint_name", None) or ""
    what = type(operation).__name__.removesuffix("Op")
    words = "".join(f" {c.lower()}" if c.isupper() else c for c in what).strip()
    return Step(f"{words} {table} {name}".rstrip(), run)


def _geometry_steps(connection: Connection, table: Table) -> Iterator[Step]:
    query = "SELECT type, srid FROM geometry_columns WHERE f_table_schema = %s AND f_table_name = %s AND f_geometry_column = 'geom'"
    row = connection.exec_driver_sql(query, (table.schema, table.name)).one_or_none()
    wanted = table.c.geom.type
    assert isinstance(wanted, Geometry)
    if row is None or (row.type.upper(), row.srid) == (str(wanted.geometry_type).upper(), wanted.srid):
        return
    full = f"{quote(table.schema or '')}.{quote(table.name)}"
    using = f"ST_Transform(geom, {wanted.srid})"
    if str(wanted.geometry_type).upper().startswith("MULTI"):
        using = f"ST_Multi({using})"
    elif row.type.upper().startswith("MULTI"):
        # What has several parts fits no column of one: no part is left out unseen.
        using = f"CASE ST_NumGeometries(geom) WHEN 1 THEN ST_GeometryN({using}, 1) ELSE {using} END"
    kind = f"geometry({wanted.geometry_type}, {wanted.srid})"
    web = table.c.geom_web.type.geometry_type  # type: ignore[attr-defined]
    says = f"change geometry of {table.schema}.{table.name} to {kind}"
    yield statement(
        says,
        f"ALTER TABLE {full} DROP COLUMN geom_web; ALTER TABLE {full} ALTER COLUMN geom TYPE {kind} USING {using}; "
        f"ALTER TABLE {full} ADD COLUMN geom_web geometry({web}, 3857) GENERATED ALWAYS AS (ST_Transform(geom, 3857)) STORED; "
        f"CREATE INDEX {quote(table.name + '_geom_web_idx')} ON {full} USING gist (geom_web)",
    )
