"""Rows on their way into a layer: for one transaction, or kept in schema `staging` until a person publishes them.

Three tables: the rows, how they differ from the layer, and what was repaired. Kept ones belong to the owner; the layer's
own department may read the columns that it sees of the layer, nobody else anything.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import psycopg
from psycopg import sql

from gisapp import roles
from gisapp.catalogue.layer import Layer, view_for
from gisapp.db import Database
from gisapp.intake.raw import identifier

if TYPE_CHECKING:
    import pyarrow as pa

SCHEMA = "staging"
CHANGES = "what text NOT NULL, id bigint, row bigint"
REPAIRS = "row bigint NOT NULL, code text NOT NULL, field text, before text, after text, geom geometry"
"""`geom`: the shape before it was repaired, in the city's system; `field`, `before`, `after`: a value."""


@dataclass(frozen=True)
class Stage:
    """The names of the three tables, `schema.name` each."""

    rows_name: str
    changes_name: str
    repairs_name: str
    kept: bool

    @property
    def rows(self) -> sql.Identifier:
        """The table of rows for a statement: the layer's fields, geom, and row (the number in the file)."""
        return sql.Identifier(*self.rows_name.split("."))

    @property
    def changes(self) -> sql.Identifier:
        """The table of differences for a statement: what (added, changed, removed), id in the layer, row."""
        return sql.Identifier(*self.changes_name.split("."))

    @property
    def repairs(self) -> sql.Identifier:
        """The table of repairs for a statement."""
        return sql.Identifier(*self.repairs_name.split("."))


PASSING = Stage("pg_temp.gisapp_staged", "pg_temp.gisapp_changes", "pg_temp.gisapp_repairs", kept=False)
"""Seen by one transaction only and gone at its end."""


def kept_stage(upload_id: uuid.UUID) -> Stage:
    """The tables of an upload that waits to be published."""
    rows, changes, repairs = (f"{SCHEMA}.{part}_{upload_id.hex}" for part in ("rows", "changes", "repairs"))
    return Stage(rows, changes, repairs, kept=True)


def create_stage(raw: psycopg.Connection[Any], layer: Layer, stage: Stage) -> None:
    """Make the tables anew. Nothing is required of the rows yet."""
    names = sql.SQL(", ").join(sql.Identifier(name) for name in _columns(layer))
    words = {"rows": stage.rows, "changes": stage.changes, "repairs": stage.repairs}
    if stage.kept:
        raw.execute(sql.SQL("DROP TABLE IF EXISTS {rows}, {changes}, {repairs}").format(**words))
    temporary, drop = (
        (sql.SQL(""), sql.SQL("")) if stage.kept else (sql.SQL("TEMPORARY"), sql.SQL("ON COMMIT DROP"))
    )
    statement = "CREATE {} TABLE {} {} AS SELECT {}, 0::bigint AS row FROM {} WITH NO DATA"
    raw.execute(sql.SQL(statement).format(temporary, stage.rows, drop, names, identifier(layer.id)))
    for table, columns in ((stage.changes, CHANGES), (stage.repairs, REPAIRS)):
        raw.execute(sql.SQL("CREATE {} TABLE {} ({}) {}").format(temporary, table, sql.SQL(columns), drop))


def _columns(layer: Layer) -> list[str]:
    return [*(field.name for field in layer.fields), "geom"]


def readable_fields(layer: Layer) -> frozenset[str]:
    """The fields that the layer's own department sees; values of others are never kept among the repairs."""
    view = view_for(layer, frozenset({layer.department}))
    return frozenset(view.columns if view else ()) & {field.name for field in layer.fields}


def index_stage(raw: psycopg.Connection[Any], database: Database, layer: Layer, stage: Stage) -> None:
    """Finish kept tables: found by row, page by page; readable for the layer's own department."""
    for table, column in ((stage.rows, "row"), (stage.repairs, "row")):
        raw.execute(sql.SQL("CREATE INDEX ON {} ({})").format(table, sql.Identifier(column)))
    own = sql.Identifier(database.role(roles.department(layer.department)))
    seen = [name for name in _columns(layer) if name in readable_fields(layer) or name == "geom"]
    listed = sql.SQL(", ").join(map(sql.Identifier, [*seen, "row"]))
    grants = (
        "GRANT USAGE ON SCHEMA staging TO {own}; GRANT SELECT ({listed}) ON {rows} TO {own}; "
        "GRANT SELECT ON {changes}, {repairs} TO {own}"
    )
    words = {"own": own, "listed": listed, "rows": stage.rows, "changes": stage.changes}
    raw.execute(sql.SQL(grants).format(**words, repairs=stage.repairs))
    for table in (stage.rows, stage.repairs):
        raw.execute(sql.SQL("ANALYZE {}").format(table))


def stage_rows(
    raw: psycopg.Connection[Any],
    stage: Stage,
    columns: dict[str, pa.Array],
    geometry: np.ndarray[Any, Any],
    rows: np.ndarray[Any, Any],
    srid: int,
) -> None:
    """Append rows."""
    from gisapp.intake.copy import copy_rows  # Arrow: 25 MB in a web process, which never appends any

    if len(rows):
        copy_rows(raw, stage.rows_name, {**columns, "row": rows}, geometry, srid)


def is_staged(raw: psycopg.Connection[Any], stage: Stage) -> bool:
    """Whether the tables are there."""
    row = raw.execute("SELECT to_regclass(%s) IS NOT NULL", [stage.changes.as_string(raw)]).fetchone()
    return bool(row and row[0])


def drop_stage(raw: psycopg.Connection[Any], upload_id: uuid.UUID) -> None:
    """Remove the tables of an upload."""
    stage = kept_stage(upload_id)
    words = (stage.rows, stage.changes, stage.repairs)
    raw.execute(sql.SQL("DROP TABLE IF EXISTS {}, {}, {}").format(*words))


def staged_uploads(raw: psycopg.Connection[Any]) -> set[uuid.UUID]:
    """The uploads that have tables."""
    rows = raw.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = %s::regnamespace AND relkind = 'r'", [SCHEMA]
    )
    return {uuid.UUID(name.rpartition("_")[2]) for (name,) in rows}
