"""A table with addresses and without coordinates: its rows are placed by the search index, chunk by chunk.

Blank rather than wrong: a row whose address is met less exactly than is accepted, in several places, elsewhere or not at
all gets no place and is listed with the reason. Whether the file goes on without these rows is a person's to say.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from gisapp.catalogue.layer import Layer, Text, view_for
from gisapp.catalogue.search import searchable
from gisapp.geo.crs import JGD2011_LONLAT
from gisapp.installation import Installation
from gisapp.intake.choice import Choice
from gisapp.intake.problem import NOTE, QUESTION, WARNING, Problem
from gisapp.intake.source import Batch, Source
from gisapp.intake.values import as_text
from gisapp.search.answer import FOUND, NOT_IN_CITY, UNSURE, Answer
from gisapp.search.columns import AddressColumns, address_columns
from gisapp.search.geocode import Geocoder

if TYPE_CHECKING:
    from gisapp.intake.load import Order
    from gisapp.intake.report import Report

AT_ONCE = 5_000  # addresses of one question to the index
POINTS_SHOWN = 200  # of an answer, on a map
COARSE, NAMED = 2, 8
"""What is no town yet (the whole city, a street, a mesh); and a facility by its name or a coordinate: exact, but no level."""
LEVELS = {
    2: Text("市区町村など", "the city"),
    3: Text("町・大字", "the town"),
    4: Text("丁目・小字", "the chome or koaza"),
    5: Text("街区", "the block"),
    6: Text("住居番号", "the house"),
    7: Text("地番", "the lot"),
    8: Text("施設名など", "a facility's name"),
}


@dataclass
class Addresses:
    """How the rows of one table are placed. `least`: the match level from which an address is a place; `said`: a person
    named it, and rows below it are left out."""

    columns: AddressColumns
    least: int
    said: bool
    installation: Installation
    geocoder: Geocoder
    levels: Counter[int] = field(default_factory=Counter)  # rows that have one place, by match level
    without: int = 0  # rows that have none at any level
    _points: dict[int, list[tuple[float, float]]] = field(default_factory=lambda: defaultdict(list))

    @property
    def column(self) -> str:
        """The heading of the column, or those of the columns that are joined."""
        return self.columns.title

    def ready(self) -> bool:
        """Whether the index holds any town, house or lot."""
        with self.installation.database.reading("owner") as connection:
            return self.geocoder.knows_towns(connection)

    def place(self, batch: Batch) -> Batch:
        """The rows with points in longitude and latitude, None where there is no place; and why there is none."""
        texts = self._texts(batch)
        geometry = np.full(len(texts), None, dtype=object)
        wrong: dict[tuple[str, str, str], list[int]] = defaultdict(list)
        for number, (text, answer) in enumerate(zip(texts, self._answers(texts), strict=True)):
            level = _level(answer) if answer.status == FOUND else 0
            if level:
                self._count(level, answer)
            else:
                self.without += 1
            if level >= self.least:
                geometry[number] = (answer.matches[0].lon, answer.matches[0].lat)
            else:
                wrong[_why(text, answer, level, self.least)].append(int(batch.rows[number]))
        there = np.flatnonzero(geometry != None)  # noqa: E711 - element by element
        if len(there):
            geometry[there] = shapely.points(np.array(geometry[there].tolist(), dtype=float))
        kind = WARNING if self.said else QUESTION
        found = [Problem(kind, *why, tuple(rows), self.column) for why, rows in wrong.items()]
        return replace(batch, geometry=geometry, problems=(*batch.problems, *found))

    def _texts(self, batch: Batch) -> list[str]:
        cells = {name: as_text(batch.columns[name]).to_pylist() for name in self.columns.names}
        return [
            self.columns.read(lambda name: cells[name][row] or "")  # noqa: B023 - read at once
            for row in range(len(batch.rows))
        ]

    def tell(self, report: Report) -> None:
        """How the rows were placed; and what is asked about those that were not."""
        report.findings.drop("null_geometry")  # each of these rows is listed with its own reason
        report.findings.add([self.told()])
        report.geocoded = self.as_json()
        if report.findings.of(QUESTION):
            report.choices = self.choices()
            report.asks = "places" if report.choices else "position"

    def _answers(self, texts: Sequence[str]) -> Iterator[Answer]:
        for start in range(0, len(texts), AT_ONCE):
            with self.installation.database.reading("owner") as connection:
                yield from self.geocoder.answers(connection, texts[start : start + AT_ONCE])

    def _count(self, level: int, answer: Answer) -> None:
        self.levels[level] += 1
        points = self._points[level]
        if len(points) < POINTS_SHOWN:
            points.append((answer.matches[0].lon, answer.matches[0].lat))

    def placed(self, least: int) -> int:
        """How many rows are met at least at this level."""
        return sum(count for level, count in self.levels.items() if level >= least)

    def told(self) -> Problem:
        """How many rows were placed, and how exactly."""
        parts = [
            (LEVELS[n], count) for n, count in sorted(self.levels.items(), reverse=True) if n >= self.least
        ]
        ja = "、".join(f"{name.ja}まで {count:,} 行" for name, count in parts) or "0 行"
        en = ", ".join(f"{count:,} rows at {name.en}" for name, count in parts) or "none"
        said = f"住所から位置を付けました：{ja}"
        return Problem(NOTE, "geocoded", said, f"rows were placed by their address: {en}", column=self.column)

    def choices(self) -> list[Choice]:
        """What a person may say about rows without a place: leave them out, or take a coarser match too. The careful first."""
        whole = self.levels.total() + self.without
        levels = sorted({self.least, *(n for n in self.levels if 3 <= n < self.least)}, reverse=True)
        return [self._choice(level, whole) for level in levels if self.placed(level)]

    def _choice(self, level: int, whole: int) -> Choice:
        placed, name = self.placed(level), LEVELS[level]
        points = [point for n, some in self._points.items() if n >= level for point in some][:POINTS_SHOWN]
        (west, south), (east, north) = np.min(points, axis=0).tolist(), np.max(points, axis=0).tolist()
        ja = f"{name.ja}（レベル{level}）まで一致した {placed:,} 行を登録し、{whole - placed:,} 行を除く"
        en = f"load the {placed:,} rows met at least at {name.en} (level {level}), leave out {whole - placed:,}"
        return Choice("places", str(level), ja, en, (west, south, east, north), tuple(points))

    def as_json(self) -> dict[str, Any]:
        """The column, the level that counts as a place, and rows by level."""
        levels = {str(level): count for level, count in sorted(self.levels.items()) if level != NAMED}
        by_name = {"named": self.levels[NAMED], "not_found": self.without}
        return {"column": self.column, "least": self.least, "levels": levels} | by_name


def _level(answer: Answer) -> int:
    match = answer.matches[0]
    if match.level is not None:
        return max(match.level, COARSE)
    return NAMED if match.kind in ("facility", "coordinate") else COARSE


def _why(text: str, answer: Answer, level: int, least: int) -> tuple[str, str, str]:
    """Code and sentences for a row without a place. No sentence quotes an address: it may be somebody's home."""
    ja, en = answer.reason.ja.rstrip("。"), answer.reason.en.rstrip(".")
    if not text:
        return "no_coordinate", "住所が空です", "there is no address"
    if level:
        met, wanted = LEVELS[level], LEVELS[least]
        return (
            "address_coarse",
            f"{met.ja}までの一致（レベル{level}）です。{wanted.ja}（レベル{least}）より粗いため、位置を付けません",
            f"met only at {met.en} (level {level}); coarser than {wanted.en} (level {least}), so it is not placed",
        )
    if answer.status == UNSURE:
        best = max((match.level or 0 for match in answer.matches), default=0)
        until = (f"（候補はレベル{best}）", f" (candidates of level {best})") if best else ("", "")
        return (
            "address_unsure",
            f"場所を一つに決められません{until[0]}：{ja}",
            f"not one place{until[1]}: {en}",
        )
    if answer.status == NOT_IN_CITY:
        return (
            "address_elsewhere",
            "この市の住所ではありません（一致なし）",
            "not an address of this city (no match)",
        )
    return "address_not_found", "住所が見つかりません（一致なし）", "the address is not known (no match)"


