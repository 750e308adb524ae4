"""An empty layer that takes many rows: they go into a new table beside the one that people read, which then takes its place.

Whoever reads a table goes through all rows that others have not committed yet, which takes seconds once they are millions;
and rows that are taken back stay until somebody sweeps them. Nobody sees a table that was made in the same transaction: it
costs readers nothing, goes without a trace, and its indexes are built over rows that are there, several times faster than
row by row. All that hangs on the layer's table is put on the new one, as PostgreSQL itself describes it, under the same
names; what cannot be carried over is asked beforehand. Readers wait for no more than the exchange.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from gisapp.catalogue.generalised import table_name
from gisapp.catalogue.layer import Layer
from gisapp.db import LOCK_FOR_SYNC
from gisapp.revisions.apply import columns_of, table_of

log = logging.getLogger("gisapp.intake")
MANY = 10_000  # rows from which a new table pays; the triggers note a change of so many as one of the whole layer
WAIT_MS = 300  # for whoever reads the layer just then: as long do readers who come later wait behind us
TRIES = 5
PAUSE = 1.0  # seconds between them


class NotTaken(Exception):
    """The new table did not take rows that went into it unstaged: a key comes twice, or a value is missing."""


@dataclass(frozen=True)
class Beside:
    """A new table for an empty layer, which is locked for other writers; as `roads.street`, in a schema of its own."""

    layer: Layer

    @property
    def schema(self) -> str:
        """The schema of the new table, which is there in this transaction only."""
        return f"new_{table_name(self.layer)[:50]}"

    @property
    def name(self) -> str:
        """Its name, `schema.table`."""
        return f"{self.schema}.{self.layer.name}"

    @property
    def table(self) -> sql.Identifier:
        """Its name for a statement."""
        return sql.Identifier(self.schema, self.layer.name)


def is_empty(raw: psycopg.Connection[Any], layer: Layer) -> bool:
    """Whether the layer has no row."""
    row = raw.execute(sql.SQL("SELECT EXISTS (SELECT FROM {})").format(table_of(layer))).fetchone()
    return row is not None and not row[0]


def may_be_replaced(raw: psycopg.Connection[Any], layer: Layer) -> bool:
    """Whether all that hangs on the layer's table can be carried over, and nobody but our own notes asks for each new row."""
    row = raw.execute(_ORDINARY, _named(raw, table_of(layer))).fetchone()
    return bool(row and row[0])


def make_beside(raw: psycopg.Connection[Any], layer: Layer) -> Beside:
    """Make the new table, without indexes. Ids go on where those of the layer ended: none is given twice."""
    beside = Beside(layer)
    raw.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(beside.schema)))
    words = beside.table, table_of(layer)
    raw.execute(sql.SQL("CREATE TABLE {} (LIKE {} INCLUDING ALL EXCLUDING INDEXES)").format(*words))
    follow = "SELECT setval(pg_get_serial_sequence(%s, 'id'), pg_sequence_last_value(pg_get_serial_sequence(%s, 'id')::regclass))"
    raw.execute(follow, [name.as_string(raw) for name in words])
    _run(raw, raw.execute(_UNASKED, _named(raw, beside.table)).fetchall())
    return beside


def build_indexes(raw: psycopg.Connection[Any], beside: Beside) -> None:
    """Give the new table the keys and indexes of the layer's. Raises NotTaken where a key comes twice; the transaction is lost."""
    words = {"new": beside.table.as_string(raw), "old": table_of(beside.layer).as_string(raw)}
    try:
        _run(raw, raw.execute(_INDEXES, words).fetchall())
    except psycopg.IntegrityError as error:
        raise NotTaken from error


