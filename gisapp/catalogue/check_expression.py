"""What may be wrong with the value of a style property or with a filter: the subset of docs/layer-folder.md,
no more.

A property's value is a literal of its kind or an expression that ends in such literals; a filter is a
condition. The older filters and functions of MapLibre (["==", "surface", 1], {"stops": …}, "{name}") are
refused: they name fields in ways that the tiles would not know of.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

from gisapp.catalogue.check_operand import (
    FAMILY,
    Fields,
    arity,
    check_field,
    check_literal,
    check_operand,
    family,
    not_allowed,
)
from gisapp.catalogue.colour import parse_colour
from gisapp.catalogue.expression import BRANCHINGS, COMPARISONS, branches, fields_of, is_expression, is_number
from gisapp.catalogue.layer import Text
from gisapp.catalogue.problem import Findings
from gisapp.catalogue.style_rules import Property

_BOOLEAN = Property("boolean")
_TEXT = Property("text")
_KIND_WORDS = {
    "colour": Text("色（例：#2f6fb3）", "a colour such as #2f6fb3"),
    "number": Text("数", "a number"),
    "text": Text("文字列", "a text"),
    "numbers": Text("数の配列", "an array of numbers"),
    "texts": Text("文字列の配列", "an array of texts"),
    "boolean": Text("true か false", "true or false"),
}


def check_property(path: str, value: Any, prop: Property, fields: Fields) -> Findings:
    """Everything wrong with the value of one paint or layout property."""
    if not prop.by_feature and fields_of(value):
        yield path, Text("この設定は項目の値で変えられません", "this property cannot depend on a field")
    yield from _outcome(path, value, prop, fields, zoom=True)


def check_filter(path: str, value: Any, fields: Fields) -> Findings:
    """Everything wrong with a filter. Unlike in properties, ["zoom"] may stand anywhere in it."""
    yield from _condition(path, value, fields, zoom=True)


def _outcome(path: str, value: Any, prop: Property, fields: Fields, zoom: bool) -> Findings:
    """A value of the property's kind, or an expression that gives one."""
    if prop.kind == "boolean":
        yield from _condition(path, value, fields, zoom)
    elif not is_expression(value):
        yield from _constant(path, value, prop)
    elif value[0] in BRANCHINGS:
        yield from _branching(path, value, prop, fields, zoom)
    elif value[0] == "literal" and len(value) == 2:
        yield from _constant(path, value[1], prop)
    elif value[0] == "coalesce" and len(value) > 1:
        for place, argument in enumerate(value[1:], 1):
            yield from _outcome(f"{path}[{place}]", argument, prop, fields, zoom=False)
    elif value[0] == "get" and prop.kind in ("text", "number"):
        yield from check_field(path, value[1:], fields)
        if prop.kind == "number" and family(value, fields) in ("text", "boolean"):
            yield path, Text("この項目は数ではありません", "this field is not a number")
    elif value[0] in ("to-string", "concat") and prop.kind == "text" and len(value) > 1:
        for place, argument in enumerate(value[1:], 1):
            yield from _outcome(f"{path}[{place}]", argument, _TEXT, fields, zoom=False)
    else:
        yield path, not_allowed(value)


def _constant(path: str, value: Any, prop: Property) -> Findings:
    if prop.kind == "choice":
        if value not in prop.choices:
            ja, en = "、".join(prop.choices), ", ".join(prop.choices)
            yield path, Text(f"次のどれでもありません：{ja}", f"it is none of: {en}")
    elif isinstance(value, list) and value and isinstance(value[0], str) and prop.kind != "texts":
        yield path, not_allowed(value)
    elif not _is_of_kind(value, prop):
        words = _KIND_WORDS[prop.kind]
        yield path, Text(f"{words.ja}ではありません", f"it is not {words.en}")
    elif prop.kind in ("number", "numbers"):
        numbers = value if isinstance(value, list) else [value]
        if any(not prop.low <= number <= prop.high for number in numbers):
            yield path, _range(prop)
    elif prop.kind == "text" and "{" in value:
        yield path, Text('"{…}" ではなく ["get", "項目名"] を使います', 'use ["get", "field"], not "{…}"')


def _range(prop: Property) -> Text:
    if prop.high == math.inf:
        return Text(f"{prop.low:g} 以上の数です", f"it is at least {prop.low:g}")
    return Text(
        f"{prop.low:g} から {prop.high:g} までの数です", f"it goes from {prop.low:g} to {prop.high:g}"
    )


def _is_of_kind(value: Any, prop: Property) -> bool:
    if prop.kind == "colour":
        return parse_colour(value) is not None
    if prop.kind in ("number", "text"):
        return is_number(value) if prop.kind == "number" else isinstance(value, str)
    inner = prop.kind.removesuffix("s")
    long_enough = isinstance(value, list) and bool(value) and len(value) == (prop.length or len(value))
    return long_enough and all(_is_of_kind(item, Property(inner)) for item in value)


def _branching(path: str, value: list[Any], prop: Property, fields: Fields, zoom: bool) -> Findings:
    """match, case, step or interpolate: their inputs here, every outcome as a value of its own."""
    operator, *arguments = value
    least = {"match": 4, "case": 3, "step": 4, "interpolate": 4}[operator]
    if len(arguments) < least or len(arguments) % 2 != (operator == "case"):
        yield path, arity(operator)
        return
    if operator == "match":
        yield from _match_input(path, arguments, fields, zoom and prop.kind == "boolean")
    elif operator == "case":
        for place, (condition, _) in enumerate(branches(arguments[:-1])):
            yield from _condition(
                f"{path}[{1 + 2 * place}]", condition, fields, zoom and prop.kind == "boolean"
            )
    else:
        yield from _number_input(path, value, prop, fields, zoom)
    first = {"match": 3, "case": 2, "step": 2, "interpolate": 4}[operator]
    places = list(range(first, len(value), 2))
    if operator in ("match", "case"):
        places.append(len(value) - 1)
    for place in places:
        yield from _outcome(f"{path}[{place}]", value[place], prop, fields, zoom and prop.kind == "boolean")


