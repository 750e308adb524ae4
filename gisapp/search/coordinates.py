"""Coordinates in any notation, plane metres and mesh codes, read from a query."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from pyproj import Transformer

from gisapp import errors
from gisapp.geo import mesh
from gisapp.search import words
from gisapp.search.answer import FOUND, NOT_FOUND, NOT_IN_CITY, UNSURE, Answer, Match
from gisapp.settings import City

_NUMBER = r"[+-]?\d{1,8}(?:\.\d{0,12})?"
_PAIR = re.compile(rf"({_NUMBER})\s*[,、;/\s]\s*({_NUMBER})")
_AXIS = r"(北緯|東経|緯度|経度|latitude|longitude|lat|lon|lng|[XYNE北東])"
_AXES = re.compile(
    rf"{_AXIS}(\s*[=:]?\s*)({_NUMBER})\s*m?\s*[,、;/\s]*{_AXIS}\s*[=:]?\s*({_NUMBER})\s*m?", re.I
)
_THOUSANDS = re.compile(r"(?<=[0-9]),(?=[0-9]{3}(?![0-9]))")
_ZONE = re.compile(r"(?:平面直角(?:座標系?)?)?\s*第?\s*([0-9]{1,2})\s*系\s*")
_WRAPPED = re.compile(r"[(\[【「]\s*(.*?)\s*[)\]】」]")
_PREFIX = re.compile(r"(?:geo:|座標|メッシュ(?:コード)?|mesh)\s*[:=]?\s*", re.I)
_ISO = re.compile(r"([+-]\d{1,2}(?:\.\d{1,12})?)([+-]\d{1,3}(?:\.\d{1,12})?)/?")
_SPLIT = r"(?P<{0}a>[NSEW]|北緯|東経)?\s*(?P<{0}d>\d{{1,3}})[-.\s](?P<{0}m>[0-5]?\d)[-.\s](?P<{0}s>[0-5]?\d(?:\.\d{{1,6}})?)\s*(?P<{0}z>[NSEW])?"
_SEXAGESIMAL = re.compile(_SPLIT.format("p") + r"\s*[,、;\s]\s*" + _SPLIT.format("q"), re.I)
_ANGLE = (
    r"(?P<{0}a>北緯|東経|[NESW])?\s*(?P<{0}d>\d{{1,3}})\s*[°度]\s*(?:(?P<{0}m>\d{{1,2}}(?:\.\d+)?)\s*[′'’分]\s*"
    r"(?:(?P<{0}s>\d{{1,2}}(?:\.\d+)?)\s*(?:[″\"”秒]|''|′′)\s*)?)?(?P<{0}z>[NESW])?"
)
_DEGREES = re.compile(_ANGLE.format("p") + r"\s*[,、;]?\s*" + _ANGLE.format("q"), re.I)
_DECIMAL = re.compile(
    rf"(?P<pz>北緯|東経|[NSEW])?\s*(?P<p>{_NUMBER})\s*(?P<pu>[°度])?\s*(?P<pa>[NSEW])?\s*[,、;\s]?\s*"
    rf"(?P<qz>北緯|東経|[NSEW])?\s*(?P<q>{_NUMBER})\s*[°度]?\s*(?P<qa>[NSEW])?",
    re.I,
)
_MESH = re.compile(r"\d{4}(-?\d{2}(-?\d{1,2}(-?\d){0,3})?)?")
_NORTHWARD = {"x", "n", "北", "北緯", "緯度", "lat", "latitude"}
FIRST_ZONE, ZONES = 6669, 19  # plane rectangular systems I to XIX of JGD2011
AROUND = 0.02  # degrees around the city's bounds that still count as here
LARGEST_PLANE = 600_000  # metres from the origin of a plane system; each reaches less than 500 km


def read_coordinates(query: str, city: City) -> Answer | None:
    """The answer for a query that is a pair of coordinates or a mesh code; None for anything else."""
    text = unicodedata.normalize("NFKC", query).strip().replace("−", "-")
    wrapped = _WRAPPED.fullmatch(text)
    text = _PREFIX.sub("", wrapped[1] if wrapped else text, count=1) if text else text
    zone, srid = _ZONE.match(text), city.srid
    if zone and 1 <= int(zone[1]) <= ZONES:
        text, srid = text[zone.end() :], FIRST_ZONE - 1 + int(zone[1])
    pair = _degrees(text) or _axes(text) or _pair(text)
    if pair is not None:
        return _place(pair, city, srid)
    plain = text.replace("-", "")
    if _MESH.fullmatch(text) and len(plain) in (4, 6, 7, 8, 9, 10, 11):
        return _cell(plain, city)
    return None


def _degrees(text: str) -> tuple[float, float] | None:
    """35°45'00"N 139°24'36"E, 北緯35度45分 東経139度24分36秒, 北緯35.75 東経139.41: north, east."""
    found = _DEGREES.fullmatch(text) or _SEXAGESIMAL.fullmatch(text)
    if found:
        values = [_angle(found, part) for part in "pq"]
        axes = [(found[f"{part}a"] or found[f"{part}z"] or "").upper() for part in "pq"]
        return _ordered(values, axes)
    found = _DECIMAL.fullmatch(text)
    if not found or not any(found[name] for name in ("pz", "pa", "pu", "qz", "qa")):
        iso = _ISO.fullmatch(text)
        return (float(iso[1]), float(iso[2])) if iso else None
    axes = [(found[f"{part}z"] or found[f"{part}a"] or "").upper() for part in "pq"]
    return _ordered([float(found["p"]), float(found["q"])], axes)


