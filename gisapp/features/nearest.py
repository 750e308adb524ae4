"""The nearest features of a selection, by straight line, with an estimate of the minutes on foot."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

from psycopg import sql

from gisapp.catalogue.layer import Layer, View
from gisapp.db import Database
from gisapp.features import expressions
from gisapp.features.identify import Found
from gisapp.features.selection import Selection, sorted_failures
from gisapp.settings import City

MOST = 100
METRES_A_MINUTE = 80
"""The pace of the Fair Competition Code for real estate advertising (不動産の表示に関する公正競争規約): 80 m of road a minute, begun minutes count."""
ESTIMATE = {
    "ja": "徒歩分数は直線距離 80 m を 1 分（端数切上げ）とした目安です。実際の道のりはこれより長くなります。",
    "en": "Minutes on foot are an estimate: 80 m of straight line a minute, rounded up. The way itself is longer.",
}

_NEAREST = sql.SQL(
    """SELECT f.id, f.geom <-> {place} AS metres, {properties} AS properties, {geometry} AS geometry
FROM {source} AS f WHERE {where} ORDER BY f.geom <-> {place}, f.id LIMIT %(most)s"""
)
_PLACE = sql.SQL("ST_Transform(ST_SetSRID(ST_MakePoint(%(lon)s, %(lat)s), 4326), {srid})")


@dataclass(frozen=True)
class Near:
    """A feature and how far it is: metres in a straight line, minutes on foot as an estimate."""

    found: Found
    metres: float

    @property
    def minutes(self) -> int:
        """Begun minutes; a place that is here takes none."""
        return math.ceil(round(self.metres, 1) / METRES_A_MINUTE)


def nearest(
    database: Database, role: str, city: City, chosen: Selection, place: tuple[float, float], most: int
) -> list[Near]:
    """At most `most` features, nearest first, to a place (longitude, latitude) in or near the city.

    Raises errors.ParameterInvalid (a filter that cannot be computed), TooSlow, DatabaseAway, Busy.
    """
    values = {"lon": place[0], "lat": place[1], "most": most, **chosen.values}
    statement = _statement(chosen.layer, chosen.view, chosen.where, city.srid)
    with sorted_failures(), database.reading(role) as connection:
        rows = connection.exec_driver_sql(statement, values).all()
    return [
        Near(Found(chosen.layer, chosen.view, row.id, row.properties, row.geometry), float(row.metres))
        for row in rows
    ]


@lru_cache(maxsize=256)
def _statement(layer: Layer, view: View, where: str, srid: int) -> str:
    return _NEAREST.format(
        place=_PLACE.format(srid=sql.Literal(srid)),
        properties=expressions.properties(expressions.fields_of(view)),
        geometry=expressions.geometry(layer),
        source=expressions.source(layer, view),
        where=sql.SQL(where),
    ).as_string(None)
