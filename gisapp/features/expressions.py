"""Pieces of SQL that questions about features share. Names come from the catalogue and are quoted."""

from __future__ import annotations

from psycopg import sql

from gisapp.catalogue.layer import STANDARD_COLUMNS, Layer, View

DECIMALS = 7  # of a degree: about a centimetre


def fields_of(view: View) -> tuple[str, ...]:
    """The layer's own fields that the view has, in the layer's order."""
    return tuple(column for column in view.columns if column not in STANDARD_COLUMNS)


def source(layer: Layer, view: View) -> sql.Identifier:
    """The database view to read from: never the table."""
    return sql.Identifier(layer.department, view.name)


def properties(view: View) -> sql.Composed:
    """A feature's fields as one JSON object. (json_build_object would end at 50 fields.)"""
    columns = sql.SQL(", ").join(sql.Identifier("f", name) for name in fields_of(view))
    return sql.SQL("to_json((SELECT p FROM (SELECT {}) AS p))").format(columns)


def geometry(layer: Layer) -> sql.Composed:
    """The geometry as GeoJSON text in longitude and latitude (EPSG:4326); rings wind as RFC 7946 wants."""
    degrees = sql.SQL("ST_Transform(f.geom, 4326)")
    if is_area(layer):
        degrees = sql.SQL("ST_ForcePolygonCCW(ST_Transform(f.geom, 4326))")
    return sql.SQL("ST_AsGeoJSON({}, {})").format(degrees, sql.Literal(DECIMALS))


def is_area(layer: Layer) -> bool:
    """Whether the layer's features are polygons."""
    return layer.geometry.endswith("Polygon")
