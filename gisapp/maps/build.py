"""Makes the Viewer of a page from the catalogue and what its reader may see: one place decides the order.

The page's own department comes first and shows the layers that its folders call `default`; the others follow,
switched off; the base map comes last.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from pyproj import CRS

from gisapp.catalogue.layer import PUBLIC, STAFF, Layer, Text
from gisapp.catalogue.legend import legend
from gisapp.catalogue.load import Catalogue
from gisapp.maps.style import BACKDROP_DEPARTMENT, is_backdrop, map_style
from gisapp.maps.viewer import Front, Group, Link, ShownLayer, Viewer
from gisapp.maps.words import words
from gisapp.settings import City

HAZARD_DEPARTMENT = "disaster"
PLACE_LAYER = "base.town"
BOUNDARY_LAYER = "base.boundary"
NOT_ASKED = frozenset({BOUNDARY_LAYER, "base.road_edge", PLACE_LAYER})
"""Layers that say nothing about a place that the reader does not see: a click would always find them."""


CHIPS = {
    "disaster.flood_depth": ("water", Text("洪水", "Flood")),
    "disaster.landslide_zone": ("slope", Text("土砂災害", "Landslide")),
    "disaster.shelter": ("shelter", Text("避難場所", "Shelters")),
    "disaster.hydrant": ("point", Text("消防水利", "Hydrants")),
}
"""Icon and short name of layers that residents look for; others are called by their title."""


@dataclass(frozen=True)
class Reader:
    """Who reads the page: a name (None: a visitor), how they leave, and their language."""

    person: str | None = None
    csrf_token: str = ""
    lang: str = "ja"
    changes: bool = False  # they may change a layer: links to the page of uploads
    sign_in: str = "/sign-in"
    sign_out: str = "/sign-out"

    @property
    def uploads(self) -> str:
        """The address of the page of uploads; empty for those who may change nothing."""
        return with_language("/uploads", self.lang) if self.changes else ""


def staff_viewer(
    city: City, catalogue: Catalogue, visible: Iterable[Layer], department: str, reader: Reader
) -> Viewer:
    """The map of a department: every layer in `visible`. Raises errors.DepartmentNotFound."""
    own = catalogue.department(department)
    layers = list(visible)
    order = [
        own.name,
        *(name for name in catalogue.departments if name not in {own.name, BACKDROP_DEPARTMENT}),
    ]
    order += [BACKDROP_DEPARTMENT] if own.name != BACKDROP_DEPARTMENT else []
    shown = {
        layer.id for layer in layers if is_backdrop(layer) or (layer.default and layer.department == own.name)
    }
    groups = []
    for name in order:
        rows = tuple(
            shown_layer(layer, catalogue, layer.id in shown, reader.lang)
            for layer in layers
            if layer.department == name
        )
        if rows:
            title = catalogue.departments[name].title.get(reader.lang)
            groups.append(Group(name, title, rows, open=name == own.name))
    return Viewer(
        city=city_name(city, reader.lang),
        department=own.name,
        title=own.title.get(reader.lang),
        groups=tuple(groups),
        style=map_style(layers, shown),
        bounds=city.bounds,
        zone=city.zone,
        origin=plane_origin(city.srid),
        place_layer=_place_layer(layers),
        maps=_department_links(catalogue, layers, own.name, reader),
        person=reader.person,
        sign_in="/sign-in?" + urlencode({"next": f"/maps/{own.name}"}),
        csrf_token=reader.csrf_token,
        uploads=reader.uploads,
        lang_url=other_language(f"/maps/{own.name}", reader.lang),
    )


def hazard_viewer(city: City, catalogue: Catalogue, lang: str, boundary_known: bool = True) -> Viewer:
    """The public hazard map: what everybody may see of the disaster department, hazards before facilities.

    Where the city's boundary is known, a place outside of it is told apart from one without a hazard.
    """
    public = [layer for layer in catalogue.layers.values() if layer.see == PUBLIC]
    layers = [layer for layer in public if layer.department == HAZARD_DEPARTMENT]
    layers.sort(key=lambda layer: (not is_hazard(layer), not layer.default))
    backdrop = [layer for layer in public if is_backdrop(layer)]
    shown = {layer.id for layer in (*backdrop, *layers) if is_backdrop(layer) or layer.default}
    rows = tuple(shown_layer(layer, catalogue, layer.id in shown, lang) for layer in layers)
    return Viewer(
        city=city_name(city, lang),
        department=None,
        title=words(lang)["hazard_map"],
        groups=(
            Group(
                HAZARD_DEPARTMENT, catalogue.department(HAZARD_DEPARTMENT).title.get(lang), rows, open=True
            ),
        ),
        style=map_style([*backdrop, *layers], shown),
        bounds=city.bounds,
        zone=city.zone,
        origin=plane_origin(city.srid),
        place_layer=_place_layer(backdrop),
        boundary_layer=BOUNDARY_LAYER if boundary_known else "",
        lang_url=other_language("/maps/hazard", lang),
    )


def front(city: City, catalogue: Catalogue, visible: Iterable[Layer], reader: Reader) -> Front:
    """The list of maps."""
    text = words(reader.lang)
    public = Link(text["hazard_map"], with_language("/maps/hazard", reader.lang), text["hazard_about"])
    return Front(
        city=city_name(city, reader.lang),
        public=(public,),
        departments=_department_links(catalogue, list(visible), None, reader),
        person=reader.person,
        csrf_token=reader.csrf_token,
        uploads=reader.uploads,
        lang_url=other_language("/", reader.lang),
    )


def shown_layer(layer: Layer, catalogue: Catalogue, visible: bool, lang: str) -> ShownLayer:
    """A layer as a page shows it, in one language."""
    icon, short = CHIPS.get(layer.id, (_kind(layer), layer.title))
    return ShownLayer(
        id=layer.id,
        title=layer.title.get(lang),
        short=short.get(lang),
        icon=icon,
        legend=tuple(legend(layer, lang)),
        visible=visible,
        badge=_badge(layer, catalogue, lang),
        source=source_of(layer, lang),
        hazard=is_hazard(layer),
        asked=layer.id not in NOT_ASKED,
        min_zoom=layer.min_zoom,
    )


def is_hazard(layer: Layer) -> bool:
    """Whether the layer says where a disaster is to be expected: it is drawn in the hazard slot."""
    return any(part["metadata"]["slot"] == "hazard" for part in layer.style)


def plane_origin(srid: int) -> tuple[float, float]:
    """Latitude and longitude in degrees of the origin of a plane rectangular zone (EPSG:6669 to 6687)."""
    operation = CRS.from_epsg(srid).coordinate_operation
    assert operation is not None  # every projected system has one
    values = {parameter.name: parameter.value for parameter in operation.params}
    return float(values["Latitude of natural origin"]), float(values["Longitude of natural origin"])


def city_name(city: City, lang: str) -> str:
    """The city's name in Japanese (`ja`) or English (anything else)."""
    return city.name_ja if lang == "ja" else city.name_en


