"""個人番号 must never come into a map: columns that hold them are refused by their check digit.

The check digit is that of 行政手続における特定の個人を識別するための番号の利用等に関する法律の規定による通知カード及び
個人番号カード並びに情報提供ネットワークシステムによる特定個人情報の提供等に関する省令 第5条.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gisapp.intake.problem import ERROR, Problem
from gisapp.intake.values import BLANKS, as_text

DIGITS = 12
WEIGHTS = np.array([n + 1 if n <= 6 else n - 5 for n in range(11, 0, -1)])  # of the digits from the left
SHARE = 0.5  # of the values: of other numbers with twelve digits one in eleven fits by chance
FEWEST = 3


class Numbers:
    """What columns hold, gathered batch by batch: values, and those that are numbers with the right check digit."""

    def __init__(self) -> None:
        self._seen: Counter[str] = Counter()
        self._fits: Counter[str] = Counter()

    def add(self, columns: Mapping[str, pa.Array]) -> None:
        """Look at the columns (name in the file → values)."""
        for name, values in columns.items():
            kind = values.type
            if not (is_text(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind)):
                continue
            self._seen[name] += len(values) - values.null_count - (_blank(values) if is_text(kind) else 0)
            texts = as_text(_without_letters(values) if is_text(kind) else _long(values)).drop_null()
            plain = pc.replace_substring_regex(pc.utf8_normalize(texts, form="NFKC"), r"[ \-]", "")
            twelve = plain.filter(pc.match_substring_regex(plain, rf"^\d{{{DIGITS}}}$"))
            self._fits[name] += int(fits(twelve).sum())

    def found(self) -> Iterator[Problem]:
        """An error for each column of which at least half the values are such numbers."""
        for name, count in self._fits.items():
            if count >= FEWEST and count >= SHARE * self._seen[name]:
                ja = "個人番号（マイナンバー）とみられる値があります。地図には登録できません。列を除いてから読み込んでください"
                en = "it seems to hold Individual Numbers (My Number), which must not be kept here; take the column out"
                yield Problem(ERROR, "personal_number", ja, en, column=name)


def is_text(kind: pa.DataType) -> bool:
    """Whether values of the type are texts."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _blank(texts: pa.Array) -> int:
    """How many of the texts are no value."""
    return int(pc.sum(pc.match_substring_regex(texts, rf"^[{BLANKS}]*$")).as_py() or 0)


def _without_letters(texts: pa.Array) -> pa.Array:
    """The texts that may have twelve digits: a digit takes a byte at least, and no letter of any script stands for one."""
    long = texts.filter(pc.greater_equal(pc.binary_length(texts), DIGITS))
    return long.filter(pc.match_substring_regex(long, r"^\PL*$"))


def _long(values: pa.Array) -> pa.Array:
    """The numbers that have twelve digits: of amounts and areas there are few, and looking at each would take its time."""
    numbers = pc.cast(values, pa.float64(), safe=False)
    return values.filter(pc.and_(pc.greater_equal(numbers, 10 ** (DIGITS - 1)), pc.less(numbers, 10**DIGITS)))


def fits(numbers: pa.Array) -> np.ndarray[Any, Any]:
    """A flag for each text of twelve digits whose last is the right check digit."""
    if not len(numbers):
        return np.zeros(0, dtype=bool)
    digits = np.array([[int(c) for c in text] for text in numbers.to_pylist()])
    rest = (digits[:, :-1] * WEIGHTS).sum(axis=1) % 11
    return np.where(rest <= 1, 0, 11 - rest) == digits[:, -1]
