"""Copies of the open rows of layers with a row rule, kept by triggers of the layers' tables in the transaction of each change.

A copy is derived, so nothing is lost with it: one that is not as the layer folder wants it (its columns, its indexes, the
rule in its function, the triggers) is dropped and made anew. The triggers work on whole statements and fire always; the
function runs with its owner's rights, so that whoever may change a layer needs none on the copy.
"""

from __future__ import annotations

from sqlalchemy import Connection

from gisapp.catalogue import generalised, search
from gisapp.catalogue.generalised import table_name
from gisapp.catalogue.layer import STANDARD_COLUMNS, Layer
from gisapp.catalogue.load import Catalogue
from gisapp.catalogue.row_rule import RowRule
from gisapp.catalogue.rows import SCHEMA
from gisapp.catalogue.table import WEB_SRID
from gisapp.schema import kept, triggers
from gisapp.schema.changes import function_name
from gisapp.schema.step import Step, literal, quote, statement

_PREFIX = "open_"  # of the functions that keep the copies
_BODY = """
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    TRUNCATE {copy};
    RETURN NULL;
  ELSIF TG_OP = 'DELETE' THEN
    DELETE FROM {copy} AS c USING old_rows AS o WHERE c.id = o.id;
    RETURN NULL;
  ELSIF TG_OP = 'UPDATE' THEN
    DELETE FROM {copy} AS c USING old_rows AS o
    WHERE c.id = o.id AND NOT EXISTS (SELECT FROM new_rows AS n WHERE n.id = o.id AND {open});
  END IF;
  INSERT INTO {copy} ({columns}) SELECT {columns} FROM new_rows AS n WHERE {open}
  ON CONFLICT (id) DO UPDATE SET ({columns}) = ROW ({excluded});
  RETURN NULL;
END
"""


def stale_copies(connection: Connection, catalogue: Catalogue, srid: int) -> set[str]:
    """Names of copies that are not as the layer folders want them: missing, different or no longer wanted."""
    want = {name: _parts(layer, name, srid) for name, layer in ruled(catalogue).items()}
    return kept.stale_copies(want, kept.kept_parts(connection, SCHEMA, _PREFIX))


def ruled(catalogue: Catalogue) -> dict[str, Layer]:
    """The layers with a row rule, by the name of their copy."""
    return {table_name(layer): layer for layer in catalogue.layers.values() if layer.rows}


def drop_steps(connection: Connection, stale: set[str]) -> list[Step]:
    """Steps that drop these copies with what keeps them. Views that show them are gone by then."""
    there = kept.kept_parts(connection, SCHEMA, _PREFIX).keys()
    return kept.drop_steps(SCHEMA, stale & there, lambda name: (_keeper(name), function_name(SCHEMA, name)))


def create_steps(connection: Connection, catalogue: Catalogue, stale: set[str], srid: int) -> list[Step]:
    """Steps that make those of the copies in `stale` that are wanted, with the rows that are open now.

    What was made of all rows goes with the old rule: low zooms and the search are empty until they are made of open ones.
    """
    layers, steps = ruled(catalogue), []
    if layers and not connection.exec_driver_sql("SELECT to_regnamespace(%s)", (SCHEMA,)).scalar():
        steps.append(statement(f"create schema {SCHEMA}", f"CREATE SCHEMA {SCHEMA}"))
    for name in sorted(stale & layers.keys()):
        layer = layers[name]
        made = [*_triggers(layer, name), *_table(layer, name, srid)]
        made += [f"DROP TABLE IF EXISTS {derived}.{quote(name)}" for derived in (generalised.SCHEMA, search.SCHEMA)]  # fmt: skip
        steps.append(statement(f"create table {SCHEMA}.{name}", ";\n".join(made)))
    return steps


def _parts(layer: Layer, name: str, srid: int) -> set[str]:
    """What a copy and its keeping consist of, in the words of `kept_parts`."""
    parts = {f"column {column} {kind}" for column, kind in _columns(layer, srid).items()}
    parts |= {f"index {index}" for index in ("btree (id)", *_indexes(layer))}
    parts |= {f"trigger {layer.id} {event}" for event in triggers.EVENTS}
    return {part.replace('"', "") for part in (*parts, f"rule {_body(layer, name)}")}


def _columns(layer: Layer, srid: int) -> dict[str, str]:
    """The columns with their types, those of the layer's table: `geom_web` is stored and not computed a second time."""
    fields = {field.name: generalised.SQL_TYPES[field.type] for field in layer.fields}
    shapes = {"geom": f"geometry({layer.geometry},{srid})", "geom_web": f"geometry({layer.geometry},{WEB_SRID})"}  # fmt: skip
    return {"id": "bigint", **fields, **shapes, "revision": "bigint"}


def _indexes(layer: Layer) -> list[str]:
    key = [f"btree ({', '.join(map(quote, layer.key))})"] if layer.key else []
    return ["gist (geom)", "gist (geom_web)", *key]


def _table(layer: Layer, name: str, srid: int) -> list[str]:
    full, columns = _full(name), _columns(layer, srid)
    listed = ", ".join(map(quote, columns))
    own = f"{quote(layer.department)}.{quote(layer.name)}"
    return [
        f"CREATE TABLE {full} ({', '.join(f'{quote(one)} {kind}' for one, kind in columns.items())})",
        f"INSERT INTO {full} ({listed}) SELECT {listed} FROM {own} AS n WHERE {_open(layer)}",
        f"ALTER TABLE {full} ADD PRIMARY KEY (id)",
        *(f"CREATE INDEX ON {full} USING {index}" for index in _indexes(layer)),
        f"COMMENT ON TABLE {full} IS {literal(f'{layer.title.ja}（公開の行の写し、自動更新）')}",
    ]


def _triggers(layer: Layer, name: str) -> list[str]:
    """They come before the rows: whoever changes the layer waits from then on, so that the copy misses nothing."""
    return triggers.statements(
        (layer.department, layer.name), _keeper(name), _body(layer, name), "gisapp_open_rows_"
    )


def _body(layer: Layer, name: str) -> str:
    columns = [STANDARD_COLUMNS[0], *(field.name for field in layer.fields), *STANDARD_COLUMNS[1:]]
    return _BODY.format(
        copy=_full(name),
        open=_open(layer),
        columns=", ".join(map(quote, columns)),
        excluded=", ".join(f"excluded.{quote(column)}" for column in columns),
    )


def _open(layer: Layer) -> str:
    """Whether a row (called n) is open, as SQL: no row is whose column is NULL."""
    rule = layer.rows
    assert isinstance(rule, RowRule)
    values = (literal(one) if isinstance(one, str) else str(one).lower() for one in rule.open)
    return f"n.{quote(rule.column)} IN ({', '.join(values)})"


def _full(name: str) -> str:
    return f"{SCHEMA}.{quote(name)}"


def _keeper(name: str) -> str:
    return f"{_PREFIX}{name}"  # with the longest name of a copy 63 bytes
