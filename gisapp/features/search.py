"""Features of one layer as GeoJSON, a page at a time, and one feature by its id."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from psycopg import sql

from gisapp import errors
from gisapp.catalogue.layer import Layer, View
from gisapp.db import Database
from gisapp.features import expressions
from gisapp.geo.tiles import Box, web_box

MOST_COUNTED = 10_000  # beyond it, counting would take longer than answering

_FEATURE = sql.SQL(
    """'{{"type":"Feature","id":' || f.id || ',"geometry":' || {geometry}
    || ',"properties":' || {properties} || '}}'"""
)
# One more than was asked for tells whether there is a next page.
_PAGE = sql.SQL(
    """WITH page AS MATERIALIZED (
  SELECT {columns} FROM {source} AS f WHERE id > %(after)s {within} ORDER BY id LIMIT %(limit)s + 1
), shown AS (
  SELECT * FROM page ORDER BY id LIMIT %(limit)s
)
SELECT
  (SELECT count(*) FROM (
    SELECT FROM {source} AS f WHERE true {within} LIMIT {most_counted} + 1) AS counted) AS matched,
  (SELECT count(*) FROM page) > %(limit)s AS more,
  count(*) AS returned,
  max(f.id) AS last,
  coalesce(array_agg(f.id ORDER BY f.id), '{{}}') AS ids,
  coalesce(string_agg({feature}, E',\\n' ORDER BY f.id), '') AS features
FROM shown AS f"""
)
_ONE = sql.SQL("SELECT revision, {feature} AS feature FROM {source} AS f WHERE id = %(id)s")
_WITHIN = sql.SQL("ST_Intersects(f.geom_web, ST_MakeEnvelope(%({w})s, %({s})s, %({e})s, %({n})s, 3857))")


@dataclass(frozen=True)
class Search:
    """Which features: those that meet `box` (degrees), `limit` of them, with ids beyond `after`."""

    layer: Layer
    view: View
    box: Box | None = None
    limit: int = 10
    after: int = 0


@dataclass(frozen=True)
class Page:
    """A page of features as GeoJSON texts joined by commas.

    matched: how many there are over all pages; None when more than 10,000, which are not counted.
    last: id of the page's last feature when there is a next page, else None.
    ids: those of the page's features, in their order.
    """

    features: str
    returned: int
    matched: int | None
    last: int | None
    ids: tuple[int, ...] = ()


def search(database: Database, role: str, asked: Search) -> Page:
    """One page of features, ordered by id, in one round trip. Raises errors.DatabaseAway, TooSlow, Busy."""
    boxes = _boxes(asked.box)
    values: dict[str, float] = {"limit": asked.limit, "after": asked.after}
    for number, box in enumerate(boxes):
        values |= {f"{side}{number}": value for side, value in zip("wsen", web_box(box), strict=True)}
    with database.reading(role) as connection:
        row = connection.exec_driver_sql(_page(asked.layer, asked.view, len(boxes)), values).one()
    matched = None if row.matched > MOST_COUNTED else int(row.matched)
    return Page(row.features, row.returned, matched, row.last if row.more else None, tuple(row.ids))


def find_one(database: Database, role: str, layer: Layer, view: View, feature_id: int) -> tuple[int, str]:
    """The feature's revision and its GeoJSON text. Raises errors.FeatureNotFound."""
    row = None
    if feature_id < 2**63:
        with database.reading(role) as connection:
            row = connection.exec_driver_sql(_one(layer, view), {"id": feature_id}).one_or_none()
    if row is None:
        raise errors.FeatureNotFound(layer=layer.id, id=feature_id)
    return int(row.revision), str(row.feature)


def _boxes(box: Box | None) -> list[Box]:
    if box is None:
        return []
    west, south, east, north = box
    if west <= east:
        return [box]
    return [(west, south, 180.0, north), (-180.0, south, east, north)]


@lru_cache(maxsize=1024)
def _page(layer: Layer, view: View, boxes: int) -> str:
    within: sql.Composable = sql.SQL("")
    if boxes:
        tests = (
            _WITHIN.format(**{side: sql.SQL(f"{side}{number}") for side in "wsen"}) for number in range(boxes)
        )
        within = sql.SQL("AND ({})").format(sql.SQL(" OR ").join(tests))
    return _PAGE.format(
        columns=sql.SQL(", ").join(
            sql.Identifier(name) for name in ("id", "geom", *expressions.fields_of(view))
        ),
        source=expressions.source(layer, view),
        within=within,
        most_counted=sql.Literal(MOST_COUNTED),
        feature=_feature(layer, view),
    ).as_string(None)


@lru_cache(maxsize=1024)
def _one(layer: Layer, view: View) -> str:
    return _ONE.format(feature=_feature(layer, view), source=expressions.source(layer, view)).as_string(None)


def _feature(layer: Layer, view: View) -> sql.Composed:
    return _FEATURE.format(geometry=expressions.geometry(layer), properties=expressions.properties(view))
