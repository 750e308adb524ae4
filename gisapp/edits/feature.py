"""A feature as it was sent: which fields get which values, and where it is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gisapp import errors
from gisapp.catalogue.layer import Layer, View
from gisapp.edits.shapes import ShapeWrong, read_shape
from gisapp.edits.values import EXPECTED, read_value
from gisapp.features.expressions import fields_of
from gisapp.features.references import Reference

DEEPEST = 12  # of arrays and objects: a multipolygon has seven


@dataclass(frozen=True)
class Given:
    """`values` by field; `shape` as WKB in the reference system `srid`, None where none was sent."""

    values: Mapping[str, Any]
    shape: bytes | None
    srid: int


def read_feature(
    body: bytes, layer: Layer, view: View, reference: Reference, *, id_: int | None, whole: bool
) -> Given:
    """Read a GeoJSON Feature that makes or replaces a feature (`whole`), or the parts of one that are to change.

    Of a whole feature, fields of the view that are not sent have no value, and the shape must be there. `id_`: the
    feature that is changed; another number in the body is refused. What is read-only (links, revision) is passed over.
    Raises errors.FeatureInvalid, which names the field.
    """
    sent = _object(body)
    if sent.get("type", "Feature") != "Feature":
        raise _wrong("type", "type は Feature です", "type is Feature")
    if id_ is not None and "id" in sent and str(sent["id"]) != str(id_):
        raise _wrong("id", f"番号は {id_} のままです", f"the number stays {id_}")
    given = sent.get("properties") or {}
    if not isinstance(given, dict):
        raise _wrong("properties", "項目と値の組です", "it is an object of fields and values")
    names = fields_of(view)
    for name in given:
        if name not in names:
            listed = ", ".join(names)
            raise _wrong(
                name, f"この項目はありません（あるのは {listed}）", f"there is no such field ({listed})"
            )
    chosen = names if whole else tuple(name for name in names if name in given)
    values = {name: _value(layer, name, given.get(name)) for name in chosen}
    shape = None
    if whole or "geometry" in sent:
        try:
            shape = read_shape(sent.get("geometry"), layer.geometry, reference)
        except ShapeWrong as error:
            raise _wrong("geometry", *error.why) from error
    return Given(values, shape, reference.srid)


def _object(body: bytes) -> dict[str, Any]:
    depth = deepest = 0
    for byte in body:
        depth += (byte in b"[{") - (byte in b"]}")
        deepest = max(deepest, depth)
    try:
        sent = json.loads(body.decode()) if deepest <= DEEPEST else None
    except ValueError:
        sent = None
    if not isinstance(sent, dict):
        raise _wrong("body", "GeoJSON の Feature を JSON で送ってください", "send a GeoJSON Feature as JSON")
    return sent


def _value(layer: Layer, name: str, raw: object) -> Any:
    field = layer.field(name)
    try:
        value = read_value(field, raw)
    except (ValueError, OverflowError) as error:
        ja, en = EXPECTED[field.type]
        raise _wrong(name, f"「{field.title.ja}」は{ja}です", f"“{field.title.en}” is {en}") from error
    if value is None and field.required:
        raise _wrong(name, f"「{field.title.ja}」は必須です", f"“{field.title.en}” is required")
    return value


def _wrong(name: str, ja: str, en: str) -> errors.FeatureInvalid:
    return errors.FeatureInvalid(field=name, why_ja=ja, why_en=en)
