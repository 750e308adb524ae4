"""Pieces of SQL that questions about features share. Names come from the catalogue and are quoted."""

from __future__ import annotations

from psycopg import sql

from gisapp.catalogue.layer import STANDARD_COLUMNS, Layer, View
from gisapp.features.references import CRS84, WEB, Reference

_STORED = sql.SQL("f.geom")


def fields_of(view: View) -> tuple[str, ...]:
    """The layer's own fields that the view has, in the layer's order."""
    return tuple(column for column in view.columns if column not in STANDARD_COLUMNS)


def source(layer: Layer, view: View) -> sql.Identifier:
    """The database view to read from: never the table."""
    return sql.Identifier(layer.department, view.name)


def properties(fields: tuple[str, ...]) -> sql.Composed:
    """These fields of a feature as one JSON object. (json_build_object would end at 50 fields.)"""
    columns = sql.SQL(", ").join(sql.Identifier("f", name) for name in fields)
    # p.*: the whole row also where a field is called p
    return sql.SQL("(SELECT row_to_json(p.*) FROM (SELECT {}) AS p)").format(columns)


def values(fields: tuple[str, ...]) -> sql.Composed:
    """These fields of a feature in their order as JSON, its keys f1, f2 …: for few features of many layers.

    PostgreSQL looks up what a row is called that names its columns, each time anew: twice the time for one feature.
    """
    return sql.SQL("row_to_json(ROW({}))").format(
        sql.SQL(", ").join(sql.Identifier("f", name) for name in fields)
    )


def geometry(layer: Layer, reference: Reference = CRS84, stored: sql.Composable = _STORED) -> sql.Composed:
    """The geometry as GeoJSON text in a system, with its order of axes; in degrees rings wind as RFC 7946 wants.

    `stored`: what stands for the geometry as it is kept, in the city's plane system.
    """
    made = stored
    if reference.srid == WEB:
        made = sql.SQL("f.geom_web")
    elif reference.geographic:
        made = sql.SQL("ST_Transform({}, {})").format(stored, sql.Literal(reference.srid))
    if is_area(layer):
        made = sql.SQL("ST_ForcePolygonCCW({})").format(made)
    if reference.swapped:
        made = sql.SQL("ST_FlipCoordinates({})").format(made)
    return sql.SQL("ST_AsGeoJSON({}, {}, 0)").format(made, sql.Literal(reference.decimals))


def is_area(layer: Layer) -> bool:
    """Whether the layer's features are polygons."""
    return layer.geometry.endswith("Polygon")
