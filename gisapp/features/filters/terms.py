"""The values of a filter: fields, literals, CASEI and ACCENTI of texts, arithmetic. Each knows its type."""

from __future__ import annotations

import datetime
import math
from dataclasses import dataclass, field
from typing import Any

from psycopg import sql

from gisapp.features.filters.scope import Scope
from gisapp.features.filters.wrong import shown, wrong
from gisapp.features.references import Reference

NUMBERS = ("integer", "number")
INSTANTS = ("date", "datetime")
BIGGEST = 2**63
MOST_ARGUMENTS = 1_000
MOST_VALUES = 2_000
SQL_TYPES = {
    "text": "text",
    "integer": "bigint",
    "number": "double precision",
    "boolean": "boolean",
    "date": "date",
    "datetime": "timestamptz",
}
ARITHMETIC = {"+": "({} + {})", "-": "({} - {})", "*": "({} * {})", "^": "power({}, {})"}
DIVISIONS = {
    "/": "({} / nullif({}, 0))",
    "%": "mod({}::numeric, nullif({}, 0)::numeric)::double precision",
    "div": "trunc({} / nullif({}, 0))",
}
# ICU folds what the city's plain C collation does not (Ａ, Σ). Combining marks of Latin, Greek and Cyrillic letters go;
# those of kana (U+3099, U+309A) are no accents: か and が stay two letters.
_CASEI = 'lower(normalize({}, NFKC) COLLATE "und-x-icu")'
_ACCENTI = "normalize(regexp_replace(normalize({}, NFD), '[\\u0300-\\u036f]', '', 'g'), NFC)"
FOLDS = {"casei": _CASEI, "accenti": _ACCENTI}


@dataclass(frozen=True)
class Term:
    """A value in SQL and its type. literal: none of the layer's fields is in it."""

    sql: sql.Composable
    type: str
    literal: bool = False


@dataclass
class Context:
    """Where a filter is compiled: what names mean, the system of its coordinates, and the values bound so far."""

    scope: Scope
    reference: Reference
    values: dict[str, Any] = field(default_factory=dict)
    prefix: str = "f"  # of the placeholders: another where two filters are in one statement

    def bind(self, value: Any) -> sql.Composable:
        """A placeholder for a value."""
        if len(self.values) >= MOST_VALUES:
            raise wrong(f"値は {MOST_VALUES:,} 個までです", f"it may have at most {MOST_VALUES:,} values")
        name = f"{self.prefix}{len(self.values)}"
        self.values[name] = value
        return sql.Placeholder(name)

    def typed(self, value: Any, kind: str) -> Term:
        """A literal of one of the layers' types."""
        cast = sql.SQL("CAST({} AS " + SQL_TYPES[kind] + ")")
        return Term(cast.format(self.bind(value)), kind, literal=True)


def arguments(tree: dict[str, Any], count: int | None = None) -> list[Any]:
    """The arguments of an operation. Raises errors.ParameterInvalid unless they are `count` (None: two or more)."""
    args = tree.get("args")
    if not isinstance(args, list) or (len(args) != count if count else len(args) < 2):
        raise wrong(
            f"「{shown(tree.get('op'))}」の引数の数が違います",
            f"“{shown(tree.get('op'))}” has another number of arguments",
        )
    if len(args) > MOST_ARGUMENTS:
        raise wrong(f"引数は {MOST_ARGUMENTS:,} 個までです", f"at most {MOST_ARGUMENTS:,} arguments")
    return args


def term(tree: Any, context: Context) -> Term:
    """A value of the filter. Raises errors.ParameterInvalid for what is no value, and for unknown fields and functions."""
    if isinstance(tree, bool):
        return context.typed(tree, "boolean")
    if isinstance(tree, str):
        return context.typed(_storable(tree), "text")
    if isinstance(tree, int | float):
        return _number(tree, context)
    if not isinstance(tree, dict):
        raise wrong("そこに値がありません", "there is no value where one is needed")
    if "property" in tree:
        return _property(tree["property"], context)
    if "date" in tree or "timestamp" in tree:
        return instant(tree, context)
    if "op" in tree:
        return _operation(tree, context)
    raise wrong("そこに使えない値があります", "there is a value that cannot be used there")


