"""A first look at all rows of a file that belongs to no layer yet: which shapes there are, what kind of values its columns hold."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from gisapp.intake.problem import WARNING, Problem
from gisapp.intake.source import Batch
from gisapp.intake.values import trimmed

DIMENSION_NAMES = {0: "point", 1: "line", 2: "polygon"}
SINGLE_NAMES = {"point": "Point", "line": "LineString", "polygon": "Polygon"}
COLLECTION = 7  # GEOS type number
CODE_LIKE = re.compile(
    r"コード|番号|番地|地番|電話|郵便|〒|ＩＤ|code|(^|[^a-z])(id|no|tel|fax|zip|key)([^a-z]|$)", re.I
)
"""Columns whose digits are names, not amounts: they stay text, also when every value is a number."""
_DATE = r"^\d{4}[-/]\d{1,2}[-/]\d{1,2}$"
_LEADING_ZERO = r"^[+-]?0\d"


@dataclass
class Column:
    """What the values of a text column could be, so far."""

    integer: bool = True
    number: bool = True
    date: bool = True
    finite: bool = True
    seen: int = 0

    def look(self, values: pa.Array) -> None:
        """Take more values into account."""
        texts = trimmed(values).drop_null()
        self.seen += len(texts)
        if not len(texts) or not (self.number or self.date):
            return
        self.date = self.date and pc.all(pc.match_substring_regex(texts, _DATE)).as_py()
        if pc.any(pc.match_substring_regex(texts, _LEADING_ZERO)).as_py():
            self.integer = self.number = False
        self.integer = self.integer and _cast(texts, pa.int64()) is not None
        numbers = _cast(texts, pa.float64()) if self.number else None
        self.number = numbers is not None
        self.finite = self.finite and (numbers is None or bool(pc.all(pc.is_finite(numbers)).as_py()))

    def type(self, name: str) -> str:
        """The field type for these values."""
        if not self.seen or CODE_LIKE.search(name):
            return "text"
        if self.number and not self.finite:
            return "text"
        return "integer" if self.integer else "number" if self.number else "date" if self.date else "text"


def _cast(texts: pa.Array, kind: pa.DataType) -> pa.Array | None:
    try:
        return pc.cast(texts, kind)
    except pa.ArrowInvalid:
        return None


@dataclass
class Survey:
    """Counts over all rows. `shapes`: rows by dimension (point, line, polygon, collection); `multi`: those that have parts."""

    rows: int = 0
    without: int = 0
    shapes: Counter[str] = field(default_factory=Counter)
    multi: Counter[str] = field(default_factory=Counter)
    types: dict[str, str] = field(default_factory=dict)
    _texts: dict[str, Column] = field(default_factory=dict)

    def kind(self, only: str = "") -> str | None:
        """The layer type that fits all rows (those of `only`, where that is said); None for shapes of several dimensions."""
        plain = {name for name in self.shapes if name != "collection"}
        if only:
            plain = {only}
        elif len(plain) != 1 or self.shapes["collection"]:
            return None
        (one,) = plain
        many = self.multi[one] or self.shapes["collection"]
        return f"Multi{SINGLE_NAMES[one]}" if many else SINGLE_NAMES[one]

    def odd(self) -> Iterator[Problem]:
        """A note for each column that would be of numbers but for some that are none."""
        for name, column in self._texts.items():
            if column.seen and column.number and not column.finite:
                ja = "数値の列に無限大・NaN があるため、文字の列として扱います"
                en = "infinite values or NaN stand among its numbers; it is taken as text"
                yield Problem(WARNING, "nonfinite_value", ja, en, column=name)

    def leading(self) -> str:
        """The dimension that most rows have; point where no row has a shape."""
        plain = [(count, name) for name, count in self.shapes.items() if name != "collection"]
        return max(plain)[1] if plain else "polygon" if self.shapes["collection"] else "point"


def survey(batches: Iterable[Batch], *, typed: bool) -> Survey:
    """Look at every row once. `typed`: the file itself says of what type a column is."""
    found = Survey()
    for batch in batches:
        found.rows += len(batch.rows)
        _look_at_shapes(found, batch.geometry)
        for name, values in batch.columns.items():
            is_text = pa.types.is_string(values.type) or pa.types.is_large_string(values.type)
            if is_text and not typed:
                found._texts.setdefault(name, Column()).look(values)
            else:
                found.types[name] = _merged(found.types.get(name), _type_of(values.type))
    for name, column in found._texts.items():
        found.types[name] = column.type(name)
    return found


def _look_at_shapes(found: Survey, geometry: np.ndarray[Any, Any]) -> None:
    there = geometry[~shapely.is_missing(geometry) & ~shapely.is_empty(geometry)]
    found.without += len(geometry) - len(there)
    types = shapely.get_type_id(there)
    is_collection = types == COLLECTION
    dimensions = shapely.get_dimensions(there)
    for number, name in DIMENSION_NAMES.items():
        of_it = ~is_collection & (dimensions == number)
        if of_it.any():
            found.shapes[name] += int(of_it.sum())
            found.multi[name] += int((of_it & (types >= 4)).sum())
    if is_collection.any():
        found.shapes["collection"] += int(is_collection.sum())


def _type_of(kind: pa.DataType) -> str:
    kinds = pa.types
    if kinds.is_boolean(kind):
        return "boolean"
    if kinds.is_integer(kind):
        return "integer"
    if kinds.is_floating(kind) or kinds.is_decimal(kind):
        return "number"
    if kinds.is_timestamp(kind):
        return "datetime"
    return "date" if kinds.is_date(kind) else "text"


def _merged(before: str | None, now: str) -> str:
    if before is None or before == now:
        return now
    return "number" if {before, now} == {"integer", "number"} else "text"
