"""The part of the definition of `/ogc/` about tiles (OGC API - Tiles), with the operation ids that it wants."""

from __future__ import annotations

from gisapp.ogc.links import HTML, JSON
from gisapp.ogc.openapi_get import Schema, get
from gisapp.ogc.tilesets import KINDS, NAME, Kind

PARAMETERS: Schema = {
    "tileMatrixSetId": {
        "name": "tileMatrixSetId",
        "in": "path",
        "required": True,
        "schema": {"type": "string", "enum": [NAME]},
    },
    **{
        name: {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "integer", "minimum": 0},
        }
        for name in ("tileMatrix", "tileRow", "tileCol")
    },
    "collections": {
        "name": "collections",
        "in": "query",
        "description": "ids of collections; all that the asker may see by default",
        "style": "form",
        "explode": False,
        "schema": {"type": "array", "items": {"type": "string"}},
    },
    **{
        f"f-{kind.name}": {
            "name": "f",
            "in": "query",
            "schema": {"type": "string", "enum": list(kind.forms)},
        }
        for kind in KINDS.values()
    },
}
_OBJECT: Schema = {"type": "array", "items": {"type": "object"}}
SCHEMAS: Schema = {
    "tileMatrixSet": {
        "type": "object",
        "required": ["id", "crs", "tileMatrices"],
        "properties": {"id": {"type": "string"}, "crs": {"type": "string"}, "tileMatrices": _OBJECT},
    },
    "tileMatrixSets": {
        "type": "object",
        "required": ["tileMatrixSets"],
        "properties": {"tileMatrixSets": _OBJECT},
    },
    "tileSet": {
        "type": "object",
        "required": ["dataType", "crs", "links"],
        "properties": {
            "title": {"type": "string"},
            "dataType": {"type": "string", "enum": list(KINDS)},
            "crs": {"type": "string"},
            "tileMatrixSetURI": {"type": "string"},
            "tileMatrixSetLimits": _OBJECT,
            "layers": _OBJECT,
            "links": {"type": "array", "items": {"$ref": "#/components/schemas/link"}},
        },
    },
    "tileSets": {
        "type": "object",
        "required": ["tilesets"],
        "properties": {"tilesets": {"type": "array", "items": {"$ref": "#/components/schemas/tileSet"}}},
    },
}


def paths() -> Schema:
    """The operations by path."""
    one = "/tileMatrixSets/{tileMatrixSetId}"
    found = {
        "/tileMatrixSets": get("getTileMatrixSetsList", "Tile matrix sets", _both("tileMatrixSets"), "f"),
        one: get("getTileMatrixSet", "One tile matrix set", _both("tileMatrixSet"), "tileMatrixSetId", "f"),
    }
    for kind in KINDS.values():
        found |= _of(kind, f"/{kind.path}", "dataset", "collections")
        found |= _of(kind, f"/collections/{{collectionId}}/{kind.path}", "collection", "collectionId")
    return found


def _of(kind: Kind, base: str, whose: str, parameter: str) -> Schema:
    name, of = f"{whose}.{kind.name}", f"{kind.name} tiles of the {whose}"
    forms: dict[str, str | None] = dict.fromkeys(kind.forms.values())
    numbers = "tileMatrixSetId", "tileMatrix", "tileRow", "tileCol"
    one = f"{base}/{{tileMatrixSetId}}"
    return {
        base: get(f"{name}.getTileSetsList", f"Tilesets: {of}", _both("tileSets"), parameter, "f"),
        one: get(f"{name}.getTileSet", f"The tileset: {of}", _both("tileSet"), parameter, numbers[0], "f"),
        f"{one}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}": get(
            f"{name}.getTile", f"A tile: {of}", forms, parameter, *numbers, f"f-{kind.name}"
        ),
    }


def _both(schema: str) -> dict[str, str | None]:
    return {JSON: schema, HTML: None}
