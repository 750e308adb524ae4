"""One mistake in a layer folder: in which file, under which key, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gisapp import errors
from gisapp.catalogue.layer import Text


@dataclass(frozen=True)
class Problem:
    """`file` is relative to the checkout; `key` is a path such as `fields.width.type`, empty for the whole
    file.
    """

    file: str
    key: str
    sentence: Text

    def line(self, lang: str = "ja") -> str:
        """The problem as one line, as `layers check` prints it."""
        return ": ".join(part for part in (self.file, self.key, self.sentence.get(lang)) if part)


Finding = tuple[str, Text]
"""A mistake whose file is not said yet: (key path, sentence)."""

Findings = Iterator[Finding]


def invalid(problems: Sequence[Problem]) -> errors.CatalogueInvalid:
    """The error that holds all these problems: as lines in both languages, and as they are in
    `values["found"]`.
    """
    lines = "\n".join(f"{problem.line('ja')} / {problem.sentence.en}" for problem in problems)
    return errors.CatalogueInvalid(count=len(problems), problems=lines, found=tuple(problems))
