"""A summary as people and programs read it: JSON, or a CSV table with titles."""

from __future__ import annotations

import datetime
import math
from decimal import Decimal
from typing import Any

from gisapp.features.summary import Question, Summary
from gisapp.features.words import text_of

SIZES = {
    "count": {"ja": "件数", "en": "Count"},
    "length_m": {"ja": "延長(m)", "en": "Length (m)"},
    "area_m2": {"ja": "面積(m2)", "en": "Area (m2)"},
    "mesh_code": {"ja": "メッシュコード", "en": "Mesh code"},
}


def titles(asked: Question, columns: tuple[str, ...], lang: str) -> dict[str, str]:
    """What each column of the summary is called."""
    return {name: _title(asked, name, lang) for name in columns}


def _title(asked: Question, name: str, lang: str) -> str:
    if name in SIZES:
        return SIZES[name][lang]
    kind, _, number = name.partition("_")
    if kind == "area":
        assert asked.areas
        field = asked.areas.names[int(number)]
        return asked.areas.layer.field(field).title.get(lang) if asked.areas.layer else SIZES[field][lang]
    field = (asked.by if kind == "by" else asked.sums)[int(number)]
    found = asked.selection.layer.field(field)
    unit = f"({found.unit})" if found.unit and kind == "sum" else ""
    return (("合計 " if lang == "ja" else "Sum of ") if kind == "sum" else "") + found.title.get(lang) + unit


def as_json(asked: Question, made: Summary, lang: str) -> dict[str, Any]:
    """Columns with their titles, rows by column (codes also in words), the totals of the selection."""
    named = titles(asked, made.columns, lang)
    return {
        "layer": asked.selection.layer.id,
        "columns": [{"name": name, "title": title} for name, title in named.items()],
        "rows": [
            {**{name: _value(row[name]) for name in made.columns}, "words": _words(asked, row, lang)}
            for row in made.rows
        ],
        "total": {name: _value(value) for name, value in made.total.items() if name != "nothing"},
        "more": made.more,
        "shares": asked.share,
    }


def _words(asked: Question, row: dict[str, Any], lang: str) -> dict[str, str]:
    """Values of fields in words."""
    layer = asked.selection.layer
    found = {
        f"by_{n}": text_of(layer, layer.field(name), _value(row[f"by_{n}"]), lang)
        for n, name in enumerate(asked.by)
    }
    if asked.areas and asked.areas.layer:
        own = asked.areas.layer
        for number, name in enumerate(asked.areas.names):
            key = f"area_{number}"
            found[key] = text_of(own, own.field(name), _value(row[key]), lang)
    return found


def _value(found: Any) -> Any:
    """A value as JSON has it; numbers with at most nine digits behind the point."""
    if isinstance(found, datetime.date | datetime.datetime):
        return found.isoformat()
    if isinstance(found, Decimal):  # PostgreSQL's sum of bigints
        return int(found) if found == found.to_integral_value() else float(found)
    if isinstance(found, float):
        return round(found, 9) if math.isfinite(found) else None
    return found


def as_rows(asked: Question, made: Summary, lang: str) -> list[list[Any]]:
    """A table: titles, then rows with codes in words."""
    table: list[list[Any]] = [list(titles(asked, made.columns, lang).values())]
    for row in made.rows:
        words = _words(asked, row, lang)
        table.append([words.get(name, _value(row[name])) for name in made.columns])
    return table
