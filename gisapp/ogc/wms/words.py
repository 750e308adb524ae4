"""The parameters of a WMS or WMTS request: names in any case, each once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from werkzeug.datastructures import MultiDict

from gisapp.features.parameters import invalid
from gisapp.rasters.window import MOST_SIDE

PNG = "image/png"
FORMATS = {PNG: "png", "image/jpeg": "jpeg", "image/webp": "webp"}
PAPER = "#ffffff"
STYLE = "default"
Values = Mapping[str, str]


@dataclass(frozen=True)
class Picture:
    """How a picture is wanted: its format's media type, and the colour under it (empty: transparent)."""

    mimetype: str
    paper: str

    @property
    def form(self) -> str:
        """What the drawing process calls the format."""
        return FORMATS[self.mimetype]


def read_words(args: MultiDict[str, str]) -> dict[str, str]:
    """The parameters, their names in capitals; unknown ones are nobody's concern, as the standard has it.

    Raises errors.ParameterInvalid for one that is given twice.
    """
    found: dict[str, str] = {}
    for name, value in args.items(multi=True):
        key = name.upper()
        if key in found:
            raise invalid(name, "2度以上書かれています", "it is given more than once", f"{key}=…")
        found[key] = value
    return found


def needed(values: Values, name: str, example: str) -> str:
    """A parameter that may not be missing. Raises errors.ParameterInvalid."""
    if not values.get(name):
        raise invalid(name, "必要です", "it is missing", f"{name}={example}")
    return values[name]


def side(values: Values, name: str) -> int:
    """A number of pixels. Raises errors.ParameterInvalid."""
    return pixels(values, name, 1, MOST_SIDE)


def pixels(values: Values, name: str, low: int, high: int) -> int:
    """A whole number from `low` to `high`. Raises errors.ParameterInvalid."""
    raw = needed(values, name, str(min(high, 512)))
    if not re.fullmatch(r"\d{1,9}", raw, re.ASCII) or not low <= int(raw) <= high:
        between = f"{low}〜{high} の整数です", f"it is a whole number from {low} to {high}"
        raise invalid(name, *between, f"{name}={min(high, 512)}")
    return int(raw)


def picture(values: Values, transparent: bool) -> Picture:
    """Format, and paper or none. transparent: what counts where nothing is said. Raises errors.ParameterInvalid."""
    mimetype = values.get("FORMAT", PNG).partition(";")[0].strip().lower() or PNG
    if mimetype not in FORMATS:
        listed = ", ".join(FORMATS)
        raise invalid("FORMAT", f"次のどれかです：{listed}", f"it is one of: {listed}", f"FORMAT={PNG}")
    said = values.get("TRANSPARENT", "")
    clear = said.upper() == "TRUE" if said else transparent
    colour = values.get("BGCOLOR", "0xFFFFFF")
    if not re.fullmatch(r"0[xX][0-9a-fA-F]{6}", colour):
        raise invalid("BGCOLOR", "0xRRGGBB の形です", "it has the form 0xRRGGBB", "BGCOLOR=0xFFFFFF")
    return Picture(mimetype, "" if clear and mimetype != "image/jpeg" else f"#{colour[2:]}")


def require_styles(values: Values, name: str = "STYLES") -> None:
    """Each layer has one style, called "default" or nothing. Raises errors.ParameterInvalid."""
    if set(values.get(name, "").split(",")) - {"", STYLE}:
        why = "スタイルは default だけです（空でも同じです）", "the only style is “default”, or an empty name"
        raise invalid(name, *why, f"{name}=")
