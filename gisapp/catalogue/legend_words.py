"""The words of legend rows that no code list titles: ranges, values and conditions."""

from __future__ import annotations

from typing import Any

from gisapp.catalogue.expression import is_expression, is_number
from gisapp.catalogue.layer import Field, Text

OTHER = Text("その他・不明", "Other or unknown")


def number_words(number: float) -> str:
    """A number as people write it: number_words(50000) == "50,000", number_words(0.5) == "0.5"."""
    return f"{number:,}" if isinstance(number, int) else f"{number:,.10g}"


def range_words(low: float | None, high: float | None, unit: str) -> Text:
    """From `low` (included) to `high` (not included); None where that side is open."""
    if low is None and high is None:
        return OTHER
    if low is None:
        return _begun(_ordered("<", high, unit))
    if high is None:
        return _begun(_ordered(">=", low, unit))
    words = f"{number_words(low)}〜{number_words(high)}{unit}"
    return Text(words, f"{number_words(low)} to {number_words(high)} {unit}".strip())


def value_words(values: list[Any], unit: str) -> Text:
    """One or several values."""
    texts = [number_words(value) if is_number(value) else str(value) for value in values]
    if not all(is_number(value) for value in values):
        unit = ""
    return Text("・".join(texts) + unit, f"{', '.join(texts)} {unit}".strip())


def condition_words(condition: Any, by: Field) -> Text:
    """A condition over the field `by` in words; the field's own title where it is a boolean."""
    words = _words(condition, by)
    literal = is_expression(condition) and condition[0] in ("==", "in")
    return words if literal else _begun(words)


def _words(condition: Any, by: Field) -> Text:
    if not is_expression(condition):
        return OTHER
    operator, *arguments = condition
    if operator in ("get", "has"):
        return by.title if operator == "get" else Text(f"{by.title.ja}あり", f"With: {by.title.en}")
    if operator == "!":
        return _but(_words(arguments[0], by))
    if operator in ("all", "any"):
        return _joined([_words(part, by) for part in arguments], operator)
    if operator == "in":
        return value_words(arguments[1][1], by.unit)
    return _compared(operator, arguments, by)


def _compared(operator: str, arguments: list[Any], by: Field) -> Text:
    one, two = arguments[0], arguments[-1]
    if not isinstance(one, list):
        one, two, operator = two, one, _TURNED.get(operator, operator)
    if isinstance(two, list):
        return OTHER
    if isinstance(two, bool):
        return by.title if two == (operator == "==") else _but(by.title)
    if operator in ("==", "!="):
        words = value_words([two], by.unit)
        return words if operator == "==" else _but(words)
    return _ordered(operator, two, by.unit)


_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_ORDER_WORDS = {
    "<": ("未満", "below"),
    "<=": ("以下", "at most"),
    ">": ("超", "above"),
    ">=": ("以上", "at least"),
}


def _ordered(operator: str, bound: Any, unit: str) -> Text:
    ja, en = _ORDER_WORDS[operator]
    words = value_words([bound], unit)
    return Text(f"{words.ja}{ja}", f"{en} {words.en}")


def _begun(words: Text) -> Text:
    """English begins with a capital, as the titles of code lists do; a value is left as it is."""
    return Text(words.ja, words.en[:1].upper() + words.en[1:])


def _but(words: Text) -> Text:
    return Text(f"{words.ja}以外", f"other than {words.en}")


def _joined(parts: list[Text], operator: str) -> Text:
    between = ("・", " or ") if operator == "any" else ("", " and ")
    return Text(between[0].join(part.ja for part in parts), between[1].join(part.en for part in parts))
