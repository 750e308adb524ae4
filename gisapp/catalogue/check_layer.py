"""What may be wrong in a layer.toml: first the shape of every key, then what the keys say together."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from gisapp.catalogue import value_shapes as shapes
from gisapp.catalogue.check_generalised import blocks, check_generalised
from gisapp.catalogue.check_meaning import (
    check_aliases,
    check_key_and_label,
    check_visibility,
    table_in,
)
from gisapp.catalogue.check_rows import check_rows, row_table
from gisapp.catalogue.check_search import check_search, search_table
from gisapp.catalogue.check_time import check_time
from gisapp.catalogue.folders import Folder
from gisapp.catalogue.layer import (
    FORMS,
    GEOMETRIES,
    OVERLAPS,
    STANDARD_COLUMNS,
    TYPES,
    Text,
)
from gisapp.catalogue.problem import Findings
from gisapp.catalogue.value_shapes import Key

HIGHEST_ZOOM = 22
# PostgreSQL gives every table the columns after the first group itself.
RESERVED_FIELDS = {*STANDARD_COLUMNS, "tableoid", "xmin", "xmax", "cmin", "cmax", "ctid"}
# Views, indexes, constraints and sequences have such names beside the tables.
RESERVED_LAYERS = re.compile(r".*_for_.*|.*_(idx|key|pkey|seq)")


def check_layer(folder: Folder, raw: Mapping[str, Any], departments: Collection[str]) -> Findings:
    """Everything wrong in one layer.toml, as (key path, sentence)."""
    yield from _check_name(folder, departments)
    yield from shapes.table("", raw, _keys(departments))
    fields = table_in(raw, "fields")
    for name in fields:
        yield from _check_field(name, fields, table_in(raw, "codes"))
    for name, codes in table_in(raw, "codes").items():
        yield from _check_codes(name, codes)
    zoom = table_in(raw, "zoom")
    if _number(zoom.get("min")) and _number(zoom.get("max")) and zoom["min"] > zoom["max"]:
        yield "zoom", Text("min が max より大きくなっています", "min is larger than max")
    yield from check_generalised(raw)
    yield from check_search(raw)
    yield from check_time(raw)
    yield from check_rows(raw)
    yield from check_aliases(fields)
    yield from check_key_and_label(raw, fields)
    yield from check_visibility(folder, raw, fields)


def _keys(departments: Collection[str]) -> dict[str, Key]:
    zoom = Key(shapes.whole(0, HIGHEST_ZOOM), required=True)
    zooms = {"min": zoom, "max": zoom, "generalised": Key(blocks)}
    source = {
        "name": Key(shapes.pair, required=True),
        "licence": Key(shapes.words),
        "date": Key(shapes.day),
        "confirmed": Key(shapes.boolean),
        "standard": Key(shapes.words),
    }
    fields = _many(_field_keys(departments))
    codes = _many(
        {
            "confirmed": Key(shapes.boolean),
            "source": Key(shapes.words),
            "values": Key(shapes.anything, True),
            "alias": Key(shapes.anything),
        }
    )
    return {
        "title": Key(shapes.pair, required=True),
        "description": Key(shapes.pair),
        "geometry": Key(shapes.one_of(GEOMETRIES), required=True),
        "key": Key(shapes.texts, required=True),
        "label": Key(shapes.words, required=True),
        "see": Key(shapes.visibility(departments), required=True),
        "default": Key(shapes.boolean),
        "was": Key(shapes.identifier),
        "overlap": Key(shapes.one_of(OVERLAPS)),
        "time": Key(shapes.texts),
        "zoom": Key(lambda path, value: shapes.table(path, value, zooms), required=True),
        "source": Key(lambda path, value: shapes.table(path, value, source), required=True),
        "search": Key(search_table),
        "rows": Key(row_table(departments)),
        "fields": Key(fields),
        "codes": Key(codes),
    }


def _field_keys(departments: Collection[str]) -> dict[str, Key]:
    return {
        "type": Key(shapes.one_of(TYPES), required=True),
        "title": Key(shapes.pair, required=True),
        "required": Key(shapes.boolean),
        "alias": Key(shapes.texts),
        "shares": Key(shapes.texts),
        "form": Key(shapes.one_of(FORMS)),
        "see": Key(shapes.visibility(departments)),
        "personal": Key(shapes.boolean),
        "unit": Key(shapes.words),
        "codes": Key(shapes.words),
        "was": Key(shapes.identifier),
    }


def _many(keys: Mapping[str, Key]) -> shapes.Shape:
    """A table of tables that all have these keys."""

    def shape(path: str, value: object) -> Findings:
        if not isinstance(value, Mapping):
            yield from shapes.table(path, value, {})
            return
        for name, inner in value.items():
            yield from shapes.table(shapes.below(path, name), inner, keys)

    return shape


def _check_name(folder: Folder, departments: Collection[str]) -> Findings:
    if folder.department not in departments:
        yield "", shapes.unknown_department(folder.department)
    yield from shapes.identifier("", folder.name)
    if RESERVED_LAYERS.fullmatch(folder.name):
        ja = f"レイヤー名「{folder.name}」はビューや索引の名前と紛れるため使えません"
        yield "", Text(ja, f"a layer cannot be named “{folder.name}”: views and indexes are named so")
    elif len(f"{folder.name}_geom_web_idx") > shapes.LONGEST_NAME:
        yield (
            "",
            Text(
                "レイヤー名が長すぎて索引に名前を付けられません",
                "the layer's name leaves no room for its indexes' names",
            ),
        )


def _check_field(name: str, fields: Mapping[str, Any], codes: Mapping[str, Any]) -> Findings:
    path = f"fields.{name}"
    yield from shapes.identifier(path, name)
    if name in RESERVED_FIELDS:
        ja = f"「{name}」はすべての表にある列の名前なので使えません"
        yield path, Text(ja, f"“{name}” cannot be a field: every table has a column of that name")
    field = fields[name]
    if not isinstance(field, Mapping):
        return
    if isinstance(field.get("was"), str) and field["was"] in fields:
        yield f"{path}.was", Text("その名前の項目が今もあります", "there is still a field of that name")
    if "codes" in field and isinstance(field["codes"], str):
        yield from _check_coded(path, field, codes)


def _check_coded(path: str, field: Mapping[str, Any], codes: Mapping[str, Any]) -> Findings:
    name, kind = field["codes"], field.get("type")
    if name not in codes:
        yield (
            f"{path}.codes",
            Text(f"コード表 codes.{name} がありません", f"there is no code list codes.{name}"),
        )
    if kind in TYPES and kind not in ("text", "integer"):
        yield (
            f"{path}.codes",
            Text("コード表は text か integer の項目だけです", "only text and integer fields may have codes"),
        )
    if kind == "integer":
        for code in table_in(table_in(codes, name), "values"):
            if not re.fullmatch(r"0|-?[1-9][0-9]*", code):
                ja, en = (
                    f"{path} は integer ですが、このコードは整数ではありません",
                    f"{path} is an integer, this code is not",
                )
                yield f"codes.{name}.values.{code}", Text(ja, en)


def _check_codes(name: str, codes: object) -> Findings:
    path = f"codes.{name}"
    yield from shapes.identifier(path, name)
    if not isinstance(codes, Mapping) or "values" not in codes:
        return  # the shape says so already
    values = codes["values"]
    if not isinstance(values, Mapping) or not values:
        yield f"{path}.values", Text("コードが1つもありません", "it holds no code")
        return
    for code, title in values.items():
        yield from shapes.pair(f"{path}.values.{code}", title)
    alias = codes.get("alias", {})
    if not isinstance(alias, Mapping):
        yield f"{path}.alias", Text("表（テーブル）ではありません", "it is not a table")
        return
    for text, code in alias.items():
        if str(code) not in values:
            yield (
                f"{path}.alias.{text}",
                Text("コード表にないコードです", "there is no such code in the list"),
            )


def _number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
