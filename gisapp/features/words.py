"""Values as people read them: codes by their titles, days and amounts the Japanese or the English way."""

from __future__ import annotations

import datetime
from typing import Any

from gisapp.catalogue.layer import Field, Layer

JST = datetime.timezone(datetime.timedelta(hours=9))
YES_NO = {"ja": ("はい", "いいえ"), "en": ("Yes", "No")}


def text_of(layer: Layer, field: Field, value: Any, lang: str) -> str:
    """One value in words; empty where there is none. `value` is as JSON has it (days and times in ISO 8601).

    Numbers with a unit are grouped by thousands (12,345,678 円); without one they stay as they are (years).
    """
    if value is None:
        return ""
    title = layer.codes[field.codes].title(value) if field.codes else None
    if title:
        return title.get(lang)
    if isinstance(value, bool):
        return YES_NO["ja" if lang == "ja" else "en"][0 if value else 1]
    if isinstance(value, int | float):
        return f"{value:,}" if field.unit else str(value)
    if field.type in ("date", "datetime"):
        return _day(str(value), lang)
    return str(value)


def _day(iso: str, lang: str) -> str:
    try:
        when = datetime.datetime.fromisoformat(iso)
    except ValueError:  # a year beyond 9999, or infinity: PostgreSQL has them, Python does not
        return iso
    clock = ""
    if when.tzinfo:
        when = when.astimezone(JST)
        clock = f" {when:%H:%M}"
    return (f"{when.year}年{when.month}月{when.day}日" if lang == "ja" else f"{when:%Y-%m-%d}") + clock