def _match_input(path: str, arguments: list[Any], fields: Fields, zoom: bool) -> Findings:
    subject, seen = arguments[0], []
    yield from check_operand(f"{path}[1]", subject, fields, zoom)
    if not is_expression(subject):
        yield (
            f"{path}[1]",
            Text('["get", "項目名"] などの式を書きます', 'write an expression such as ["get", "field"]'),
        )
    for place, (labels, _) in enumerate(branches(arguments[1:-1])):
        key = f"{path}[{2 + 2 * place}]"
        if labels == []:
            yield key, Text("値が1つもありません", "it holds no value")
        for label in labels if isinstance(labels, list) else [labels]:
            yield from check_literal(key, label, subject, fields, exact=True)
            if isinstance(label, bool):
                yield (
                    key,
                    Text(
                        "match は true・false を比べられません。case を使います",
                        "match takes no true or false: use case",
                    ),
                )
            elif label in seen:
                yield key, Text(f"{label} は前の枝にもあります", f"{label} is in an earlier branch too")
            seen.append(label)


def _number_input(path: str, value: list[Any], prop: Property, fields: Fields, zoom: bool) -> Findings:
    """The input and the stops of step and interpolate."""
    operator, *arguments = value
    place = 1 if operator == "step" else 2
    subject = value[place]
    if operator == "interpolate":
        yield from _curve(f"{path}[1]", arguments[0], prop)
    yield from check_operand(f"{path}[{place}]", subject, fields, zoom)
    if not is_expression(subject) or family(subject, fields) in ("text", "boolean"):
        yield (
            f"{path}[{place}]",
            Text("数を与える式ではありません", "it is not an expression that gives a number"),
        )
    stops = arguments[2::2]
    for number, stop in enumerate(stops):
        if not is_number(stop):
            yield f"{path}[{3 + 2 * number}]", Text("区切りは数で書きます", "a stop is a number")
    numbers = all(is_number(stop) for stop in stops)
    if numbers and any(low >= high for low, high in pairwise(stops)):
        yield path, Text("区切りが小さい順になっていません", "the stops do not go upwards")


def _curve(path: str, curve: Any, prop: Property) -> Findings:
    exponential = isinstance(curve, list) and len(curve) == 2 and curve[0] == "exponential"
    if curve != ["linear"] and not (exponential and is_number(curve[1]) and curve[1] > 0):
        form = '["linear"], ["exponential", 1.6]'
        yield path, Text(f"次のどちらの形でもありません：{form}", f"it is none of: {form}")
    if prop.kind not in ("colour", "number"):
        yield (
            path,
            Text(
                "interpolate は数と色だけです。step を使います",
                "only numbers and colours interpolate: use step",
            ),
        )


def _condition(path: str, value: Any, fields: Fields, zoom: bool) -> Findings:
    """Something that is true or false."""
    if isinstance(value, bool):
        return
    if not is_expression(value):
        yield path, not_allowed(value)
        return
    operator, *arguments = value
    if operator in ("all", "any", "!"):
        if not arguments or (operator == "!" and len(arguments) != 1):
            yield path, arity(operator)
        for place, argument in enumerate(arguments, 1):
            yield from _condition(f"{path}[{place}]", argument, fields, zoom)
    elif operator in COMPARISONS:
        yield from _comparison(path, value, fields, zoom)
    elif operator == "in":
        yield from _membership(path, arguments, fields, zoom)
    elif operator in ("has", "get"):
        yield from check_field(path, arguments, fields)
        if operator == "get" and family(value, fields) not in (None, FAMILY["boolean"]):
            yield path, Text("この項目は boolean ではありません", "this field is not a boolean")
    elif operator in ("match", "case", "step"):
        yield from _branching(path, value, _BOOLEAN, fields, zoom)
    else:
        yield path, not_allowed(value)


def _comparison(path: str, value: list[Any], fields: Fields, zoom: bool) -> Findings:
    if len(value) != 3:
        yield path, arity(value[0])
        return
    operator, one, two = value
    if not isinstance(one, list) and not isinstance(two, list):
        # MapLibre would read this as a filter of the old kind, with the name of a field in it.
        ja = f'どちらも式ではありません。項目なら ["get", "{one}"] と書きます'
        yield path, Text(ja, f'neither side is an expression; for a field write ["get", "{one}"]')
        return
    for place, side, other in ((1, one, two), (2, two, one)):
        yield from check_operand(f"{path}[{place}]", side, fields, zoom)
        if not isinstance(side, list) and side is not None:
            yield from check_literal(f"{path}[{place}]", side, other, fields, exact=operator in ("==", "!="))


def _membership(path: str, arguments: list[Any], fields: Fields, zoom: bool) -> Findings:
    """["in", needle, ["literal", […]]]; substrings are left out because not all renderers find them."""
    listed = arguments[1] if len(arguments) == 2 else None
    ok = is_expression(listed) and listed is not None and listed[0] == "literal" and len(listed) == 2
    if not ok or listed is None or not isinstance(listed[1], list) or not is_expression(arguments[0]):
        form = '["in", ["get", "field"], ["literal", [1, 2]]]'
        yield path, Text(f"{form} の形ではありません", f"it is not of the form {form}")
        return
    yield from check_operand(f"{path}[1]", arguments[0], fields, zoom)
    for place, literal in enumerate(listed[1]):
        yield from check_literal(f"{path}[2][1][{place}]", literal, arguments[0], fields, exact=True)
