"""The values of one group as Mapnik symbolizers (XML), in CSS pixels.

Where the two renderers mean different things by the same number, MapLibre's meaning is reproduced; each such place
says how.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from xml.sax.saxutils import quoteattr

from gisapp.catalogue.colour import parse_colour

FALLBACK_FACES = ("Noto Sans CJK JP Regular", "DejaVu Sans Book")
Values = Mapping[str, Any]
LINE_HEIGHT = 1.2  # of MapLibre, in ems


def symbolizers(kind: str, values: Values, ratio: float, text: str, faces: Sequence[str]) -> str:
    """The symbolizers of one group of a style layer of type `kind`.

    ratio: pixels of the picture a CSS pixel. text: name of the attribute that holds the label.
    faces: the fonts that there are.
    """
    if kind == "symbol":
        return _text(values, text, faces)
    return _DRAWN[kind](values, ratio)


def _fill(values: Values, ratio: float) -> str:
    """A surface and its edge, a hairline: one pixel of the screen, whatever the screen's density.

    Without an outline's colour MapLibre softens the edge outside of the surface by the fill's own colour. Mapnik cannot
    leave the inside out; its weaker stroke adds as much colour: α' + α'(1 - α) on either half is α on the outer one.
    """
    opacity, edge = values["fill-opacity"], values["fill-outline-color"]
    stroke = _paint("stroke", edge or values["fill-color"], opacity)
    if edge is None:
        seen = float(stroke["stroke-opacity"])
        stroke["stroke-opacity"] = f"{seen / (2 - seen):.4f}"
    return _element("PolygonSymbolizer", **_paint("fill", values["fill-color"], opacity)) + _element(
        "LineSymbolizer", stroke_width=_HAIRLINE / ratio, **stroke
    )


_HAIRLINE = 0.8  # of MapLibre's outline, which fades from its middle on


def _line(values: Values, ratio: float) -> str:
    width, dashes = values["line-width"], values["line-dasharray"]
    if width <= 0:
        return ""
    more: dict[str, Any] = {}
    if dashes and sum(dashes) > 0:
        lengths = [dash * width for dash in dashes]
        more["stroke_dasharray"] = ",".join(f"{n:.3f}" for n in lengths * (1 + len(lengths) % 2))
    return _element(
        "LineSymbolizer",
        stroke_width=_as_wide(width * ratio) / ratio,
        stroke_linecap=values["line-cap"],
        stroke_linejoin=values["line-join"],
        stroke_miterlimit=2,
        **_paint("stroke", values["line-color"], values["line-opacity"]),
        **more,
    )


def _as_wide(pixels: float) -> float:
    """The width that Mapnik's exact coverage needs to lay on as much colour as MapLibre does.

    MapLibre's edges fade over half a pixel on either side, also where a line is narrower than a pixel: a line of
    width w < 1 peaks at (w + 1) / 2 and reaches as far, which is ((w + 1) / 2)² of colour instead of w.
    """
    return pixels if pixels >= 1 else ((pixels + 1) / 2) ** 2


def _circle(values: Values, ratio: float) -> str:
    # MapLibre's stroke lies outside of the radius, Mapnik's on both sides of its line.
    inner = values["circle-radius"]
    outer = _as_large((inner + values["circle-stroke-width"]) * ratio) / ratio
    stroke = outer - _as_large(inner * ratio) / ratio if values["circle-stroke-width"] else 0
    across = 2 * outer - stroke
    if outer <= 0:
        return ""
    return _element(
        "MarkersSymbolizer",
        width=across,
        height=across,
        stroke_width=stroke,
        allow_overlap="true",
        ignore_placement="true",
        **_paint("fill", values["circle-color"], values["circle-opacity"]),
        **(_paint("stroke", values["circle-stroke-color"], 1) if stroke else {}),
    )


def _as_large(pixels: float) -> float:
    """The radius that Mapnik's exact coverage needs to lay on as much colour as MapLibre does.

    MapLibre's circles fade (by smoothstep) over the last pixel inside of their radius r: π(r² - r + 0.3) of colour
    instead of πr².
    """
    return math.sqrt(pixels * pixels - pixels + 0.3) if pixels >= 1 else pixels * math.sqrt(0.3)


def _text(values: Values, text: str, faces: Sequence[str]) -> str:
    size = values["text-size"]
    if size <= 0:
        return ""
    along = values["symbol-placement"] == "line"
    place = _along(values, size) if along else _at(values, size)
    return _element(
        "TextSymbolizer",
        f"[{text}]",
        face_name=face(values["text-font"], faces),
        size=size,
        character_spacing=values["text-letter-spacing"] * size,
        line_spacing=(LINE_HEIGHT - _FACE_HEIGHT) * size,
        margin=_distance(values, size),
        halo_radius=values["text-halo-width"] * _HALO,
        **_paint("fill", values["text-color"], 1, "opacity"),
        **_paint("halo-fill", values["text-halo-color"], 1, "halo-opacity"),
        **place,
    )


_FACE_HEIGHT = 1.448  # ems from baseline to baseline that Noto Sans CJK asks for
_LOWER = {"bottom": 0.08, "middle": -0.03, "top": 0.0}  # ems: how much lower MapLibre writes at a point
_HALO = 0.75  # the outer part of MapLibre's halo fades, Mapnik's does not


def _distance(values: Values, size: float) -> float:
    """How far a name stays from those placed before it.

    MapLibre pads both, and the box that it pads is as high as a line; Mapnik's box is as high as the letters.
    """
    return float(2 * values["text-padding"] + (LINE_HEIGHT - 1) * size)


def _along(values: Values, size: float) -> dict[str, Any]:
    spacing = values["symbol-spacing"]
    return {
        "placement": "line",
        "spacing": spacing,
        "repeat_distance": spacing / 2,  # a line that was cut in two at a tile's edge is still one
        "max_char_angle_delta": 45,
        "dy": -values["text-offset"][1] * size,
    }


def _at(values: Values, size: float) -> dict[str, Any]:
    anchor, (right, down) = values["text-anchor"], values["text-offset"]
    across = "right" if "left" in anchor else "left" if "right" in anchor else "middle"
    along = "bottom" if "top" in anchor else "top" if "bottom" in anchor else "middle"
    return {
        "placement": "interior",
        "horizontal_alignment": across,
        "vertical_alignment": along,
        "justify_alignment": {"right": "left", "left": "right"}.get(across, "middle"),
        "dx": right * size,
        "dy": (down + _LOWER[along]) * size,
        "wrap_width": values["text-max-width"] * size,
    }


def face(wanted: Sequence[str], faces: Sequence[str]) -> str:
    """The first font of `wanted` that there is, else one that can write Japanese, else any."""
    return next((one for one in (*wanted, *FALLBACK_FACES, *faces) if one in faces), "")


def _paint(name: str, colour: str, opacity: float, opacity_name: str = "") -> dict[str, Any]:
    red, green, blue, alpha = parse_colour(colour) or (0.0, 0.0, 0.0, 0.0)
    opacity_name = opacity_name or f"{name}-opacity"
    return {name: f"rgb({red:.0f},{green:.0f},{blue:.0f})", opacity_name: f"{alpha * opacity:.4f}"}


def _element(tag: str, content: str = "", **attributes: Any) -> str:
    written = "".join(
        f" {name.replace('_', '-')}={quoteattr(_word(value))}" for name, value in attributes.items()
    )
    return f"<{tag}{written}>{content}</{tag}>"


def _word(value: Any) -> str:
    return f"{value:.4f}" if isinstance(value, float) else str(value)


_DRAWN: Mapping[str, Callable[[Values, float], str]] = {"fill": _fill, "line": _line, "circle": _circle}