def exchange(raw: psycopg.Connection[Any], beside: Beside) -> None:
    """Put the new table in the layer's place. Where somebody reads the layer too long, its rows are put into the old one."""
    for tried in range(1, TRIES + 1):
        try:
            with raw.transaction():
                _exchange(raw, beside)
            return
        except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):
            if tried < TRIES:
                time.sleep(PAUSE)
        except (psycopg.errors.DependentObjectsStillExist, psycopg.errors.InsufficientPrivilege) as error:
            log.warning("%s is filled row by row: %s", beside.layer.id, error)
            break
    _pour(raw, beside)


def _exchange(raw: psycopg.Connection[Any], beside: Beside) -> None:
    layer = beside.layer
    of = _named(raw, table_of(layer))
    old, home, away = (
        sql.Identifier(name) for name in (f"old_{table_name(layer)[:50]}", layer.department, beside.schema)
    )
    raw.execute(
        "SELECT pg_advisory_xact_lock(%s)", [LOCK_FOR_SYNC]
    )  # or a right that is given just now would be lost
    raw.execute(sql.SQL("SET LOCAL lock_timeout = {}").format(sql.Literal(WAIT_MS)))
    # Views first, or readers who have come as far as a view would wait for the table while we wait for the view.
    _run(raw, raw.execute(_LOCK_VIEWS, of).fetchall())
    raw.execute(sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(table_of(layer)))
    raw.execute(sql.SQL("TRUNCATE {}").format(table_of(layer)))  # its triggers note that all of it changed
    hanging = raw.execute(_HANGING, of).fetchall()
    raw.execute(sql.SQL("CREATE SCHEMA {}").format(old))
    move = sql.SQL("ALTER TABLE {}.{} SET SCHEMA {}")
    name = sql.Identifier(layer.name)
    raw.execute(move.format(home, name, old))
    raw.execute(move.format(away, name, home))
    _run(raw, hanging)
    raw.execute(sql.SQL("DROP TABLE {}.{}").format(old, name))
    raw.execute(sql.SQL("DROP SCHEMA {}, {}").format(old, away))
    raw.execute("SET LOCAL lock_timeout = 0")


