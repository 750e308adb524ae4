"""Colours as styles write them: #rgb, #rrggbb (with alpha: #rgba, #rrggbbaa), rgb(), rgba(), hsl(), hsla(),
and three names.

These are the forms that MapLibre, the canvas renderer, Mapnik and CSS read alike.
"""

from __future__ import annotations

import colorsys
import re

Colour = tuple[float, float, float, float]
"""Red, green and blue from 0 to 255, opacity from 0 to 1."""

_NAMES: dict[str, Colour] = {
    "black": (0.0, 0.0, 0.0, 1.0),
    "white": (255.0, 255.0, 255.0, 1.0),
    "transparent": (0.0, 0.0, 0.0, 0.0),
}
_HEX = re.compile(r"#(?:[0-9a-fA-F]{3,4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})")
_NUMBER = r"\s*(\d+(?:\.\d+)?)\s*"
_FUNCTION = re.compile(rf"(rgb|hsl)a?\({_NUMBER},{_NUMBER}(%?)\s*,{_NUMBER}(%?)\s*(?:,\s*(\d*\.?\d+)\s*)?\)")


def parse_colour(text: object) -> Colour | None:
    """The colour, or None for what is not one. parse_colour("#f00") == (255.0, 0.0, 0.0, 1.0)."""
    if not isinstance(text, str):
        return None
    if text in _NAMES:
        return _NAMES[text]
    if _HEX.fullmatch(text):
        return _from_hex(text[1:])
    found = _FUNCTION.fullmatch(text)
    if not found:
        return None
    kind, first, second, percent_2, third, percent_3, opacity = found.groups()
    alpha = float(opacity) if opacity else 1.0
    if (
        ("a(" in text) != bool(opacity)
        or alpha > 1
        or (percent_2 + percent_3 != ("%%" if kind == "hsl" else ""))
    ):
        return None
    return _from_numbers(kind, float(first), float(second), float(third), alpha)


def _from_hex(digits: str) -> Colour:
    if len(digits) <= 4:
        digits = "".join(digit * 2 for digit in digits)
    red, green, blue, alpha = (int((digits + "ff")[place : place + 2], 16) for place in (0, 2, 4, 6))
    return float(red), float(green), float(blue), alpha / 255


def _from_numbers(kind: str, first: float, second: float, third: float, alpha: float) -> Colour | None:
    if kind == "rgb":
        return (first, second, third, alpha) if max(first, second, third) <= 255 else None
    if first > 360 or max(second, third) > 100:
        return None
    red, green, blue = colorsys.hls_to_rgb(first / 360, third / 100, second / 100)
    return red * 255, green * 255, blue * 255, alpha


def write_colour(colour: Colour) -> str:
    """The colour for CSS: #rrggbb, or rgba() where one sees through it."""
    red, green, blue = (round(part) for part in colour[:3])
    if colour[3] >= 1:
        return f"#{red:02x}{green:02x}{blue:02x}"
    return f"rgba({red}, {green}, {blue}, {colour[3]:g})"


def mix_colours(low: Colour, high: Colour, share: float) -> Colour:
    """`share` (0 to 1) of the way from one colour to the other, as MapLibre does: with opacity multiplied
    in.
    """
    alpha = low[3] + (high[3] - low[3]) * share
    if alpha == 0:
        return 0.0, 0.0, 0.0, 0.0
    parts = (
        one * low[3] + (two * high[3] - one * low[3]) * share for one, two in zip(low, high, strict=True)
    )
    red, green, blue = list(parts)[:3]
    return red / alpha, green / alpha, blue / alpha, alpha