def with_language(path: str, lang: str) -> str:
    """The address of a page in that language: Japanese needs no saying."""
    return path if lang == "ja" else f"{path}?lang={lang}"


def other_language(path: str, lang: str) -> str:
    """The address of the same page in the other language."""
    return with_language(path, "en" if lang == "ja" else "ja")


def _department_links(
    catalogue: Catalogue, layers: Sequence[Layer], current: str | None, reader: Reader
) -> tuple[Link, ...]:
    text = words(reader.lang)
    links = []
    for name, department in catalogue.departments.items():
        if name == BACKDROP_DEPARTMENT:
            continue
        count = sum(layer.department == name for layer in layers)
        note = text["layer_count"].format(count=count) if count else text["needs_right"]
        office = department.office.get(reader.lang) if department.office else ""
        href = with_language(f"/maps/{name}", reader.lang)
        links.append(Link(department.title.get(reader.lang), href, office, note, current=name == current))
    return tuple(links)


def _badge(layer: Layer, catalogue: Catalogue, lang: str) -> str:
    if layer.see == PUBLIC:
        return ""
    if layer.see == STAFF:
        return words(lang)["staff_only"]
    names = [dept.title.get(lang) for name, dept in catalogue.departments.items() if name in layer.see]
    return words(lang)["department_only"].format(department="・".join(names))


def source_of(layer: Layer, lang: str) -> str:
    """Where the layer's data come from, their day and licence."""
    said = [layer.source.date.isoformat() if layer.source.date else "", layer.source.licence]
    more = ", ".join(part for part in said if part)
    name = layer.source.name.get(lang)
    return f"{name}（{more}）" if more and lang == "ja" else f"{name} ({more})" if more else name


def _kind(layer: Layer) -> str:
    return "point" if "Point" in layer.geometry else "line" if "Line" in layer.geometry else "area"


def _place_layer(layers: Iterable[Layer]) -> str:
    return next((layer.id for layer in layers if layer.id == PLACE_LAYER), "")