def _storable(text: str) -> str:
    if "\0" in text or any("\ud800" <= sign <= "\udfff" for sign in text):
        raise wrong("使えない文字があります", "it holds a character that cannot be used")
    return text


def _property(name: object, context: Context) -> Term:
    kind = context.scope.type_of(name) if isinstance(name, str) else None
    if kind is None:
        known = ", ".join(context.scope.types())
        raise wrong(
            f"「{shown(name)}」という項目はありません（使える項目：{known}）",
            f"there is no field “{shown(name)}” (there are: {known})",
        )
    column = "geom" if kind == "geometry" else str(name)
    return Term(sql.Identifier("f", column), kind)


def _number(value: float, context: Context) -> Term:
    if isinstance(value, float) and not math.isfinite(value):
        raise wrong("数が大きすぎます", "a number is too large")
    if abs(value) < BIGGEST and value == int(value):
        return context.typed(int(value), "integer")
    if abs(value) > 1e300:
        raise wrong("数が大きすぎます", "a number is too large")
    return context.typed(float(value), "number")


def instant(tree: dict[str, Any], context: Context) -> Term:
    """A day or a moment. Raises errors.ParameterInvalid."""
    raw = tree.get("date", tree.get("timestamp"))
    try:
        if "date" in tree:
            return context.typed(datetime.date.fromisoformat(_ten(raw)), "date")
        found = datetime.datetime.fromisoformat(str(raw).upper())
        if found.tzinfo is None:
            raise ValueError(raw)
        return context.typed(found.astimezone(datetime.UTC), "datetime")
    except (ValueError, OverflowError) as error:
        raise wrong(
            f"「{shown(raw)}」は日付・日時ではありません",
            f"“{shown(raw)}” is no day or moment",
            "filter=surveyed > DATE('2026-04-01') AND seen < TIMESTAMP('2026-04-01T00:00:00Z')",
        ) from error


def _ten(raw: object) -> str:
    if not isinstance(raw, str) or len(raw) != 10:  # Python's also takes 20260401 and weeks
        raise ValueError(raw)
    return raw


def _operation(tree: dict[str, Any], context: Context) -> Term:
    op = str(tree["op"]).lower()
    if op in FOLDS:
        of = term(arguments(tree, 1)[0], context)
        require(of, ("text",), op)
        return Term(sql.SQL(FOLDS[op]).format(of.sql), "text", of.literal)
    if op in ARITHMETIC or op in DIVISIONS:
        return _arithmetic(op, tree, context)
    raise unknown_function(tree["op"])


def _arithmetic(op: str, tree: dict[str, Any], context: Context) -> Term:
    left, right = (term(each, context) for each in arguments(tree, 2))
    for side in (left, right):
        require(side, NUMBERS, op)
    # As double precision: sums of bigints could be out of range, which would be an error of the whole question.
    cast = sql.SQL("CAST({} AS double precision)")
    made = sql.SQL((ARITHMETIC | DIVISIONS)[op]).format(cast.format(left.sql), cast.format(right.sql))
    return Term(made, "number", left.literal and right.literal)


def require(of: Term, types: tuple[str, ...], op: str) -> None:
    """Raises errors.ParameterInvalid unless the value has one of these types."""
    if of.type not in types:
        raise wrong(
            f"「{shown(op)}」に使えるのは {'・'.join(types)} です（{of.type} がありました）",
            f"“{shown(op)}” takes {' or '.join(types)}, not {of.type}",
        )


def unknown_function(name: object) -> Exception:
    """The error for a function that is not on the list."""
    return wrong(
        f"「{shown(name)}」という関数・演算子はありません",
        f"there is no function or operator “{shown(name)}”",
    )
