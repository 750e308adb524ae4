"""Features of one layer as GeoJSON, a page at a time, and one feature by its id."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from psycopg import sql

from gisapp import errors
from gisapp.catalogue.layer import Layer, View
from gisapp.db import Database
from gisapp.features import expressions
from gisapp.features.counted import Large
from gisapp.features.references import CRS84, WEB, Reference
from gisapp.features.selection import Selection, sorted_failures

MOST_COUNTED = 10_000  # beyond it, counting would take longer than answering
LARGE = Large()

_FEATURE = sql.SQL(
    """'{{"type":"Feature","id":' || f.id || ',"geometry":' || {geometry}
    || ',"properties":' || {properties} || '}}'"""
)
# One more than was asked for tells whether there is a next page.
_PAGE = sql.SQL(
    """WITH page AS MATERIALIZED (
  SELECT {columns} FROM {source} AS f WHERE id > %(after)s AND {where} ORDER BY id LIMIT %(limit)s + 1
), shown AS (
  SELECT * FROM page ORDER BY id LIMIT %(limit)s
)
SELECT
  {matched} AS matched,
  (SELECT count(*) FROM page) > %(limit)s AS more,
  count(*) AS returned,
  max(f.id) AS last,
  coalesce(array_agg(f.id ORDER BY f.id), '{{}}') AS ids,
  coalesce(string_agg({feature}, E',\\n' ORDER BY f.id), '') AS features
FROM shown AS f"""
)
_MATCHED = sql.SQL(
    "(SELECT count(*) FROM (SELECT FROM {source} AS f WHERE {where} LIMIT {most_counted} + 1) AS counted)"
)
_ONE = sql.SQL("SELECT revision, {feature} AS feature FROM {source} AS f WHERE id = %(id)s")


@dataclass(frozen=True)
class Search:
    """A page of a selection: `limit` features with ids beyond `after`, in the system `reference`.

    fields: which of the view's fields they carry; None: all.
    """

    selection: Selection
    limit: int = 10
    after: int = 0
    reference: Reference = CRS84
    fields: tuple[str, ...] | None = None


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
    """One page of features, ordered by id, in one round trip.

    Raises errors.ParameterInvalid (a filter that cannot be computed), DatabaseAway, TooSlow, Busy.
    """
    chosen = asked.selection
    fields = expressions.fields_of(chosen.view) if asked.fields is None else asked.fields
    values = {"limit": asked.limit, "after": asked.after, **chosen.values}
    same = (database.address, role, chosen.layer.id, chosen.view.name, chosen.where, repr(chosen.values))
    count = same not in LARGE
    statement = _page(chosen.layer, chosen.view, chosen.where, asked.reference, fields, count)
    with sorted_failures(), database.reading(role) as connection:
        row = connection.exec_driver_sql(statement, values).one()
    many = row.matched is None or row.matched > MOST_COUNTED
    if many and count:
        LARGE.add(same)
    matched = None if many else int(row.matched)
    return Page(row.features, row.returned, matched, row.last if row.more else None, tuple(row.ids))


def find_one(
    database: Database, role: str, layer: Layer, view: View, feature_id: int, reference: Reference = CRS84
) -> tuple[int, str]:
    """The feature's revision and its GeoJSON text. Raises errors.FeatureNotFound."""
    row = None
    if feature_id < 2**63:
        with database.reading(role) as connection:
            statement = _one(layer, view, reference)
            row = connection.exec_driver_sql(statement, {"id": feature_id}).one_or_none()
    if row is None:
        raise errors.FeatureNotFound(layer=layer.id, id=feature_id)
    return int(row.revision), str(row.feature)


@lru_cache(maxsize=1024)
def _page(
    layer: Layer, view: View, where: str, reference: Reference, fields: tuple[str, ...], count: bool
) -> str:
    shape = "geom_web" if reference.srid == WEB else "geom"
    source = expressions.source(layer, view)
    counted = _MATCHED.format(source=source, where=sql.SQL(where), most_counted=sql.Literal(MOST_COUNTED))
    return _PAGE.format(
        columns=sql.SQL(", ").join(sql.Identifier(name) for name in ("id", shape, *fields)),
        source=source,
        where=sql.SQL(where),
        matched=counted if count else sql.SQL("NULL::bigint"),
        feature=feature_text(layer, fields, reference),
    ).as_string(None)


@lru_cache(maxsize=1024)
def _one(layer: Layer, view: View, reference: Reference) -> str:
    feature = feature_text(layer, expressions.fields_of(view), reference)
    return _ONE.format(feature=feature, source=expressions.source(layer, view)).as_string(None)


def feature_text(layer: Layer, fields: tuple[str, ...], reference: Reference) -> sql.Composed:
    """A whole feature as GeoJSON text, in SQL."""
    properties = expressions.properties(fields) if fields else sql.SQL("'{}'")
    return _FEATURE.format(geometry=expressions.geometry(layer, reference), properties=properties)
