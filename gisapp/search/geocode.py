"""Many addresses at once: a chunk of rows is one question to the index. Blank rather than wrong."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from sqlalchemy import Connection

from gisapp.catalogue.layer import Layer
from gisapp.search import queries, words
from gisapp.search.answer import FOUND, NOT_FOUND, Answer
from gisapp.search.candidates import Candidate, candidates
from gisapp.search.coordinates import read_coordinates
from gisapp.search.decide import Found, decide, in_block
from gisapp.search.find import by_name, elsewhere, nearly
from gisapp.search.queries import Hit
from gisapp.search.reading import LONGEST_QUERY, OTHER, Reader, Reading
from gisapp.settings import City

AT_ONCE = 5_000  # rows of a chunk
MOST_KNOWN = 200_000  # names of towns, also of those that there are not


@lru_cache(maxsize=4)
def _reader(city: City) -> Reader:
    return Reader(city)


def geocode(
    connection: Connection,
    layers: Sequence[Layer],
    city: City,
    addresses: Sequence[str],
    *,
    guess: bool = False,
    known: dict[str, list[Hit]] | None = None,
) -> list[Answer]:
    """The answer for each address, in their order. guess: also look for misspelt names, a question for each row.

    known: what was found of towns, filled and used again from chunk to chunk.
    """
    known = {} if known is None else known
    texts = [" ".join(text.split())[:LONGEST_QUERY] for text in addresses]
    read = {text: _read(city, text) for text in dict.fromkeys(texts)}
    asked = [(reading, options) for reading, options, ready in read.values() if ready is None]
    towns = [layer for layer in layers if layer.search and layer.search.kind in ("town", "address")]
    others = [layer for layer in layers if layer not in towns]
    starts = {one.town for _, options in asked for one in options}
    found = dict(_of_towns(connection, towns, starts, known))
    full = {key for reading, _ in asked for key in (reading.key, reading.rest)}
    for key, hits in queries.named(connection, others, sorted(full)).items():
        found[key] = [*found.get(key, ()), *hits]
    numbers = {one.key for _, options in asked for one in _in_known_towns(options, found)}
    found |= queries.named(connection, layers, sorted(numbers))
    answers: dict[str, Answer] = {}
    blocks: dict[str, str] = {}
    for text, (reading, options, ready) in read.items():
        answer, block = (ready, "") if ready is not None else decide(text, options, found)
        whole = answer is not None and answer.status == FOUND and not answer.matches[0].left
        if not whole and ready is None:
            answer = by_name(reading, found) or answer or elsewhere(reading)
            if answer is None and guess and reading.rest:
                answer = nearly(connection, layers, reading)
        if block and answer is not None and answer.status == FOUND:
            blocks[text] = block
        answers[text] = answer or Answer(NOT_FOUND, (), words.NOT_FOUND)
    houses = queries.blocks(connection, layers, sorted(set(blocks.values())))
    for text, block in blocks.items():
        if block in houses:
            answers[text] = in_block(answers[text], houses[block], block.split()[-1].rstrip("-"))
    return [answers[text] for text in texts]


def _of_towns(
    connection: Connection, towns: Sequence[Layer], names: set[str], known: dict[str, list[Hit]]
) -> dict[str, list[Hit]]:
    """Towns of these names; what was asked before is not asked again."""
    if len(known) > MOST_KNOWN:
        known.clear()
    fresh = sorted(name for name in names if name not in known)
    known |= dict.fromkeys(fresh, []) | queries.named(connection, towns, fresh)
    return {name: known[name] for name in names if known[name]}


def _in_known_towns(options: list[Candidate], found: Found) -> list[Candidate]:
    """The readings with numbers whose town is there; all of them where no town of a query is: the list may lack it."""
    numbered = [one for one in options if one.numbers]
    known = [one for one in numbered if one.town in found]
    return known or numbered


def _read(city: City, text: str) -> tuple[Reading, list[Candidate], Answer | None]:
    reading = _reader(city).read(text)
    placed = read_coordinates(text, city) if text[:1].isascii() or text[:1] in "北東緯" else None
    if placed is not None or reading.city == OTHER:
        return reading, [], placed
    return reading, candidates(reading.rest, undivided="大字" in text), None