def _angle(found: re.Match[str], part: str) -> float:
    return (
        float(found[f"{part}d"]) + float(found[f"{part}m"] or 0) / 60 + float(found[f"{part}s"] or 0) / 3600
    )


def _ordered(values: list[float], axes: list[str]) -> tuple[float, float]:
    swapped = axes[0] in ("E", "W", "東経") or axes[1] in ("N", "S", "北緯")
    signs = [-1 if axis in ("S", "W") else 1 for axis in axes]
    first, second = (value * sign for value, sign in zip(values, signs, strict=True))
    return (second, first) if swapped else (first, second)


def _axes(text: str) -> tuple[float, float] | None:
    """X=-27112 Y=-40327, N -27112 E -40327: north first, as surveyors write X."""
    found = _AXES.fullmatch(_THOUSANDS.sub("", text))
    if not found:
        return None
    one, other = float(found[3]), float(found[5])
    if found[1] in "北東" and not found[2] and max(abs(one), abs(other)) <= 180:
        return None  # 北1東5 is how people of Sapporo write an address
    north = [name.lower() in _NORTHWARD for name in (found[1], found[4])]
    if north[0] == north[1]:
        return None
    return (one, other) if north[0] else (other, one)


def _pair(text: str) -> tuple[float, float] | None:
    found = _PAIR.fullmatch(text)
    if not found or not ("." in text or "," in text or "、" in text or "-" in text):
        return None
    return float(found[1]), float(found[2])


def _place(pair: tuple[float, float], city: City, srid: int) -> Answer:
    """North and east as degrees or plane metres, whichever they can be; the other order where only that is here."""
    plane = max(map(abs, pair)) > 180
    if plane and max(map(abs, pair)) > LARGEST_PLANE:
        return Answer(NOT_FOUND, (), words.OUT_OF_RANGE)
    if not plane and min(map(abs, pair)) > 90:
        return Answer(NOT_FOUND, (), words.OUT_OF_RANGE)
    for north, east, status in ((*pair, FOUND), (pair[1], pair[0], UNSURE)):
        lon, lat = _to_degrees(srid, east, north) if plane else (east, north)
        if _here(city, lon, lat):
            sure = status == FOUND or not plane  # 139.41, 35.75 can be read one way only
            label = f"X={_metres(north)}, Y={_metres(east)}" if plane else f"{lat:.6f}, {lon:.6f}"
            match = Match(
                "coordinate", label, round(lon, 8), round(lat, 8), (lon, lat, lon, lat), matched=label
            )
            return Answer(FOUND if sure else UNSURE, (match,), words.NOTHING if sure else words.SWAPPED)
    if not plane and not any(abs(a) <= 90 and abs(b) <= 180 for a, b in (pair, pair[::-1])):
        return Answer(NOT_FOUND, (), words.OUT_OF_RANGE)
    return Answer(NOT_IN_CITY, (), words.not_in_city(""))


def _metres(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".")


@lru_cache(maxsize=24)
def _transformer(srid: int) -> Transformer:
    return Transformer.from_crs(srid, 6668, always_xy=True)


def _to_degrees(srid: int, east: float, north: float) -> tuple[float, float]:
    lon, lat = _transformer(srid).transform(east, north)
    return float(lon), float(lat)


def _here(city: City, lon: float, lat: float) -> bool:
    west, south, east, north = city.bounds
    return west - AROUND <= lon <= east + AROUND and south - AROUND <= lat <= north + AROUND


def _cell(code: str, city: City) -> Answer | None:
    try:
        west, south, east, north = mesh.bounds(code)
    except errors.ParameterInvalid:
        return Answer(NOT_FOUND, (), words.NO_MESH)
    w, s, e, n = city.bounds
    if len(code) == 4 and (west > e or east < w or south > n or north < s):
        return None  # a number of four digits may be anything
    if west > e or east < w or south > n or north < s:
        return Answer(NOT_IN_CITY, (), words.not_in_city(""))
    lon, lat = (west + east) / 2, (south + north) / 2
    label = f"{mesh.level_of(code).ja} {code}"
    match = Match("mesh", label, round(lon, 8), round(lat, 8), (west, south, east, north), matched=code)
    return Answer(FOUND, (match,))
