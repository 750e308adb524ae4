"""The MapLibre style of a page: which layers share a tile, and which are asked for only when they are shown.

What every map stands on (the base map and the streets) comes in one joined tile; every thematic layer is a
source of its own, so that a layer that is switched off costs nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from gisapp.catalogue.layer import Layer
from gisapp.catalogue.style import compose

PAPER = "#f3f1ec"
BACKDROP_DEPARTMENT = "base"
BACKDROP_LAYERS = frozenset({"roads.street"})
"""Layers of other departments that every map stands on: without streets nobody finds a place."""


def is_backdrop(layer: Layer) -> bool:
    """Whether every map shows this layer from the start."""
    return layer.department == BACKDROP_DEPARTMENT or layer.id in BACKDROP_LAYERS


def map_style(layers: Iterable[Layer], shown: Collection[str]) -> dict[str, Any]:
    """A MapLibre style of `layers`, of which those whose id is in `shown` are visible.

    No `glyphs`: labels are drawn with the reader's own fonts. Tile URLs are paths of this server.
    """
    layers = list(layers)
    sources = tile_sources(layers)
    source_of = {layer.id: name for name, members in sources.items() for layer in members}
    drawn = [_switched(part, shown) for part in compose(layers, source_of)]
    ground = {"id": "background", "type": "background", "paint": {"background-color": PAPER}}
    return {
        "version": 8,
        "name": "gisapp",
        "sources": {name: _source(members) for name, members in sources.items()},
        "layers": [ground, *drawn],
    }


def tile_sources(layers: Iterable[Layer]) -> dict[str, list[Layer]]:
    """Layers by the source of tiles in which a page asks for them: those of the backdrop share one."""
    sources: dict[str, list[Layer]] = {}
    for layer in layers:
        sources.setdefault("backdrop" if is_backdrop(layer) else layer.id, []).append(layer)
    return sources


def _source(members: list[Layer]) -> dict[str, Any]:
    """One source of tiles. A joined tile holds a layer from its first zoom on, also past its last one."""
    ids = ",".join(sorted(layer.id for layer in members))
    return {
        "type": "vector",
        "tiles": [f"/tiles/{ids}/{{z}}/{{x}}/{{y}}.mvt"],
        "minzoom": min(layer.min_zoom for layer in members),
        "maxzoom": max(layer.max_zoom for layer in members),
    }


def _switched(part: dict[str, Any], shown: Collection[str]) -> dict[str, Any]:
    if str(part["id"]).partition("/")[0] in shown:
        return part
    return {**part, "layout": {**part.get("layout", {}), "visibility": "none"}}
