"""Many addresses at once: the towns are read once, a chunk of rows is a few questions to the index. Blank rather than wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from gisapp.catalogue.layer import Layer
from gisapp.search import queries, words
from gisapp.search.answer import FOUND, NOT_FOUND, Answer
from gisapp.search.candidates import Candidate, candidates
from gisapp.search.coordinates import read_coordinates
from gisapp.search.decide import decide, in_block
from gisapp.search.find import by_name, elsewhere, nearly
from gisapp.search.queries import Hit
from gisapp.search.reading import LONGEST_QUERY, OTHER, Reader, Reading
from gisapp.settings import City

Read = tuple[Reading, list[Candidate], Answer | None]


class Geocoder:
    """Answers many addresses; it knows the city's towns from its first chunk on. guess: also looks for misspelt names, a
    question for each row."""

    def __init__(self, city: City, layers: Sequence[Layer], *, guess: bool = False) -> None:
        self._city, self._layers, self._guess = city, layers, guess
        self._reader = Reader(city)
        self._towns: Mapping[str, list[Hit]] | None = None
        self._named = [
            layer for layer in layers if layer.search and layer.search.kind in ("facility", "street")
        ]

    def answers(self, connection: Connection, addresses: Sequence[str]) -> list[Answer]:
        """The answer for each address, in their order."""
        if self._towns is None:
            self._towns = queries.towns(connection, self._layers)
        texts = [" ".join(text.split())[:LONGEST_QUERY] for text in addresses]
        read = {text: self._read(text, self._towns) for text in dict.fromkeys(texts)}
        found = dict(self._towns) | self._look_up(connection, read, self._towns)
        answers: dict[str, Answer] = {}
        blocks: dict[str, str] = {}
        for text, (reading, options, ready) in read.items():
            answer, block = (ready, "") if ready is not None else decide(text, options, found)
            whole = answer is not None and answer.status == FOUND and not answer.matches[0].left
            if not whole and ready is None:
                answer = by_name(reading, found) or answer or elsewhere(reading)
                if answer is None and self._guess and reading.rest:
                    answer = nearly(connection, self._layers, reading)
            if block and answer is not None and answer.status == FOUND:
                blocks[text] = block
            answers[text] = answer or Answer(NOT_FOUND, (), words.NOT_FOUND)
        houses = queries.blocks(connection, self._layers, sorted(set(blocks.values())))
        for text, block in blocks.items():
            if block in houses:
                answers[text] = in_block(answers[text], houses[block], block.split()[-1].rstrip("-"))
        return [answers[text] for text in texts]

    def _look_up(
        self, connection: Connection, read: Mapping[str, Read], towns: Mapping[str, list[Hit]]
    ) -> dict[str, list[Hit]]:
        """What there is of the numbers and names of all rows: one statement."""
        asked = [(reading, options) for reading, options, ready in read.values() if ready is None]
        numbers = {one.key for _, options in asked for one in options if one.numbers}
        names = {key for reading, _ in asked for key in (reading.key, reading.rest)}
        found = queries.named(connection, self._layers, numbers)
        for key, hits in queries.named(connection, self._named, names).items():
            found[key] = [*towns.get(key, ()), *hits]
        return found

    def _read(self, text: str, towns: Mapping[str, list[Hit]]) -> Read:
        reading = self._reader.read(text)
        placed = read_coordinates(text, self._city) if text[:1].isascii() or text[:1] in "北東緯" else None
        if placed is not None or reading.city == OTHER:
            return reading, [], placed
        options = candidates(reading.rest, undivided="大字" in text, known=towns)
        if not any(one.numbers for one in options):  # the lists may lack the town of these houses
            options = candidates(reading.rest, undivided="大字" in text)
        return reading, options, None
