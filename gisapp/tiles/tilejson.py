"""TileJSON 3.0: what a source of tiles holds, for clients that set themselves up from it.

https://github.com/mapbox/tilejson-spec/tree/master/3.0.0
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gisapp.catalogue.generalised import clustered
from gisapp.catalogue.layer import POINT_COUNT, Layer, Text
from gisapp.settings import City
from gisapp.tiles.plan import Plan

COUNTED = Text("まとめた点の数", "Points that it stands for")


def tilejson(city: City, layers: Sequence[tuple[Layer, Plan]], tiles: str, lang: str) -> dict[str, Any]:
    """The TileJSON of one source with these layers; `tiles` is its address with {z}, {x} and {y} in braces.

    Bounds are the city's. Fields are those that the tiles carry, not all that the layers have.
    """
    west, south, east, north = city.bounds
    zooms = [plan.min_zoom for _, plan in layers], [plan.max_zoom for _, plan in layers]
    return {
        "tilejson": "3.0.0",
        "name": "、".join(layer.title.ja for layer, _ in layers)
        if lang == "ja"
        else ", ".join(layer.title.en for layer, _ in layers),
        "description": "\n".join(layer.description.get(lang) for layer, _ in layers if layer.description),
        "attribution": " / ".join(dict.fromkeys(attribution(layer, lang) for layer, _ in layers)),
        "scheme": "xyz",
        "tiles": [tiles],
        "minzoom": min(zooms[0]),
        "maxzoom": max(zooms[1]),
        "bounds": [west, south, east, north],
        "center": [(west + east) / 2, (south + north) / 2, max(min(zooms[0]), min(max(zooms[1]), 13))],
        "vector_layers": [one for layer, plan in layers for one in _vector_layers(layer, plan, lang)],
    }


def attribution(layer: Layer, lang: str) -> str:
    """Whose data the layer shows and under which licence, in a line."""
    name = layer.source.name.get(lang)
    if not layer.source.licence:
        return name
    return f"{name}（{layer.source.licence}）" if lang == "ja" else f"{name} ({layer.source.licence})"


def _vector_layers(layer: Layer, plan: Plan, lang: str) -> list[dict[str, Any]]:
    """The layer's features, and after them the points of its polygons' names where it has such."""
    return [
        {
            "id": name,
            "description": layer.title.get(lang),
            "minzoom": first,
            "maxzoom": plan.max_zoom,
            "fields": {column: layer.field(column).title.get(lang) for column in columns}
            | (_counts(layer, lang) if name == layer.id else {}),
        }
        for name, (first, columns) in plan.parts().items()
    ]


def _counts(layer: Layer, lang: str) -> dict[str, str]:
    """What clusters carry besides the layer's own fields."""
    return {POINT_COUNT: COUNTED.get(lang)} if clustered(layer) else {}
