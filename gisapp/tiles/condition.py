"""A style's conditions as SQL, so that a tile can leave out what the style does not draw.

MapLibre takes a filter for false when something in it has no answer (["<", nothing, 5]), also under a "!".
In SQL that is NULL, and `NOT NULL` is NULL as well; the order of `all` and `any` matters then, because MapLibre
stops at the first part that decides. What cannot be said exactly is not left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import sql

from gisapp.catalogue.expression import COMPARISONS, branches, is_expression
from gisapp.tiles.operand import CannotSay, Kinds, Operand, constant, constants, operand, written


@dataclass(frozen=True)
class Condition:
    """SQL that is true, false, or NULL where MapLibre finds no answer; `sure`: never NULL."""

    sql: sql.Composable
    sure: bool

    def text(self) -> str:
        """As part of a statement that takes parameters: % is doubled."""
        return self.sql.as_string(None).replace("%", "%%")


YES, NO = (Condition(sql.Literal(value), sure=True) for value in (True, False))
NO_ANSWER = Condition(sql.SQL("NULL::boolean"), sure=False)
_CASE = sql.SQL("CASE {} END")
_WHEN = sql.SQL("WHEN {} THEN {}")


def may_hold(expression: Any, kinds: Kinds) -> Condition:
    """True wherever the filter is true for MapLibre (at whatever zoom), and as seldom else as can be said."""
    try:
        return _certain(condition(expression, kinds))
    except CannotSay:
        if not is_expression(expression) or expression[0] not in ("all", "any"):
            return YES
        parts = [may_hold(part, kinds) for part in expression[1:]]
        return all_of(parts) if expression[0] == "all" else any_of(parts)


def may_show(text: Any, kinds: Kinds) -> Condition:
    """True wherever a `text-field` gives something to write, and as seldom else as can be said."""
    shown = written(text)
    if shown is not None:
        return YES if shown else NO
    operator, *arguments = text
    try:
        if operator == "get":
            return _not_empty(operand(text, kinds))
        if operator in ("to-string", "concat", "coalesce"):
            return any_of([may_show(part, kinds) for part in arguments])
        if operator in _BRANCHINGS:
            found = _BRANCHINGS[operator](arguments, kinds, lambda outcome: may_show(outcome, kinds))
            return _certain(found)
    except CannotSay:
        pass
    return YES


def any_of(conditions: Sequence[Condition]) -> Condition:
    """Whether at least one of these conditions (never NULL) holds; equal ones are asked once."""
    asked = _without(conditions, NO)
    if YES in asked or any(negation(one) in asked for one in asked):
        return YES
    return _either(asked)


def all_of(conditions: Sequence[Condition]) -> Condition:
    """Whether all of these conditions (never NULL) hold; equal ones are asked once."""
    return NO if NO in conditions else _both(_without(conditions, YES))


def negation(one: Condition) -> Condition:
    """`!`: no answer stays no answer."""
    return Condition(sql.SQL("(NOT {})").format(one.sql), one.sure)


def _without(conditions: Sequence[Condition], idle: Condition) -> list[Condition]:
    found: list[Condition] = []
    for one in conditions:
        if one != idle and one not in found:
            found.append(one)
    return found


def _certain(found: Condition) -> Condition:
    """No answer counts for no."""
    return found if found.sure else Condition(sql.SQL("({} IS TRUE)").format(found.sql), sure=True)


def condition(expression: Any, kinds: Kinds) -> Condition:
    """Exactly what MapLibre finds, at whatever zoom. Raises CannotSay."""
    if isinstance(expression, bool):
        return YES if expression else NO
    if not is_expression(expression):
        raise CannotSay(expression)
    operator, *arguments = expression
    if operator in COMPARISONS:
        return _comparison(operator, *(operand(argument, kinds) for argument in arguments))
    if operator in _BRANCHINGS:
        return _BRANCHINGS[operator](arguments, kinds, lambda outcome: condition(outcome, kinds))
    if operator in ("all", "any"):
        parts = [condition(argument, kinds) for argument in arguments]
        return _both(parts) if operator == "all" else _either(parts)
    return _others(operator, arguments, kinds)


def _others(operator: str, arguments: list[Any], kinds: Kinds) -> Condition:
    if operator == "!":
        return negation(condition(arguments[0], kinds))
    if operator == "has":
        there = operand(["get", arguments[0]], kinds)
        return Condition(sql.SQL("({} IS NOT NULL)").format(there.sql), sure=True) if there.family else NO
    if operator == "in":
        return _one_of(operand(arguments[0], kinds), arguments[1][1])
    field = operand([operator, *arguments], kinds)
    return Condition(field.sql, sure=False) if field.family == "boolean" else NO_ANSWER


def _both(parts: list[Condition]) -> Condition:
    """`all`: stops at the first part that is false or has no answer."""
    return _in_turn(parts, sql.SQL("({} AND {})"), of_none=YES, at_stop=NO)


def _either(parts: list[Condition]) -> Condition:
    """`any`: stops at the first part that is true or has no answer."""
    return _in_turn(parts, sql.SQL("({} OR {})"), of_none=NO, at_stop=YES)


def _in_turn(parts: list[Condition], form: sql.SQL, of_none: Condition, at_stop: Condition) -> Condition:
    """SQL's AND and OR look at both sides, so that a part that may have no answer needs a CASE."""
    found = parts[-1] if parts else of_none
    for part in reversed(parts[:-1]):
        if part.sure:
            found = Condition(form.format(part.sql, found.sql), found.sure)
        else:
            ends, goes_on = (negation(part), part) if at_stop == NO else (part, negation(part))
            found = Condition(_cases([(goes_on.sql, found.sql), (ends.sql, at_stop.sql)]), sure=False)
    return found


