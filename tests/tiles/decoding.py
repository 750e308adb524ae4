"""Vector tiles read by a decoder that is not ours, and put back on the earth."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from typing import Any

import mapbox_vector_tile
import shapely
from flask.testing import FlaskClient
from shapely.geometry.base import BaseGeometry

from gisapp.geo.tiles import tile_box, unit


@dataclass(frozen=True)
class Drawn:
    """One feature of a tile; `shape` in EPSG:3857 metres."""

    id: int
    properties: dict[str, Any]
    shape: BaseGeometry


def fetch(client: FlaskClient, layers: str, z: int, x: int, y: int) -> bytes:
    """The bytes of a tile as its maker wrote them."""
    answer = client.get(f"/tiles/{layers}/{z}/{x}/{y}.mvt", headers={"Accept-Encoding": "gzip"})
    assert answer.status_code == 200, answer.get_data(as_text=True)
    data = answer.get_data()
    return gzip.decompress(data) if answer.headers.get("Content-Encoding") == "gzip" else data


def decode(data: bytes, z: int, x: int, y: int) -> dict[str, list[Drawn]]:
    """The features of each layer of a tile."""
    west, _, _, north = tile_box(z, x, y)
    size = unit(z)
    options = {"y_coord_down": True, "geojson": True}
    layers = mapbox_vector_tile.decode(data, default_options=options) if data else {}
    return {
        name: [
            Drawn(
                feature["id"],
                feature["properties"],
                shapely.transform(
                    shapely.geometry.shape(feature["geometry"]),
                    lambda points: points * [size, -size] + [west, north],
                ),
            )
            for feature in layer["features"]
        ]
        for name, layer in layers.items()
    }
