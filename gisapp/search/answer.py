"""An answer of the search: places with how exactly they match, or the reason why there are none."""

from __future__ import annotations

from dataclasses import dataclass, field

from gisapp.catalogue.layer import Layer, Text
from gisapp.search.queries import Hit
from gisapp.search.words import NOTHING

FOUND, UNSURE, NOT_FOUND, NOT_IN_CITY = "found", "unsure", "not_found", "not_in_city"
CITY_LEVEL = 2
Bounds = tuple[float, float, float, float]  # west, south, east, north in degrees


@dataclass(frozen=True)
class Match:
    """One place: where (degrees), its box, and what of the query it explains (`matched`) and leaves (`left`).

    level: 0 to 7 as in the address base registry; None for what is no address. layer, feature: where it comes from;
    None for a coordinate, a mesh, or a block made of its houses.
    """

    kind: str
    label: str
    lon: float
    lat: float
    bounds: Bounds
    level: int | None = None
    detail: str | None = None
    matched: str = ""
    left: str = ""
    layer: Layer | None = None
    feature: int | None = None


@dataclass(frozen=True)
class Answer:
    """status: FOUND (the first match is the place), UNSURE (one of the matches may be it), NOT_FOUND, NOT_IN_CITY."""

    status: str
    matches: tuple[Match, ...] = ()
    reason: Text = field(default=NOTHING)


def of_hit(hit: Hit, matched: str, left: str = "", level: int | None = None) -> Match:
    """A match of an entry; `level` in the place of the entry's own."""
    return Match(
        kind=hit.kind,
        label=hit.label,
        lon=round(hit.lon, 7),
        lat=round(hit.lat, 7),
        bounds=hit.bounds(),
        level=hit.level if level is None else level,
        detail=hit.detail,
        matched=matched,
        left=left,
        layer=hit.layer,
        feature=hit.feature,
    )


def union(boxes: list[Bounds]) -> Bounds:
    """The box around boxes."""
    return (
        min(b[0] for b in boxes),
        min(b[1] for b in boxes),
        max(b[2] for b in boxes),
        max(b[3] for b in boxes),
    )