def placed_by_address(source: Source, installation: Installation, order: Order) -> Source:
    """The source with its rows placed by its columns of addresses; as it was where it has coordinates, no such column, or
    where the city has no index of addresses: then it stays `shapeless` and says why."""
    columns = address_columns(source.columns) if source.shapeless else None
    if columns is None:
        return source
    said = order.options.places
    least = int(said) if said else installation.settings.address_level
    geocoder = Geocoder(installation.city, _layers(installation, order))
    addresses = Addresses(columns, least, bool(said), installation, geocoder)
    if not addresses.ready():
        return replace(source, unplaced=columns.title)

    def read() -> Generator[Batch, None, None]:
        batches = source.batches()
        try:
            for batch in batches:
                yield addresses.place(batch)
        finally:
            batches.close()

    ja, en = (
        "緯度・経度の列がないため、住所から位置を付けます",
        "it has no coordinates: its addresses place it",
    )
    problems = [problem for problem in source.problems if problem.code != "no_position"]
    problems.append(Problem(NOTE, "no_position", ja, en, column=columns.title))
    from_name = Text(f"「{columns.title}」の住所", f"the addresses in its column {columns.title}")
    return replace(
        source,
        batches=read,
        crs=JGD2011_LONLAT,
        crs_from=from_name,
        shapeless=False,
        problems=tuple(problems),
        addresses=addresses,
    )


def _layers(installation: Installation, order: Order) -> list[Layer]:
    """The layers whose names and numbers may place a row: those that whoever sent the file may see."""
    layers, by = searchable(installation.catalogue), order.author
    if by is None or by.person_id is None:  # on the machine itself
        return layers
    return [layer for layer in layers if view_for(layer, frozenset(by.departments))]
