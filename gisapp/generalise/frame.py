"""One tile as a sheet of paper: its own units, its edges, and how far beyond them there is something to know.

Everything that generalises works in the tile's units: 4096 along a side, x eastwards and y northwards from the
south-west corner, so that 8 of them are a pixel of a map whose tiles are 512 pixels wide.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from gisapp.geo.tiles import BUFFER, EXTENT, Box, tile_box, unit

Shapes = NDArray[Any]  # of shapely geometries
Codes = NDArray[np.int64]  # which class each shape is of
PIXEL = EXTENT // 512
"""Units of a pixel where tiles are 512 pixels wide."""
INSIDE = shapely.box(0, 0, EXTENT, EXTENT)
"""The tile itself."""
SHEET = shapely.box(-BUFFER, -BUFFER, EXTENT + BUFFER, EXTENT + BUFFER)
"""The tile with its buffer: what a row holds at most."""


@dataclass(frozen=True, order=True)
class Frame:
    """The tile z/x/y."""

    z: int
    x: int
    y: int

    @property
    def unit(self) -> float:
        """One of its units in EPSG:3857 metres."""
        return unit(self.z)

    @property
    def origin(self) -> tuple[float, float]:
        """Its south-west corner in EPSG:3857 metres."""
        west, south, _, _ = tile_box(self.z, self.x, self.y)
        return west, south

    def box(self, margin: float = BUFFER) -> Box:
        """The tile grown by `margin` units, in EPSG:3857 metres."""
        west, south, east, north = tile_box(self.z, self.x, self.y)
        more = margin * self.unit
        return west - more, south - more, east + more, north + more

    def to_units(self, shapes: Shapes) -> Shapes:
        """EPSG:3857 geometries in the tile's units."""
        origin, size = np.array(self.origin), self.unit
        return np.asarray(shapely.transform(shapes, lambda points: (points - origin) / size))

    def to_web(self, shapes: Shapes) -> Shapes:
        """Geometries in the tile's units in EPSG:3857 metres."""
        origin, size = np.array(self.origin), self.unit
        return np.asarray(shapely.transform(shapes, lambda points: points * size + origin))


def flipped(shapes: Shapes) -> Shapes:
    """Whole units counted northwards from the tile's south-west corner as a vector tile counts them, southwards from its
    north-west corner; and back."""
    return np.asarray(shapely.transform(shapes, lambda points: np.rint(points) * (1, -1) + (0, EXTENT)))


def polygons_of(shapes: Shapes, codes: Codes) -> tuple[Shapes, Codes]:
    """The single polygons of all shapes, whatever they are collected in; lines and points are left out."""
    parts, place = shapely.get_parts(shapes, return_index=True)
    while (shapely.get_type_id(parts) > 3).any():  # collections in collections
        parts, deeper = shapely.get_parts(parts, return_index=True)
        place = place[deeper]
    areal = (shapely.get_type_id(parts) == 3) & ~shapely.is_empty(parts)
    return parts[areal], codes[place[areal]]


def rounded(shapes: Shapes, step: float) -> Shapes:
    """Every vertex at the nearest multiple of `step`: the same place in every shape and every tile that has it."""
    return np.asarray(shapely.transform(shapes, lambda points: np.round(points / step) * step))
