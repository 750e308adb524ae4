"""Addresses of the made-up city, written as its register would, and the common columns of the standard lists."""

from __future__ import annotations

import numpy as np

from gisapp.sample.city import City, Town
from gisapp.sample.names import CITY_CODE, CITY_JA, PREFECTURE_JA
from gisapp.sample.rows import Column
from gisapp.sample.terrain import Floats

FIRST_LOT = 100
"""Lot numbers (地番) of a block are this much above its block number (街区符号), so that the two are not confused."""


def lot_number(block: int, order: int) -> str:
    """地番, for instance 112-3."""
    return f"{block + FIRST_LOT}-{order}"


def after_town(city: City, town: int, block: int, order: int) -> str:
    """What follows the town in an address: 12番3号 where houses are numbered, else the lot number with 番地."""
    if city.towns[town].numbered:
        return f"{block}番{order}号"
    return f"{block + FIRST_LOT}番地{order}"


def address(city: City, town: int, block: int, order: int) -> str:
    """A whole address with prefecture and city."""
    return f"{PREFECTURE_JA}{CITY_JA}{city.towns[town].name.ja}{after_town(city, town, block, order)}"


def addresses(towns: list[Town], numbers: list[tuple[int, int, int]]) -> list[str]:
    """Many whole addresses in a few towns: number of the town, block, number in it."""
    start = {town.number: f"{PREFECTURE_JA}{CITY_JA}{town.name.ja}" for town in towns}
    numbered = {town.number for town in towns if town.numbered}
    return [
        f"{start[t]}{b}番{o}号" if t in numbered else f"{start[t]}{b + FIRST_LOT}番地{o}"
        for t, b, o in numbers
    ]


def postal_code(district: int) -> str:
    """Begins with 000, which Japan Post does not use."""
    return f"000-{district + 1:04d}"


def phone(number: int) -> str:
    """Begins with 0000, which is no area code."""
    return f"0000-{number // 10_000 % 100:02d}-{number % 10_000:04d}"


def seat(
    city: City, place: Floats, town: list[int], block: list[int], order: list[int]
) -> dict[str, Column | list[str]]:
    """The address columns that all standard lists share, for points (n, 2) in local metres."""
    lon, lat = city.lonlat(place)
    numbers = list(zip(town, block, order, strict=True))
    same: Column = np.full(len(town), CITY_CODE, dtype=object)
    return {
        "localgov_code": same,
        "localgov_name": np.full(len(town), CITY_JA, dtype=object),
        "seat_localgov_code": same,
        "choaza_id": [city.towns[t].machiaza_id for t in town],
        "seat_copulative_spell": [address(city, *number) for number in numbers],
        "seat_prefecture": np.full(len(town), PREFECTURE_JA, dtype=object),
        "seat_city": np.full(len(town), CITY_JA, dtype=object),
        "seat_choaza": [city.towns[t].name.ja for t in town],
        "seat_after_address": [after_town(city, *number) for number in numbers],
        "building_name_etc": np.full(len(town), None, dtype=object),
        "latitude": lat,
        "longitude": lon,
    }
