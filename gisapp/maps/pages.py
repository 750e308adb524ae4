"""Draws the map pages: a Folium map in an OfflineFigure, inside the frame of a template.

Folium makes the map and its MapLibre layer; the template makes everything around it, escaped; the scripts
under static/js bring it to life and take their values from one block of JSON.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import folium
from jinja2 import Environment, FileSystemLoader

from gisapp.maps.elements import MapLibreLayer
from gisapp.maps.figure import OfflineFigure
from gisapp.maps.viewer import Front, Viewer
from gisapp.maps.words import words

_I_TO_IX = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX")
ZONES = (*_I_TO_IX, "X", *(f"X{numeral}" for numeral in _I_TO_IX))
"""Names of the 19 plane rectangular zones: I to XIX."""

AROUND = 0.3
"""Degrees around the city to which a map may be moved: enough to bring any corner of it to the middle."""


def viewer_html(viewer: Viewer, nonce: str, lang: str = "ja") -> str:
    """The page of a map: a department's, or the public hazard map when the viewer names no department.

    `nonce` must also stand in the answer's Content-Security-Policy (gisapp.security_headers). `lang` is ja or
    en.
    """
    kind = "staff" if viewer.department else "hazard"
    folium_map = leaflet_map(viewer.bounds)
    layer = MapLibreLayer(viewer.style)
    folium_map.add_child(layer)
    config = _config(viewer, lang) | {"map": folium_map.get_name(), "renderer": layer.get_name()}

    def frame(map_html: str) -> str:
        return template(f"maps/{kind}.html").render(
            viewer=viewer, t=words(lang), lang=lang, nonce=nonce, map_html=map_html, config=config
        )

    title = f"{viewer.title} | {viewer.city}"
    styles = tuple(f"css/{name}.css" for name in ("base", "map", "search", kind))
    figure = OfflineFigure(nonce=nonce, lang=lang, title=title, styles=styles, frame=frame)
    figure.add_child(folium_map, name=folium_map.get_name())
    return figure.render()


def front_html(front: Front, lang: str = "ja") -> str:
    """The page that lists the maps; it has no script."""
    return str(template("maps/index.html").render(front=front, t=words(lang), lang=lang))


def leaflet_map(bounds: tuple[float, float, float, float], zoom_control: bool = False) -> folium.Map:
    """A Folium map over `bounds` (w, s, e, n in degrees), without tiles of its own."""
    west, south, east, north = bounds
    return folium.Map(
        location=((south + north) / 2, (west + east) / 2),
        zoom_start=14,
        tiles=None,
        zoom_control=zoom_control,
        attribution_control=False,
        zoom_snap=0.25,
        min_zoom=9,
        max_zoom=20,
        max_bounds=True,
        min_lat=south - AROUND,
        max_lat=north + AROUND,
        min_lon=west - AROUND,
        max_lon=east + AROUND,
    )


def _config(viewer: Viewer, lang: str) -> dict[str, Any]:
    text = words(lang)
    return {
        "bounds": viewer.bounds,
        "identify": viewer.identify_url,
        "reveal": viewer.reveal_url,
        "csrf": viewer.csrf_token,
        "search": "/api/search",
        "suggest": "/api/suggest",
        "lang": lang,
        "origin": viewer.origin,
        "place": viewer.place_layer,
        "boundary": viewer.boundary_layer,
        "layers": [
            {
                "id": layer.id,
                "title": layer.title,
                "visible": layer.visible,
                "asked": layer.asked,
                "hazard": layer.hazard,
                "min_zoom": layer.min_zoom,
                "group": number,
                "classes": [
                    {"field": row["field"], "value": row["value"], "label": row["label"]}
                    for row in layer.legend
                    if row.get("field")
                ],
            }
            for number, group in enumerate(viewer.groups)
            for layer in group.layers
        ],
        "text": text,
    }


def template(name: str) -> Any:
    """A template of gisapp/templates/, with escaping on."""
    return _environment().get_template(name)


@cache
def _environment() -> Environment:
    folder = Path(__file__).resolve().parent.parent / "templates"
    environment = Environment(
        loader=FileSystemLoader(folder), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals["zones"] = ZONES
    return environment
