"""What the service offers to this asker, as XML of either version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import render_template, request

from gisapp.access.guard import installation, visible_layers
from gisapp.catalogue.layer import Layer
from gisapp.geo.tiles import WORLD
from gisapp.ogc.wms import info
from gisapp.ogc.wms.systems import OLD, bounds_in, systems
from gisapp.ogc.wms.words import FORMATS, STYLE
from gisapp.rasters.frame import TILE
from gisapp.rasters.window import MOST_SIDE
from gisapp.tiles.routes import MOST_LAYERS
from gisapp.tiles.tilejson import attribution

PIXEL = 0.00028  # metres, of the standard's rendering


@dataclass(frozen=True)
class Described:
    """One layer as the document shows it."""

    layer: Layer
    title: str
    about: str
    source: str
    scale: float  # largest denominator at which it is drawn
    hint: float  # the same as 1.1.1 has it: metres along a pixel's diagonal


def capabilities(version: str, lang: str) -> str:
    """The document."""
    city, catalogue = installation().city, installation().catalogue
    groups: dict[str, list[Described]] = {}
    for layer, _ in visible_layers():
        groups.setdefault(layer.department, []).append(_described(layer, lang))
    west, south, east, north = city.bounds
    return render_template(
        "ogc/wms_capabilities.xml",
        old=version == OLD,
        lang=lang,
        address=f"{request.url_root}wms?" + ("lang=en&" if lang == "en" else ""),
        title=f"{city.name_ja}の地図" if lang == "ja" else f"Maps of {city.name_en}",
        groups=[(catalogue.department(name).title.get(lang), some) for name, some in groups.items()],
        bounds={"west": west, "south": south, "east": east, "north": north},
        systems={name: bounds_in(city, one) for name, one in systems(city, version).items()},
        formats=list(FORMATS),
        info_formats=list(info.FORMATS),
        most_side=MOST_SIDE,
        most_layers=MOST_LAYERS,
        style=STYLE,
    )


def _described(layer: Layer, lang: str) -> Described:
    """The layer begins at its first zoom; `PIXEL` and Web Mercator's own metres, so that no client hides it too early."""
    resolution = WORLD / TILE / 2**layer.min_zoom
    texts: dict[str, Any] = {
        "title": layer.title.get(lang),
        "about": layer.description.get(lang) if layer.description else "",
        "source": attribution(layer, lang),
    }
    return Described(layer, **texts, scale=round(resolution / PIXEL, 2), hint=round(resolution * 2**0.5, 6))
