"""The legend of a layer, from its style: what is drawn, in the words of its code lists.

A style layer with `metadata.legend` gives one row, or one per class where its colour (or width) depends on a
field. Each row is what the style gives for a made-up feature of that class, so the legend cannot differ from
the map.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gisapp.catalogue.expression import evaluate
from gisapp.catalogue.layer import Layer
from gisapp.catalogue.legend_classes import LegendClass, legend_classes

LEGEND_ZOOM = 15.0
"""The MapLibre zoom whose widths and sizes the legend shows, or the nearest at which the style layer is
drawn.
"""

# MapLibre's defaults for what a style leaves out.
_DEFAULTS: Mapping[str, Any] = {
    "fill-color": "#000000",
    "fill-opacity": 1,
    "line-color": "#000000",
    "line-opacity": 1,
    "line-width": 1,
    "circle-color": "#000000",
    "circle-opacity": 1,
    "circle-radius": 5,
    "circle-stroke-color": "#000000",
    "circle-stroke-width": 0,
    "text-color": "#000000",
    "text-size": 16,
}


def legend(layer: Layer, lang: str) -> list[dict[str, Any]]:
    """The rows of the layer's legend, in the order of its style.json; none where nothing says `legend: true`.

    Each row: label (in `lang`), kind (fill, line, circle, symbol), color and outline (CSS; a line's casing;
    None where there is none), width in px (line's width, circle's diameter, fill's outline, symbol's text
    size), opacity (0 to 1), dash (in line widths, or None), field and value (the class's field and one value
    of it: the code; None where there is none).
    """
    styles = [style for style in layer.style if style["metadata"].get("legend")]
    return [
        _row(style, one, _zoom(style), lang, _casing(layer, style))
        for style in styles
        for one in legend_classes(layer, style, _zoom(style))
    ]


def _zoom(style: Mapping[str, Any]) -> float:
    return float(min(max(LEGEND_ZOOM, style.get("minzoom", 0)), style.get("maxzoom", 24)))


def _casing(layer: Layer, style: Mapping[str, Any]) -> Any:
    """The colour of the wider line that lies under a line for the same features: a white road shows by its
    edges.
    """
    if style["type"] != "line":
        return None
    width = _line_width(style, _zoom(style))
    for under in layer.style[: layer.style.index(style)]:
        alike = under["type"] == "line" and under.get("filter") == style.get("filter")
        if alike and _line_width(under, _zoom(style)) > width:
            return under["paint"].get("line-color")
    return None


def _line_width(style: Mapping[str, Any], zoom: float) -> float:
    value = evaluate(style.get("paint", {}).get("line-width"), zoom, {})
    return float(_DEFAULTS["line-width"] if value is None else value)


def _row(style: Mapping[str, Any], one: LegendClass, zoom: float, lang: str, casing: Any) -> dict[str, Any]:
    given = {**style.get("layout", {}), **style.get("paint", {})}

    def drawn(name: str) -> Any:
        value = evaluate(given.get(name), zoom, one.properties)
        return _DEFAULTS.get(name) if value is None else value

    kind = style["type"]
    outline, width = _outline_and_width(kind, drawn)
    return {
        "label": one.label.get(lang),
        "kind": kind,
        "color": drawn("text-color" if kind == "symbol" else f"{kind}-color"),
        "outline": outline or evaluate(casing, zoom, one.properties),
        "width": round(float(width), 2),
        "opacity": 1 if kind == "symbol" else drawn(f"{kind}-opacity"),
        "dash": drawn("line-dasharray"),
        "field": one.field,
        "value": one.value,
    }


def _outline_and_width(kind: str, drawn: Any) -> tuple[str | None, float]:
    if kind == "line":
        return None, drawn("line-width")
    if kind == "circle":
        stroke = drawn("circle-stroke-width")
        return (drawn("circle-stroke-color") if stroke else None), 2 * drawn("circle-radius")
    if kind == "symbol":
        return drawn("text-halo-color"), drawn("text-size")
    outline = drawn("fill-outline-color")
    return outline, 1 if outline else 0
