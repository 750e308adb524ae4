"""Fills the search tables: all of a layer anew beside the old table, or the features where something changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import psycopg
from psycopg import sql

from gisapp.catalogue.layer import Layer
from gisapp.catalogue.rows import common_source
from gisapp.catalogue.search import COLUMNS, SCHEMA, table_name
from gisapp.changes.derived import Box
from gisapp.search.entries import maker

Raw = psycopg.Connection[Any]
Told = Callable[[int, int], None]
"""Is told how many features have been read, and how many more there are to read than was said before."""
AT_ONCE = 20_000
TRIGRAMS = frozenset({"town", "facility", "street"})
"""Kinds whose names are also found in their middle and with a mistake; numbers are not."""

_READ = sql.SQL(
    """SELECT id, concat_ws(E'\\t', ST_X(p), ST_Y(p), ST_XMin(w), ST_YMin(w), ST_XMax(w), ST_YMax(w)){fields} FROM (
  SELECT *, geom_web AS w, ST_Transform({point}, 4326) AS p FROM {table} WHERE NOT ST_IsEmpty(geom) {where}
) AS f"""
)
"""Where a feature is comes as the text that COPY takes: six numbers a row need not become Python's and text again."""
_SHARE = sql.SQL("""
SELECT format('GRANT %%s ON %%s TO %%s', privilege_type, %(name)s::text,
  CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END)
FROM pg_class CROSS JOIN LATERAL aclexplode(relacl) WHERE oid = to_regclass(%(table)s) AND grantee <> relowner
""")


_NULL = "\\N"


def identifier(layer: Layer) -> sql.Identifier:
    """The layer's search table."""
    return sql.Identifier(SCHEMA, table_name(layer))


def build(raw: Raw, layer: Layer, told: Told = lambda read, more: None) -> int:
    """Make the table anew beside the one that people search, and put it in its place; returns the number of entries.

    It carries the very grants of the old one. All in the caller's transaction: readers wait for no more than the exchange.
    """
    old, new = identifier(layer), sql.Identifier(SCHEMA, f"{table_name(layer)[:50]} new")
    total = raw.execute(sql.SQL("SELECT count(*) FROM {}").format(_source(layer))).fetchall()[0][0]
    told(0, int(total))
    raw.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(new))
    raw.execute(sql.SQL("CREATE TABLE {} (LIKE {} INCLUDING COMMENTS)").format(new, old))
    count = _copy(raw, layer, new, sql.SQL(""), {}, told)
    for index in _indexes(layer):
        raw.execute(index.format(new))
    raw.execute(sql.SQL("ANALYZE {}").format(new))
    named = {"name": new.as_string(raw), "table": old.as_string(raw)}
    for (grant,) in raw.execute(_SHARE, named).fetchall():
        raw.execute(grant)
    comment = raw.execute("SELECT obj_description(to_regclass(%s))", [named["table"]]).fetchall()[0][0]
    raw.execute(sql.SQL("COMMENT ON TABLE {} IS {}").format(new, sql.Literal(comment)))
    raw.execute(sql.SQL("DROP TABLE {}").format(old))
    raw.execute(sql.SQL("ALTER TABLE {} RENAME TO {}").format(new, sql.Identifier(table_name(layer))))
    return count


def update(raw: Raw, layer: Layer, boxes: Sequence[Box]) -> int:
    """Make the entries anew of the features that lie, or lay, in boxes where something changed; returns how many came.

    A feature that moved or went is found by the corner of its old box, which the note repeats to the last digit.
    """
    table, corners = identifier(layer), [[box[side] for box in boxes] for side in range(4)]
    values = dict(zip("wsen", corners, strict=True))
    gone = sql.SQL(
        "DELETE FROM {} AS t USING unnest(%s::float8[], %s::float8[]) AS b (w, s) WHERE t.west = w AND t.south = s"
    )
    raw.execute(gone.format(table), corners[:2])
    near = sql.SQL(
        "{id} IN (SELECT f.id FROM unnest(%(w)s::float8[], %(s)s::float8[], %(e)s::float8[], %(n)s::float8[]) "
        "AS b (w, s, e, n) JOIN {source} AS f ON f.geom_web && ST_MakeEnvelope(w, s, e, n, 3857))"
    )
    touched = near.format(id=sql.Identifier("feature"), source=_source(layer))
    raw.execute(sql.SQL("DELETE FROM {} WHERE {}").format(table, touched), values)
    there = near.format(id=sql.Identifier("id"), source=_source(layer))
    return _copy(raw, layer, table, sql.SQL("AND {}").format(there), values)


def _source(layer: Layer) -> sql.Identifier:
    return sql.Identifier(*common_source(layer))


def _indexes(layer: Layer) -> Iterable[sql.SQL]:
    yield sql.SQL("CREATE INDEX ON {} (key)")
    yield sql.SQL("CREATE INDEX ON {} (feature)")
    yield sql.SQL("CREATE INDEX ON {} (west, south)")
    assert layer.search is not None
    if layer.search.kind in TRIGRAMS:
        # Of an expression, because the planner would take it for equality too, where it is slower by far than the B-tree.
        yield sql.SQL("CREATE INDEX ON {} USING gin ((key || '') public.gin_trgm_ops)")


def _copy(
    raw: Raw,
    layer: Layer,
    into: sql.Identifier,
    where: sql.Composable,
    values: dict[str, list[float]],
    told: Told = lambda read, more: None,
) -> int:
    """Read features, make their entries, write them: a chunk at a time, so that memory stays bounded."""
    assert layer.search is not None
    names = tuple(dict.fromkeys((*layer.search.fields(), *layer.label_fields())))
    point = sql.SQL("geom" if layer.geometry == "Point" else "ST_PointOnSurface(geom)")
    fields = sql.SQL("").join(sql.SQL(", {}").format(sql.Identifier("f", name)) for name in names)
    query = _READ.format(fields=fields, point=point, table=_source(layer), where=where)
    copy = sql.SQL("COPY {} ({}) FROM STDIN").format(into, sql.SQL(", ").join(map(sql.Identifier, COLUMNS)))
    entries_of, count = maker(layer), 0
    with raw.cursor("gisapp_search_source", binary=True) as source, raw.cursor() as writer:
        source.execute(query, values)
        while rows := source.fetchmany(AT_ONCE):
            lines: list[str] = []
            for feature, place, *values in rows:
                for key, label, detail, form, level in entries_of(dict(zip(names, values, strict=True))):
                    lines.append(
                        f"{feature}\t{_text(key)}\t{_text(label)}\t{_text(detail)}\t{form}\t"
                        f"{_NULL if level is None else level}\t{place}\n"
                    )
            with writer.copy(copy) as stream:
                stream.write("".join(lines))
            count += len(lines)
            told(len(rows), 0)
    return count


def _text(value: str | None) -> str:
    """A value as COPY's text has it."""
    if value is None:
        return _NULL
    if "\\" in value or "\t" in value or "\n" in value or "\r" in value:
        value = value.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
    return value
