"""What may be wrong with the rule about a layer's rows: `[rows]` in layer.toml."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from gisapp.catalogue import value_shapes as shapes
from gisapp.catalogue.check_meaning import field_facts, table_in, unknown_field
from gisapp.catalogue.layer import Text
from gisapp.catalogue.problem import Findings
from gisapp.catalogue.row_rule import TYPES
from gisapp.catalogue.value_shapes import Key

PATH = "rows"
PYTHON = {"text": str, "integer": int, "boolean": bool}


def row_table(departments: Collection[str]) -> shapes.Shape:
    """The shape of the table."""
    keys = {
        "column": Key(shapes.words, required=True),
        "open": Key(_values, required=True),
        "see": Key(shapes.visibility(departments)),
    }
    return lambda path, value: shapes.table(path, value, keys)


def _values(path: str, value: object) -> Findings:
    if not isinstance(value, list) or not value:
        yield path, Text("値の一覧ではないか、空です", "it is not a list of values, or it is empty")


def check_rows(raw: Mapping[str, Any]) -> Findings:
    """Its column is there, tells nothing personal and is of a type with a few values, and `open` names such values."""
    rule, facts = table_in(raw, PATH), field_facts(raw)
    column = rule.get("column")
    if not isinstance(column, str):
        return  # the shape says so already
    path = f"{PATH}.column"
    if column not in facts:
        yield path, unknown_field(column)
        return
    if table_in(table_in(raw, "fields"), column).get("personal") is True:
        ja = f"項目「{column}」は個人情報なので、行を見せるかどうかを決められません"
        yield path, Text(ja, f"the field “{column}” is personal: whether a row is shown would tell of it")
    kind, codes = facts[column].type, facts[column].codes
    if kind not in TYPES:
        ja = f"項目「{column}」の型では決められません。使えるのは {'、'.join(TYPES)} です"
        yield path, Text(ja, f"the field “{column}” is not of a type that can decide: {', '.join(TYPES)}")
        return
    opened = rule["open"] if isinstance(rule.get("open"), list) else []
    for place, value in enumerate(opened):
        where = f"{PATH}.open[{place}]"
        if type(value) is not PYTHON[kind]:
            yield where, Text(f"{kind} の値ではありません", f"it is no value of the type {kind}")
        elif codes is not None and str(value) not in codes:
            yield where, Text("コード表にない値です", "there is no such code in the field's list")
        elif value in opened[:place]:
            yield where, Text(f"「{value}」が2回あります", f"“{value}” is there twice")
