"""The page of uploads, `/uploads`: a Folium map beside the work on a file, for people who may change a layer.

Its map is plain Leaflet over picture tiles, so that it is quick on a PC without a GPU; the scripts under static/js/uploads
draw on it where a file would lie and what it would change, asking the same API as every script does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import folium

from gisapp.catalogue.layer import Layer
from gisapp.catalogue.load import Catalogue
from gisapp.maps.build import BOUNDARY_LAYER, Reader, city_name, other_language, source_of, with_language
from gisapp.maps.figure import OfflineFigure
from gisapp.maps.pages import template
from gisapp.maps.upload_words import upload_words
from gisapp.maps.words import words
from gisapp.settings import City

ADDRESS = "/uploads"
BACKGROUND = ("base.water", "base.railway", "roads.street", "base.town", BOUNDARY_LAYER)
COUNTRY_ZOOM = 4  # a wrong reference system may put a file anywhere in Japan


@dataclass(frozen=True)
class Desk:
    """What the page holds for one reader: the layers that they may change, by department, and what lies under the map."""

    city: City
    groups: tuple[tuple[str, tuple[Layer, ...]], ...]
    background: tuple[Layer, ...]
    reader: Reader


def desk_of(
    city: City, catalogue: Catalogue, changeable: Sequence[Layer], visible: Iterable[Layer], reader: Reader
) -> Desk:
    """The page of somebody who may change the layers `changeable` and see those in `visible`."""
    groups = tuple(
        (department.title.get(reader.lang), tuple(one for one in changeable if one.department == name))
        for name, department in catalogue.departments.items()
    )
    seen = {layer.id: layer for layer in visible}
    background = tuple(seen[name] for name in BACKGROUND if name in seen)
    return Desk(city, tuple(group for group in groups if group[1]), background, reader)


def uploads_html(desk: Desk, nonce: str) -> str:
    """The page; `nonce` must also stand in the answer's Content-Security-Policy."""
    lang = desk.reader.lang
    text = words(lang) | upload_words(lang)
    city_map = _map(desk)
    config = _config(desk) | {"map": city_map.get_name()}

    def frame(map_html: str) -> str:
        return template("maps/uploads.html").render(
            desk=desk,
            city=city_name(desk.city, lang),
            sources="、".join(_sources(desk)),
            viewer=desk.reader,
            lang_url=other_language(ADDRESS, lang),
            t=text,
            lang=lang,
            nonce=nonce,
            map_html=map_html,
            config=config,
        )

    title = f"{text['uploads']} | {city_name(desk.city, lang)}"
    styles = tuple(f"css/{name}.css" for name in ("base", "map", "controls", "uploads", "uploads-result"))
    figure = OfflineFigure(nonce=nonce, lang=lang, title=title, styles=styles, frame=frame)
    figure.add_child(city_map, name=city_map.get_name())
    return figure.render()


def _map(desk: Desk) -> folium.Map:
    west, south, east, north = desk.city.bounds
    city_map = folium.Map(
        location=((south + north) / 2, (west + east) / 2),
        zoom_start=13,
        tiles=None,
        zoom_control=False,
        attribution_control=False,
        min_zoom=COUNTRY_ZOOM,
        max_zoom=20,
    )
    if desk.background:
        ids = ",".join(sorted(layer.id for layer in desk.background))
        first = min(layer.min_zoom for layer in desk.background) + 1
        tiles = folium.TileLayer(
            f"/tiles/{ids}/{{z}}/{{x}}/{{y}}.png", attr=" ", min_zoom=first, max_zoom=20, control=False
        )
        tiles.add_to(city_map)
    return city_map


def _sources(desk: Desk) -> list[str]:
    return list(dict.fromkeys(source_of(layer, desk.reader.lang) for layer in desk.background))


def _config(desk: Desk) -> dict[str, Any]:
    lang = desk.reader.lang
    boundary = any(layer.id == BOUNDARY_LAYER for layer in desk.background)
    return {
        "lang": lang,
        "csrf": desk.reader.csrf_token,
        "bounds": desk.city.bounds,
        "boundary": f"/ogc/collections/{BOUNDARY_LAYER}/items?limit=20" if boundary else "",
        "sign_in": f"/sign-in?next={ADDRESS}",
        "layers": [
            {
                "id": layer.id,
                "title": layer.title.get(lang),
                "group": title,
                "keyed": bool(layer.key),
                "map": with_language(f"/maps/{layer.department}", lang),
            }
            for title, layers in desk.groups
            for layer in layers
        ],
        "text": {key: words(lang)[key] for key in ("failed", "none")} | upload_words(lang),
    }
