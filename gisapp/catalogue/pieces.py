"""Long outlines cut into pieces along tiles: how such a table is called and what it holds.

A river or a flooded area is one row with ten thousand points and more, and PostGIS goes through all of them for every tile that
the row touches. Its pieces have those that lie near one tile of zoom `ZOOM`, for that tile and all within it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from gisapp.catalogue.generalised import table_name
from gisapp.catalogue.layer import Layer

SCHEMA = "pieces"
ZOOM = 14
LONG = 16 * 2000
"""Bytes of a shape (16 a point, which PostgreSQL knows without reading them) above which it has pieces."""
COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        "id": "bigint",  # the row's
        "x": "integer",
        "y": "integer",
        "shape": "geometry(MultiPolygon,3857)",  # reaches twice a tile's buffer beyond the tile
        "point": "geometry(Point,3857)",  # where the whole outline's name stands, if that is within this reach
    }
)


def pieces_of(layer: Layer, z: int) -> str:
    """The name of the table with the pieces for the layer's tiles at zoom `z`; empty where these are drawn from whole shapes only.

    A layer with a row rule has none: who may see its rows depends on the row.
    """
    cut = z >= ZOOM and layer.geometry.endswith("Polygon") and not layer.rows
    return table_name(layer) if cut else ""
