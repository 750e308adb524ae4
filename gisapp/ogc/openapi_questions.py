"""The part of the definition that asks about features: identify, nearest, summary, export, and one personal value."""

from __future__ import annotations

from gisapp.features.around import FARTHEST
from gisapp.features.exports.formats import ENCODINGS, FORMATS
from gisapp.features.nearest import MOST
from gisapp.features.selection import PARAMETERS as SELECTION
from gisapp.ogc.openapi_get import (
    SECURED,
    TEXT,
    Schema,
    failing,
    fields,
    form,
    listed,
    number,
    or_null,
    query,
)

_LANG: Schema = {"$ref": "#/components/parameters/lang"}
_PLACE = [number("lon", -180, 180), number("lat", -90, 90)]
_FOUND: Schema = {"$ref": "#/components/schemas/found"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_LIMIT = query(
    "limit", f"at most {MOST} of a layer; more counts as that many", {"type": "integer", "minimum": 1}
)
_AREA = [
    query("bbox", "west,south,east,north in degrees"),
    number("radius", 0, FARTHEST, required=False),
    query("shape", "a geometry in GeoJSON, in degrees"),
    query("feature", "another feature, as layer/number"),
    number("buffer", 0, FARTHEST, required=False),
]
_FIELDS: Schema = {
    "name": "fields",
    "in": "query",
    "description": "values of fields of the layer, each under the field's own name: only features that have them",
    "style": "form",
    "explode": True,
    "schema": {"type": "object", "additionalProperties": TEXT},
}
SCHEMAS: Schema = {
    "found": fields(
        layer=TEXT,
        layer_title=TEXT,
        id="integer",
        label=TEXT,
        properties=listed(
            {
                **fields(name=TEXT, title=TEXT, value={"nullable": True}, text=TEXT, unit=or_null(TEXT)),
                "description": "`personal`: a value of somebody's; `covered`: left out until /api/reveal gives and records it",
            }
        ),
        geometry={
            "allOf": [{"$ref": "#/components/schemas/geometry"}],
            "description": "with `geometry_is_part`: around the place only, to half a pixel; the item has the whole",
        },
    ),
    "identified": {
        "type": "object",
        "required": ["features"],
        "properties": {
            "features": listed(_FOUND),
            **{name: {"type": "number"} for name in ("lon", "lat", "buffer", "limit")},
            "more": {**listed(TEXT), "description": "layers of which there are more than the limit"},
        },
    },
    "nearest": fields(
        lon="number",
        lat="number",
        walking=TEXT,
        nearest=listed(
            fields(distance_m={"type": "number", "minimum": 0}, walking_minutes=_COUNT, feature=_FOUND)
        ),
    ),
    "summary": fields(
        layer=TEXT,
        columns=listed(fields(name=TEXT, title=TEXT)),
        rows=listed({"type": "object"}),
        total="object",
        more="boolean",
        shares="boolean",
    ),
    "signed": {
        "type": "object",
        "required": ["name", "expires"],
        "properties": dict.fromkeys(
            ("name", "expires", "mvt", "png", "webp", "tilejson", "pictures", "export"), TEXT
        ),
    },
    "revealed": fields(value={"nullable": True}, text=TEXT, unit=or_null(TEXT)),
}


def paths(server: str) -> Schema:
    """The operations by path, below `server` (the origin, without /ogc)."""
    layer = query("layer", "id of a layer", {"$ref": "#/components/schemas/layerId"}, required=True)
    chosen = [layer, *({"$ref": f"#/components/parameters/{name}"} for name in SELECTION), _FIELDS, _LANG]
    found = {
        "/api/identify": _get(
            "identify",
            "What lies at a place (lon, lat) or meets an area",
            _schema("identified"),
            [{**one, "required": False} for one in _PLACE]
            + [query("layers", "ids of layers, separated by commas"), number("zoom", 0, 30, required=False)]
            + [*_AREA, _LIMIT, _LANG],
        ),
        "/api/nearest": _get(
            "nearest", "The nearest of a selection", _schema("nearest"), [*_PLACE, _LIMIT, *chosen]
        ),
        "/api/summary": _get(
            "summary",
            "Counts and sums of a selection",
            {**_schema("summary"), "text/csv": {"schema": TEXT}},
            [*_dividing(), *chosen],
        ),
        "/api/export": _get(
            "export",
            "A selection as a file",
            {one.mimetype: {"schema": {}} for one in FORMATS.values()},
            [*_writing(), *chosen],
        ),
        "/api/reveal": {"post": _reveal()},
        "/api/signed-addresses": {"post": _sign()},
    }
    return {path: {"servers": [{"url": server or "/"}], **operation} for path, operation in found.items()}


def _schema(name: str) -> Schema:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}


def _get(name: str, summary: str, content: Schema, parameters: list[Schema]) -> Schema:
    responses = {
        "200": {"description": summary, "content": content},
        "304": {"description": "As the asker has it already"},
        **failing("400", "401", "403", "404", "429", "500", "503"),
    }
    return {
        "get": {"operationId": name, "summary": summary, "parameters": parameters, "responses": responses}
    }


def _dividing() -> list[Schema]:
    return [
        query("by", "up to 3 fields, separated by commas"),
        query("sum", "up to 20 numeric fields"),
        query("area", "a layer of areas, or mesh:<level>"),
        query("area-by", "fields that name the areas"),
        query("area-filter", "a condition in CQL2 on the areas"),
        query("share", "exact at borders, by share of area", {"type": "boolean"}),
        query("f", "json or csv", {"type": "string", "enum": ["json", "csv"]}),
    ]


def _writing() -> list[Schema]:
    return [
        query("format", "of the file", {"type": "string", "enum": list(FORMATS)}),
        query("encoding", "of a CSV file", {"type": "string", "enum": list(ENCODINGS)}),
        {"$ref": "#/components/parameters/crs"},
        {"$ref": "#/components/parameters/properties"},
    ]


def _reveal() -> Schema:
    words = {**dict.fromkeys(("layer", "field", "lang"), TEXT), "id": {"type": "integer", "minimum": 0}}
    kind = "application/x-www-form-urlencoded"
    return {
        "operationId": "reveal",
        "summary": "One personal value, recorded before it is shown",
        "security": SECURED,
        "requestBody": form(kind, words, ("layer", "id", "field")),
        "responses": {
            "200": {"description": "The value", "content": _schema("revealed")},
            **failing("400", "401", "404", "413", "429", "500", "503"),
        },
    }


def _sign() -> Schema:
    words = {
        "tiles": {
            **TEXT,
            "description": "ids of layers, separated by commas: their tiles, pictures and TileJSON",
        },
        "export": {**TEXT, "description": "what follows `?` of /api/export"},
        "zoom": {**TEXT, "description": "zooms, as 14-18"},
        "hours": {"type": "integer", "minimum": 1, "description": "when it expires"},
    }
    return {
        "operationId": "signAddress",
        "summary": "An address of tiles or of an export for a client that can send no header",
        "security": SECURED,
        "requestBody": form("application/x-www-form-urlencoded", words),
        "responses": {
            "200": {"description": "The addresses, and when they end", "content": _schema("signed")},
            **failing("400", "401", "404", "413", "429", "500", "503"),
        },
    }
