"""The part of the definition of `/ogc/` that changes features (OGC API - Features, Part 4)."""

from __future__ import annotations

from typing import Any

from gisapp.ogc.edits import MERGE_PATCH
from gisapp.ogc.links import GEOJSON
from gisapp.ogc.openapi_get import SECURED, failing

Schema = dict[str, Any]
PARAMETERS: Schema = {
    "ifMatch": {
        "name": "If-Match",
        "in": "header",
        "description": "the ETag of the feature as it was read: another one's change in between is not overwritten",
        "schema": {"type": "string"},
    },
    "contentCrs": {
        "name": "Content-Crs",
        "in": "header",
        "description": "URI of the reference system of the coordinates in the body; CRS84 by default",
        "schema": {"type": "string"},
    },
}
SCHEMAS: Schema = {
    "featurePatch": {
        "type": "object",
        "description": "JSON Merge Patch (RFC 7396) of a feature: only what is to change",
        "properties": {
            "geometry": {"$ref": "#/components/schemas/geometry"},
            "properties": {"type": "object"},
        },
    }
}


def operations(one: str, many: str) -> dict[str, Schema]:
    """The operations by path: `one` is a feature's, `many` that of the items."""
    key = ("collectionId", "featureId")
    return {
        many: {
            "post": _operation("createFeature", "Add a feature", "201", GEOJSON, "collectionId", "contentCrs")
        },
        one: {
            "put": _operation("replaceFeature", "Replace a feature", "200", GEOJSON, *key, "ifMatch", "contentCrs"),
            "patch": _operation("updateFeature", "Change a feature", "200", MERGE_PATCH, *key, "ifMatch", "contentCrs"),
            "delete": _operation("deleteFeature", "Remove a feature", "204", "", *key, "ifMatch"),
        },
    }  # fmt: skip


def _operation(name: str, summary: str, status: str, takes: str, *parameters: str) -> Schema:
    schema = "featurePatch" if takes == MERGE_PATCH else "featureGeoJSON"
    done: Schema = {"description": summary}
    if takes:
        done["content"] = {GEOJSON: {"schema": {"$ref": "#/components/schemas/featureGeoJSON"}}}
    statuses = ("400", "401", "403", "404", "409", "412", "413", "415", "429", "500", "503")
    found: Schema = {
        "operationId": name,
        "summary": summary,
        "security": SECURED,
        "parameters": [{"$ref": f"#/components/parameters/{parameter}"} for parameter in parameters],
        "responses": {
            status: done,
            **failing(*statuses),
        },
    }
    if takes:
        found["requestBody"] = {
            "required": True,
            "content": {takes: {"schema": {"$ref": f"#/components/schemas/{schema}"}}},
        }
    return found
