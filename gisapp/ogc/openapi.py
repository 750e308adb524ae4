"""The definition of `/ogc/` and `/api/` in OpenAPI 3.0 (https://spec.openapis.org/oas/v3.0.3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gisapp.ogc import openapi_catalogue as catalogue
from gisapp.ogc import openapi_edits as edits
from gisapp.ogc import openapi_questions as questions
from gisapp.ogc import openapi_tiles as tiles
from gisapp.ogc import openapi_uploads as uploads
from gisapp.ogc.items import MOST, USUAL
from gisapp.ogc.items import PARAMETERS as ITEMS
from gisapp.ogc.links import GEOJSON, HTML, JSON, OPENAPI, SCHEMA, address
from gisapp.ogc.openapi_get import PROBLEM, SECURED, Schema, get, response
from gisapp.ogc.words import WORDS
from gisapp.search import openapi as search
from gisapp.settings import City

VERSION = "1.1.0"  # of this interface, not of gisapp
SESSION = "gisapp_session"

LINKS: Schema = {"type": "array", "items": {"$ref": "#/components/schemas/link"}}
NUMBERS: Schema = {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 4}
SCHEMAS: Schema = {
    "link": {
        "type": "object",
        "required": ["href", "rel"],
        "properties": {name: {"type": "string"} for name in ("href", "rel", "type", "title")},
    },
    "landingPage": {
        "type": "object",
        "required": ["links"],
        "properties": {"title": {"type": "string"}, "description": {"type": "string"}, "links": LINKS},
    },
    "confClasses": {
        "type": "object",
        "required": ["conformsTo"],
        "properties": {"conformsTo": {"type": "array", "items": {"type": "string"}}},
    },
    "extent": {
        "type": "object",
        "properties": {
            "spatial": {"type": "object", "properties": {"bbox": {"type": "array", "items": NUMBERS}}}
        },
    },
    "collection": {
        "type": "object",
        "required": ["id", "links"],
        "properties": {
            **{
                name: {"type": "string"}
                for name in ("id", "title", "description", "itemType", "attribution", "license")
            },
            "crs": {"type": "array", "items": {"type": "string"}},
            "extent": {"$ref": "#/components/schemas/extent"},
            "links": LINKS,
        },
    },
    "collections": {
        "type": "object",
        "required": ["links", "collections"],
        "properties": {
            "links": LINKS,
            "collections": {"type": "array", "items": {"$ref": "#/components/schemas/collection"}},
        },
    },
    "geometry": {
        "type": "object",
        "required": ["type", "coordinates"],
        "properties": {"type": {"type": "string"}, "coordinates": {"type": "array", "items": {}}},
    },
    "featureGeoJSON": {
        "type": "object",
        "required": ["type", "geometry", "properties"],
        "properties": {
            "type": {"type": "string", "enum": ["Feature"]},
            "id": {"type": "integer"},
            "geometry": {"$ref": "#/components/schemas/geometry"},
            "properties": {"type": "object"},
            "links": LINKS,
        },
    },
    "featureCollectionGeoJSON": {
        "type": "object",
        "required": ["type", "features"],
        "properties": {
            "type": {"type": "string", "enum": ["FeatureCollection"]},
            "features": {"type": "array", "items": {"$ref": "#/components/schemas/featureGeoJSON"}},
            "links": LINKS,
            "numberMatched": {"type": "integer", "minimum": 0},
            "numberReturned": {"type": "integer", "minimum": 0},
        },
    },
    "problem": {
        "type": "object",
        "required": ["title", "status"],
        "properties": {
            "status": {"type": "integer"},
            **{name: {"type": "string"} for name in ("type", "title", "title_en", "detail", "detail_en")},
        },
    },
}
SECURITY: Schema = {
    "token": {"type": "http", "scheme": "bearer", "description": "a token of /account"},
    "session": {"type": "apiKey", "in": "cookie", "name": SESSION, "description": "of a browser"},
}
PARAMETERS: Schema = {
    "f": {"name": "f", "in": "query", "schema": {"type": "string", "enum": ["json", "geojson", "html"]}},
    "lang": {"name": "lang", "in": "query", "schema": {"type": "string", "default": "ja"}},
    "bbox": {
        "name": "bbox",
        "in": "query",
        "description": "west, south, east, north: longitude and latitude in degrees (CRS84)",
        "style": "form",
        "explode": False,
        "schema": NUMBERS,
    },
    "limit": {
        "name": "limit",
        "in": "query",
        "schema": {"type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL},
    },
    "datetime": {"name": "datetime", "in": "query", "schema": {"type": "string"}},
    "after": {
        "name": "after",
        "in": "query",
        "description": "as in a link “next”",
        "schema": {"type": "string"},
    },
    "offset": {
        "name": "offset",
        "in": "query",
        "description": "the beginning; `after` leads further",
        "schema": {"type": "integer", "enum": [0]},
    },
    **{
        name: {"name": name, "in": "query", "description": what, "schema": {"type": "string"}}
        for name, what in (
            ("bbox-crs", "URI of the reference system of bbox"),
            ("crs", "URI of the reference system of the answer"),
            ("filter", "a condition in CQL2; see the collection's queryables"),
            ("filter-crs", "URI of the reference system of the filter's geometries"),
            ("meets", "id of another collection: features that touch one of it"),
            ("meets-filter", "a condition in CQL2 on that collection"),
            ("meets-distance", "metres within which it counts as touching"),
            ("properties", "names of the fields wanted, separated by commas"),
        )
    },
    "filter-lang": {
        "name": "filter-lang",
        "in": "query",
        "schema": {"type": "string", "enum": ["cql2-text", "cql2-json"], "default": "cql2-text"},
    },
    "featureId": {
        "name": "featureId",
        "in": "path",
        "required": True,
        "schema": {"type": "integer", "format": "int64", "minimum": 0},
    },
}


def definition(city: City, layers: Sequence[str], lang: str) -> dict[str, Any]:
    """The definition for somebody who may see these layers."""
    words, name = WORDS[lang], city.name_ja if lang == "ja" else city.name_en
    base = address("").rstrip("/")
    origin = base.removesuffix("/ogc")
    collection_id = {
        "name": "collectionId",
        "in": "path",
        "required": True,
        "schema": {"$ref": "#/components/schemas/layerId"},
    }
    return {
        "openapi": "3.0.3",
        "info": {
            "title": words["title"].format(city=name),
            "description": words["about"].format(city=name),
            "version": VERSION,
        },
        "servers": [{"url": base}],
        "security": [{}, *SECURED],
        "paths": {
            **_paths(),
            **tiles.paths(),
            **catalogue.paths(),
            **search.paths(origin),
            **questions.paths(origin),
            **uploads.paths(origin),
        },
        "components": {
            "securitySchemes": SECURITY,
            "schemas": SCHEMAS
            | edits.SCHEMAS
            | tiles.SCHEMAS
            | catalogue.SCHEMAS
            | questions.SCHEMAS
            | uploads.SCHEMAS
            | {"layerId": {"type": "string", "enum": list(layers)}},
            "parameters": {
                **PARAMETERS,
                **edits.PARAMETERS,
                **tiles.PARAMETERS,
                "collectionId": collection_id,
            },
            "responses": {"problem": response("What went wrong and what to do", {PROBLEM: "problem"})},
        },
    }


def _paths() -> dict[str, Any]:
    one, many = "/collections/{collectionId}", "/collections/{collectionId}/items"
    reading = {
        "/": get("getLandingPage", "Start", {JSON: "landingPage", HTML: None}, "f"),
        "/api": get("getApi", "This definition", {OPENAPI: None}, "f"),
        "/conformance": get("getConformance", "Standards conformed to", {JSON: "confClasses", HTML: None}, "f"),
        "/collections": get("getCollections", "The collections", {JSON: "collections", HTML: None}, "f"),
        one: get("getCollection", "One collection", {JSON: "collection", HTML: None}, "collectionId", "f"),
        many: get(
            "getFeatures", "Features", {GEOJSON: "featureCollectionGeoJSON", HTML: None},
            "collectionId", *ITEMS, "f",
        ),
        many + "/{featureId}": get(
            "getFeature", "One feature", {GEOJSON: "featureGeoJSON", HTML: None}, "collectionId", "featureId", "crs", "f",
        ),
        one + "/queryables": get(
            "getQueryables", "What filters may speak of", {SCHEMA: None, HTML: None}, "collectionId", "f"
        ),
    }  # fmt: skip
    changing = edits.operations(many + "/{featureId}", many)
    return {path: operations | changing.get(path, {}) for path, operations in reading.items()}
