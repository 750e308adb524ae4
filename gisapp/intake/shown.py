"""Staged rows beside the published ones, for a person to look at: as a table and on a map.

Read with the asker's own database role, and only the columns that both the asker and the layer's own department see.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from gisapp.catalogue.layer import Layer, View
from gisapp.geo.crs import JGD2011_LONLAT
from gisapp.intake.stage import Stage, readable_fields

LONLAT = int(JGD2011_LONLAT.rpartition(":")[2])
WHATS = ("added", "changed", "removed")


@dataclass(frozen=True)
class Shown:
    """Which staged rows, seen by whom: `view` is the asker's view of the layer."""

    layer: Layer
    view: View
    stage: Stage

    @property
    def fields(self) -> list[str]:
        """The fields that may be shown."""
        seen = readable_fields(self.layer) & set(self.view.columns)
        return [field.name for field in self.layer.fields if field.name in seen]

    def words(self) -> dict[str, sql.Composable]:
        """The names for a statement."""
        return {
            "published": sql.Identifier(self.layer.department, self.view.name),
            "rows": self.stage.rows,
            "changes": self.stage.changes,
            "repairs": self.stage.repairs,
            "before": _listed(self.fields, "t."),
            "after": _listed(self.fields, "s."),
        }


def _listed(names: Sequence[str], prefix: str) -> sql.Composed:
    return sql.SQL("").join(sql.SQL(", ") + sql.SQL(prefix) + sql.Identifier(name) for name in names)


def difference_rows(
    raw: psycopg.Connection[Any], shown: Shown, what: str, limit: int, offset: int, lang: str
) -> list[dict[str, Any]]:
    """A page of the difference: what, id, row, label, before and after by field, the fields that changed, moved."""
    question = sql.SQL(_ROWS).format(**shown.words())
    found = []
    for kind, id_, row, moved, *values in raw.execute(
        question, {"what": what, "whats": list(WHATS), "limit": limit, "offset": offset}
    ):
        half = len(values) // 2
        before = None if kind == "added" else dict(zip(shown.fields, values[:half], strict=True))
        after = None if kind == "removed" else dict(zip(shown.fields, values[half:], strict=True))
        changed = [name for name in shown.fields if before and after and before[name] != after[name]]
        found.append(
            {
                "what": kind,
                "id": id_,
                "row": row,
                "label": shown.layer.label_of(after or before or {}, lang),
                "fields": changed,
                "moved": bool(moved),
                "before": _json(before),
                "after": _json(after),
            }
        )
    return found


def _json(values: dict[str, Any] | None) -> dict[str, Any] | None:
    plain = (bool, int, float, str, type(None))
    return (
        None
        if values is None
        else {k: v if isinstance(v, plain) else v.isoformat() for k, v in values.items()}
    )


_ROWS = """
SELECT c.what, c.id, c.row, c.what = 'changed' AND t.geom IS DISTINCT FROM s.geom{before}{after}
FROM (
  SELECT * FROM {changes} WHERE %(what)s IN ('', what)
  ORDER BY array_position(%(whats)s, what), id, row LIMIT %(limit)s OFFSET %(offset)s
) AS c
LEFT JOIN {published} AS t ON t.id = c.id
LEFT JOIN {rows} AS s ON s.row = c.row
ORDER BY array_position(%(whats)s, c.what), c.id, c.row
"""


def difference_shapes(raw: psycopg.Connection[Any], shown: Shown, most: int) -> tuple[str, list[int]]:
    """The difference as a GeoJSON FeatureCollection (text) in longitude and latitude, and the layer's ids in it.

    A row that moved is there twice: `before` and `changed`. Of more than `most` rows a scattered choice is shown.
    """
    question = sql.SQL(_SHAPES).format(**shown.words())
    rows = raw.execute(question, {"most": most, "srid": LONLAT}).fetchall()
    features = [
        f'{{"type":"Feature","properties":{json.dumps({"what": what, "id": id_, "row": row})},"geometry":{shape}}}'
        for what, id_, row, shape in rows
    ]
    ids = sorted({id_ for _, id_, _, _ in rows if id_ is not None})
    return f'{{"type":"FeatureCollection","features":[{",".join(features)}]}}', ids


_SHAPES = """
WITH chosen AS (SELECT * FROM {changes} ORDER BY hashint8(coalesce(row, id)) LIMIT %(most)s)
SELECT what, id, row, ST_AsGeoJSON(ST_Transform(geom, %(srid)s), 7) FROM (
  SELECT c.what, c.id, c.row, s.geom FROM chosen AS c JOIN {rows} AS s ON s.row = c.row
  UNION ALL SELECT 'removed', c.id, c.row, t.geom FROM chosen AS c JOIN {published} AS t ON t.id = c.id WHERE c.what = 'removed'
  UNION ALL SELECT 'before', c.id, c.row, t.geom FROM chosen AS c
    JOIN {published} AS t ON t.id = c.id JOIN {rows} AS s ON s.row = c.row
    WHERE c.what = 'changed' AND t.geom IS DISTINCT FROM s.geom
) AS shapes
"""


def repair_kinds(raw: psycopg.Connection[Any], shown: Shown) -> list[dict[str, Any]]:
    """The kinds of repairs: code, how many rows, whether shapes or values."""
    question = sql.SQL(
        "SELECT code, count(DISTINCT row), bool_or(geom IS NOT NULL) FROM {repairs} GROUP BY code ORDER BY code"
    ).format(**shown.words())
    return [{"code": code, "rows": rows, "shapes": shapes} for code, rows, shapes in raw.execute(question)]


def repaired_rows(
    raw: psycopg.Connection[Any], shown: Shown, code: str, limit: int, offset: int
) -> list[dict[str, Any]]:
    """A page of repairs of one kind: a value before and after, or a shape (GeoJSON) with its area in square metres."""
    question = sql.SQL(_REPAIRS).format(**shown.words())
    found = []
    for row, field, before, after, was, area, now, area_now in raw.execute(
        question, {"code": code, "limit": limit, "offset": offset, "srid": LONLAT}
    ):
        if was and now:
            areas = {"area_before": area, "area_after": area_now}
            found.append({"row": row, "before": json.loads(was), "after": json.loads(now), **areas})
            continue
        if field not in shown.fields:
            before = after = None
        found.append({"row": row, "field": field, "before": before, "after": after})
    return found


_REPAIRS = """
SELECT r.row, r.field, r.before, r.after, ST_AsGeoJSON(ST_Transform(r.geom, %(srid)s), 7), ST_Area(r.geom),
  ST_AsGeoJSON(ST_Transform(s.geom, %(srid)s), 7), ST_Area(s.geom)
FROM {repairs} AS r JOIN {rows} AS s ON s.row = r.row WHERE r.code = %(code)s
ORDER BY r.row, r.field LIMIT %(limit)s OFFSET %(offset)s
"""
