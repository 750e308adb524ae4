"""What somebody may be about to type: names and addresses that begin like it, then names that hold it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from sqlalchemy import Connection

from gisapp.catalogue.layer import Layer
from gisapp.catalogue.search import FULL, GROUP
from gisapp.search import queries
from gisapp.search.answer import Match, of_hit
from gisapp.search.candidates import candidates
from gisapp.search.parts import words_of
from gisapp.search.queries import Hit
from gisapp.search.reading import OTHER, reader_of
from gisapp.settings import City

MOST = 8
ORDER = {"town": 0, "facility": 1, "street": 2, "address": 3, "parcel": 4}
SHORTEST_PART = 3  # characters from which names are also found in their middle


def suggest(connection: Connection, layers: Sequence[Layer], city: City, typed: str) -> list[Match]:
    """At most eight places whose name begins with what was typed, or holds it; none for another city's."""
    reading = reader_of(city).read(typed)
    if not reading.rest or (reading.city == OTHER and not reading.doubtful):
        return []
    if reading.city == OTHER:  # 十日市 may be another city or the beginning of a town's name
        hits = queries.beginning(connection, layers, [reading.rest], MOST)
        return [of_hit(hit, reading.rest) for hit in _distinct(hits)][:MOST]
    starts = _starts(reading.rest)
    hits = queries.beginning(connection, layers, starts, MOST)
    if len(_distinct(hits)) < MOST and len(reading.rest) >= SHORTEST_PART:
        hits += queries.containing(connection, layers, reading.rest, MOST)
    kinds = [layer for layer in layers if any(word.startswith(reading.rest) for word in _words(layer))]
    found = [_kind(layer, city) for layer in kinds] if len(reading.rest) > 1 else []
    ordered = sorted(_distinct(hits), key=lambda hit: _rank(hit, starts))
    return [*found, *(of_hit(hit, reading.rest) for hit in ordered)][:MOST]


def _starts(rest: str) -> list[str]:
    """The beginnings of keys that what was typed may be: 本町2-1 is also 本町2丁目 1…"""
    longest = [one for one in candidates(rest) if one.numbers and not one.more and not one.left]
    return list(dict.fromkeys((rest, *(one.key for one in longest))))[:4]


def _distinct(hits: Sequence[Hit]) -> list[Hit]:
    """One a label and kind: a shelter in a school is in two lists, one suggestion is enough."""
    found: dict[tuple[str, str], Hit] = {}
    for hit in queries.best_of(hits):
        found.setdefault(("numbers" if hit.kind in ("address", "parcel") else "", hit.label), hit)
    return list(found.values())


def _rank(hit: Hit, starts: Sequence[str]) -> tuple[bool, bool, int, bool, int, str]:
    begins = any(hit.key.startswith(start) for start in starts)
    exact = hit.key in starts and hit.form in (FULL, GROUP)
    return (not exact, not begins, ORDER.get(hit.kind, 9), hit.form == GROUP, len(hit.key), hit.key)


@lru_cache(maxsize=512)
def _words(layer: Layer) -> frozenset[str]:
    return words_of(layer) if layer.search and layer.search.words else frozenset()


def _kind(layer: Layer, city: City) -> Match:
    """All features of a layer as one suggestion; its place is the middle of the city."""
    west, south, east, north = city.bounds
    place = ((west + east) / 2, (south + north) / 2)
    word = layer.search.words[0] if layer.search else layer.title.ja
    return Match("kind", word, *place, city.bounds, detail=layer.title.ja, layer=layer)
