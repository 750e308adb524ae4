"""What is found while a file is read, and how it is gathered so that a person sees all of it at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, NoReturn

from gisapp import errors
from gisapp.intake.advice import advice_for
from gisapp.intake.choice import Choice
from gisapp.text.shown import shown

ERROR, QUESTION, WARNING, REPAIR, NOTE = "error", "question", "warning", "repair", "note"
LEVELS = {
    ERROR: ("エラー", "error"),
    QUESTION: ("要確認", "question"),
    WARNING: ("注意", "warning"),
    REPAIR: ("修正", "repair"),
    NOTE: ("参考", "note"),
}
RANGES_SHOWN = 12


@dataclass(frozen=True)
class Problem:
    """One finding. An `error` refuses the whole file; a `question` too, until somebody answers it; a `repair` says what
    was changed; others only tell.

    `rows` are numbered from 1 in the order of the file, the header not counted; none: the whole file is meant.
    """

    level: str
    code: str
    ja: str
    en: str
    rows: tuple[int, ...] = ()
    column: str = ""

    def line(self, lang: str = "ja") -> str:
        """The finding as one line, its rows after it."""
        japanese = lang == "ja"
        text = shown(self.ja if japanese else self.en)
        if self.column:
            column = shown(self.column)
            text = f"「{column}」：{text}" if japanese else f"“{column}”: {text}"
        if not self.rows:
            return text
        if len(self.rows) == 1:
            return f"{text}（{self.rows[0]}行目）" if japanese else f"{text} (row {self.rows[0]})"
        listed = ranges(self.rows, lang)
        return (
            f"{text}（{len(self.rows):,}行：{listed}）"
            if japanese
            else f"{text} ({len(self.rows):,} rows: {listed})"
        )

    def as_json(self, most_rows: int | None = None) -> dict[str, Any]:
        """The finding for programs; `count` is the number of rows even where only `most_rows` of them are listed."""
        return {
            "level": self.level,
            "code": self.code,
            "ja": shown(self.ja),
            "en": shown(self.en),
            "do_ja": advice_for(self.code)[0],
            "do_en": advice_for(self.code)[1],
            "column": self.column or None,
            "count": len(self.rows),
            "rows": list(self.rows[:most_rows]),
        }


def ranges(rows: Sequence[int], lang: str = "ja") -> str:
    """Row numbers in short: [1, 2, 3, 7] → "1〜3, 7"; the first few only, then how many ranges more."""
    runs = [
        [number for _, number in run]
        for _, run in groupby(enumerate(sorted(set(rows))), key=lambda pair: pair[1] - pair[0])
    ]
    dash, more = ("〜", "、ほか") if lang == "ja" else ("–", ", …")
    listed = [str(r[0]) if len(r) == 1 else f"{r[0]}{dash}{r[-1]}" for r in runs[:RANGES_SHOWN]]
    return ", ".join(listed) + (more if len(runs) > RANGES_SHOWN else "")


class Findings:
    """Problems in the order in which they came; the same problem of other rows joins the first of its kind."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str, str, str], tuple[Problem, list[int]]] = {}

    def add(self, problems: Iterable[Problem]) -> None:
        """Take whatever a check yields."""
        for problem in problems:
            key = (problem.level, problem.code, problem.column, problem.ja)
            self._found.setdefault(key, (problem, []))[1].extend(problem.rows)

    def __iter__(self) -> Iterator[Problem]:
        for problem, rows in self._found.values():
            yield replace(problem, rows=tuple(rows))

    def of(self, level: str) -> list[Problem]:
        """The problems of one level."""
        return [problem for problem in self if problem.level == level]

    def rows_of(self, code: str) -> int:
        """How many rows have a problem of that code."""
        return sum(len(rows) for problem, rows in self._found.values() if problem.code == code)

    def count_rows(self, level: str) -> int:
        """How many rows have a problem of that level, each counted once."""
        return len({row for problem, rows in self._found.values() if problem.level == level for row in rows})

    def clear(self) -> None:
        """Forget all of them."""
        self._found = {}

    def drop(self, code: str) -> None:
        """Forget the problems of one code: another says it better."""
        self._found = {key: value for key, value in self._found.items() if key[1] != code}


def refuse(
    code: str,
    why: tuple[str, str],
    do: tuple[str, str],
    *,
    asks: str = "",
    choices: Sequence[Choice] = (),
    found: Sequence[Problem] = (),
) -> NoReturn:
    """Refuse the file as a whole: why, and what to do next, each in Japanese and English. Raises errors.FileRefused.

    `asks`: what an answer would settle (crs, part, only, places, position), with the answers there are, the likeliest first.
    `found`: what else was found until then.
    """
    words = {"why_ja": why[0], "why_en": why[1], "do_ja": do[0], "do_en": do[1]}
    raise errors.FileRefused(problem=code, asks=asks, choices=tuple(choices), found=tuple(found), **words)
