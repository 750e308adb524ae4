"""One MapLibre style layer at one zoom, feature by feature: which features it draws, and with which values.

Mapnik knows no MapLibre expressions. They are not translated but evaluated, by the same function that draws the
legend, once for every combination of the fields that the style layer reads; features that get the same values form
a *group*, and Mapnik gets a rule a group with nothing but constants in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gisapp.catalogue.expression import as_text, evaluate, fields_of

Values = Mapping[str, Any]
DRAWS = {
    "fill": ("polygon",),
    "line": ("line", "polygon"),
    "circle": ("point",),
    "symbol": ("point", "line", "polygon"),
}
DEFAULTS: Mapping[str, Values] = {
    "fill": {"fill-color": "#000000", "fill-opacity": 1, "fill-outline-color": None},
    "line": {
        "line-color": "#000000",
        "line-width": 1,
        "line-opacity": 1,
        "line-dasharray": None,
        "line-cap": "butt",
        "line-join": "miter",
    },
    "circle": {
        "circle-color": "#000000",
        "circle-radius": 5,
        "circle-opacity": 1,
        "circle-stroke-color": "#000000",
        "circle-stroke-width": 0,
    },
    "symbol": {
        "text-color": "#000000",
        "text-halo-color": "transparent",
        "text-halo-width": 0,
        "text-size": 16,
        "text-font": ("Noto Sans CJK JP Regular",),
        "text-anchor": "center",
        "text-offset": (0, 0),
        "text-padding": 2,
        "text-letter-spacing": 0,
        "text-max-width": 10,
        "symbol-placement": "point",
        "symbol-spacing": 250,
    },
}
"""What MapLibre takes where a style says nothing or an expression gives nothing."""


def is_drawn(style: Mapping[str, Any], zoom: float) -> bool:
    """Whether a style layer is drawn at a MapLibre zoom."""
    return bool(style.get("minzoom", 0) <= zoom < style.get("maxzoom", 25))


@dataclass(frozen=True)
class Chosen:
    """What a style layer makes of a feature: the group it belongs to, its text, and its turn (smaller first)."""

    group: int
    text: str
    turn: float


@dataclass
class Evaluated:
    """A style layer at one zoom. `groups` grows with the features that are asked about."""

    style: Mapping[str, Any]
    zoom: float
    groups: list[dict[str, Any]] = field(default_factory=list)
    _known: dict[tuple[Any, ...], Chosen | None] = field(default_factory=dict)
    _numbers: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.type = str(self.style["type"])  # fill, line, circle or symbol
        self._written = {**self.style.get("paint", {}), **self.style.get("layout", {})}
        self.at_points = self._written.get("symbol-placement", "point") == "point"
        parts = [self.style.get("filter"), *self._written.values()]
        self._fields = tuple(sorted(set().union(*(fields_of(part) for part in parts))))

    def choose(self, kind: str, properties: Mapping[str, Any]) -> Chosen | None:
        """What becomes of a feature (kind: point, line, polygon); None when the style layer does not draw it."""
        if kind not in DRAWS[self.type]:
            return None
        values = tuple(map(properties.get, self._fields))
        key = values, tuple(map(type, values))  # 1, 1.0 and true are equal in Python, and not in a style
        if key not in self._known:
            self._known[key] = self._decide(properties)
        return self._known[key]

    def _decide(self, properties: Mapping[str, Any]) -> Chosen | None:
        if "filter" in self.style and evaluate(self.style["filter"], self.zoom, properties) is not True:
            return None
        found = {name: self._value(name, properties) for name in DEFAULTS[self.type]}
        text = as_text(self._value("text-field", properties)).strip() if self.type == "symbol" else ""
        if self.type == "symbol" and not text:
            return None
        name = repr(found)
        if name not in self._numbers:
            self._numbers[name] = len(self.groups)
            self.groups.append(found)
        turn = self._value("symbol-sort-key", properties)
        return Chosen(self._numbers[name], text, float(turn or 0))

    def _value(self, name: str, properties: Mapping[str, Any]) -> Any:
        value = evaluate(self._written.get(name), self.zoom, properties)
        return DEFAULTS[self.type].get(name) if value is None else value
