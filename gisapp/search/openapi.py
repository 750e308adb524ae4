"""The search in OpenAPI 3.0: its paths, for the definition at /ogc/api."""

from __future__ import annotations

from typing import Any

from gisapp.search.reading import LONGEST_QUERY

Schema = dict[str, Any]

_LANG: Schema = {"$ref": "#/components/parameters/lang"}
_QUERY: Schema = {
    "name": "q",
    "in": "query",
    "required": True,
    "description": "address, lot number, name or kind of a facility, street, coordinates, plane metres or mesh code",
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_QUERY},
}
_TEXT: Schema = {"type": "string"}
_POINT: Schema = {
    "type": "object",
    "required": ["type", "geometry", "properties"],
    "properties": {
        "type": {"type": "string", "enum": ["Feature"]},
        "geometry": {"$ref": "#/components/schemas/geometry"},
        "bbox": {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 4},
        "properties": {
            "type": "object",
            "required": ["kind", "label"],
            "properties": {
                **{name: _TEXT for name in ("kind", "label", "matched", "left_over", "layer", "layer_title")},
                "match_level": {
                    "type": "integer",
                    "nullable": True,
                    "minimum": 0,
                    "maximum": 7,
                    "description": "as in the address base registry: 0 nothing, 2 city, 3 town, 4 town in detail, 5 block, 6 house, 7 lot",
                },
                "sure": {"type": "boolean"},
                "distance": {"type": "number", "description": "metres"},
                "feature": {"type": "integer", "nullable": True},
            },
        },
    },
}


def paths(server: str) -> dict[str, Any]:
    """The three paths below `server` (the origin, without /ogc)."""
    place = [_number("lon", -180, 180), _number("lat", -90, 90)]
    near = [{**one, "required": False} for one in place]
    return {
        "/api/search": _get(server, "search", "Where something is", [_QUERY, *near, _LANG]),
        "/api/suggest": _get(server, "suggest", "What somebody may be typing", [_QUERY, _LANG]),
        "/api/reverse": _get(server, "reverse", "What a place is called", [*place, _LANG]),
    }


def _number(name: str, low: float, high: float) -> Schema:
    schema = {"type": "number", "minimum": low, "maximum": high}
    return {"name": name, "in": "query", "required": True, "schema": schema}


def _get(server: str, name: str, summary: str, parameters: list[Schema]) -> Schema:
    collection = {
        "type": "object",
        "required": ["type", "features"],
        "properties": {
            "type": {"type": "string", "enum": ["FeatureCollection"]},
            "status": {"type": "string", "enum": ["found", "unsure", "not_found", "not_in_city"]},
            "reason": _TEXT,
            "query": _TEXT,
            "features": {"type": "array", "items": _POINT},
        },
    }
    answer = {"description": summary, "content": {"application/geo+json": {"schema": collection}}}
    problem = {"$ref": "#/components/responses/problem"}
    responses = {
        "200": answer,
        "304": {"description": "As the asker has it already"},
        **dict.fromkeys(("400", "401", "429", "500", "503"), problem),
    }
    operation = {"operationId": name, "summary": summary, "parameters": parameters, "responses": responses}
    return {"servers": [{"url": server or "/"}], "get": operation}
