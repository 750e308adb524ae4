"""Tests of time: T_AFTER, T_DURING and their like, between days, moments and intervals of them."""

from __future__ import annotations

from typing import Any

from psycopg import sql

from gisapp.features.filters.compare import as_moment
from gisapp.features.filters.terms import INSTANTS, Context, Term, arguments, instant, require, term
from gisapp.features.filters.wrong import wrong

# a1 … a2 is the left interval, b1 … b2 the right one; a day or moment is an interval of no length.
TESTS = {
    "t_after": "{a1} > {b2}",
    "t_before": "{a2} < {b1}",
    "t_contains": "{a1} < {b1} AND {a2} > {b2}",
    "t_disjoint": "{a1} > {b2} OR {a2} < {b1}",
    "t_during": "{a1} > {b1} AND {a2} < {b2}",
    "t_equals": "{a1} = {b1} AND {a2} = {b2}",
    "t_finishedby": "{a1} < {b1} AND {a2} = {b2}",
    "t_finishes": "{a1} > {b1} AND {a2} = {b2}",
    "t_intersects": "{a1} <= {b2} AND {a2} >= {b1}",
    "t_meets": "{a2} = {b1}",
    "t_metby": "{a1} = {b2}",
    "t_overlappedby": "{a1} > {b1} AND {a1} < {b2} AND {a2} > {b2}",
    "t_overlaps": "{a1} < {b1} AND {a2} > {b1} AND {a2} < {b2}",
    "t_startedby": "{a1} = {b1} AND {a2} > {b2}",
    "t_starts": "{a1} = {b1} AND {a2} < {b2}",
}
OPEN = ("..", "")


def temporal(op: str, tree: dict[str, Any], context: Context) -> sql.Composable:
    """One test of time between two instants or intervals."""
    (a1, a2), (b1, b2) = (_ends(each, op, context) for each in arguments(tree, 2))
    if len({one.type for one in (a1, a2, b1, b2)}) > 1:
        a1, a2, b1, b2 = (as_moment(one) for one in (a1, a2, b1, b2))
    return sql.SQL(f"({TESTS[op]})").format(a1=a1.sql, a2=a2.sql, b1=b1.sql, b2=b2.sql)


def _ends(tree: Any, op: str, context: Context) -> tuple[Term, Term]:
    if not (isinstance(tree, dict) and "interval" in tree):
        at = term(tree, context)
        require(at, INSTANTS, op)
        return at, at
    ends = tree["interval"]
    if not isinstance(ends, list) or len(ends) != 2:
        raise wrong(
            "INTERVAL には始まりと終わりがあります",
            "INTERVAL has a start and an end",
            "filter=T_DURING(d, INTERVAL('2026-04-01', '..'))",
        )
    start, end = ends
    known = [_end(each, op, context) for each in ends if each not in OPEN]
    kind = "date" if known and all(one.type == "date" for one in known) else "datetime"
    infinite = sql.SQL(kind if kind == "date" else "timestamptz")
    before = Term(sql.SQL("{} '-infinity'").format(infinite), kind, literal=True)
    beyond = Term(sql.SQL("{} 'infinity'").format(infinite), kind, literal=True)
    found = iter(known)
    return (
        before if start in OPEN else next(found),
        beyond if end in OPEN else next(found),
    )


def _end(tree: Any, op: str, context: Context) -> Term:
    if isinstance(tree, str):
        return instant({"date" if len(tree) == 10 else "timestamp": tree}, context)
    found = term(tree, context)
    require(found, INSTANTS, op)
    return found
