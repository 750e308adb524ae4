"""What is said of a filter that cannot be used."""

from __future__ import annotations

from gisapp import errors
from gisapp.features.parameters import invalid

EXAMPLE = "filter=floors >= 3 AND S_INTERSECTS(geometry, BBOX(139.3,35.7,139.4,35.8))"


def wrong(ja: str, en: str, example: str = EXAMPLE) -> errors.ParameterInvalid:
    """The error, with what is wrong in both languages."""
    return invalid("filter", ja, en, example)


def shown(name: object) -> str:
    """A name out of a filter, short enough to repeat."""
    text = str(name)
    return text if len(text) <= 40 else text[:40] + "…"