def _pour(raw: psycopg.Connection[Any], beside: Beside) -> None:
    """Into the old table row by row: readers go on, its triggers see the rows, and its indexes grow with them."""
    names = sql.SQL("{}, revision").format(columns_of(beside.layer))
    words = table_of(beside.layer), names, names, beside.table
    raw.execute(sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {} ORDER BY id").format(*words))
    raw.execute(sql.SQL("DROP TABLE {}").format(beside.table))
    raw.execute(sql.SQL("DROP SCHEMA {}").format(sql.Identifier(beside.schema)))
    raw.execute(sql.SQL("ANALYZE {}").format(table_of(beside.layer)))


def _run(raw: psycopg.Connection[Any], statements: list[tuple[Any, ...]]) -> None:
    for (statement,) in statements:
        raw.execute(statement)


def _named(raw: psycopg.Connection[Any], table: sql.Identifier) -> dict[str, str]:
    return {"table": table.as_string(raw)}


_ORDINARY = """
SELECT relkind = 'r' AND relreplident = 'd' AND NOT relispartition AND NOT relrowsecurity
  AND NOT EXISTS (SELECT FROM pg_publication_rel WHERE prrelid = c.oid)
  AND NOT EXISTS (SELECT FROM pg_inherits WHERE c.oid IN (inhparent, inhrelid))
  AND NOT EXISTS (
    SELECT FROM pg_trigger JOIN pg_proc AS p ON p.oid = tgfoid
    WHERE tgrelid = c.oid AND NOT tgisinternal AND tgtype & 4 > 0
      AND NOT (p.pronamespace = 'gisapp'::regnamespace AND starts_with(p.proname, 'changes_of_'))
  )
FROM pg_class AS c WHERE c.oid = %(table)s::regclass
"""
_INDEXES = """
SELECT statement FROM (
  SELECT 1 AS turn, conname AS name, format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', %(new)s::text, conname, pg_get_constraintdef(oid)) AS statement
  FROM pg_constraint WHERE conrelid = %(old)s::regclass AND contype IN ('p', 'u', 'x', 'f')
  UNION ALL
  SELECT 2, relname, format('CREATE %%sINDEX %%I ON %%s %%s', CASE WHEN indisunique THEN 'UNIQUE ' END, relname, %(new)s::text,
    substring(pg_get_indexdef(indexrelid) FROM ' (USING .*)$'))
  FROM pg_index JOIN pg_class AS c ON c.oid = indexrelid
  WHERE indrelid = %(old)s::regclass AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND conrelid = indrelid)
) AS made ORDER BY turn, name
"""
_SHOWN = """
WITH shown AS (
  SELECT DISTINCT v.oid, v.reloptions FROM pg_depend AS d JOIN pg_rewrite AS r ON r.oid = d.objid JOIN pg_class AS v ON v.oid = ev_class
  WHERE d.classid = 'pg_rewrite'::regclass AND refclassid = 'pg_class'::regclass AND refobjid = %(table)s::regclass AND v.relkind = 'v'
)
"""
_LOCK_VIEWS = (
    f"{_SHOWN} SELECT format('ALTER VIEW %%s OWNER TO CURRENT_USER', oid::regclass) FROM shown ORDER BY oid"
)
"""Changes nothing: LOCK TABLE would lock what a view shows as well."""
_HANGING = f"""{_SHOWN},
t AS (SELECT oid, oid::regclass AS name, reloptions, relacl, relowner FROM pg_class WHERE oid = %(table)s::regclass),
granted AS (
  SELECT name, relowner, NULL AS column, a.* FROM t CROSS JOIN LATERAL aclexplode(relacl) AS a
  UNION ALL
  SELECT name, relowner, attname, a.* FROM t JOIN pg_attribute ON attrelid = t.oid AND NOT attisdropped CROSS JOIN LATERAL aclexplode(attacl) AS a
)
SELECT statement FROM (
  SELECT 1 AS turn, format('ALTER TABLE %%s SET (%%s)', name, array_to_string(reloptions, ', ')) AS statement FROM t WHERE reloptions IS NOT NULL
  UNION ALL
  SELECT 1, format('COMMENT ON TABLE %%s IS %%L', name, obj_description(oid, 'pg_class')) FROM t
  UNION ALL
  SELECT 2, format('CREATE OR REPLACE VIEW %%s %%s AS %%s', oid::regclass, 'WITH (' || array_to_string(reloptions, ', ') || ')', pg_get_viewdef(oid))
  FROM shown
  UNION ALL
  SELECT 3, pg_get_triggerdef(g.oid) FROM t JOIN pg_trigger AS g ON tgrelid = t.oid WHERE NOT tgisinternal
  UNION ALL
  SELECT 4, format('ALTER TABLE %%s %%s TRIGGER %%I', name,
    CASE tgenabled WHEN 'A' THEN 'ENABLE ALWAYS' WHEN 'R' THEN 'ENABLE REPLICA' WHEN 'D' THEN 'DISABLE' ELSE 'ENABLE' END, tgname)
  FROM t JOIN pg_trigger ON tgrelid = t.oid WHERE NOT tgisinternal
  UNION ALL
  SELECT 5, format('GRANT %%s %%s ON %%s TO %%s %%s', privilege_type, '(' || string_agg(quote_ident(g.column), ', ') || ')', name,
    CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END, CASE WHEN is_grantable THEN 'WITH GRANT OPTION' END)
  FROM granted AS g WHERE grantee <> relowner GROUP BY name, grantee, privilege_type, is_grantable, g.column IS NULL
) AS made ORDER BY turn
"""
_UNASKED = """
SELECT format('REVOKE ALL ON %%s FROM %%s', c.oid::regclass, CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END)
FROM pg_class AS c CROSS JOIN LATERAL aclexplode(relacl) WHERE c.oid = %(table)s::regclass AND grantee <> relowner
"""
"""Rights that PostgreSQL was told to give to every new table."""
