"""What a filter of a layer may speak of, as a JSON Schema (OGC API - Features, Part 3)."""

from __future__ import annotations

from typing import Any

from gisapp.catalogue.layer import Field, Layer, View
from gisapp.features.expressions import fields_of
from gisapp.features.filters.scope import GEOMETRY, ID
from gisapp.ogc import links
from gisapp.ogc.request import Asked
from gisapp.settings import City

DIALECT = "https://json-schema.org/draft/2020-12/schema"
TYPES: dict[str, dict[str, str]] = {
    "text": {"type": "string"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "datetime": {"type": "string", "format": "date-time"},
}
ROLES = (("primary-instant",), ("primary-interval-start", "primary-interval-end"))
FORMATS = {"Point": "geometry-point", "LineString": "geometry-linestring", "Polygon": "geometry-polygon"}


def describe_queryables(layer: Layer, view: View, city: City, asked: Asked) -> dict[str, Any]:
    """The fields of the asker's view, `id` and `geometry`, with titles, units and codes in the language asked for."""
    fields = {name: _field(layer, layer.field(name), asked.lang) for name in fields_of(view)}
    own = links.address(f"collections/{layer.id}/queryables")
    form = FORMATS[layer.geometry.removeprefix("Multi")]
    return {
        "$schema": DIALECT,
        "$id": own,
        "type": "object",
        "title": layer.title.get(asked.lang),
        "properties": {
            ID: {"type": "integer", "x-ogc-role": "id", "title": "番号" if asked.lang == "ja" else "Number"},
            **fields,
            GEOMETRY: {
                "x-ogc-role": "primary-geometry",
                "title": "形状" if asked.lang == "ja" else "Shape",
                "format": form.replace("geometry-", "geometry-multi")
                if layer.geometry.startswith("Multi")
                else form,
            },
        },
        "additionalProperties": False,
    }


def _field(layer: Layer, field: Field, lang: str) -> dict[str, Any]:
    found: dict[str, Any] = {"title": field.title.get(lang), **TYPES[field.type]}
    if field.unit:
        found["x-ogc-unit"] = field.unit
    if field.name in layer.time:
        found["x-ogc-role"] = ROLES[len(layer.time) - 1][layer.time.index(field.name)]
    codes = layer.code_list(field.name)
    if codes:
        whole = field.type in ("integer", "number")
        found["oneOf"] = [
            {"const": int(code) if whole and code.lstrip("-").isdigit() else code, "title": title.get(lang)}
            for code, title in codes.values.items()
        ]
    return found
