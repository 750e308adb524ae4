"""The styles of many layers as one: which fields they need, and in which order they are drawn."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any

from gisapp.catalogue.expression import fields_of
from gisapp.catalogue.layer import Layer
from gisapp.catalogue.style_rules import SLOTS


def style_fields(layer: Layer) -> tuple[str, ...]:
    """The fields that the layer's style names, in the layer's order: the only attributes that its tiles
    carry.
    """
    named: set[str] = set()
    for style in layer.style:
        values = [style.get("filter"), *style.get("paint", {}).values(), *style.get("layout", {}).values()]
        named.update(*(fields_of(value) for value in values))
    return tuple(field.name for field in layer.fields if field.name in named)


def compose(layers: Iterable[Layer], sources: Mapping[str, str]) -> list[dict[str, Any]]:
    """MapLibre style layers of all these layers, from the ground up.

    `sources` gives the name of each layer id's tile source; its tiles name the layer by its id. Within a slot
    the order of `layers` and of their files stays. Ids become `<layer id>/<style id>`; `metadata.layer` is
    the layer's id.
    """
    found = [(layer, style) for layer in layers for style in layer.style]
    found.sort(key=lambda pair: SLOTS.index(pair[1]["metadata"]["slot"]))
    return [_placed(layer, style, sources[layer.id]) for layer, style in found]


def _placed(layer: Layer, style: Mapping[str, Any], source: str) -> dict[str, Any]:
    own = copy.deepcopy(dict(style))
    return {
        **own,
        "id": f"{layer.id}/{own['id']}",
        "source": source,
        "source-layer": layer.id,
        "metadata": {**own["metadata"], "layer": layer.id},
    }
