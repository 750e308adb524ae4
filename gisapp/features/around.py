"""What meets an area: a box, a circle, a drawn shape, or another feature's shape, each with a buffer; over many layers at once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from psycopg import sql

from gisapp.catalogue.layer import Layer, View
from gisapp.db import Database
from gisapp.features import expressions
from gisapp.features.identify import FAR, Found
from gisapp.features.selection import sorted_failures
from gisapp.settings import City

MOST_PER_LAYER = 1_000
FARTHEST = 10_000.0  # metres of a radius or buffer
EDGE = 0.01  # degrees: longest straight edge of a shape on its way into the plane system

# Clipped to the city's surroundings first: on the far side of the world the plane system is not defined.
_DRAWN = sql.SQL(
    """ST_Transform(ST_Segmentize(ST_Intersection(ST_MakeValid(ST_SetSRID(ST_GeomFromGeoJSON(%(shape)s), 4326)),
  ST_MakeEnvelope({west}, {south}, {east}, {north}, 4326)), {edge}), {srid})"""
)
_OF_FEATURE = sql.SQL("(SELECT f.geom FROM {source} AS f WHERE f.id = %(feature)s)")
_WHOLE = sql.SQL("WITH area AS MATERIALIZED (SELECT ST_Buffer({shape}, %(buffer)s, 32) AS geom)\n{parts}")
_PART = sql.SQL(
    """(SELECT {layer} AS layer, f.id, {properties} AS properties, {geometry} AS geometry
FROM {source} AS f WHERE ST_Intersects(f.geom, (SELECT geom FROM area)) ORDER BY f.id LIMIT %(most)s + 1)"""
)
_AS_IT_IS = sql.SQL("WITH area AS MATERIALIZED (SELECT {shape} AS geom)\n{parts}")


@dataclass(frozen=True)
class Area:
    """Where to look. shape: GeoJSON in degrees, longitude first; or feature: one of a layer's view. buffer in true metres."""

    shape: dict[str, Any] | None = None
    feature: tuple[Layer, View, int] | None = None
    buffer: float = 0.0


@dataclass(frozen=True)
class Met:
    """Features that meet the area, by layer and id; `more`: layers that have further ones."""

    found: list[Found]
    more: tuple[str, ...]


def meeting(
    database: Database, role: str, city: City, asked: Sequence[tuple[Layer, View]], area: Area, most: int
) -> Met:
    """At most `most` features of each layer that meet the area, in one round trip.

    Raises errors.ParameterInvalid (a shape that cannot be used), TooSlow, DatabaseAway, Busy.
    """
    if not asked:
        return Met([], ())
    values: dict[str, Any] = {"most": most, "buffer": area.buffer}
    if area.feature:
        values["feature"] = area.feature[2]
    else:
        values["shape"] = json.dumps(area.shape)
    source = area.feature[:2] if area.feature else None
    statement = _statement(tuple(asked), source, city, area.buffer > 0)
    with sorted_failures(), database.reading(role) as connection:
        rows = connection.exec_driver_sql(statement, values).all()
    of = dict(((layer.id, (layer, view)) for layer, view in asked))
    found: dict[str, list[Found]] = {layer.id: [] for layer, _ in asked}
    for row in sorted(rows, key=lambda row: int(row.id)):
        found[row.layer].append(Found(*of[row.layer], row.id, row.properties, row.geometry))
    more = tuple(layer for layer, listed in found.items() if len(listed) > most)
    return Met([one for listed in found.values() for one in listed[:most]], more)


@lru_cache(maxsize=256)
def _statement(
    asked: tuple[tuple[Layer, View], ...], feature: tuple[Layer, View] | None, city: City, grown: bool
) -> str:
    west, south, east, north = city.bounds
    shape = _DRAWN.format(
        west=sql.Literal(west - FAR / 10),
        south=sql.Literal(south - FAR / 10),
        east=sql.Literal(east + FAR / 10),
        north=sql.Literal(north + FAR / 10),
        edge=sql.Literal(EDGE),
        srid=sql.Literal(city.srid),
    )
    if feature:
        shape = _OF_FEATURE.format(source=expressions.source(*feature))
    parts = (
        _PART.format(
            layer=sql.Literal(layer.id),
            properties=expressions.properties(expressions.fields_of(view)),
            geometry=expressions.geometry(layer),
            source=expressions.source(layer, view),
        )
        for layer, view in asked
    )
    form = _WHOLE if grown else _AS_IT_IS
    return form.format(shape=shape, parts=sql.SQL("\nUNION ALL\n").join(parts)).as_string(None)
