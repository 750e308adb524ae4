"""One value as JSON carries it, as the field's type."""

from __future__ import annotations

import datetime
import math
from typing import Any

from gisapp.catalogue.layer import Field, Layer
from gisapp.text.codes import restored
from gisapp.text.reading import JAPAN

LONGEST_TEXT = 10_000  # characters
LARGEST_WHOLE = 2**63 - 1
EXPECTED = {
    "text": ("文字列", "a text"),
    "integer": ("整数", "a whole number"),
    "number": ("数値", "a number"),
    "boolean": ("true か false", "true or false"),
    "date": ("日付（2026-04-01）", "a date such as 2026-04-01"),
    "datetime": ("日時（2026-04-01T10:30:00+09:00）", "a time such as 2026-04-01T10:30:00+09:00"),
}


def read_value(field: Field, raw: object) -> Any:
    """The value for the database; None for null and for blank text. A time without a zone is Japan's.

    Raises ValueError where JSON's value is not of the field's type.
    """
    if raw is None:
        return None
    if field.type == "boolean":
        return _of(bool, raw)
    if field.type in ("integer", "number"):
        if isinstance(raw, bool) or not isinstance(raw, int | float) or not math.isfinite(raw):
            raise ValueError(raw)
        return _whole(raw) if field.type == "integer" else float(raw)
    text = _of(str, raw).strip()
    if len(text) > LONGEST_TEXT or "\0" in text:
        raise ValueError(text)
    text.encode()  # half of a surrogate pair is no text
    if not text:
        return None
    if field.type == "date":
        return datetime.date.fromisoformat(text)
    if field.type == "datetime":
        moment = datetime.datetime.fromisoformat(text)
        return moment if moment.tzinfo else moment.replace(tzinfo=JAPAN)
    return restored([text])[0] if field.form == "local_government_code" else text


def known_code(layer: Layer, field: Field, value: object) -> bool:
    """Whether the value is one of the field's codes, or the field has none."""
    codes = layer.code_list(field.name)
    return value is None or codes is None or codes.title(value) is not None


def _of(kind: type, raw: object) -> Any:
    if not isinstance(raw, kind):
        raise ValueError(raw)
    return raw


def _whole(raw: float) -> int:
    number = int(raw)
    if number != raw or abs(number) > LARGEST_WHOLE:
        raise ValueError(raw)
    return number
