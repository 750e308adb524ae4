"""Rows of the search tables: under which keys a feature is found, what it is called, how exact it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any

from gisapp.catalogue.found import Search
from gisapp.catalogue.layer import Layer
from gisapp.catalogue.search import FULL, GROUP, READING
from gisapp.text.matching import lot_key, match_key

LONGEST_KEY = 200  # characters: what is longer is found by its beginning
TOWN, TOWN_IN_DETAIL, BLOCK, HOUSE, PARCEL = 3, 4, 5, 6, 7
"""Match levels of the address base registry; 1 is a prefecture, 2 a city, 0 nothing."""
_CHOME = re.compile(r"[0-9]+丁目$")

Entry = tuple[str, str, str | None, int, int | None]  # key, label, detail, form, level
Values = dict[str, Any]


def maker(layer: Layer) -> Callable[[Values], Iterator[Entry]]:
    """The function that makes the entries of one feature of the layer from its values (of `Search.fields()` and label)."""
    search = layer.search
    assert search is not None
    if search.kind in ("address", "parcel"):
        return lambda values: _of_numbers(search, values)
    shown = layer.label_fields()
    return lambda values: _of_names(layer, search, shown, values)


def _of_names(layer: Layer, search: Search, shown: Sequence[str], values: Values) -> Iterator[Entry]:
    names = [values[name] for name in search.names]
    if not any(names):
        return
    label = (layer.label_of(values) if any(values.get(f) for f in shown) else "") or next(filter(None, names))
    detail = values[search.detail] if search.detail else None
    told: set[str] = set()
    for place, name in enumerate(names):
        key = key_of(name) if name else ""
        if not key or key in told:
            continue
        told.add(key)
        level = _level_of_town(key) if search.kind == "town" else None
        yield key, label, detail, FULL if place == 0 else READING, level
        if search.kind == "town" and (group := _CHOME.sub("", key)) != key and group not in told:
            told.add(group)
            yield group, label, detail, GROUP, TOWN


def _of_numbers(search: Search, values: Values) -> Iterator[Entry]:
    town = values[search.town]
    if not town:
        return
    koaza = (values[search.koaza] if search.koaza else None) or ""
    numbers = tuple(str(values[name]) for name in search.numbers if values[name])
    level = (values[search.level] if search.level else PARCEL) or (
        PARCEL if search.kind == "parcel" else None
    )
    town_key = key_of(town)
    if not numbers:
        if search.kind == "address":
            yield from _of_town(town, koaza, level, [values[name] for name in search.names])
        return
    if level is None:
        level = HOUSE if len(numbers) > 1 else PARCEL
    lot, written = _lot(numbers, level)
    label = f"{town}{koaza}{written}"
    yield (town_key + lot)[:LONGEST_KEY], label, None, FULL, level
    if koaza:
        yield (town_key + key_of(koaza) + lot)[:LONGEST_KEY], label, None, FULL, level


def _of_town(town: str, koaza: str, level: int | None, readings: Sequence[str | None]) -> Iterator[Entry]:
    key = key_of(town) + key_of(koaza)
    found = level if level in (TOWN, TOWN_IN_DETAIL) else TOWN_IN_DETAIL if koaza else _level_of_town(key)
    yield key, town + koaza, None, FULL, found
    for name in (key, *(key_of(one) for one in readings if one)):
        if name != key:
            yield name, town + koaza, None, READING, found
        if (group := _CHOME.sub("", name)) != name:
            yield group, town + koaza, None, GROUP, TOWN


def _written(numbers: Sequence[str], level: int) -> str:
    """5番2号 where houses are numbered, 112番地3 where lots are, as the address registers write them."""
    if any(not n.replace("-", "").isdigit() for n in numbers):
        return "-".join(numbers)
    parts = "-".join(numbers).split("-")
    if level == HOUSE and len(parts) > 1:
        return f"{parts[0]}番{'-'.join(parts[1:])}号"
    if level == BLOCK:
        return f"{parts[0]}番"
    return f"{parts[0]}番地{'-'.join(parts[1:])}"


def _level_of_town(key: str) -> int:
    return TOWN_IN_DETAIL if _CHOME.search(key) else TOWN


@lru_cache(maxsize=50_000)
def key_of(name: str) -> str:
    """The key of a name; towns repeat in thousands of addresses."""
    return match_key(name)[:LONGEST_KEY]


@lru_cache(maxsize=50_000)
def _lot(numbers: tuple[str, ...], level: int) -> tuple[str, str]:
    """The key of a number and how it is written; 5番2号 is there in every town."""
    return lot_key("-".join(numbers)), _written(numbers, level)
