"""Facilities and streets of which a query gives a kind, a part of the name, or several words: a list to choose from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import Connection

from gisapp.catalogue.layer import Layer
from gisapp.search import queries, words
from gisapp.search.answer import FOUND, UNSURE, Answer, of_hit
from gisapp.search.candidates import candidates
from gisapp.search.decide import MOST, decide
from gisapp.search.queries import Hit
from gisapp.search.reading import Reading, reader_of
from gisapp.settings import City
from gisapp.text.matching import match_key

_HERE = frozenset(
    map(match_key, ("近く", "近くの", "この近く", "最寄り", "最寄", "もより", "付近", "周辺", "近所"))
)
Place = tuple[float, float]


@dataclass(frozen=True)
class Asker:
    """Who asks: their connection and layers, the city, and where they are (lon, lat; None: the middle of the city)."""

    connection: Connection
    layers: Sequence[Layer]
    city: City
    near: Place | None

    def place(self) -> Place:
        """From where distances are told."""
        west, south, east, north = self.city.bounds
        return self.near or ((west + east) / 2, (south + north) / 2)


@lru_cache(maxsize=512)
def words_of(layer: Layer) -> frozenset[str]:
    """The keys of what all features of a layer are called."""
    if layer.search is None:
        return frozenset()
    return frozenset(map(match_key, (*layer.search.words, layer.title.ja, layer.title.en)))


def by_words(asker: Asker, reading: Reading) -> Answer | None:
    """Facilities of the kind that the query names and no more: トイレ, AED; the nearest first."""
    wanted = [layer for layer in asker.layers if reading.rest in words_of(layer)]
    return _nearest(asker, wanted, asker.place(), reading.rest)


def by_part(asker: Asker, reading: Reading) -> Answer | None:
    """Facilities and streets of a kind and something more (本町のトイレ, AED 図書館), or whose names hold all words."""
    rest = reader_of(asker.city).without_city(reading.rest)
    for layer, word in _kinds(asker.layers, rest):
        more = (rest[len(word) :] if rest.startswith(word) else rest[: -len(word)]).strip("の")
        found = _nearest(asker, [layer], asker.place(), word) if more in _HERE else None
        found = found or _holding(asker, [layer], [more]) or _in_town(asker, layer, more, word)
        if found is not None:
            return found
    named = [layer for layer in asker.layers if layer.search and layer.search.kind in ("facility", "street")]
    several = [
        reader_of(asker.city).without_city(key) for key in map(match_key, reading.query.split()) if key
    ]
    return _holding(asker, named, [rest]) or (_holding(asker, named, several) if len(several) > 1 else None)


def _kinds(layers: Sequence[Layer], rest: str) -> list[tuple[Layer, str]]:
    """Layers with the word for their features with which the query begins or ends, the longest word first."""
    found = [
        (layer, word)
        for layer in layers
        for word in (words_of(layer) if layer.search and layer.search.words else ())
        if word != rest and (rest.startswith(word) or rest.endswith(word))
    ]
    return sorted(found, key=lambda pair: (-len(pair[1]), pair[0].id))


def _nearest(asker: Asker, layers: Sequence[Layer], place: Place, matched: str) -> Answer | None:
    hits = [hit for layer in layers for hit in queries.of_words(asker.connection, layer, place, MOST)]
    return Answer(FOUND, tuple(of_hit(hit, matched) for hit in hits)) if hits else None


def _in_town(asker: Asker, layer: Layer, town: str, word: str) -> Answer | None:
    """Those of a kind that are nearest to a town."""
    options = candidates(town)
    found = queries.named(asker.connection, asker.layers, [one.key for one in options])
    answer, _ = decide(town, options, found)
    if answer is None or answer.matches[0].left:
        return None
    return _nearest(asker, [layer], (answer.matches[0].lon, answer.matches[0].lat), word)


def _holding(asker: Asker, layers: Sequence[Layer], parts: Sequence[str]) -> Answer | None:
    hits = queries.holding(asker.connection, layers, parts, MOST)
    ordered: list[Hit] = sorted(queries.best_of(hits), key=lambda hit: (len(hit.key), hit.key, hit.feature))
    matches = tuple(of_hit(hit, "".join(parts)) for hit in ordered[:MOST])
    return Answer(UNSURE, matches, words.PART) if matches else None
