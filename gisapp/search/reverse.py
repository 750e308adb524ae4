"""What a place is called: its town, its block, its parcel, and the nearest address with the way there."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from psycopg import sql

from gisapp.catalogue.layer import Layer, View
from gisapp.db import Database
from gisapp.features import expressions
from gisapp.search.entries import HOUSE, maker
from gisapp.settings import City

FARTHEST = 200.0  # metres to the nearest address; beyond, it says nothing of the place
_PLACE = sql.SQL("ST_Transform(ST_SetSRID(ST_MakePoint(%(lon)s, %(lat)s), 4326), {srid})")
_AREA = sql.SQL(
    "(SELECT {number} AS layer, f.id, 0::float8 AS metres, {values} AS values, NULL::float8 AS lon, NULL::float8 AS lat "
    "FROM {source} AS f WHERE ST_Intersects(f.geom, {place}) ORDER BY ST_Area(f.geom), f.id LIMIT 1)"
)
_NEAREST = sql.SQL(
    "(SELECT {number} AS layer, f.id, f.geom <-> {place} AS metres, {values} AS values, ST_X(ST_Transform(f.geom, 4326)) AS lon, "
    "ST_Y(ST_Transform(f.geom, 4326)) AS lat FROM {source} AS f "
    "WHERE ST_DWithin(f.geom, {place}, {farthest}) AND {houses} ORDER BY f.geom <-> {place}, f.id LIMIT 1)"
)


def reverse(
    database: Database, role: str, city: City, asked: Sequence[tuple[Layer, View]], lon: float, lat: float
) -> list[dict[str, Any]]:
    """What the layers asked say of a place (degrees): dicts with layer, feature, kind, label, metres, lon, lat, level.

    Areas that hold it, and the nearest address within 200 m. One round trip. Raises errors.DatabaseAway, TooSlow, Busy.
    """
    wanted = tuple(
        pair for pair in asked if pair[0].search and pair[0].search.kind in ("town", "parcel", "address")
    )
    west, south, east, north = city.bounds
    if not wanted or not (west - 1 < lon < east + 1 and south - 1 < lat < north + 1):
        return []
    with database.reading(role) as connection:
        rows = connection.exec_driver_sql(_statement(wanted, city.srid), {"lon": lon, "lat": lat}).all()
    found = []
    for row in rows:
        layer = wanted[row.layer][0]
        entry = next(maker(layer)(row.values), None)
        if entry is None:
            continue
        kind = layer.search.kind if layer.search else ""
        _, label, _, _, level = entry
        one = {"layer": layer, "feature": row.id, "kind": kind, "label": label, "level": level}
        one |= {"metres": round(row.metres, 1), "lon": row.lon or lon, "lat": row.lat or lat}
        found.append(one)
        if kind == "address" and level == HOUSE and row.metres < 50:
            found.append(one | {"kind": "block", "label": label.split("番")[0] + "番", "level": HOUSE - 1})
    return found


@lru_cache(maxsize=256)
def _statement(asked: tuple[tuple[Layer, View], ...], srid: int) -> str:
    place = _PLACE.format(srid=sql.Literal(srid))
    parts = []
    for number, (layer, view) in enumerate(asked):
        assert layer.search is not None
        point = not expressions.is_area(layer)
        names = dict.fromkeys((*layer.search.fields(), *layer.label_fields()))
        houses = [
            sql.SQL("{} IS NOT NULL").format(sql.Identifier("f", name)) for name in layer.search.numbers[:1]
        ]
        parts.append(
            (_NEAREST if point else _AREA).format(
                number=sql.Literal(number),
                place=place,
                source=expressions.source(layer, view),
                values=expressions.properties(tuple(names)),
                farthest=sql.Literal(FARTHEST),
                houses=houses[0] if houses else sql.SQL("true"),
            )
        )
    return sql.SQL(" UNION ALL ").join(parts).as_string(None)
