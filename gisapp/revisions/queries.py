"""Which revisions there are, and what each of them changed: before and after, row by row."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from gisapp import errors
from gisapp.catalogue.history import history_table
from gisapp.catalogue.layer import Layer
from gisapp.revisions.apply import table_of


@dataclass(frozen=True)
class Revision:
    """One change of a layer. `what`: mode, file, counts …; `kept`: it can be undone, its history is there."""

    id: int
    layer: str
    who: str
    what: dict[str, Any]
    at: datetime.datetime
    kept: bool

    def as_json(self) -> dict[str, Any]:
        """The revision for programs."""
        return {
            "id": self.id,
            "layer": self.layer,
            "who": self.who,
            "at": self.at.isoformat(),
            "kept": self.kept,
            **{name: value for name, value in self.what.items() if name not in {"id", "layer", "who", "at"}},
        }


_SELECT = "SELECT id, layer, who, what, at, kept FROM gisapp.revision "


def find_revision(raw: psycopg.Connection[Any], number: int) -> Revision:
    """Raises errors.RevisionNotFound."""
    row = raw.execute(_SELECT + "WHERE id = %s", [number]).fetchone()
    if row is None:
        raise errors.RevisionNotFound(revision=number)
    return Revision(*row)


def list_revisions(
    raw: psycopg.Connection[Any], layer: str = "", most: int = 50, *, before: int = 2**62
) -> list[Revision]:
    """The newest revisions first (before number `before`), of one layer or of all."""
    which = "WHERE %(layer)s IN ('', layer) AND id < %(before)s ORDER BY id DESC LIMIT %(most)s"
    rows = raw.execute(_SELECT + which, {"layer": layer, "most": most, "before": before})
    return [Revision(*row) for row in rows]


def later_revisions(raw: psycopg.Connection[Any], layer: Layer, number: int) -> list[Revision]:
    """The layer's revisions after one, oldest first."""
    rows = raw.execute(_SELECT + "WHERE layer = %s AND id > %s ORDER BY id", [layer.id, number])
    return [Revision(*row) for row in rows]


@dataclass(frozen=True)
class RowChange:
    """One row of a revision: `before` is None for an added one, `after` for a removed one. Values by field."""

    what: str
    id: int
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    moved: bool

    def fields(self) -> list[str]:
        """The fields that changed."""
        if self.before is None or self.after is None:
            return []
        return [name for name in self.before if self.before[name] != self.after[name]]


def rows_of(
    raw: psycopg.Connection[Any], layer: Layer, number: int, fields: Sequence[str], most: int = 20
) -> list[RowChange]:
    """What a revision did to the first `most` rows (by id). `fields`: those of the layer to show.

    The state after it is the next entry in the history, or the layer's own row.
    """
    names = [*fields, "geom"]
    question = sql.SQL(_ROWS).format(
        table=table_of(layer),
        history=history_table(layer),
        columns=sql.SQL(", ").join(map(sql.Identifier, names)),
        before=_listed(names, "b."),
        after=_listed(names, "a."),
        moved=sql.SQL("b.geom IS DISTINCT FROM a.geom"),
    )
    found = []
    for what, id_, moved, *values in raw.execute(question, {"number": number, "most": most}):
        half = len(names)
        before, after = (dict(zip(fields, part[:-1], strict=True)) for part in (values[:half], values[half:]))
        found.append(
            RowChange(
                what,
                id_,
                None if what == "added" else before,
                None if what == "removed" else after,
                what == "changed" and moved,
            )
        )
    return found


def _listed(names: Sequence[str], prefix: str) -> sql.Composed:
    return sql.SQL(", ").join(sql.SQL(prefix) + sql.Identifier(name) for name in names)


_ROWS = """
WITH own AS (SELECT became, id FROM {history} WHERE revision = %(number)s),
named AS (
  SELECT became AS what, id FROM own
  UNION
  SELECT 'added', id FROM (
    SELECT id FROM {table} WHERE revision = %(number)s UNION SELECT id FROM {history} WHERE old_revision = %(number)s
  ) AS carries WHERE NOT EXISTS (SELECT FROM own WHERE own.id = carries.id)
  ORDER BY id LIMIT %(most)s
)
SELECT n.what, n.id, {moved}, {before}, {after}
FROM named AS n
LEFT JOIN {history} AS b ON b.revision = %(number)s AND b.id = n.id
LEFT JOIN LATERAL (
  SELECT * FROM (
    (SELECT {columns}, 0 AS later FROM {history} AS h WHERE h.id = n.id AND h.revision > %(number)s ORDER BY h.revision LIMIT 1)
    UNION ALL SELECT {columns}, 1 FROM {table} AS t WHERE t.id = n.id
  ) AS states ORDER BY later LIMIT 1
) AS a ON n.what <> 'removed'
ORDER BY n.id
"""
