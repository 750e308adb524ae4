"""What lies at a place, over many layers, in one question to the database."""

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
from gisapp.features.words import text_of
from gisapp.geo.tiles import metres_per_pixel
from gisapp.settings import City

MOST_PER_LAYER = 10
FAR = 10.0  # degrees beyond the city, where none of its features lie
PIXELS = 8  # a point or line this near to the place counts as hit
RANK = {"Point": 0, "LineString": 1, "Polygon": 2}
"""Small things first: they are harder to hit, and what is below them is asked for less."""

_NEAREST = sql.SQL(
    """(SELECT {layer} AS layer, f.id, {rank} AS rank, f.geom <-> {place} AS measure,
  {values} AS values_in_order, {geometry} AS geometry, {large} AS is_part
FROM {source} AS f WHERE ST_DWithin(f.geom, {place}, $3::float8) ORDER BY measure, f.id LIMIT {most})"""
)
# An outline of thousands of points is unpacked by ST_Force2D, once, and not by each function that is given it.
_AROUND = sql.SQL(
    """(SELECT {layer} AS layer, f.id, {rank} AS rank, ST_Area(f.geom) AS measure,
  {values} AS values_in_order, {geometry} AS geometry, {large} AS is_part
FROM (SELECT {columns}, ST_Force2D(f.geom) AS geom FROM {source} AS f WHERE f.geom && {place} OFFSET 0) AS f
WHERE ST_Intersects(f.geom, {place}) ORDER BY measure, f.id LIMIT {most})"""
)
_LARGE = sql.SQL("ST_NPoints(f.geom) > {}")
MANY_POINTS = 100
WINDOW = 2048
"""Geometry of more points is told as far as it matters around the place: within so many pixels, and to half a pixel."""
_DRAWN = sql.SQL(
    """(CASE WHEN {large}
  THEN ST_Simplify(ST_ClipByBox2D(f.geom, ST_Expand({place}, $4::float8 * {window})), $4::float8 / 2, true)
  ELSE f.geom END)"""
)
_PLACE = sql.SQL("place.spot")
# LATERAL hands the place to all layers; a subquery at each mention would be 80 of them to set up for every click.
_ASKED = sql.SQL(
    """SELECT f.* FROM (
  SELECT ST_Transform(ST_SetSRID(ST_MakePoint($1::float8, $2::float8), 4326), {srid}) AS spot OFFSET 0
) AS place CROSS JOIN LATERAL (
{parts}
) AS f"""
)


@dataclass(frozen=True)
class Place:
    """A place that was clicked: degrees (WGS 84), and the zoom of a map of 256-pixel tiles (any fraction)."""

    lon: float
    lat: float
    zoom: float


@dataclass(frozen=True)
class Found:
    """One feature at the place: `values` of the fields that the asker may see, `geometry` as GeoJSON text.

    `is_part`: the geometry is told around the place only, and simplified; the whole one is the item's.
    """

    layer: Layer
    view: View
    id: int
    values: dict[str, Any]
    geometry: str
    is_part: bool = False


def identify(
    database: Database, role: str, city: City, asked: Sequence[tuple[Layer, View]], place: Place
) -> list[Found]:
    """The features of the layers asked that lie at a place: points, lines, then areas, the smallest first.

    Areas that hold the place, and points and lines within 8 pixels of it, nearest first; at most 10 a layer.
    One round trip. Raises errors.DatabaseAway, TooSlow, Busy.
    """
    if not asked or not _near(city, place):
        return []
    pixel = metres_per_pixel(place.zoom, place.lat)
    values = (place.lon, place.lat, PIXELS * pixel, pixel)
    rows = database.rows_by_one_plan(role, _statement(tuple(asked), city.srid), values)
    of = {layer.id: (number, layer, view) for number, (layer, view) in enumerate(asked)}
    rows = sorted(rows, key=lambda row: (row.rank, row.measure, of[row.layer][0], row.id))
    return [_found(*of[row.layer][1:], row) for row in rows]


def _found(layer: Layer, view: View, row: Any) -> Found:
    values = dict(zip(expressions.fields_of(view), row.values_in_order.values(), strict=True))
    return Found(layer, view, row.id, values, row.geometry, row.is_part)


def _near(city: City, place: Place) -> bool:
    """Whether the city's plane system is good there: on the far side of the world it is not even defined."""
    west, south, east, north = city.bounds
    return west - FAR < place.lon < east + FAR and south - FAR < place.lat < north + FAR


@lru_cache(maxsize=512)
def _statement(asked: tuple[tuple[Layer, View], ...], srid: int) -> str:
    parts = sql.SQL("\nUNION ALL\n").join(_part(layer, view) for layer, view in asked)
    return _ASKED.format(srid=sql.Literal(srid), parts=parts).as_string(None)


def _part(layer: Layer, view: View) -> sql.Composed:
    large = _LARGE.format(sql.Literal(MANY_POINTS))
    drawn = _DRAWN.format(large=large, place=_PLACE, window=sql.Literal(WINDOW))
    fields = expressions.fields_of(view)
    return (_AROUND if expressions.is_area(layer) else _NEAREST).format(
        layer=sql.Literal(layer.id),
        rank=sql.Literal(RANK[layer.geometry.removeprefix("Multi")]),
        place=_PLACE,
        values=expressions.values(fields),
        columns=sql.SQL(", ").join(sql.Identifier("f", name) for name in ("id", *fields)),
        geometry=expressions.geometry(layer, stored=drawn),
        large=large,
        source=expressions.source(layer, view),
        most=sql.Literal(MOST_PER_LAYER),
    )


def as_json(found: Found, lang: str) -> str:
    """One feature as the text of a JSON object; its geometry goes in as PostGIS wrote it.

    Personal values are left out, also from the label, and said to be `covered`: /api/reveal gives one and records it.
    """
    layer = found.layer
    fields = [field for field in layer.fields if field.name in found.values]
    covered = {field.name for field in fields if field.personal and found.values[field.name] is not None}
    values = {name: None if name in covered else value for name, value in found.values.items()}
    head = {
        "layer": layer.id,
        "layer_title": layer.title.get(lang),
        "id": found.id,
        "label": layer.label_of(values, lang),
        **({"geometry_is_part": True} if found.is_part else {}),
        "properties": [
            {
                "name": field.name,
                "title": field.title.get(lang),
                "value": values[field.name],
                "text": text_of(layer, field, values[field.name], lang),
                "unit": field.unit,
                **({"personal": True, "covered": field.name in covered} if field.personal else {}),
            }
            for field in fields
        ],
    }
    return f'{json.dumps(head, ensure_ascii=False)[:-1]}, "geometry": {found.geometry}}}'
