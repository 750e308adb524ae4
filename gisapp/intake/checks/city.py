"""Do the rows lie in the city? Never a refusal: neighbours' data may be wanted; but it is said."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import shapely

from gisapp.geo.crs import Bounds
from gisapp.intake.problem import WARNING, Problem


def outside_city(geometry: np.ndarray[Any, Any], rows: np.ndarray[Any, Any], area: Any) -> Iterator[Problem]:
    """A warning for rows that do not touch `area` (the city, in the same system as `geometry`)."""
    outside = ~shapely.intersects(area, geometry)
    if outside.any():
        ja, en = "市の区域の外にあります", "outside of the city"
        yield Problem(WARNING, "partly_outside_city", ja, en, tuple(rows[outside].tolist()))


def all_outside_city(bounds: Bounds, count: int, name: str) -> Problem:
    """The warning for a file of which no row lies in the city; `bounds` are its longitudes and latitudes."""
    west, south, east, north = bounds
    where = f"{west:.4f}, {south:.4f} – {east:.4f}, {north:.4f}"
    ja = (
        f"{count:,}行すべてが{name}の外にあります（経度・緯度 {where}）。"
        "ほかの市のデータか、座標系の指定が違うことがほとんどです。地図で位置を確かめてください"
    )
    en = (
        f"all {count:,} rows lie outside of the city (longitude, latitude {where}). Usually these are another city's data "
        "or another reference system is meant: look at them on the map"
    )
    return Problem(WARNING, "outside_city", ja, en)
