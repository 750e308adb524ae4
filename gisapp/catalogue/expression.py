"""The expressions that a style.json may use, as docs/layer-folder.md lists them: which they are, what they
read, what they give.

`evaluate` gives what MapLibre gives for one feature at one zoom; the legend is drawn with it, and renderers
that know no expressions (Mapnik) can be fed from it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import Any

from gisapp.catalogue.colour import mix_colours, parse_colour, write_colour

COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")
CONDITIONS = (*COMPARISONS, "!", "all", "any", "in", "has")
BRANCHINGS = ("match", "case", "step", "interpolate")
OPERATORS = ("get", "literal", "zoom", *CONDITIONS, *BRANCHINGS, "to-string", "concat", "coalesce")


def is_expression(value: object) -> bool:
    """Whether MapLibre takes the value for an expression and not for an array such as [4, 2]."""
    return isinstance(value, list) and bool(value) and isinstance(value[0], str) and value[0] in OPERATORS


def walk(expression: object) -> Iterator[list[Any]]:
    """The expression and every expression inside it; what stands in a `literal` is no expression."""
    if not isinstance(expression, list) or not expression or expression[0] == "literal":
        return
    if is_expression(expression):
        yield expression
    # The labels of a match are values, also where a list of them looks like an expression.
    labelled = expression[0] == "match"
    for part in [*expression[1:2], *expression[3::2], *expression[-1:]] if labelled else expression:
        yield from walk(part)


def fields_of(expression: object) -> set[str]:
    """The fields that an expression reads."""
    readers = (part for part in walk(expression) if part[0] in ("get", "has") and len(part) == 2)
    return {part[1] for part in readers if isinstance(part[1], str)}


def evaluate(expression: Any, zoom: float, properties: Mapping[str, Any]) -> Any:
    """What the expression gives for a feature with these properties at a MapLibre zoom.

    `expression` has passed `layers check`. None where MapLibre would fall back on the property's default.
    """
    if not is_expression(expression):
        return expression
    operator, *arguments = expression
    return _EVALUATORS[operator](arguments, lambda part: evaluate(part, zoom, properties), zoom, properties)


def same(one: object, two: object) -> bool:
    """Equal as MapLibre means it: 1 is 1.0, and neither "1" nor true."""
    if isinstance(one, bool) or isinstance(two, bool):
        return one is two
    return one == two


Evaluate = Callable[[Any], Any]
Arguments = list[Any]
Properties = Mapping[str, Any]


def _compare(test: Callable[[Any, Any], bool]) -> Callable[..., Any]:
    def compare(arguments: Arguments, value: Evaluate, _zoom: float, _properties: Properties) -> Any:
        one, two = value(arguments[0]), value(arguments[1])
        # Only texts with texts and numbers with numbers have an order; MapLibre takes the default for others.
        if isinstance(one, str) != isinstance(two, str) or one is None or two is None:
            return None
        return test(one, two)

    return compare


def _match(arguments: Arguments, value: Evaluate, _zoom: float, _properties: Properties) -> Any:
    subject = value(arguments[0])
    for labels, outcome in branches(arguments[1:-1]):
        if any(same(subject, label) for label in (labels if isinstance(labels, list) else [labels])):
            return value(outcome)
    return value(arguments[-1])


def _case(arguments: Arguments, value: Evaluate, _zoom: float, _properties: Properties) -> Any:
    for condition, outcome in branches(arguments[:-1]):
        if value(condition) is True:
            return value(outcome)
    return value(arguments[-1])


def _step(arguments: Arguments, value: Evaluate, _zoom: float, _properties: Properties) -> Any:
    subject = value(arguments[0])
    if not is_number(subject):
        return None
    passed = [outcome for stop, outcome in branches(arguments[2:]) if stop <= subject]
    return value(passed[-1] if passed else arguments[1])


def _interpolate(arguments: Arguments, value: Evaluate, _zoom: float, _properties: Properties) -> Any:
    subject = value(arguments[1])
    if not is_number(subject):
        return None
    stops = branches(arguments[2:])
    if subject <= stops[0][0]:
        return value(stops[0][1])
    for (low, below), (high, above) in pairwise(stops):
        if subject < high:
            base = arguments[0][1] if arguments[0][0] == "exponential" else 1
            return _between(value(below), value(above), _share(subject - low, high - low, base))
    return value(stops[-1][1])


def _share(done: float, whole: float, base: float) -> float:
    """How far between two stops, with growth by `base`: _share(1, 2, 1) == 0.5, _share(1, 2, 2) == 1/3."""
    return done / whole if base == 1 else (base**done - 1) / (base**whole - 1)


def _between(low: Any, high: Any, share: float) -> Any:
    colours = parse_colour(low), parse_colour(high)
    if colours[0] is not None and colours[1] is not None:
        return write_colour(mix_colours(colours[0], colours[1], share))
    return low + (high - low) * share if is_number(low) and is_number(high) else None


def is_number(value: object) -> bool:
    """A number that is not true or false."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def as_text(value: object) -> str:
    """A value as MapLibre's to-string writes it: to-string of 4.0 is "4", of nothing "", of true "true"."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def branches(arguments: Arguments) -> list[tuple[Any, Any]]:
    """The arguments two by two: [a, b, c, d] gives [(a, b), (c, d)]."""
    return list(zip(arguments[::2], arguments[1::2], strict=True))


def _first(values: Iterator[Any]) -> Any:
    return next((value for value in values if value is not None), None)


_EVALUATORS: Mapping[str, Callable[[Arguments, Evaluate, float, Properties], Any]] = {
    "get": lambda arguments, value, zoom, properties: properties.get(arguments[0]),
    "has": lambda arguments, value, zoom, properties: properties.get(arguments[0]) is not None,
    "literal": lambda arguments, value, zoom, properties: arguments[0],
    "zoom": lambda arguments, value, zoom, properties: zoom,
    "==": lambda arguments, value, zoom, properties: same(value(arguments[0]), value(arguments[1])),
    "!=": lambda arguments, value, zoom, properties: not same(value(arguments[0]), value(arguments[1])),
    "<": _compare(lambda one, two: one < two),
    "<=": _compare(lambda one, two: one <= two),
    ">": _compare(lambda one, two: one > two),
    ">=": _compare(lambda one, two: one >= two),
    "!": lambda arguments, value, zoom, properties: not value(arguments[0]),
    "all": lambda arguments, value, zoom, properties: all(value(part) for part in arguments),
    "any": lambda arguments, value, zoom, properties: any(value(part) for part in arguments),
    "in": lambda arguments, value, zoom, properties: any(
        same(value(arguments[0]), item) for item in value(arguments[1])
    ),
    "match": _match,
    "case": _case,
    "step": _step,
    "interpolate": _interpolate,
    "to-string": lambda arguments, value, zoom, properties: as_text(value(arguments[0])),
    "concat": lambda arguments, value, zoom, properties: "".join(as_text(value(part)) for part in arguments),
    "coalesce": lambda arguments, value, zoom, properties: _first(value(part) for part in arguments),
}
