"""Comparisons: =, <>, <, >, LIKE, BETWEEN, IN, IS NULL."""

from __future__ import annotations

from typing import Any

from psycopg import sql

from gisapp.features.filters.terms import INSTANTS, NUMBERS, Context, Term, arguments, require, term
from gisapp.features.filters.wrong import shown, wrong

COMPARISONS = {"=": "=", "<>": "<>", "<": "<", ">": ">", "<=": "<=", ">=": ">="}
ORDERED = (*NUMBERS, *INSTANTS, "text")
JAPAN = "CAST({} AS timestamp) AT TIME ZONE 'Asia/Tokyo'"


def comparison(op: str, tree: dict[str, Any], context: Context) -> sql.Composable:
    """left op right."""
    left, right = alike(op, *(term(each, context) for each in arguments(tree, 2)))
    return sql.SQL("({} " + COMPARISONS[op] + " {})").format(left.sql, right.sql)


def between(tree: dict[str, Any], context: Context) -> sql.Composable:
    """value BETWEEN low AND high."""
    value, low, high = (term(each, context) for each in arguments(tree, 3))
    require(value, ORDERED, "BETWEEN")
    parts = [alike("BETWEEN", value, end) for end in (low, high)]
    (above, least), (below, most) = parts
    return sql.SQL("({} >= {} AND {} <= {})").format(above.sql, least.sql, below.sql, most.sql)


def is_in(tree: dict[str, Any], context: Context) -> sql.Composable:
    """value IN (…)."""
    value, listed = arguments(tree, 2)
    if not isinstance(listed, list) or not 0 < len(listed) <= 1000:
        raise wrong("IN には 1〜1,000 個の値を並べます", "IN takes a list of 1 to 1,000 values")
    asked = term(value, context)
    pairs = [alike("IN", asked, term(each, context)) for each in listed]
    if len({str(left.sql) for left, _ in pairs}) == 1:
        left = pairs[0][0].sql
        return sql.SQL("({} IN ({}))").format(left, sql.SQL(", ").join(right.sql for _, right in pairs))
    tests = (sql.SQL("{} = {}").format(left.sql, right.sql) for left, right in pairs)
    return sql.SQL("({})").format(sql.SQL(" OR ").join(tests))


def like(tree: dict[str, Any], context: Context) -> sql.Composable:
    """value LIKE pattern: % any letters, _ one letter, \\ takes the next letter as it is."""
    value, pattern = arguments(tree, 2)
    left, right = term(value, context), term(pattern, context)
    for side in (left, right):
        require(side, ("text",), "LIKE")
    if not right.literal:
        raise wrong(
            "LIKE の右には文字列を書きます", "a text stands to the right of LIKE", "filter=name LIKE '%公園'"
        )
    written = _innermost(pattern)
    if (len(written) - len(written.rstrip("\\"))) % 2:
        raise wrong("LIKE の右が \\ で終わっています", "the text behind LIKE ends in a single \\")
    return sql.SQL("({} LIKE {})").format(left.sql, right.sql)


def is_null(tree: dict[str, Any], context: Context) -> sql.Composable:
    """value IS NULL."""
    return sql.SQL("({} IS NULL)").format(term(arguments(tree, 1)[0], context).sql)


def alike(op: str, left: Term, right: Term) -> tuple[Term, Term]:
    """Two values that can be compared; a day beside a moment counts as its beginning in Japan.

    Raises errors.ParameterInvalid for values of different kinds.
    """
    if left.type == right.type and left.type != "geometry":
        return left, right
    if left.type in NUMBERS and right.type in NUMBERS:
        return left, right
    if left.type in INSTANTS and right.type in INSTANTS:
        return as_moment(left), as_moment(right)
    raise wrong(
        f"「{shown(op)}」の両側の種類が違います（{left.type} と {right.type}）",
        f"the sides of “{shown(op)}” are of different kinds ({left.type} and {right.type})",
    )


def as_moment(one: Term) -> Term:
    """A day as the moment at which it begins in Japan."""
    return one if one.type == "datetime" else Term(sql.SQL(JAPAN).format(one.sql), "datetime", one.literal)


def _innermost(tree: Any) -> str:
    while isinstance(tree, dict):
        tree = tree["args"][0]
    return str(tree)
