"""What may be wrong in a style.json: the list of style layers, their slots, types and properties."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from gisapp.catalogue import value_shapes as shapes
from gisapp.catalogue.check_expression import check_filter, check_property
from gisapp.catalogue.check_operand import Fields
from gisapp.catalogue.layer import GEOMETRIES, Text
from gisapp.catalogue.problem import Findings
from gisapp.catalogue.style_rules import LAYOUT, NEEDS_GEOMETRY, PAINT, SLOTS, TYPES, Property
from gisapp.catalogue.value_shapes import Key

HIGHEST_ZOOM = 24
_STYLE_ID = re.compile(r"[a-z][a-z0-9_-]*")


def check_style(raw: Any, fields: Fields, geometry: object) -> Findings:
    """Everything wrong in one style.json, as (key path, sentence).

    `fields` and `geometry` come from layer.toml; None where that could not be read. Paths begin with the
    style layer's id, or its place in the list: `surface.paint.line-color[2]`.
    """
    if not isinstance(raw, list) or not raw:
        yield (
            "",
            Text(
                "スタイルの一覧（空でない JSON の配列）ではありません",
                "it is not a list of style layers, or it is empty",
            ),
        )
        return
    seen: list[str] = []
    for place, style in enumerate(raw):
        if not isinstance(style, Mapping):
            yield f"[{place}]", Text("表（オブジェクト）ではありません", "it is not an object")
            continue
        name = style.get("id")
        path = name if isinstance(name, str) and name and name not in seen else f"[{place}]"
        if isinstance(name, str) and name in seen:
            yield f"{path}.id", Text(f"id「{name}」が2回あります", f"the id “{name}” is there twice")
        seen.append(str(name))
        yield from _check_style_layer(path, style, fields, geometry)


def _check_style_layer(path: str, style: Mapping[str, Any], fields: Fields, geometry: object) -> Findings:
    yield from shapes.table(path, style, _KEYS)
    kind = style.get("type")
    if not isinstance(kind, str) or kind not in TYPES:
        return  # what it may hold depends on its type
    if geometry in GEOMETRIES and geometry not in NEEDS_GEOMETRY[kind]:
        ja = f"{geometry} のレイヤーは {kind} では描けません"
        yield f"{path}.type", Text(ja, f"{kind} does not draw a layer of {geometry}")
    yield from _properties(f"{path}.paint", style.get("paint"), PAINT[kind], fields)
    yield from _properties(f"{path}.layout", style.get("layout"), LAYOUT[kind], fields)
    if "filter" in style:
        yield from check_filter(f"{path}.filter", style["filter"], fields)
    low, high = style.get("minzoom"), style.get("maxzoom")
    if isinstance(low, int | float) and isinstance(high, int | float) and low >= high:
        yield f"{path}.maxzoom", Text("minzoom より大きくありません", "it is not larger than minzoom")


def _properties(path: str, raw: Any, known: Mapping[str, Property], fields: Fields) -> Findings:
    if not isinstance(raw, Mapping):
        return  # left out, or the shape of the key says so already
    for name, value in raw.items():
        if name in known:
            yield from check_property(f"{path}.{name}", value, known[name], fields)
        else:
            ja, en = "、".join(known) or "（なし）", ", ".join(known) or "(none)"
            yield (
                f"{path}.{name}",
                Text(
                    f"この設定は使えません。使えるのは {ja}", f"this property cannot be used; known are {en}"
                ),
            )


def _style_id(path: str, value: object) -> Findings:
    if not isinstance(value, str) or not _STYLE_ID.fullmatch(value):
        ja = f"「{value}」は id に使えません。小文字の英字で始め、英小文字・数字・-・_ だけにします"
        yield path, Text(ja, f"“{value}” cannot be an id: begin with a-z and use a-z, 0-9, - and _ only")


def _zoom(path: str, value: object) -> Findings:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= HIGHEST_ZOOM:
        yield (
            path,
            Text(f"0 から {HIGHEST_ZOOM} の数ではありません", f"it is not a number from 0 to {HIGHEST_ZOOM}"),
        )


def _object(path: str, value: object) -> Findings:
    if not isinstance(value, Mapping):
        yield path, Text("表（オブジェクト）ではありません", "it is not an object")


def _metadata(path: str, value: object) -> Findings:
    keys = {
        "slot": Key(shapes.one_of(SLOTS), required=True),
        "legend": Key(shapes.boolean),
        "title": Key(shapes.pair),
    }
    yield from shapes.table(path, value, keys)


_KEYS = {
    "id": Key(_style_id, required=True),
    "type": Key(shapes.one_of(TYPES), required=True),
    "metadata": Key(_metadata, required=True),
    "minzoom": Key(_zoom),
    "maxzoom": Key(_zoom),
    "filter": Key(shapes.anything),
    "layout": Key(_object),
    "paint": Key(_object),
}
