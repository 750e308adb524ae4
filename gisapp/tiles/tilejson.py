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
        "vector_layers": [_vector_layer(layer, plan, lang) for layer, plan in layers],
    }


def attribution(layer: Layer, lang: str) -> str:
    """Whose data the layer shows and under which licence, in a line."""
    name = layer.source.name.get(lang)
    if not layer.source.licence:
        return name
    return f"{name}（{layer.source.licence}）" if lang == "ja" else f"{name} ({layer.source.licence})"


def _vector_layer(layer: Layer, plan: Plan, lang: str) -> dict[str, Any]:
    return {
        "id": layer.id,
        "description": layer.title.get(lang),
        "minzoom": plan.min_zoom,
        "maxzoom": plan.max_zoom,
        "fields": {name: layer.field(name).title.get(lang) for name in plan.columns} | _counts(layer, lang),
    }


def _counts(layer: Layer, lang: str) -> dict[str, str]:
    """What clusters carry besides the layer's own fields."""
    return {POINT_COUNT: COUNTED.get(lang)} if clustered(layer) else {}
