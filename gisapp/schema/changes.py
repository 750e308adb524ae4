"""Triggers that note every change of a layer in `gisapp.tile_change`: which columns, and the boxes of old and new shapes.

Whoever changes a row and with whatever program, the note is written in the same transaction. One note a statement and
set of changed columns; a statement that changes more than MANY rows, and TRUNCATE, is noted as "anywhere". The
functions run with their owner's rights (whoever may change a layer need not be able to write notes) and a fixed search
path; the triggers fire always, also while data is being replicated or restored.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from sqlalchemy import Connection

from gisapp.catalogue import rows
from gisapp.catalogue.layer import Layer
from gisapp.catalogue.load import Catalogue
from gisapp.schema import triggers
from gisapp.schema.step import Step, literal, quote, statement

MANY = 10_000
LONGEST_NAME = 63

_BODY = """
DECLARE
  many constant bigint := {many};
  too_many boolean := TG_OP = 'TRUNCATE';
BEGIN
  IF TG_OP IN ('INSERT', 'UPDATE') THEN
    too_many := (SELECT count(*) > many FROM (SELECT FROM new_rows LIMIT many + 1) AS n);
  ELSIF TG_OP = 'DELETE' THEN
    too_many := (SELECT count(*) > many FROM (SELECT FROM old_rows LIMIT many + 1) AS o);
  END IF;
  IF too_many THEN
    INSERT INTO gisapp.tile_change (relation) VALUES ({relation});
  ELSIF TG_OP = 'INSERT' THEN
    INSERT INTO gisapp.tile_change (relation, boxes)
    SELECT {relation}, gisapp.boxes_of(array_agg(geom_web)) FROM new_rows HAVING count(*) > 0;
  ELSIF TG_OP = 'DELETE' THEN
    INSERT INTO gisapp.tile_change (relation, boxes)
    SELECT {relation}, gisapp.boxes_of(array_agg(geom_web)) FROM old_rows HAVING count(*) > 0;
  ELSE
    INSERT INTO gisapp.tile_change (relation, columns, boxes)
    SELECT {relation}, columns, gisapp.boxes_of(array_agg(before) || array_agg(after))
    FROM (
      SELECT CASE WHEN moved THEN NULL ELSE columns END AS columns, before, CASE WHEN moved THEN after END AS after
      FROM (
        SELECT o.geom_web AS before, n.geom_web AS after,
          o.id IS NULL OR n.id IS NULL OR o.geom IS DISTINCT FROM n.geom AS moved,
          array_remove(ARRAY[{compared}]::text[], NULL) AS columns
        FROM old_rows AS o FULL JOIN new_rows AS n ON n.id = o.id
      ) AS pairs
      WHERE moved OR columns <> '{{}}'
    ) AS changed
    GROUP BY columns;
  END IF;
  RETURN NULL;
END
"""
_BOXES = """
CREATE OR REPLACE FUNCTION gisapp.boxes_of(shapes public.geometry[]) RETURNS float8[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, public, pg_temp AS $$
SELECT coalesce(array_agg(v ORDER BY n, k), '{}')
FROM unnest(shapes) WITH ORDINALITY AS s(shape, n)
CROSS JOIN LATERAL unnest(ARRAY[ST_XMin(shape), ST_YMin(shape), ST_XMax(shape), ST_YMax(shape)]) WITH ORDINALITY AS b(v, k)
WHERE shape IS NOT NULL AND NOT ST_IsEmpty(shape)
$$
"""


def change_steps(connection: Connection, catalogue: Catalogue, changed: set[str]) -> list[Step]:
    """Functions and triggers that are missing or not as they should be; and a note that everything changed, for layers
    whose notes were not whole until now or whose tables were altered (ids in `changed`)."""
    have = {name: source for name, source in connection.exec_driver_sql(_FUNCTIONS)}
    there = {(row.table, row.event, row.function) for row in connection.exec_driver_sql(_TRIGGERS)}
    steps = []
    for table, layer in _tables(catalogue):
        name, id_ = function_name(*table), rows.relation(table)
        body = _body(layer, id_)
        whole = {(id_, event, name) for event in triggers.EVENTS} <= there
        if have.get(name) != body or not whole:
            steps.append(statement(f"note changes of {id_}", _create(table, name, body)))
        elif layer.id in changed:
            steps.append(statement(f"note that all of {id_} changed", _all_changed(id_)))
    if steps and "boxes_of" not in have:
        steps.insert(0, statement("create function gisapp.boxes_of", _BOXES))
    return steps


def _tables(catalogue: Catalogue) -> Iterator[tuple[tuple[str, str], Layer]]:
    """The tables whose changes are noted: the layers' own, and the copies of those with a row rule."""
    for layer in catalogue.layers.values():
        yield (layer.department, layer.name), layer
        if layer.rows:
            yield rows.common_source(layer), layer


def function_name(schema: str, table: str) -> str:
    """The name of the table's trigger function in schema `gisapp`."""
    name = f"changes_of_{schema}__{table}"
    if len(name) <= LONGEST_NAME:
        return name
    return name[: LONGEST_NAME - 13] + "_" + hashlib.sha256(f"{schema}.{table}".encode()).hexdigest()[:12]


def _body(layer: Layer, relation: str) -> str:
    compared = ", ".join(
        f"CASE WHEN o.{quote(f.name)} IS DISTINCT FROM n.{quote(f.name)} THEN {literal(f.name)} END"
        for f in layer.fields
    )
    return _BODY.format(many=MANY, relation=literal(relation), compared=compared)


def _create(of: tuple[str, str], name: str, body: str) -> str:
    made = triggers.statements(of, name, body, "gisapp_")
    return ";\n".join([*made, _all_changed(rows.relation(of))])


def _all_changed(relation: str) -> str:
    return f"INSERT INTO gisapp.tile_change (relation) VALUES ({literal(relation)})"


_FUNCTIONS = """
SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'gisapp'::regnamespace AND (prosecdef OR proname = 'boxes_of')
"""
_TRIGGERS = """
SELECT n.nspname || '.' || c.relname AS table, p.proname AS function,
  CASE WHEN tgtype & 4 > 0 THEN 'INSERT' WHEN tgtype & 8 > 0 THEN 'DELETE' WHEN tgtype & 16 > 0 THEN 'UPDATE' ELSE 'TRUNCATE' END AS event
FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_proc p ON p.oid = tgfoid
WHERE NOT tgisinternal AND tgenabled = 'A' AND p.pronamespace = 'gisapp'::regnamespace
"""
