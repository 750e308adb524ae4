"""The reference systems in which features are asked for and given: their names, and the order of their axes.

Inside, coordinates go x, y (longitude, latitude or east, north). Outside they go as the system itself says: EPSG puts
latitude before longitude and, in Japan's plane systems, north before east; CRS84 and Web Mercator begin with the east.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gisapp.features.parameters import invalid
from gisapp.geo.tiles import NORTHMOST
from gisapp.settings import City

CRS84_URI = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
EPSG_URI = "http://www.opengis.net/def/crs/EPSG/0/{code}"
WEB = 3857
HORIZONTAL_PART = {6697: 6668}  # JGD2011 with heights: its longitude and latitude
MOST_METRES = 1e8


@dataclass(frozen=True)
class Reference:
    """One system. `srid`: how PostGIS knows its horizontal part. swapped: outside, y comes before x."""

    uri: str
    srid: int
    geographic: bool
    swapped: bool

    @property
    def decimals(self) -> int:
        """Digits behind the point that mean about a centimetre or less."""
        return 7 if self.geographic else 4

    def inward(self, first: float, second: float) -> tuple[float, float]:
        """x, y of two numbers as they are written outside."""
        return (second, first) if self.swapped else (first, second)

    def holds(self, x: float, y: float) -> bool:
        """Whether such a coordinate can be in the system at all; degrees may go once more around the world."""
        if self.geographic:
            return abs(x) <= 360 and abs(y) <= 90
        return abs(x) <= MOST_METRES and abs(y) <= MOST_METRES


CRS84 = Reference(CRS84_URI, 4326, geographic=True, swapped=False)


def offered(city: City) -> dict[str, Reference]:
    """The systems by their URI: CRS84 first, then EPSG's 4326, 6668, 6697 (its horizontal part), the city's plane, 3857."""
    known = [CRS84]
    for code in (4326, 6668, 6697):
        srid = HORIZONTAL_PART.get(code, code)
        known.append(Reference(EPSG_URI.format(code=code), srid, geographic=True, swapped=True))
    known.append(plane(city))
    known.append(Reference(EPSG_URI.format(code=WEB), WEB, geographic=False, swapped=False))
    return {one.uri: one for one in known}


def plane(city: City) -> Reference:
    """The city's plane rectangular system, in which its features are kept."""
    return Reference(EPSG_URI.format(code=city.srid), city.srid, geographic=False, swapped=True)


def asked_for(values: Mapping[str, str], name: str, city: City) -> Reference:
    """The system that the parameter `name` names by its URI ("EPSG:6668" and "[EPSG:6668]" count too); CRS84 by default.

    Raises errors.ParameterInvalid for one that is not offered.
    """
    raw = values.get(name, "")
    if not raw:
        return CRS84
    known = offered(city)
    short = raw.strip("[]").upper()
    uri = EPSG_URI.format(code=short.removeprefix("EPSG:")) if short.startswith("EPSG:") else raw
    uri = CRS84_URI if short in ("OGC:CRS84", "CRS84") else uri
    if uri not in known:
        why = "使える座標参照系ではありません", "it is not one of the reference systems offered"
        raise invalid(name, *why, f"{name}={EPSG_URI.format(code=city.srid)}")
    return known[uri]


def within_web(lat: float) -> float:
    """A latitude within the square of Web Mercator."""
    return min(max(lat, -NORTHMOST), NORTHMOST)
