"""Copies that a layer's triggers keep in step with it: what there is of them, to be compared with what there should be."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from sqlalchemy import Connection

from gisapp.schema.step import Step, quote, statement


def kept_parts(connection: Connection, schema: str, prefix: str) -> dict[str, set[str]]:
    """What each copy in the schema and its keeping consist of, by the copy's name and without quotes: `column <name> <type>`,
    `index <method> (<columns>)`, `rule <body>` of the function `gisapp.<prefix><name>`, and `trigger <table> <event>`, by which
    the table calls that function."""
    found: dict[str, set[str]] = {}
    for name, part in connection.exec_driver_sql(_PARTS, {"schema": schema, "prefix": prefix}):
        found.setdefault(name, set()).add(part.replace('"', ""))
    return found


def stale_copies(want: Mapping[str, set[str]], have: Mapping[str, set[str]]) -> set[str]:
    """Names of copies that are missing, different or no longer wanted, by their parts."""
    return {name for name in want.keys() | have.keys() if want.get(name) != have.get(name)}


def drop_steps(schema: str, names: Iterable[str], functions: Callable[[str], tuple[str, ...]]) -> list[Step]:
    """Steps that drop these copies and the functions of schema `gisapp` that belong to each, with the triggers that call them."""
    steps = []
    for name in sorted(names):
        dropped = [f"DROP TABLE IF EXISTS {schema}.{quote(name)}"]
        dropped += [f"DROP FUNCTION IF EXISTS gisapp.{quote(one)}() CASCADE" for one in functions(name)]
        steps.append(statement(f"drop table {schema}.{name}", "; ".join(dropped)))
    return steps


_PARTS = """
SELECT relname, 'column ' || attname || ' ' || format_type(atttypid, atttypmod) AS part FROM pg_class AS c
JOIN pg_attribute ON attrelid = c.oid AND attnum > 0 AND NOT attisdropped
WHERE relnamespace = to_regnamespace(%(schema)s) AND relkind = 'r'
UNION ALL
SELECT relname, 'index ' || regexp_replace(pg_get_indexdef(indexrelid), '^.* USING ', '') FROM pg_class AS c
JOIN pg_index ON indrelid = c.oid WHERE relnamespace = to_regnamespace(%(schema)s) AND relkind = 'r' AND indisvalid
UNION ALL
SELECT substr(proname, length(%(prefix)s) + 1), 'rule ' || prosrc FROM pg_proc
WHERE pronamespace = 'gisapp'::regnamespace AND starts_with(proname, %(prefix)s)
UNION ALL
SELECT substr(proname, length(%(prefix)s) + 1), 'trigger ' || nspname || '.' || relname || ' ' ||
  CASE WHEN tgtype & 4 > 0 THEN 'INSERT' WHEN tgtype & 8 > 0 THEN 'DELETE' WHEN tgtype & 16 > 0 THEN 'UPDATE' ELSE 'TRUNCATE' END
FROM pg_trigger JOIN pg_proc AS p ON p.oid = tgfoid JOIN pg_class AS c ON c.oid = tgrelid JOIN pg_namespace AS n ON n.oid = relnamespace
WHERE tgenabled = 'A' AND p.pronamespace = 'gisapp'::regnamespace AND starts_with(proname, %(prefix)s)
"""
