"""Many addresses at once: the towns are read once, a chunk of rows is a few questions to the index. Blank rather than wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from gisapp.catalogue.layer import Layer
from gisapp.search import queries, words
from gisapp.search.answer import FOUND, NOT_FOUND, Answer
from gisapp.search.candidates import Candidate, candidates
from gisapp.search.coordinates import read_coordinates
from gisapp.search.decide import decide, in_block, is_town_of_ours
from gisapp.search.find import by_name, elsewhere, nearly, whole_city
from gisapp.search.queries import Hit
from gisapp.search.reading import LONGEST_QUERY, OWN, Reader, Reading
from gisapp.settings import City

_MAY_BE_PLACE = re.compile(r"[\x21-\x7e！-～−北東緯経第平座メ【「]")
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

    def knows_towns(self, connection: Connection) -> bool:
        """Whether there is anything to find addresses in."""
        self._towns = queries.towns(connection, self._layers)
        return bool(self._towns)

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
            if ready is None and reading.doubtful and not is_town_of_ours(answer, reading):
                answer, block = None, ""
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
        # A lot without a number (無番地, 甲) stands under its whole text.
        words = {
            r.rest for r, _ in asked if r.rest and not r.rest[-1].isdigit() and r.rest[-1] not in "番地号室"
        }
        words |= {r.rest for r, _ in asked if r.rest.endswith("無番地")}
        found = queries.named(connection, self._layers, numbers | words)
        for key, hits in queries.named(connection, self._named, names).items():
            found[key] = [*found.get(key, towns.get(key, ())), *hits]
        return found

    def _read(self, text: str, towns: Mapping[str, list[Hit]]) -> Read:
        reading = self._reader.read(text)
        placed = read_coordinates(text, self._city) if _MAY_BE_PLACE.match(text) else None
        if placed is not None:
            return reading, [], placed
        if reading.city == OWN and not reading.rest:
            return reading, [], whole_city(self._city)
        if reading.other and not reading.doubtful:
            return reading, [], None
        options = candidates(reading.rest, undivided="大字" in text, known=towns)
        if not any(one.numbers for one in options):  # the lists may lack the town of these houses
            options = candidates(reading.rest, undivided="大字" in text)
        return reading, options, None
