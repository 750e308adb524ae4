"""Values that a style's conditions compare, as SQL: fields, texts, numbers, true and false.

A field arrives in a tile as ST_AsMVT writes it: numbers as numbers, dates as text, and an empty one not at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from psycopg import sql

from gisapp.catalogue.expression import as_text, is_expression

EXACT = 2**53  # whole numbers up to here are the same in SQL and in JavaScript
LAST_PLAIN = "\ud7ff"  # texts of characters up to here have the same order in UTF-8 and in JavaScript

_FAMILIES = {"text": "text", "integer": "number", "number": "number", "boolean": "boolean"}
_AS_TEXT = sql.SQL("({})::text")
_OR_NOTHING = sql.SQL("coalesce({}, '')")

Kinds = Mapping[str, str]
"""The fields that a tile can carry, and their types as in layer.toml. What is not here is never there."""


class CannotSay(Exception):
    """An expression that this module does not put into SQL exactly as MapLibre means it."""


@dataclass(frozen=True)
class Operand:
    """A value as SQL, NULL where there is none.

    family: text | number | boolean; None: there is never a value. constant: written in the style.
    fractions: may be NaN. plain: a text whose order is the same everywhere.
    """

    family: str | None
    sql: sql.Composable
    constant: bool = False
    fractions: bool = False
    plain: bool = False


NOTHING = Operand(None, sql.SQL("NULL"), constant=True)


def operand(value: Any, kinds: Kinds) -> Operand:
    """A value of a condition. Raises CannotSay."""
    if not is_expression(value):
        return constant(value)
    operator, *arguments = value
    if operator == "literal":
        return constant(arguments[0])
    if operator == "get":
        return _field(arguments[0], kinds)
    parts = [operand(part, kinds) for part in arguments] if operator in _FORMS else []
    if not parts:
        raise CannotSay(operator)
    return _FORMS[operator](parts)


def constant(value: Any) -> Operand:
    """A text, number, true or false that a style says. Raises CannotSay."""
    if isinstance(value, bool):
        return Operand("boolean", sql.Literal(value), constant=True)
    if isinstance(value, int | float) and abs(value) < EXACT:
        return Operand("number", sql.Literal(int(value) if value == int(value) else value), constant=True)
    if isinstance(value, str) and "\0" not in value:
        return Operand("text", sql.Literal(value), constant=True, plain=max(value, default="") <= LAST_PLAIN)
    raise CannotSay(value)


def constants(values: Iterable[Any], family: str | None) -> list[Operand]:
    """Those of a list's values that something of the family may equal. Raises CannotSay."""
    return [one for one in map(constant, values) if one.family == family]


def _field(name: str, kinds: Kinds) -> Operand:
    if name not in kinds:
        return NOTHING
    kind, column = kinds[name], sql.Identifier(name)
    if kind in ("date", "datetime"):
        return Operand("text", _AS_TEXT.format(column), plain=True)
    return Operand(_FAMILIES[kind], column, fractions=kind == "number")


def _to_text(parts: list[Operand]) -> Operand:
    (part,) = parts
    if part.family is None:
        return constant("")
    if part.family == "number":  # 1e21 and what is above 2^53 are written in other ways
        raise CannotSay("to-string of a number")
    whole = part.sql if part.family == "text" else _AS_TEXT.format(part.sql)
    return Operand("text", _OR_NOTHING.format(whole), plain=part.plain or part.family == "boolean")


def _joined(parts: list[Operand]) -> Operand:
    texts = [_to_text([part]) for part in parts]
    joined = sql.SQL("({})").format(sql.SQL(" || ").join(text.sql for text in texts))
    return Operand("text", joined, plain=all(text.plain for text in texts))


def _first(parts: list[Operand]) -> Operand:
    known = [part for part in parts if part.family is not None]
    if len({part.family for part in known}) > 1:
        raise CannotSay("coalesce of different families")
    if not known:
        return NOTHING
    return Operand(
        known[0].family,
        sql.SQL("coalesce({})").format(sql.SQL(", ").join(part.sql for part in known)),
        fractions=any(part.fractions for part in known),
        plain=all(part.plain for part in known),
    )


_FORMS = {"to-string": _to_text, "concat": _joined, "coalesce": _first}


def written(value: Any) -> str | None:
    """The text that a constant shows; None for what depends on the feature or the zoom."""
    if is_expression(value):
        return as_text(value[1]) if value[0] == "literal" else None
    return as_text(value)
