"""Where the city lies, as its own boundary says: the picture that a map opens with."""

from __future__ import annotations

from psycopg import sql

from gisapp import errors
from gisapp.catalogue.layer import Layer, View
from gisapp.db import Database
from gisapp.features import expressions

_EXTENT = sql.SQL(
    """SELECT ST_XMin(extent), ST_YMin(extent), ST_XMax(extent), ST_YMax(extent)
FROM (SELECT ST_Transform(ST_SetSRID(ST_Extent(f.geom_web)::geometry, 3857), 4326) AS extent
      FROM {source} AS f) AS f"""
)

Bounds = tuple[float, float, float, float]


def extent(database: Database, role: str, layer: Layer, view: View) -> Bounds | None:
    """West, south, east, north in degrees of a layer's features; None for an empty layer.

    None as well while the database is away: a page opens at the city's own bounds then, and says what fails.
    """
    statement = _EXTENT.format(source=expressions.source(layer, view)).as_string(None)
    try:
        with database.reading(role) as connection:
            west, south, east, north = connection.exec_driver_sql(statement).one()
    except (errors.DatabaseAway, errors.TooSlow):
        return None
    return None if west is None else (west, south, east, north)
