"""EXPECTED.csv of the shared data: what must come of each file, and how its facts are asked of a staged file."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CODEC_NAMES = {"utf-8-sig": "utf-8", "utf_8": "utf-8", "utf_8_sig": "utf-8"}
CITIES = {"Yaizu": "yaizu"}


@dataclass(frozen=True)
class Row:
    """One line of EXPECTED.csv, taken apart."""

    file: str
    outcomes: tuple[str, ...]
    features: tuple[int, ...]  # by layer of the file
    geometry: str
    systems: tuple[str, ...]
    encoding: str
    must: frozenset[str]
    may: frozenset[str]
    facts: tuple[str, ...]
    note: str

    @property
    def city(self) -> str:
        """The city that the file is loaded into."""
        found = re.search(r"city=(\w+)", self.note)
        return CITIES[found[1]] if found else "musashimurayama"

    @property
    def several(self) -> bool:
        """Whether the file holds several layers."""
        return len(self.features) > 1


def read_rows(folder: Path) -> Iterator[Row]:
    """All lines."""
    with (folder / "EXPECTED.csv").open(encoding="utf-8", newline="") as file:
        for one in csv.DictReader(file):
            problems = [p.strip() for p in one["problems"].split(";") if p.strip()]
            yield Row(
                file=one["file"],
                outcomes=tuple(one["outcome"].split("|")),
                features=tuple(int(n) for n in one["features"].split("+")),
                geometry=one["geometry"],
                systems=tuple(one["source_crs"].split("|")),
                encoding=one["encoding"],
                must=frozenset(p for p in problems if not p.endswith("?")),
                may=frozenset(p.removesuffix("?") for p in problems if p.endswith("?")),
                facts=tuple(f.strip() for f in one["check"].split("; ") if f.strip()),
                note=one["note"],
            )


def codec(name: str) -> str:
    """Encodings that are the same here have one name."""
    plain = name.lower().replace("-", "_")
    return CODEC_NAMES.get(plain, plain.replace("utf_8", "utf-8"))


def fact_of(fact: str) -> tuple[str, str, str] | None:
    """A fact as (layer of the file or "", what, value); None for a remark that is no fact of these forms."""
    layer, _, rest = fact.rpartition(": ") if re.match(r"[^=]+: ", fact) else ("", "", fact)
    what, equals, value = rest.partition("=")
    value = re.sub(r"\s*\(.*\)$", "", value) if re.match(r"[-\d.,]+\s*\(", value) else value
    return (layer, what.strip(), value.strip()) if equals else None


def numbers(text: str) -> list[float]:
    return [float(n) for n in text.split(",")]


def near(found: Any, wanted: float, least: float) -> bool:
    """Within 0.01 % or `least`."""
    return found is not None and abs(float(found) - wanted) <= max(abs(wanted) * 1e-4, least)
