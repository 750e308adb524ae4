"""Back to what was there before a revision: the same rows under the same ids, as a new revision.

The rows that a revision changed or removed are in the layer's history as they were; those that it added carry its
number. One revision may be undone alone while no later one touched its rows; or all revisions after a given one at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import Connection

from gisapp import errors
from gisapp.audit.record import Entry, Who, record
from gisapp.catalogue.history import history_table
from gisapp.catalogue.layer import Layer
from gisapp.catalogue.load import Catalogue
from gisapp.revisions.apply import (
    apply_changes,
    close_revision,
    columns_of,
    lock_layer,
    new_revision,
    table_of,
)
from gisapp.revisions.queries import Revision, find_revision, later_revisions, list_revisions

RESTORED = sql.Identifier("gisapp_restored")
UNDONE = sql.Identifier("gisapp_undone")


@dataclass(frozen=True)
class Undone:
    """What undoing did: the new revision, those it undid, and how many rows it added, changed and removed."""

    layer: str
    revision: int
    undid: tuple[int, ...]
    difference: dict[str, int]


def undo_revision(connection: Connection, catalogue: Catalogue, number: int, who: Who) -> Undone:
    """Undo one revision; needs the owner's connection, whose transaction the caller commits.

    Raises errors.RevisionNotFound, RevisionNotKept, RevisionBuiltOn (names the later ones), LayerNotFound.
    """
    raw = _raw(connection)
    layer = catalogue.layer(find_revision(raw, number).layer)
    lock_layer(raw, layer)
    found = find_revision(raw, number)  # again: its history may have been forgotten while this waited
    _require_kept([found])
    if later := _built_on(raw, layer, number):
        earlier = list_revisions(raw, layer.id, 1, before=number)
        before = earlier[0].id if earlier else 0
        named = ", ".join(map(str, later))
        raise errors.RevisionBuiltOn(revision=number, later=named, layer=layer.id, before=before)
    return _undo(connection, raw, layer, (number,), who)


def undo_to(connection: Connection, layer: Layer, number: int, who: Who) -> Undone:
    """Undo everything that was done to the layer after revision `number` (0: everything), in one step.

    As `undo_revision`. Raises errors.NothingToUndo, RevisionNotKept.
    """
    raw = _raw(connection)
    lock_layer(raw, layer)
    later = later_revisions(raw, layer, number)
    if not later:
        raise errors.NothingToUndo(layer=layer.id)
    _require_kept(later)
    return _undo(connection, raw, layer, tuple(one.id for one in later), who)


def _raw(connection: Connection) -> psycopg.Connection[Any]:
    raw = connection.connection.dbapi_connection
    assert isinstance(raw, psycopg.Connection)
    return raw


def _require_kept(revisions: list[Revision]) -> None:
    lost = [str(one.id) for one in revisions if not one.kept]
    if lost:
        raise errors.RevisionNotKept(revisions=", ".join(lost))


def _built_on(raw: psycopg.Connection[Any], layer: Layer, number: int) -> list[int]:
    """Later revisions that touched the same rows, took the key of one, or did nobody knows what."""
    same_key = sql.SQL(" AND ").join(
        sql.SQL("t.{0} = h.{0}").format(sql.Identifier(name)) for name in layer.key
    )
    question = sql.SQL(_BUILT_ON).format(
        table=table_of(layer),
        history=history_table(layer),
        same_key=same_key if layer.key else sql.SQL("false"),
    )
    rows = raw.execute(question, {"number": number, "layer": layer.id}).fetchall()
    return [row[0] for row in rows]


_BUILT_ON = """
WITH touched AS (
  SELECT id FROM {history} WHERE revision = %(number)s UNION SELECT id FROM {history} WHERE old_revision = %(number)s
)
SELECT revision FROM {history} WHERE revision > %(number)s AND id IN (SELECT id FROM touched)
UNION
SELECT t.revision FROM {table} AS t JOIN {history} AS h ON h.revision = %(number)s AND h.id = t.id WHERE t.revision > %(number)s
UNION
SELECT t.revision FROM {table} AS t JOIN {history} AS h ON {same_key}
WHERE h.revision = %(number)s AND t.id <> h.id AND t.revision > %(number)s
UNION
SELECT id FROM gisapp.revision WHERE layer = %(layer)s AND id > %(number)s AND NOT kept
ORDER BY 1
"""


def _undo(
    connection: Connection, raw: psycopg.Connection[Any], layer: Layer, undid: tuple[int, ...], who: Who
) -> Undone:
    words = {
        "table": table_of(layer),
        "history": history_table(layer),
        "columns": columns_of(layer),
        "old": columns_of(layer, "t."),
        "new": columns_of(layer, "s."),
        "rows": RESTORED,
        "changes": UNDONE,
    }
    for name in (RESTORED, UNDONE):
        raw.execute(sql.SQL("DROP TABLE IF EXISTS pg_temp.{}").format(name))
    raw.execute(sql.SQL(_RESTORE).format(**words, undid=sql.Literal(list(undid))))
    raw.execute(sql.SQL("ANALYZE {}").format(RESTORED))
    raw.execute(sql.SQL(_DIFFER).format(**words, undid=sql.Literal(list(undid))))
    raw.execute(sql.SQL("ANALYZE {}").format(UNDONE))
    revision = new_revision(raw, layer.id, who.login, {"mode": "undo", "undid": list(undid)})
    difference = apply_changes(raw, layer, UNDONE, RESTORED, revision, own_ids=True)
    close_revision(raw, revision, difference)
    details = {"revision": revision, "undid": list(undid), "difference": difference}
    record(connection, Entry("undone", who, layer.id, details=details))
    return Undone(layer.id, revision, undid, difference)


_RESTORE = """
CREATE TEMPORARY TABLE {rows} ON COMMIT DROP AS
SELECT DISTINCT ON (id) id AS row, old_revision, {columns} FROM {history} WHERE revision = ANY({undid}) ORDER BY id, revision
"""
# A row whose first entry follows on one of the revisions undone was added by that one: there was nothing before.
_DIFFER = """
CREATE TEMPORARY TABLE {changes} ON COMMIT DROP AS
SELECT 'removed' AS what, t.id, NULL::bigint AS row FROM {table} AS t LEFT JOIN {rows} AS s ON s.row = t.id
WHERE (s.row IS NULL AND t.revision = ANY({undid})) OR s.old_revision = ANY({undid})
UNION ALL
SELECT CASE WHEN t.id IS NULL THEN 'added' ELSE 'changed' END, s.row, s.row FROM {rows} AS s LEFT JOIN {table} AS t ON t.id = s.row
WHERE NOT s.old_revision = ANY({undid}) AND (t.id IS NULL OR row({new}) IS DISTINCT FROM row({old}))
"""
