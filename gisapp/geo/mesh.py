"""Mesh codes of JIS X 0410 (地域メッシュコード): from longitude and latitude to a code, and from a code to its cell.

A first-level cell is 40 minutes of latitude by 1 degree of longitude; every other level divides it. All arithmetic is
done on whole millionths of an arc second, so a point on the edge of a cell always falls into the cell north or east
of that edge, as the standard has it. Digits of a pair come latitude first, then longitude.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gisapp import errors

_PER_DEGREE = 3_600_000_000  # millionths of an arc second
_FIRST_LAT = _PER_DEGREE * 2 // 3
_FIRST_LON = _PER_DEGREE
_SECOND_LAT, _SECOND_LON = _FIRST_LAT // 8, _FIRST_LON // 8
_THIRD_LAT, _THIRD_LON = _SECOND_LAT // 10, _SECOND_LON // 10


@dataclass(frozen=True)
class Level:
    """One level of the mesh: its key, its name, its number of digits and its cell in millionths of an arc second."""

    key: str
    ja: str
    digits: int
    lat: int
    lon: int

    @property
    def size_degrees(self) -> tuple[float, float]:
        """Width (longitude) and height (latitude) of a cell in degrees."""
        return self.lon / _PER_DEGREE, self.lat / _PER_DEGREE


LEVELS = MappingProxyType(
    {
        level.key: level
        for level in (
            Level("1", "第1次地域区画（約80km）", 4, _FIRST_LAT, _FIRST_LON),
            Level("2", "第2次地域区画（約10km）", 6, _SECOND_LAT, _SECOND_LON),
            Level("5x", "5倍地域メッシュ（約5km）", 7, _SECOND_LAT // 2, _SECOND_LON // 2),
            Level("2x", "2倍地域メッシュ（約2km）", 9, _THIRD_LAT * 2, _THIRD_LON * 2),
            Level("3", "基準地域メッシュ（約1km）", 8, _THIRD_LAT, _THIRD_LON),
            Level("1/2", "2分の1地域メッシュ（約500m）", 9, _THIRD_LAT // 2, _THIRD_LON // 2),
            Level("1/4", "4分の1地域メッシュ（約250m）", 10, _THIRD_LAT // 4, _THIRD_LON // 4),
            Level("1/8", "8分の1地域メッシュ（約125m）", 11, _THIRD_LAT // 8, _THIRD_LON // 8),
        )
    }
)
"""Every level by its key; the keys "1/2", "1/4", "1/8" divide the third level, "2x" and "5x" join its cells."""


def encode(lon: float, lat: float, level: str = "3") -> str:
    """The code of the cell that holds a point (degrees, JGD2011). Raises errors.ParameterInvalid as `encode_many`."""
    return str(encode_many([lon], [lat], level)[0])


def encode_many(lon: ArrayLike, lat: ArrayLike, level: str = "3") -> NDArray[np.str_]:
    """The codes of the cells that hold many points: arrays of one length, degrees of JGD2011.

    Raises errors.ParameterInvalid for an unknown level and for points outside 0–66.6°N, 100–199°E, which have no code.
    """
    chosen = _level(level)
    x = np.rint((np.asarray(lon, dtype=np.float64) - 100.0) * _PER_DEGREE).astype(np.int64)
    y = np.rint(np.asarray(lat, dtype=np.float64) * _PER_DEGREE).astype(np.int64)
    if x.size and not (
        0 <= x.min() and x.max() < 100 * _FIRST_LON and 0 <= y.min() and y.max() < 100 * _FIRST_LAT
    ):
        raise _invalid(
            "lon, lat", "メッシュコードのない場所です", "no mesh code exists there", "139.767, 35.681"
        )
    number = y // _FIRST_LAT * 100 + x // _FIRST_LON
    if chosen.key != "1":
        y, x = y % _FIRST_LAT, x % _FIRST_LON
        number = number * 100 + y // _SECOND_LAT * 10 + x // _SECOND_LON
    if chosen.key == "5x":
        number = number * 10 + _quarter(y % _SECOND_LAT, x % _SECOND_LON, chosen)
    elif chosen.key == "2x":
        y, x = y % _SECOND_LAT // chosen.lat, x % _SECOND_LON // chosen.lon
        number = number * 1000 + y * 200 + x * 20 + 5
    elif chosen.key in {"3", "1/2", "1/4", "1/8"}:
        y, x = y % _SECOND_LAT, x % _SECOND_LON
        number = number * 100 + y // _THIRD_LAT * 10 + x // _THIRD_LON
        for half in ("1/2", "1/4", "1/8"):
            if LEVELS[half].digits <= chosen.digits and chosen.key != "3":
                number = number * 10 + _quarter(y, x, LEVELS[half])
    codes = number.astype(f"U{chosen.digits}")
    south_of_ten_degrees = bool(number.size and number.min() < 10 ** (chosen.digits - 1))
    return np.char.zfill(codes, chosen.digits) if south_of_ten_degrees else codes


def bounds(code: str) -> tuple[float, float, float, float]:
    """West, south, east, north in degrees of the cell that a code names. Raises errors.ParameterInvalid."""
    level = level_of(code)
    south = int(code[0:2]) * _FIRST_LAT
    west = int(code[2:4]) * _FIRST_LON + 100 * _PER_DEGREE
    if level.digits >= 6:
        south += int(code[4]) * _SECOND_LAT
        west += int(code[5]) * _SECOND_LON
    if level.key == "5x":
        south, west = _corner(south, west, code[6], level)
    elif level.digits >= 8:
        south += int(code[6]) * _THIRD_LAT
        west += int(code[7]) * _THIRD_LON
        if level.key != "2x":
            for digit, half in zip(code[8:], ("1/2", "1/4", "1/8"), strict=False):
                south, west = _corner(south, west, digit, LEVELS[half])
    return tuple(v / _PER_DEGREE for v in (west, south, west + level.lon, south + level.lat))  # type: ignore[return-value]


def level_of(code: str) -> Level:
    """The level of a code, from its length; nine digits ending in 5 are the 2 km mesh, in 1 to 4 the 500 m mesh.

    Raises errors.ParameterInvalid for what is no mesh code.
    """
    if code.isascii() and code.isdigit():
        for level in LEVELS.values():
            if len(code) == level.digits and _digits_fit(code, level):
                return level
    raise _invalid(
        "mesh", f"「{code}」はメッシュコードではありません", f"“{code}” is no mesh code", "53394611"
    )


def _quarter(y: NDArray[np.int64], x: NDArray[np.int64], level: Level) -> NDArray[np.int64]:
    """1 south-west, 2 south-east, 3 north-west, 4 north-east: which quarter of the cell one level up."""
    return y // level.lat % 2 * 2 + x // level.lon % 2 + 1


def _corner(south: int, west: int, digit: str, level: Level) -> tuple[int, int]:
    quarter = int(digit) - 1
    return south + quarter // 2 * level.lat, west + quarter % 2 * level.lon


def _digits_fit(code: str, level: Level) -> bool:
    second = level.digits < 6 or all(digit in "01234567" for digit in code[4:6])
    if level.key == "2x":
        return second and code[6] in "02468" and code[7] in "02468" and code[8] == "5"
    quarters = code[6:] if level.key == "5x" else code[8:]
    return second and all(digit in "1234" for digit in quarters)


def _level(key: str) -> Level:
    if key not in LEVELS:
        raise _invalid(
            "level", f"「{key}」という区画はありません", f"there is no level “{key}”", ", ".join(LEVELS)
        )
    return LEVELS[key]


def _invalid(name: str, why_ja: str, why_en: str, example: str) -> errors.ParameterInvalid:
    return errors.ParameterInvalid(name=name, why_ja=why_ja, why_en=why_en, example=example)
