"""What may be wrong with the values that a style's conditions and branches compare: fields, numbers, texts,
codes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gisapp.catalogue.check_meaning import FieldFacts, hidden_field, unknown_field
from gisapp.catalogue.expression import as_text, is_expression
from gisapp.catalogue.layer import Text
from gisapp.catalogue.problem import Findings

Fields = Mapping[str, FieldFacts] | None
"""The layer's fields by name; None where layer.toml could not be read, and nothing can be said of them."""

FAMILY = {
    "text": "text",
    "date": "text",
    "datetime": "text",
    "integer": "number",
    "number": "number",
    "boolean": "boolean",
}
"""How a field's type arrives in a tile: dates as text."""

_FAMILY_WORDS = {
    "text": Text("文字列", "a text"),
    "number": Text("数", "a number"),
    "boolean": Text("true か false", "true or false"),
}


def check_operand(path: str, value: Any, fields: Fields, zoom: bool) -> Findings:
    """A value to compare or to branch on. `zoom`: whether ["zoom"] may stand here."""
    if not isinstance(value, list):
        if value is None or isinstance(value, dict):
            yield (
                path,
                Text(
                    "文字列・数・true・false か式ではありません",
                    "it is no text, number, true, false or expression",
                ),
            )
        return
    operator, arguments = (value[0], value[1:]) if is_expression(value) else (None, [])
    if operator in ("get", "has"):
        yield from check_field(path, arguments, fields)
    elif operator == "zoom":
        if not zoom:
            yield path, ZOOM_PLACE
    elif operator in ("to-string", "coalesce", "concat"):
        if not arguments or (operator == "to-string" and len(arguments) != 1):
            yield path, arity(operator)
        for place, argument in enumerate(arguments, 1):
            yield from check_operand(f"{path}[{place}]", argument, fields, zoom)
    elif operator != "literal" or len(arguments) != 1 or isinstance(arguments[0], list | dict):
        yield path, not_allowed(value)


def check_field(path: str, arguments: list[Any], fields: Fields) -> Findings:
    """What follows `get` or `has`: the name of one field that everybody who sees the layer sees."""
    if len(arguments) != 1 or not isinstance(arguments[0], str):
        yield path, Text('["get", "項目名"] の形ではありません', 'it is not of the form ["get", "field"]')
    elif fields is not None and arguments[0] not in fields:
        yield path, unknown_field(arguments[0])
    elif fields is not None and not fields[arguments[0]].open:
        yield path, hidden_field(arguments[0])


def check_literal(path: str, literal: Any, subject: Any, fields: Fields, exact: bool) -> Findings:
    """A literal that `subject` is compared with: of the same kind, and one of its codes when compared for
    equality.
    """
    kind, wanted = family(literal, fields), family(subject, fields)
    if isinstance(literal, list | dict) or literal is None:
        yield path, Text("文字列か数だけを書けます", "only texts and numbers may stand here")
    elif kind and wanted and kind != wanted:
        words = _FAMILY_WORDS[wanted]
        ja = f"比べる相手は{words.ja}なので、{literal!r} と等しくなることはありません"
        yield path, Text(ja, f"it is compared with {words.en} and never equals {literal!r}")
    elif exact:
        codes = _codes(subject, fields)
        if codes is not None and as_text(literal) not in codes:
            yield path, Text(f"コード表に {literal} はありません", f"{literal} is not in the code list")


def family(value: Any, fields: Fields) -> str | None:
    """Whether an operand gives a "number", a "text" or a "boolean"; None where that cannot be said."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "text"
    if not is_expression(value):
        return None
    if value[0] in ("zoom", "to-string", "concat"):
        return "number" if value[0] == "zoom" else "text"
    if value[0] == "get":
        facts = next(_facts(value, fields), None)
        return FAMILY.get(facts.type) if facts else None
    return family(value[1], fields) if value[0] in ("coalesce", "literal") and len(value) > 1 else None


def _codes(subject: Any, fields: Fields) -> tuple[str, ...] | None:
    """The codes that an operand can take: of ["get", f], also inside to-string or first in coalesce."""
    while is_expression(subject) and subject[0] in ("to-string", "coalesce") and len(subject) > 1:
        subject = subject[1]
    facts = next(_facts(subject, fields), None)
    return facts.codes if facts else None


def _facts(value: Any, fields: Fields) -> Iterator[FieldFacts]:
    if fields and is_expression(value) and value[0] == "get" and len(value) == 2:
        facts = fields.get(value[1]) if isinstance(value[1], str) else None
        if facts:
            yield facts


ZOOM_PLACE = Text(
    '["zoom"] は、いちばん外側の step か interpolate の入力だけに使えます',
    '["zoom"] may only be the input of an outermost step or interpolate',
)


def arity(operator: str) -> Text:
    """The sentence for an operator with too few or too many arguments."""
    return Text(f"{operator} の引数の数が合いません", f"{operator} has the wrong number of arguments")


def not_allowed(value: Any) -> Text:
    """The sentence for an expression that not all renderers draw alike."""
    shown = value[0] if isinstance(value, list) and value and isinstance(value[0], str) else value
    ja = f"「{shown}」はここで使えません（docs/layer-folder.md の表にある式だけが使えます）"
    return Text(
        ja, f"“{shown}” cannot be used here (docs/layer-folder.md lists what all renderers draw alike)"
    )
