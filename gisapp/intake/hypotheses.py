"""Bare coordinates: in which reference system could they be? Every reading that is usual in Japan is tried and ranked
by where it would put the rows: in the city, near it, in the zone's own part of Japan. Nothing is chosen here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pyproj
import shapely

from gisapp.geo.crs import (
    JAPAN,
    JGD2011_LONLAT,
    PLANE_SYSTEMS,
    WGS84_LONLAT,
    Bounds,
    datum_of,
    describe,
    find_system,
    find_transformation,
)
from gisapp.geo.readings import Reading
from gisapp.intake.choice import Choice
from gisapp.settings import City

Array = np.ndarray[Any, Any]
MOST_LOOKED_AT = 1_000  # points
MOST_OFFERED = 8
MOST_SHOWN = 60  # points, of each that is offered
ANY_DATUM = 0.5  # more of them for what the datum may add
EARTH = (-180.0, -90.0, 180.0, 90.0)
NEAR = 0.5  # of the city's width and height: what lies that near may well be meant
TOLERANCE_M = 20.0  # of the city's outline: rows end on it
NULL_ISLAND = 5.0  # degrees around 0, 0: small numbers say nothing of a place
UTM_ZONES = range(6688, 6693)  # JGD2011 / UTM 51N to 55N
WEB_MERCATOR = 3857
KM_PER_DEGREE = 111.0
BETTER = 0.02  # of the rows: less of a difference in how many lie in the city is no evidence


@dataclass(frozen=True)
class Hypothesis:
    """A reading and what speaks for it: shares of the points in the city and near it, distance of their middle in km."""

    reading: Reading
    inside: float
    near: float
    at_home: bool  # in the part of the country that the system is made for
    distance: float
    bounds: Bounds
    points: tuple[tuple[float, float], ...] = ()

    def choice(self) -> Choice:
        """The hypothesis as an answer to offer."""
        return Choice("crs", str(self.reading), *_words(self), self.bounds, self.points)


def offered(reading: Reading, xy: Array, ja: str, en: str) -> Choice:
    """A reading as an answer in these words, with where it puts the coordinates (n × 2, as in the file) if that is on the earth."""
    lonlat = to_lonlat(reading.system, reading.points(_sample(xy)), reading.code)
    lonlat = lonlat[np.isfinite(lonlat).all(axis=1)]
    if not len(lonlat) or not inside_box(lonlat, EARTH).all():
        return Choice("crs", str(reading), ja, en)
    return Choice("crs", str(reading), ja, en, *_shown(lonlat))


def _sample(xy: Array) -> Array:
    return xy[np.linspace(0, len(xy) - 1, min(len(xy), MOST_LOOKED_AT)).astype(int)] if len(xy) else xy


def _shown(lonlat: Array) -> tuple[Bounds, tuple[tuple[float, float], ...]]:
    """The box of places, and some of them."""
    (west, south), (east, north) = lonlat.min(axis=0).tolist(), lonlat.max(axis=0).tolist()
    some = lonlat[:: -(-len(lonlat) // MOST_SHOWN)].tolist()
    return (west, south, east, north), tuple((x, y) for x, y in some)


def rank(xy: Array, city: City, area: Any) -> list[Hypothesis]:
    """Readings that put coordinates (n × 2, as in the file) on the earth, the likeliest first; none where none can be supported.

    `area`: the city as a polygon in longitude and latitude.
    """
    sample = _sample(xy)
    grown = shapely.buffer(area, TOLERANCE_M / (KM_PER_DEGREE * 1000))
    shapely.prepare(grown)
    readings = list(_readings(sample))
    near = _all_tried([one for one in readings if _may_be_near(one, sample, city)], sample, city, grown)
    near = [one for one in near if one.near > 0]
    if (
        not near
    ):  # far from the city only what is as usual: turned axes or millimetres would put anything anywhere
        plain = [one for one in readings if one.plain or one.system.is_geographic]
        near = [one for one in _all_tried(plain, sample, city, grown) if one.at_home]
    return sorted(near, key=_order)[:MOST_OFFERED]


def _all_tried(readings: Iterable[Reading], sample: Array, city: City, area: Any) -> list[Hypothesis]:
    return [one for reading in readings if (one := _tried(reading, sample, city, area)) is not None]


def _may_be_near(reading: Reading, xy: Array, city: City) -> bool:
    """Without a transformation: whether any point lies in the box that the city and its surroundings have in the system."""
    assert reading.code is not None
    return bool(inside_box(reading.points(xy), _box_in(reading.code, city.bounds)).any())


@lru_cache(maxsize=512)
def _box_in(code: int, bounds: Bounds) -> Bounds:
    """The box of the city and its surroundings in a system, whatever the datum."""
    system = _system(code)
    geographic = system.geodetic_crs
    assert geographic is not None
    west, south, east, north = widened(bounds, NEAR + ANY_DATUM)
    x, y = np.meshgrid(np.linspace(west, east, 5), np.linspace(south, north, 5))
    if system.is_projected:
        forth = pyproj.Transformer.from_crs(geographic, system, always_xy=True)
        x, y = forth.transform(x.ravel(), y.ravel())
    if not np.isfinite(x).all():
        return (0.0, 0.0, -1.0, -1.0)
    return float(np.min(x)), float(np.min(y)), float(np.max(x)), float(np.max(y))


def _order(one: Hypothesis) -> tuple[float, ...]:
    plain = (not one.reading.swapped, one.reading.unit == 1.0, datum_of(one.reading.system) != "Tokyo Datum")
    steps = (round(one.inside / BETTER), round(one.near / BETTER))
    distance = round(one.distance) if not one.near else 0
    younger = "2011" in datum_of(one.reading.system)
    return (-steps[0], -steps[1], not one.at_home, distance, *(not good for good in plain), not younger)


def _readings(xy: Array) -> Iterator[Reading]:
    """Every reading whose numbers are possible."""
    if not len(xy):
        return
    most = np.abs(xy).max(axis=0)
    for swapped in (False, True):
        x, y = (most[1], most[0]) if swapped else (most[0], most[1])
        if x <= 180 and y <= 90 and most.max() >= NULL_ISLAND:
            turned = xy[:, ::-1] if swapped else xy
            if inside_box(turned, JAPAN).mean() >= 0.5:
                yield from (_reading(code, swapped) for code in (6668, 4301))
            elif not swapped:
                yield _reading(4326)
    if most.max() <= 360:
        return  # no plane coordinates are that small, but for a spot beside the zone's origin, which is no town
    for unit in (1.0, 0.001):
        for swapped in (False, True):
            for zone in range(19):
                yield from (_reading(first + zone, swapped, unit) for first in PLANE_SYSTEMS)
    yield from (_reading(code) for code in (*UTM_ZONES, WEB_MERCATOR))


def _reading(code: int, swapped: bool = False, unit: float = 1.0) -> Reading:
    return Reading(_system(code), swapped, unit, known_code=code)


def _tried(reading: Reading, xy: Array, city: City, area: Any) -> Hypothesis | None:
    lonlat = to_lonlat(reading.system, reading.points(xy), reading.code)
    lonlat = lonlat[np.isfinite(lonlat).all(axis=1)]
    if len(lonlat) < 0.5 * len(xy):
        return None
    foreign = reading.code == 4326
    if not foreign and inside_box(lonlat, JAPAN).mean() < 0.5:
        return None
    use = reading.system.area_of_use
    home = (
        JAPAN if reading.system.is_geographic or use is None else (use.west, use.south, use.east, use.north)
    )
    west, south, east, north = city.bounds
    middle = np.median(lonlat, axis=0)
    dx, dy = middle[0] - (west + east) / 2, middle[1] - (south + north) / 2
    box, some = _shown(lonlat)
    return Hypothesis(
        reading,
        inside=float(shapely.contains_xy(area, lonlat[:, 0], lonlat[:, 1]).mean()),
        near=float(inside_box(lonlat, widened(city.bounds)).mean()),
        at_home=foreign or float(inside_box(lonlat, home).mean()) >= 0.5,
        distance=float(np.hypot(dx * np.cos(np.radians(south)), dy) * KM_PER_DEGREE),
        bounds=box,
        points=some,
    )


def _words(one: Hypothesis) -> tuple[str, str]:
    reading, system = one.reading, one.reading.system
    ja, en = describe(system, "ja"), describe(system, "en")
    if reading.swapped:
        order = (
            ("緯度・経度の順", "latitude first") if system.is_geographic else ("北・東の順", "north first")
        )
        ja, en = f"{ja}、{order[0]}", f"{en}, {order[1]}"
    if reading.unit != 1.0:
        ja, en = f"{ja}、ミリメートル", f"{en}, in millimetres"
    if one.near > 0:
        ja += f"：{one.inside:.0%} が市内、{one.near:.0%} が市の近く"
        return ja, f"{en}: {one.inside:.0%} in the city, {one.near:.0%} near it"
    place = inside_box(np.array([one.bounds[:2], one.bounds[2:]]), JAPAN).all()
    where = ("市から", "from the city") if place else ("日本の外、市から", "outside of Japan,")
    return f"{ja}：{where[0]} 約{one.distance:,.0f} km", f"{en}: {where[1]} about {one.distance:,.0f} km away"


@lru_cache(maxsize=128)
def _system(code: int) -> pyproj.CRS:
    system = find_system(f"EPSG:{code}")
    assert system is not None
    return system


@lru_cache(maxsize=128)
def _way(code: int) -> Any:
    target = find_system(WGS84_LONLAT if code == 4326 else JGD2011_LONLAT)
    assert target is not None
    return find_transformation(_system(code), target, JAPAN, coarse=True)


def to_lonlat(system: pyproj.CRS, xy: Array, code: int | None = None) -> Array:
    """Longitude and latitude, good enough to see where something lies; not finite where the system does not reach.

    The Tokyo Datum is left by whatever there is: its grid, or three parameters (±9 m).
    """
    code = code or system.to_epsg()
    way = _way(code) if code else find_transformation(system, _system(6668), JAPAN, coarse=True)
    if way is not None:
        return way.points(xy)
    geographic = (
        system.geodetic_crs
    )  # a datum that nobody joins to Japan's: good enough to see that it is elsewhere
    if geographic is None:
        return np.full(xy.shape, np.inf)
    back = pyproj.Transformer.from_crs(system, geographic, always_xy=True)
    return np.column_stack(back.transform(xy[:, 0], xy[:, 1]))


def widened(bounds: Bounds, by: float = NEAR) -> Bounds:
    """The box grown by a part of its width and height on every side."""
    west, south, east, north = bounds
    dx, dy = (east - west) * by, (north - south) * by
    return west - dx, south - dy, east + dx, north + dy


def inside_box(xy: Array, bounds: Bounds) -> Array:
    """A flag for each point (n × 2) that lies in the box."""
    west, south, east, north = bounds
    return (xy[:, 0] >= west) & (xy[:, 0] <= east) & (xy[:, 1] >= south) & (xy[:, 1] <= north)
