"""What a map page shows, in its reader's language: made by `maps/build.py`, drawn by `maps/pages.py`.

A Viewer holds only what its reader may see. It knows nothing of HTTP or of the database.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Link:
    """A way to another page."""

    title: str
    href: str
    note: str = ""
    more: str = ""
    current: bool = False


@dataclass(frozen=True)
class ShownLayer:
    """One layer of the tree. `legend` holds rows of gisapp.catalogue.legend."""

    id: str
    title: str
    short: str = ""  # the title where there is little room
    icon: str = "area"  # a name of templates/maps/parts.html
    legend: tuple[Mapping[str, Any], ...] = ()
    visible: bool = False
    badge: str = ""  # who else may see it, when not everybody: 庁内限り, 固定資産税のみ
    source: str = ""  # where the data come from, their day and licence
    hazard: bool = False  # it says where a disaster is to be expected
    asked: bool = True  # identify asks it
    min_zoom: int = 0  # first tile zoom that holds it; the map shows it one Leaflet zoom later

    @property
    def main_row(self) -> Mapping[str, Any] | None:
        """The legend's only row, which then stands beside the title."""
        return self.legend[0] if len(self.legend) == 1 else None


@dataclass(frozen=True)
class Group:
    """The layers of one department."""

    key: str
    title: str
    layers: tuple[ShownLayer, ...]
    open: bool = False


@dataclass(frozen=True)
class Viewer:
    """One map page for one reader."""

    city: str
    department: str | None  # key of the department whose map it is; None: the public hazard map
    title: str
    groups: tuple[Group, ...]
    style: dict[str, Any]  # MapLibre style
    bounds: tuple[float, float, float, float]  # west, south, east, north in degrees
    zone: int = 9  # 平面直角座標系, 1 to 19
    origin: tuple[float, float] = (36.0, 139.8333333333333)  # of that zone: latitude, longitude in degrees
    place_layer: str = ""  # the layer whose feature names a place (町丁目)
    boundary_layer: str = ""  # the layer whose feature is the city; empty while nobody knows where that ends
    maps: tuple[Link, ...] = ()
    person: str | None = None
    sign_in: str = "/sign-in"
    sign_out: str = "/sign-out"
    csrf_token: str = ""
    uploads: str = ""  # the page of uploads, for those who may change a layer
    lang_url: str = ""  # this page in the other language
    identify_url: str = "/api/identify"
    reveal_url: str = "/api/reveal"
    layers: tuple[ShownLayer, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "layers", tuple(layer for group in self.groups for layer in group.layers))


@dataclass(frozen=True)
class Front:
    """The page that lists the maps."""

    city: str
    public: tuple[Link, ...]
    departments: tuple[Link, ...]
    person: str | None = None
    sign_in: str = "/sign-in"
    sign_out: str = "/sign-out"
    csrf_token: str = ""
    uploads: str = ""  # the page of uploads, for those who may change a layer
    lang_url: str = ""