def _cases(cases: Sequence[tuple[sql.Composable, sql.Composable]]) -> sql.Composed:
    return _CASE.format(sql.SQL(" ").join(_WHEN.format(when, then) for when, then in cases))


def _comparison(operator: str, one: Operand, two: Operand) -> Condition:
    if operator in ("==", "!="):
        equal = _equal(one, two)
        return equal if operator == "==" else negation(equal)
    if one.family != two.family or one.family not in ("text", "number"):
        return NO_ANSWER
    sides = [one.sql, two.sql]
    if one.family == "text":
        if not (one.plain or two.plain):
            raise CannotSay("the order of any texts")
        sides = [sql.SQL('({} COLLATE "C")').format(side) for side in sides]
    elif not (one.constant or two.constant):
        sides = [_double(side) for side in sides]
    form = sql.SQL(f" {operator} ").join(sides)
    return Condition(sql.SQL("({})").format(_without_nan(form, one, two)), sure=False)


def _equal(one: Operand, two: Operand) -> Condition:
    """Equal values of one family, or nothing on both sides."""
    empty = [sql.SQL("{} IS NULL").format(side.sql) for side in (one, two) if side.family]
    if one.family != two.family or one.family is None:
        both = sql.SQL(" AND ").join(empty) if empty else YES.sql
        constants = one.family and one.constant or two.family and two.constant
        return NO if constants else Condition(sql.SQL("({})").format(both), sure=True)
    if one.constant or two.constant:
        return Condition(sql.SQL("(({} = {}) IS TRUE)").format(one.sql, two.sql), sure=True)
    sides = [_double(side.sql) if side.family == "number" else side.sql for side in (one, two)]
    same = sql.SQL("{} IS NOT DISTINCT FROM {}").format(*sides)
    return Condition(sql.SQL("(({}) IS NOT FALSE)").format(_without_nan(same, one, two)), sure=True)


def _double(number: sql.Composable) -> sql.Composed:
    return sql.SQL("({})::float8").format(number)  # as JavaScript holds it, also beyond 2^53


def _without_nan(form: sql.Composable, *sides: Operand) -> sql.Composable:
    """To PostgreSQL NaN is equal to itself and above all numbers; to JavaScript neither."""
    tests = [sql.SQL("{} <> 'NaN'").format(side.sql) for side in sides if side.fractions]
    return sql.SQL(" AND ").join([form, *tests])


def _one_of(one: Operand, values: list[Any]) -> Condition:
    listed = constants(values, one.family)
    if not listed or one.family is None:
        return NO
    among = sql.SQL(", ").join(value.sql for value in listed)
    return Condition(sql.SQL("(({} IN ({})) IS TRUE)").format(one.sql, among), sure=True)


def _not_empty(one: Operand) -> Condition:
    if one.family is None:
        return NO
    if one.family == "text":
        return Condition(sql.SQL("(({} <> '') IS TRUE)").format(one.sql), sure=True)
    return Condition(sql.SQL("({} IS NOT NULL)").format(one.sql), sure=True)


Outcome = Callable[[Any], Condition]


def _match(arguments: list[Any], kinds: Kinds, outcome: Outcome) -> Condition:
    subject = operand(arguments[0], kinds)
    tests = [
        (_one_of(subject, labels if isinstance(labels, list) else [labels]), outcome(then))
        for labels, then in branches(arguments[1:-1])
    ]
    return _branched(tests, outcome(arguments[-1]))


def _case(arguments: list[Any], kinds: Kinds, outcome: Outcome) -> Condition:
    tests = [(condition(test, kinds), outcome(then)) for test, then in branches(arguments[:-1])]
    return _branched(tests, outcome(arguments[-1]))


def _step(arguments: list[Any], kinds: Kinds, outcome: Outcome) -> Condition:
    subject = operand(arguments[0], kinds)
    if subject.family != "number":
        return NO_ANSWER
    number = sql.SQL("nullif({}, 'NaN')").format(subject.sql) if subject.fractions else subject.sql
    stops = [
        (Condition(sql.SQL("({} < {})").format(number, constant(stop).sql), sure=False), outcome(before))
        for before, stop in branches(arguments[1:-1])
    ]
    return _branched(stops, outcome(arguments[-1]))


def _branched(tests: list[tuple[Condition, Condition]], otherwise: Condition) -> Condition:
    """The outcome of the first test that holds; no answer where a test before it has none."""
    cases: list[tuple[sql.Composable, sql.Composable]] = []
    for test, outcome in tests:
        if not test.sure:
            cases.append((sql.SQL("{} IS NULL").format(test.sql), NO_ANSWER.sql))
        cases.append((test.sql, outcome.sql))
    outcomes = [outcome for _, outcome in tests]
    sure = all(one.sure for one in (*(test for test, _ in tests), *outcomes, otherwise))
    if sure and all(outcome == otherwise for outcome in outcomes):
        return otherwise
    return Condition(_cases([*cases, (YES.sql, otherwise.sql)]), sure)


_BRANCHINGS: Mapping[str, Callable[[list[Any], Kinds, Outcome], Condition]] = {
    "match": _match,
    "case": _case,
    "step": _step,
}
