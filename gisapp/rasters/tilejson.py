"""The TileJSON of pictures. Version 2.2.0: version 3 is for vector tiles only (it demands `vector_layers`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gisapp.catalogue.layer import Layer
from gisapp.settings import City
from gisapp.tiles.plan import Plan
from gisapp.tiles.tilejson import tilejson


def picture_json(
    city: City,
    layers: Sequence[tuple[Layer, Plan]],
    tiles: str,
    form: str,
    zooms: tuple[int, int],
    lang: str,
) -> dict[str, Any]:
    """The TileJSON of one source of pictures; `tiles` is its address with {z}, {x} and {y}, `form` png or webp.

    `tileSize` is that of the map, 256, also where a tile has 512 pixels a side: the same ground, drawn finer.
    """
    first, last = zooms
    described = tilejson(city, layers, tiles, lang)
    lon, lat, zoom = described["center"]
    own = {
        "tilejson": "2.2.0",
        "format": form,
        "tileSize": 256,
        "minzoom": first,
        "maxzoom": last,
        "center": [lon, lat, max(zoom, first)],
    }
    return {name: value for name, value in {**described, **own}.items() if name != "vector_layers"}
