"""OGC API - Styles (draft, OGC 20-009): each layer's style as a MapLibre style of its vector tiles."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import request

from gisapp.catalogue.layer import Layer
from gisapp.catalogue.style import compose
from gisapp.ogc import links
from gisapp.ogc.links import Link, link
from gisapp.ogc.request import Asked
from gisapp.ogc.tilesets import REL
from gisapp.settings import City
from gisapp.tiles.tilejson import attribution

STYLES = f"{REL}styles"
MAPBOX = "application/vnd.mapbox.style+json"


def style_list(layers: Iterable[Layer], asked: Asked) -> dict[str, Any]:
    """The styles: one for each layer that the asker may see, with its id."""
    return {
        "title": asked.words["styles"],
        "links": links.this(asked, "styles"),
        "styles": [
            {
                "id": layer.id,
                "title": layer.title.get(asked.lang),
                "links": [
                    to_style(layer, asked),
                    link(asked, "self", f"styles/{layer.id}", MAPBOX, layer.title.get(asked.lang)),
                    link(
                        asked,
                        "describedby",
                        f"records/{layer.id}",
                        links.GEOJSON,
                        asked.words["record"].format(layer=layer.title.get(asked.lang)),
                    ),
                ],
            }
            for layer in layers
        ],
    }


def to_style(layer: Layer, asked: Asked) -> Link:
    """The link to a layer's style."""
    title = asked.words["style"].format(layer=layer.title.get(asked.lang))
    return link(asked, "stylesheet", f"styles/{layer.id}", MAPBOX, title)


def style(city: City, layer: Layer, asked: Asked) -> dict[str, Any]:
    """One style, complete: what it draws comes from this server's tiles, at addresses that work from anywhere.

    No `glyphs`: MapLibre writes names with the reader's own fonts.
    """
    west, south, east, north = city.bounds
    source = {
        "type": "vector",
        "tiles": [f"{request.url_root}tiles/{layer.id}/{{z}}/{{x}}/{{y}}.mvt"],
        "minzoom": layer.min_zoom,
        "maxzoom": layer.max_zoom,
        "bounds": [west, south, east, north],
        "attribution": attribution(layer, asked.lang),
    }
    return {
        "version": 8,
        "name": layer.title.get(asked.lang),
        "center": [(west + east) / 2, (south + north) / 2],
        "zoom": max(layer.min_zoom, min(layer.max_zoom, 14)),
        "sources": {layer.id: source},
        "layers": compose([layer], {layer.id: layer.id}),
    }
