"""The part of the definition of `/ogc/` about styles and catalogue entries."""

from __future__ import annotations

from gisapp.ogc.links import GEOJSON, HTML, JSON
from gisapp.ogc.openapi_get import Schema, get
from gisapp.ogc.styles import MAPBOX

_LIST: Schema = {"type": "array", "items": {"type": "object"}}
SCHEMAS: Schema = {
    "styles": {"type": "object", "required": ["styles"], "properties": {"styles": _LIST}},
    "style": {
        "type": "object",
        "required": ["version", "sources", "layers"],
        "properties": {
            "version": {"type": "integer", "enum": [8]},
            "sources": {"type": "object"},
            "layers": _LIST,
        },
    },
    "record": {
        "type": "object",
        "required": ["id", "type", "time", "geometry", "properties", "links"],
        "properties": {
            "id": {"type": "string"},
            "type": {"type": "string", "enum": ["Feature"]},
            "time": {"type": "object", "nullable": True},
            "geometry": {"$ref": "#/components/schemas/geometry"},
            "properties": {"type": "object", "required": ["type", "title"]},
            "links": {"type": "array", "items": {"$ref": "#/components/schemas/link"}},
        },
    },
    "records": {
        "type": "object",
        "required": ["type", "features"],
        "properties": {
            "type": {"type": "string", "enum": ["FeatureCollection"]},
            "features": {"type": "array", "items": {"$ref": "#/components/schemas/record"}},
        },
    },
}


def paths() -> Schema:
    """The operations by path. Styles and records bear the ids of their collections."""
    return {
        "/styles": get("getStyles", "The styles", {JSON: "styles", HTML: None}, "f"),
        "/styles/{collectionId}": get(
            "getStyle", "A collection's style, for MapLibre", {MAPBOX: "style"}, "collectionId", "f"
        ),
        "/records": get("getRecords", "The catalogue entries", {GEOJSON: "records"}, "f"),
        "/records/{collectionId}": get(
            "getRecord", "A collection's catalogue entry", {GEOJSON: "record"}, "collectionId", "f"
        ),
    }
