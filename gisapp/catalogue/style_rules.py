"""What a style may hold, as docs/layer-folder.md lists it: slots, types and their properties. Tables only.

Ranges and which properties may depend on a feature follow the MapLibre style specification
(https://maplibre.org/maplibre-style-spec/layers/).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

SLOTS = ("ground", "fill", "hazard", "water", "building", "line", "point", "label")
"""From the ground up."""


@dataclass(frozen=True)
class Property:
    """One paint or layout property.

    kind: colour | number | text | choice | numbers | texts. `low` and `high` bound numbers; `length` is that
    of an array. by_feature: whether an expression may read fields.
    """

    kind: str
    by_feature: bool = True
    low: float = -math.inf
    high: float = math.inf
    choices: tuple[str, ...] = ()
    length: int | None = None


_COLOUR = Property("colour")
_SHARE = Property("number", low=0, high=1)
_SIZE = Property("number", low=0)
_ANCHORS = (
    "center",
    "left",
    "right",
    "top",
    "bottom",
    "top-left",
    "top-right",
    "bottom-left",
    "bottom-right",
)

PAINT: Mapping[str, Mapping[str, Property]] = {
    "fill": {"fill-color": _COLOUR, "fill-opacity": _SHARE, "fill-outline-color": _COLOUR},
    "line": {
        "line-color": _COLOUR,
        "line-width": _SIZE,
        "line-opacity": _SHARE,
        "line-dasharray": Property("numbers", by_feature=False, low=0),
    },
    "circle": {
        "circle-color": _COLOUR,
        "circle-radius": _SIZE,
        "circle-opacity": _SHARE,
        "circle-stroke-color": _COLOUR,
        "circle-stroke-width": _SIZE,
    },
    "symbol": {"text-color": _COLOUR, "text-halo-color": _COLOUR, "text-halo-width": _SIZE},
}
LAYOUT: Mapping[str, Mapping[str, Property]] = {
    "fill": {},
    "line": {
        "line-cap": Property("choice", by_feature=False, choices=("butt", "round", "square")),
        "line-join": Property("choice", by_feature=False, choices=("bevel", "round", "miter")),
    },
    "circle": {},
    "symbol": {
        "text-field": Property("text"),
        "text-size": _SIZE,
        "text-font": Property("texts", by_feature=False),
        "text-anchor": Property("choice", choices=_ANCHORS),
        "text-offset": Property("numbers", length=2),
        "text-padding": Property("number", by_feature=False, low=0),
        "text-letter-spacing": Property("number"),
        "text-max-width": _SIZE,
        "symbol-placement": Property("choice", by_feature=False, choices=("point", "line")),
        "symbol-spacing": Property("number", by_feature=False, low=1),
        "symbol-sort-key": Property("number"),
    },
}
TYPES = tuple(PAINT)

NEEDS_GEOMETRY: Mapping[str, tuple[str, ...]] = {
    "fill": ("Polygon", "MultiPolygon"),
    "line": ("LineString", "MultiLineString", "Polygon", "MultiPolygon"),
    "circle": ("Point", "MultiPoint"),
    "symbol": ("Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon"),
}
"""What each type draws alike in all renderers: a circle on a polygon, say, is drawn at its corners by
some.
"""
