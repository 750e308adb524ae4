"""One feature made, changed or removed: one transaction, one revision, what was there before in the layer's history.

Runs as the login `publisher_<department>`, which may change that department's layers and nothing else. A row is locked
before the revision gets its number, so the numbers of a row's revisions grow in the order of its changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql

from gisapp import errors, roles
from gisapp.catalogue.generalised import SQL_TYPES
from gisapp.catalogue.layer import Layer
from gisapp.db import Database
from gisapp.edits.checks import require_fit, shape_in
from gisapp.edits.feature import Given
from gisapp.revisions.apply import add_row, apply_changes, new_revision, table_of
from gisapp.settings import City

Seen = frozenset[int] | None
"""The revisions that the asker knows, one of which must be there; None: whatever is there."""
WAIT_MS = 5_000  # for another's change of the same row, or for a publication of the whole layer
Told = Callable[[int, int, list[str]], None]
"""Called with the feature's id, the revision and the fields that changed, before the change is committed."""


def create(database: Database, city: City, layer: Layer, given: Given, who: str, tell: Told) -> int:
    """Add a feature; returns its id.

    Raises errors.FeatureInvalid, EditConflict (its key is taken), Busy, DatabaseAway, TooSlow.
    """
    with _changing(database, layer) as raw:
        require_fit(raw, city, layer, given, before=None)
        revision = new_revision(raw, layer.id, who, {"mode": "edit", "added": 1}, kept=True)
        made = add_row(raw, layer, _row(layer, given, city, old=False), revision, _bound(given))
        tell(made, revision, [*given.values, "geometry"])
    return made


def change(
    database: Database, city: City, layer: Layer, id_: int, given: Given, seen: Seen, who: str, tell: Told
) -> None:
    """Give a feature the values and the shape in `given`; others stay. What would change nothing changes nothing.

    Raises as `create`, and errors.FeatureNotFound, FeatureChanged (another revision is there).
    """
    with _changing(database, layer) as raw:
        before = _locked(raw, layer, id_, seen)
        require_fit(raw, city, layer, given, before=before, id_=id_)
        changed = [name for name, value in given.values.items() if value != before[name]]
        if given.shape is not None and not _same_shape(raw, layer, id_, given, city):
            changed.append("geometry")
        if not changed:
            return
        revision = new_revision(raw, layer.id, who, {"mode": "edit", "changed": 1}, kept=True)
        bound = _bound(given) | {"id": id_}
        apply_changes(
            raw, layer, _list_of("changed"), _row(layer, given, city, old=True), revision, values=bound
        )
        tell(id_, revision, changed)


def remove(database: Database, layer: Layer, id_: int, seen: Seen, who: str, tell: Told) -> None:
    """Remove a feature. Raises errors.FeatureNotFound, FeatureChanged, Busy, DatabaseAway, TooSlow."""
    with _changing(database, layer) as raw:
        _locked(raw, layer, id_, seen)
        revision = new_revision(raw, layer.id, who, {"mode": "edit", "removed": 1}, kept=True)
        nothing = sql.SQL("(SELECT 0::bigint AS row, t.* FROM {} AS t LIMIT 0)").format(table_of(layer))
        apply_changes(raw, layer, _list_of("removed"), nothing, revision, values={"id": id_})
        tell(id_, revision, [])


@contextmanager
def _changing(database: Database, layer: Layer) -> Iterator[psycopg.Connection[Any]]:
    """A transaction that may change the layer, and gives up where it would have to wait long."""
    with database.transaction(roles.publisher(layer.department)) as connection:
        raw = connection.connection.dbapi_connection
        assert isinstance(raw, psycopg.Connection)
        raw.execute(sql.SQL("SET LOCAL lock_timeout = {}").format(sql.Literal(WAIT_MS)))
        try:
            yield raw
        except psycopg.errors.LockNotAvailable as error:
            raise errors.Busy(seconds=10) from error
        except psycopg.errors.QueryCanceled as error:
            raise errors.TooSlow() from error
        except psycopg.errors.UniqueViolation as error:
            raise errors.EditConflict(key=", ".join(layer.key)) from error


def _locked(raw: psycopg.Connection[Any], layer: Layer, id_: int, seen: Seen) -> dict[str, Any]:
    """The feature's fields as they are, by name; nobody else changes it until the transaction ends."""
    names = [field.name for field in layer.fields]
    row = None
    if id_ < 2**63:
        listed = sql.SQL(", ").join(map(sql.Identifier, ["revision", *names]))
        question = sql.SQL("SELECT {} FROM {} WHERE id = %s FOR UPDATE").format(listed, table_of(layer))
        row = raw.execute(question, [id_]).fetchone()
    if row is None:
        raise errors.FeatureNotFound(layer=layer.id, id=id_)
    if seen is not None and row[0] not in seen:
        raise errors.FeatureChanged(layer=layer.id, id=id_)
    return dict(zip(names, row[1:], strict=True))


def _list_of(what: str) -> sql.Composed:
    return sql.SQL("(SELECT {}::text AS what, %(id)s::bigint AS id, 1::bigint AS row)").format(
        sql.Literal(what)
    )


def _row(layer: Layer, given: Given, city: City, *, old: bool) -> sql.Composed:
    """The new state as a table of one row: what is given, else what is there (`old`) or nothing."""
    parts: list[sql.Composable] = [sql.SQL("1::bigint AS row")]
    for field in layer.fields:
        name, kind = sql.Identifier(field.name), sql.SQL(SQL_TYPES[field.type])
        if field.name in given.values:
            parts.append(sql.SQL("{}::{} AS {}").format(sql.Placeholder(f"value_{field.name}"), kind, name))
        else:
            parts.append(name if old else sql.SQL("NULL::{} AS {}").format(kind, name))
    parts.append(
        sql.SQL("{} AS geom").format(shape_in(city)) if given.shape is not None else sql.Identifier("geom")
    )
    source = sql.SQL(" FROM {} WHERE id = %(id)s").format(table_of(layer)) if old else sql.SQL("")
    return sql.SQL("(SELECT {}{})").format(sql.SQL(", ").join(parts), source)


def _bound(given: Given) -> dict[str, Any]:
    values = {f"value_{name}": value for name, value in given.values.items()}
    return values | {"shape": given.shape, "srid": given.srid}


def _same_shape(raw: psycopg.Connection[Any], layer: Layer, id_: int, given: Given, city: City) -> bool:
    question = sql.SQL(
        "SELECT ST_Equals(geom, s) AND ST_AsBinary(geom) = ST_AsBinary(s) FROM {}, {} AS s WHERE id = %(id)s"
    )
    row = raw.execute(
        question.format(table_of(layer), shape_in(city)), {**_bound(given), "id": id_}
    ).fetchone()
    return bool(row and row[0])
