"""A filter as a condition in SQL over the features `f` of one layer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from psycopg import sql

from gisapp.features.filters import compare, spatial, temporal
from gisapp.features.filters.read import LANGS, read_filter
from gisapp.features.filters.scope import Scope
from gisapp.features.filters.terms import Context, arguments, require, term, unknown_function
from gisapp.features.filters.wrong import wrong
from gisapp.features.parameters import invalid
from gisapp.features.references import CRS84, Reference

ARRAYS = ("a_containedby", "a_contains", "a_equals", "a_overlaps")


@dataclass(frozen=True)
class Condition:
    """A condition on the features `f` of one layer: SQL with placeholders f0, f1 …, and their values."""

    sql: str = "true"
    values: dict[str, Any] = field(default_factory=dict)


def compile_filter(
    raw: str, scope: Scope, *, lang: str = "", reference: Reference = CRS84, prefix: str = "f"
) -> Condition:
    """The condition that `raw` says. lang: cql2-text or cql2-json; empty: whichever it looks like.

    Raises errors.ParameterInvalid, with a sentence, for whatever cannot be asked.
    """
    if lang and lang not in LANGS:
        why = "cql2-text か cql2-json です", "it is cql2-text or cql2-json"
        raise invalid("filter-lang", *why, "filter-lang=cql2-text")
    return compile_tree(read_filter(raw, lang or language_of(raw)), scope, reference, prefix)


def language_of(raw: str) -> str:
    """Whether a filter looks like JSON or like text."""
    return "cql2-json" if raw.lstrip().startswith("{") else "cql2-text"


def compile_tree(tree: Any, scope: Scope, reference: Reference = CRS84, prefix: str = "f") -> Condition:
    """The same from CQL2 JSON that was read already."""
    context = Context(scope, reference, prefix=prefix)
    try:
        made = _test(tree, context)
    except RecursionError as error:
        raise wrong("入れ子が深すぎます", "it is nested too deeply") from error
    return Condition(made.as_string(None), context.values)


def _test(tree: Any, context: Context) -> sql.Composable:
    if isinstance(tree, bool):
        return sql.SQL("true" if tree else "false")
    if not isinstance(tree, dict):
        raise wrong("条件ではありません", "it is no condition")
    if "op" not in tree:
        found = term(tree, context)
        require(found, ("boolean",), "AND")
        return found.sql
    return _operation(tree, context)


def _operation(tree: dict[str, Any], context: Context) -> sql.Composable:
    op = tree["op"].lower() if isinstance(tree["op"], str) else ""
    if op in ("and", "or"):
        parts = [_test(each, context) for each in arguments(tree)]
        return sql.SQL("({})").format(sql.SQL(f" {op.upper()} ").join(parts))
    if op == "not":
        return sql.SQL("(NOT {})").format(_test(arguments(tree, 1)[0], context))
    if op in compare.COMPARISONS:
        return compare.comparison(op, tree, context)
    by_name = {
        "between": compare.between, "in": compare.is_in, "like": compare.like, "isnull": compare.is_null,
        spatial.DISTANCE: spatial.within_distance,
    }  # fmt: skip
    if op in by_name:
        return by_name[op](tree, context)
    if op in spatial.TESTS:
        return spatial.spatial(op, tree, context)
    if op in temporal.TESTS:
        return temporal.temporal(op, tree, context)
    if op in ARRAYS:
        raise wrong("このデータに配列の項目はありません", "no field of this layer holds lists")
    raise unknown_function(tree["op"])
