"""The styles of many layers as one: which fields they need, what draws at a zoom, and in which order."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any

from gisapp.catalogue.expression import fields_of
from gisapp.catalogue.layer import Layer
from gisapp.catalogue.style_rules import SLOTS

Style = Mapping[str, Any]
LABEL = ":label"
"""Follows a layer's id in the name of the tile's layer that holds one point for each polygon with a name."""


def style_fields(layer: Layer) -> tuple[str, ...]:
    """The fields that the layer's style names, in the layer's order: the only attributes that its tiles
    carry.
    """
    return fields_named(layer, layer.style)


def fields_named(layer: Layer, styles: Iterable[Style]) -> tuple[str, ...]:
    """The fields that these style layers of a layer name, in the layer's order."""
    named: set[str] = set()
    for style in styles:
        values = [style.get("filter"), *style.get("paint", {}).values(), *style.get("layout", {}).values()]
        named.update(*(fields_of(value) for value in values))
    return tuple(field.name for field in layer.fields if field.name in named)


def drawn_at(layer: Layer, z: int) -> tuple[Style, ...]:
    """The style layers that draw something from tiles of zoom `z`.

    MapLibre uses them from zoom z up to z + 1, and those of the layer's last zoom for everything above.
    """
    end = float("inf") if z >= layer.max_zoom else z + 1
    return tuple(
        style
        for style in layer.style
        if style.get("minzoom", 0) < end and style.get("maxzoom", 24) > z and _is_seen(style)
    )


def _is_seen(style: Style) -> bool:
    """Whether the style layer draws anything at all: some stand in a folder with opacity 0."""
    kind, paint = style["type"], style.get("paint", {})
    edge = kind == "circle" and paint.get("circle-stroke-width", 0) != 0
    return edge or (paint.get(f"{kind}-opacity", 1) != 0 and paint.get("line-width", 1) != 0)


def takes_label_points(layer: Layer, style: Style) -> bool:
    """Whether the style layer names polygons at a point: it is drawn from `<layer id>:label`, where each is
    once.
    """
    at_point = style.get("layout", {}).get("symbol-placement", "point") == "point"
    return layer.geometry.endswith("Polygon") and style["type"] == "symbol" and at_point


def compose(layers: Iterable[Layer], sources: Mapping[str, str]) -> list[dict[str, Any]]:
    """MapLibre style layers of all these layers, from the ground up.

    `sources` gives the name of each layer id's tile source; its tiles name the layer by its id, and the
    points of polygons' names by the id and `:label`. Within a slot the order of `layers` and of their files
    stays. Ids become `<layer id>/<style id>`; `metadata.layer` is the layer's id.
    """
    found = [(layer, style) for layer in layers for style in layer.style]
    found.sort(key=lambda pair: SLOTS.index(pair[1]["metadata"]["slot"]))
    return [_placed(layer, style, sources[layer.id]) for layer, style in found]


def _placed(layer: Layer, style: Style, source: str) -> dict[str, Any]:
    own = copy.deepcopy(dict(style))
    return {
        **own,
        "id": f"{layer.id}/{own['id']}",
        "source": source,
        "source-layer": layer.id + (LABEL if takes_label_points(layer, style) else ""),
        "metadata": {**own["metadata"], "layer": layer.id},
    }
