"""From a query to an answer, each a straight line: coordinates, address or lot, name, kind of facility, misspelt name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection

from gisapp.catalogue.layer import Layer
from gisapp.search import queries, words
from gisapp.search.answer import (
    CITY_LEVEL,
    FOUND,
    NOT_FOUND,
    NOT_IN_CITY,
    UNSURE,
    Answer,
    Match,
    of_hit,
)
from gisapp.search.candidates import candidates
from gisapp.search.coordinates import read_coordinates
from gisapp.search.decide import MOST, Found, decide, in_block, is_town_of_ours
from gisapp.search.parts import Asker, by_part, by_words
from gisapp.search.queries import Hit
from gisapp.search.reading import OTHER, OWN, Reading, reader_of
from gisapp.settings import City
from gisapp.text.matching import match_key

SAME_PLACE = 0.0015  # degrees: entries of one name as near as this are one place in several lists
_TOWN_PART = re.compile(r"[^0-9]*?[0-9]+丁目|[^0-9]+")


def find(
    connection: Connection, layers: Sequence[Layer], city: City, query: str, near: tuple[float, float] | None
) -> Answer:
    """Where `query` is, in the layers given (those that the asker may see). near: lon, lat; what is asked for by its kind
    comes in order of distance from there (None: from the middle of the city)."""
    placed = read_coordinates(query, city)
    if placed is not None:
        return placed
    reading, asker = reader_of(city).read(query), Asker(connection, layers, city, near)
    if reading.city == OWN and not reading.rest:
        return whole_city(city)
    elsewhere_for_sure = reading.city == OTHER and not reading.doubtful
    readings = [] if elsewhere_for_sure else candidates(reading.rest, undivided="大字" in query)
    found = queries.named(connection, layers, [reading.key, reading.rest, *(one.key for one in readings)])
    answer, block = decide(query, readings, found)
    if reading.doubtful and not is_town_of_ours(answer, reading):
        answer, block = None, ""
    if block and answer is not None:
        houses = queries.blocks(connection, layers, [block]).get(block)
        answer = in_block(answer, houses, block.split()[-1].rstrip("-")) if houses else answer
    whole = answer is not None and answer.status == FOUND and not answer.matches[0].left
    named = by_name(reading, found)
    if named is not None:
        return replace(answer, matches=(*answer.matches, *named.matches)) if whole and answer else named
    if whole and answer is not None:
        return answer
    return by_words(asker, reading) or _less_certain(asker, reading, answer)


def _less_certain(asker: Asker, reading: Reading, answer: Answer | None) -> Answer:
    """The address as far as it was found, unless what stands behind a town makes it a facility there."""
    said = answer is not None and (answer.status == FOUND or not answer.matches[0].left)
    part = by_part(asker, reading) if not said and reading.city != OTHER else None
    return part or answer or elsewhere(reading) or nearly(asker.connection, asker.layers, reading)


def by_name(reading: Reading, found: Found) -> Answer | None:
    """Facilities and streets of exactly this name."""
    hits: list[Hit] = []
    for key in dict.fromkeys((reading.key, reading.rest)):
        hits += [hit for hit in found.get(key, ()) if hit.kind in ("facility", "street")]
    best = queries.best_of(hits)
    if not best:
        return None
    first = best[0]
    apart = any(abs(h.lon - first.lon) + abs(h.lat - first.lat) > SAME_PLACE for h in best)
    matches = tuple(of_hit(hit, hit.key) for hit in best[:MOST])
    return Answer(UNSURE if apart else FOUND, matches, words.SEVERAL if apart else words.NOTHING)


def elsewhere(reading: Reading) -> Answer | None:
    """The answer for whoever names another city: no lookalike of this one."""
    return Answer(NOT_IN_CITY, (), words.not_in_city(reading.query[:50])) if reading.city == OTHER else None


def nearly(connection: Connection, layers: Sequence[Layer], reading: Reading) -> Answer:
    """Names that are nearly the same, as a question; nothing where there are none."""
    part = _TOWN_PART.match(reading.rest)
    keys = dict.fromkeys((reading.rest, part[0] if part else reading.rest))
    hits = [hit for key in keys for hit in queries.alike(connection, layers, key, 5)]
    matches = tuple(of_hit(hit, "", reading.rest, level=0) for hit in queries.best_of(hits)[:5])
    return Answer(UNSURE, matches, words.NEARLY) if matches else Answer(NOT_FOUND, (), words.NOT_FOUND)


def whole_city(city: City) -> Answer:
    """The city itself."""
    west, south, east, north = city.bounds
    place = ((west + east) / 2, (south + north) / 2)
    return Answer(
        FOUND,
        (Match("city", city.name_ja, *place, city.bounds, CITY_LEVEL, matched=match_key(city.name_ja)),),
    )
