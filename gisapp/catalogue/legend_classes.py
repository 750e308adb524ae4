"""Into which classes a style layer divides its features: by a code list, by ranges of a number, by values.

The first `match`, `case`, `step` or `interpolate` over one field decides, colours before widths. Each class
comes with the properties of a feature in it, from which `legend` draws its row.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from gisapp.catalogue.expression import BRANCHINGS, branches, evaluate, fields_of, is_number, walk
from gisapp.catalogue.layer import Field, Layer, Text
from gisapp.catalogue.legend_words import OTHER, condition_words, range_words, value_words


@dataclasses.dataclass(frozen=True)
class LegendClass:
    """One class: its words, a value of the field that it is a class of, and the properties of a feature in
    it.
    """

    label: Text
    field: str | None = None
    value: Any = None
    properties: Mapping[str, Any] = dataclasses.field(default_factory=dict)


def legend_classes(layer: Layer, style: Mapping[str, Any], zoom: float) -> list[LegendClass]:
    """The classes of one style layer, in the order of the code list or of the style; one for what has no
    classes.
    """
    deciding = _deciding(style)
    if deciding is None:
        title = style["metadata"].get("title")
        return [LegendClass(Text(title["ja"], title["en"]) if title else layer.title)]
    by = layer.field(_inputs(deciding).pop())
    found = _coded(layer, by, deciding, zoom) if by.codes else _uncoded(by, deciding, zoom)
    return [one for one in found if _passes(style, one, by, zoom)]


def _deciding(style: Mapping[str, Any]) -> list[Any] | None:
    """The expression that makes the classes."""
    paint = style.get("paint", {})
    for name in sorted(paint, key=lambda name: not name.endswith("-color")):
        for expression in walk(paint[name]):
            if expression[0] in BRANCHINGS and len(_inputs(expression)) == 1:
                return expression
    return None


def _inputs(expression: list[Any]) -> set[str]:
    """The fields that decide which branch is taken."""
    if expression[0] == "case":
        return set().union(*(fields_of(condition) for condition, _ in branches(expression[1:-1])))
    return fields_of(expression[2 if expression[0] == "interpolate" else 1])


def _passes(style: Mapping[str, Any], one: LegendClass, by: Field, zoom: float) -> bool:
    """Whether the style's filter lets the class through, as far as the class's own field decides that."""
    read = fields_of(style.get("filter"))
    return not read or not read <= {by.name} or evaluate(style["filter"], zoom, one.properties) is True


def _coded(layer: Layer, by: Field, deciding: list[Any], zoom: float) -> Iterator[LegendClass]:
    """A class per code that the expression tells from the rest, as the code list orders them; then the
    rest.
    """
    codes = layer.code_list(by.name)
    assert codes is not None
    rest: list[LegendClass] = []
    for code, title in codes.values.items():
        value = int(code) if by.type == "integer" else code
        one = LegendClass(title, by.name, value, {by.name: value})
        if _branch(deciding, one.properties, zoom) is None:
            rest.append(one)
        else:
            yield one
    nothing = LegendClass(OTHER, by.name, None, {by.name: None})
    if len(rest) == 1:
        yield rest[0]
    elif rest:
        yield LegendClass(OTHER, by.name, None, rest[0].properties)
    elif not by.required and deciding[0] in ("match", "case") and _looks_its_own(deciding, zoom):
        yield nothing


def _looks_its_own(deciding: list[Any], zoom: float) -> bool:
    """Whether features without a value are drawn as no class is: then they need a row of their own."""
    outcomes = [outcome for _, outcome in branches(deciding[2 if deciding[0] == "match" else 1 : -1])]
    return deciding[-1] not in outcomes


def _branch(expression: list[Any], properties: Mapping[str, Any], zoom: float) -> int | None:
    """Which branch of match or case a feature takes, counted from 0; None for the last, that of all
    others.
    """
    operator, *arguments = expression
    if operator not in ("match", "case"):
        return 0  # step and interpolate have no "all others"
    start = 1 if operator == "match" else 0
    pairs = branches(arguments[start:-1])
    numbered = [part for number, (test, _) in enumerate(pairs) for part in (test, number)]
    taken = evaluate([operator, *arguments[:start], *numbered, -1], zoom, properties)
    return None if taken == -1 else int(taken)


def _uncoded(by: Field, deciding: list[Any], zoom: float) -> Iterator[LegendClass]:
    operator, *arguments = deciding
    if operator == "match":
        for labels, _ in branches(arguments[1:-1]):
            values = labels if isinstance(labels, list) else [labels]
            yield LegendClass(value_words(values, by.unit), by.name, values[0], {by.name: values[0]})
        if _looks_its_own(deciding, zoom):
            yield LegendClass(OTHER, by.name, None, {by.name: None})
    elif operator == "step":
        yield from _ranges(by, arguments[2::2])
    elif operator == "interpolate":
        for stop in arguments[2::2]:
            yield LegendClass(value_words([stop], by.unit), by.name, stop, {by.name: stop})
    else:
        yield from _cases(by, deciding, zoom)


def _ranges(by: Field, stops: list[float]) -> Iterator[LegendClass]:
    """Below the first stop, between two, from the last; each with a value inside it."""
    edges = [None, *stops, None]
    for low, high in zip(edges, edges[1:], strict=False):
        value = low if low is not None else (high or 0) - 1
        yield LegendClass(range_words(low, high, by.unit), by.name, value, {by.name: value})


def _cases(by: Field, deciding: list[Any], zoom: float) -> Iterator[LegendClass]:
    conditions = [condition for condition, _ in branches(deciding[1:-1])]
    stops = _stops(conditions)
    if stops:
        yield from (
            _ranges(by, stops) if conditions[0][0] == "<" else reversed(list(_ranges(by, stops[::-1])))
        )
        return
    samples = list(_samples(conditions))
    for number, condition in enumerate([*conditions, None]):
        wanted = None if condition is None else number
        words = OTHER if condition is None else condition_words(condition, by)
        for value in samples:
            if _branch(deciding, {by.name: value}, zoom) == wanted:
                yield LegendClass(words, by.name, value, {by.name: value})
                break


def _stops(conditions: list[Any]) -> list[float]:
    """The stops of conditions that are ranges one after the other: all "<" going up, or all ">=" going
    down.
    """
    simple = all(isinstance(one, list) and one[0] in ("<", ">=") and one[1][0] == "get" for one in conditions)
    if not simple or len({one[0] for one in conditions}) != 1:
        return []
    stops = [one[2] for one in conditions]
    return stops if stops == sorted(set(stops), reverse=conditions[0][0] == ">=") else []


def _samples(conditions: list[Any]) -> Iterator[Any]:
    """Values among which each branch finds one of its own: those named, beside and between them, and none at
    all.
    """
    named = [literal for condition in conditions for literal in _literals(condition)]
    numbers = sorted({value for value in named if is_number(value)})
    yield from named
    yield from (True, False)
    yield from ((low + high) / 2 for low, high in zip(numbers, numbers[1:], strict=False))
    yield from (number + beside for number in numbers[:1] + numbers[-1:] for beside in (-1, 1))
    yield None


def _literals(condition: Any) -> Iterator[Any]:
    if not isinstance(condition, list):
        yield condition
    elif condition[0] == "literal":
        yield from condition[1] if isinstance(condition[1], list) else [condition[1]]
    elif condition[0] not in ("get", "has"):
        for part in condition[1:]:
            yield from _literals(part)
