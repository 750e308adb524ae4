"""Do the rows lie beside where the same rows lie already? A list on the Tokyo Datum that does not say so is some 450 m off,
all of it in the same direction; nothing but a comparison with what is there can show it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import psycopg
from psycopg import sql

from gisapp.catalogue.layer import Layer
from gisapp.geo.crs import find_system, find_transformation
from gisapp.intake.beside import is_empty
from gisapp.intake.raw import identifier
from gisapp.settings import City

FEWEST = 5  # rows that are there already
UNIFORM_M = 60.0  # three quarters of the rows are shifted alike, as near as this
ALIKE_M = 80.0  # of the shift between the datums
MOST = 2_000


@dataclass(frozen=True)
class Shift:
    """How far the rows lie from where they lie in the layer: east, north in metres, the median of `rows`."""

    east: float
    north: float
    rows: int


def tokyo_shift(
    raw: psycopg.Connection[Any], layer: Layer, staged: sql.Identifier, city: City
) -> Shift | None:
    """The shift of the staged rows where it is that of the Tokyo Datum read as JGD2011; None where it is not, or not to be told.

    Rows are matched by the layer's key, or by the first field of its label where that names one row.
    """
    if is_empty(raw, layer):
        return None
    tried = (_moves(raw, layer, staged, names) for names in (layer.key, layer.label_fields()[:1]) if names)
    moves = next((found for found in tried if len(found) >= FEWEST), None)
    if moves is None:
        return None
    vectors = np.array(moves)
    middle = np.median(vectors, axis=0)
    apart = np.hypot(*(vectors - middle).T)
    uniform = np.percentile(apart, 75) <= UNIFORM_M
    if not uniform or np.hypot(*(middle - _expected(city))) > ALIKE_M:
        return None
    return Shift(float(middle[0]), float(middle[1]), len(vectors))


def _moves(
    raw: psycopg.Connection[Any], layer: Layer, staged: sql.Identifier, names: Sequence[str]
) -> list[tuple[float, float]]:
    columns = sql.SQL(", ").join(map(sql.Identifier, names))
    same = sql.SQL(" AND ").join(sql.SQL("s.{0} = t.{0}").format(sql.Identifier(name)) for name in names)
    once = sql.SQL("SELECT {c} FROM {t} GROUP BY {c} HAVING count(*) = 1 LIMIT {most}")
    there = sql.SQL(
        "SELECT {c}, min(ST_Centroid(geom)::text)::geometry AS at FROM {t} JOIN chosen USING ({c}) GROUP BY {c} HAVING count(*) = 1"
    )
    question = sql.SQL(
        "WITH chosen AS MATERIALIZED ({}) "
        "SELECT ST_X(s.at) - ST_X(t.at), ST_Y(s.at) - ST_Y(t.at) FROM ({}) AS s JOIN ({}) AS t ON {}"
    ).format(
        once.format(c=columns, t=staged, most=sql.Literal(MOST)),
        there.format(c=columns, t=staged),
        there.format(c=columns, t=identifier(layer.id)),
        same,
    )
    return [(east, north) for east, north in raw.execute(question) if east is not None and north is not None]


def _expected(city: City) -> np.ndarray[Any, Any]:
    """Where a point of the city seems to be when its Tokyo Datum coordinates are taken as JGD2011, from where it is."""
    west, south, east, north = city.bounds
    lonlat = np.array([[(west + east) / 2, (south + north) / 2]])
    tokyo, world = find_system("EPSG:4301"), find_system("EPSG:6668")
    plane = find_system(f"EPSG:{city.srid}")
    assert tokyo is not None and world is not None and plane is not None
    true = find_transformation(tokyo, world, city.bounds, coarse=True)
    forth = find_transformation(world, plane, city.bounds)
    assert true is not None and forth is not None
    mistaken: np.ndarray[Any, Any] = forth.points(lonlat) - forth.points(true.points(lonlat))
    return mistaken[0]
