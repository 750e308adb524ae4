"""The part of the definition about uploads: a file sent whole or in pieces, what it would change, publishing it."""

from __future__ import annotations

from gisapp.intake.options import DIMENSIONS, MODES, PLACES
from gisapp.intake.shown import WHATS
from gisapp.ogc.links import GEOJSON, JSON
from gisapp.ogc.openapi_get import (
    SECURED,
    TEXT,
    Schema,
    failing,
    fields,
    form,
    listed,
    or_null,
    query,
)

_LANG: Schema = {"$ref": "#/components/parameters/lang"}
_SIZE: Schema = {"type": "integer", "minimum": 0}
_SHORT: Schema = {
    **{"id": TEXT, "url": TEXT, "layer": TEXT, "layer_title": TEXT, "file": TEXT},
    "mode": {"type": "string", "enum": list(MODES)},
    "state": TEXT,
    "done": {"type": "number", "minimum": 0, "maximum": 1},
    "difference": or_null({"type": "object"}),
    "revision": or_null({"type": "integer"}),
    "notice": or_null({}),
    "created_at": TEXT,
    "finished_at": or_null(TEXT),
}
_WHOLE: Schema = {"options": "object", "can": listed(TEXT), "report": or_null({"type": "object"})}
SCHEMAS: Schema = {
    "upload": fields(**_SHORT, **_WHOLE, size=or_null(_SIZE), offset=_SIZE),
    "uploads": fields(uploads=listed(fields(**_SHORT))),
    "accepted": fields(id=TEXT, state=TEXT, url=TEXT),
    "begun": fields(id=TEXT, state=TEXT, url=TEXT, offset=_SIZE, size=_SIZE),
    "piece": fields(id=TEXT, state=TEXT, url=TEXT, offset=_SIZE),
    "difference": fields(
        counts="object",
        fields=listed(fields(name=TEXT, title=TEXT, personal="boolean")),
        rows=listed({"type": "object"}),
        more="boolean",
    ),
    "repairs": fields(kinds=listed({"type": "object"}), rows=listed({"type": "object"})),
}
_ID: Schema = {
    "name": "uploadId",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "format": "uuid"},
}
_READING: Schema = {
    **dict.fromkeys(("crs", "encoding", "part"), TEXT),
    "mode": {"type": "string", "enum": list(MODES)},
    "only": {"type": "string", "enum": list(DIMENSIONS)},
    "places": {
        "type": "string",
        "enum": list(PLACES),
        "description": "the match level that places an address",
    },
    "set": {**listed(TEXT), "description": "field=value for every row"},
}
_SENT: Schema = {
    **_READING,
    "file": {"type": "string", "format": "binary"},
    **{name: {**TEXT, "description": "of a file that comes in pieces"} for name in ("name", "sha256", "id")},
    "size": {**_SIZE, "description": "bytes of a file that comes in pieces"},
}
_FLAG: Schema = {"type": "string", "enum": ["0", "1"]}
_PAGE = [
    query("limit", "rows of a page", {"type": "integer", "minimum": 1}),
    query("page", "from 1", {"type": "integer", "minimum": 1}),
]
_FORM, _MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"


def paths(server: str) -> Schema:
    """The operations by path, below `server` (the origin, without /ogc)."""
    one = "/api/uploads/{uploadId}"
    layer = [{"$ref": "#/components/parameters/collectionId"}]
    page = [_ID, *_PAGE, _LANG]
    what = query("what", "which rows; all by default", {"type": "string", "enum": list(WHATS)})
    found: dict[str, Schema] = {
        "/api/layers/{collectionId}/uploads": {
            "post": _send("sendFile", "Send a file for a layer", {**_SENT, "publish": _FLAG}, layer)
        },
        "/api/uploads": {
            "get": _get("getUploads", "The asker's own uploads", _json("uploads"), [_LANG]),
            "post": _send("sendAnyFile", "Send a file whose layer is still to be named", _SENT, []),
        },
        one: {
            "get": _get("getUpload", "How an upload goes", _json("upload"), [_ID, _LANG]),
            "patch": _piece(),
        },
        one + "/difference": {
            "get": _get("getDifference", "What would change", _json("difference"), [what, *page])
        },
        one + "/difference.geojson": {
            "get": _get("getDifferenceShapes", "The same for a map", {GEOJSON: _named("featureCollectionGeoJSON")}, [_ID, _LANG])
        },
        one + "/repairs": {
            "get": _get("getRepairs", "What was repaired in it", _json("repairs"), [query("code", "one kind of repair"), *page])
        },
        one + "/check": {"post": _do("checkUpload", "Check the file again", {**_READING, "decline": listed(TEXT), "layer": TEXT})},
        one + "/publish": {"post": _do("publishUpload", "Publish what was checked", {"anyway": _FLAG})},
        one + "/undo": {"post": _do("undoUpload", "Undo what it published", {})},
        one + "/discard": {"post": _do("discardUpload", "Throw it away", {}, "200", "upload")},
    }  # fmt: skip
    return {path: {"servers": [{"url": server or "/"}], **operation} for path, operation in found.items()}


def _named(schema: str) -> Schema:
    return {"schema": {"$ref": f"#/components/schemas/{schema}"}}


def _json(schema: str) -> Schema:
    return {JSON: _named(schema)}


def _get(name: str, summary: str, content: Schema, parameters: list[Schema]) -> Schema:
    done = {
        "200": {"description": summary, "content": content},
        "304": {"description": "As the asker has it"},
    }
    return _operation(name, summary, parameters, done, "409")


def _do(name: str, summary: str, words: Schema, status: str = "202", schema: str = "accepted") -> Schema:
    done = {status: {"description": summary, "content": _json(schema)}}
    return {
        **_operation(name, summary, [_ID], done, "409", "413"),
        "requestBody": form(_FORM, words),
    }


def _send(name: str, summary: str, words: Schema, parameters: list[Schema]) -> Schema:
    done = {
        "201": {"description": "Announced: its pieces may come", "content": _json("begun")},
        "202": {"description": "Received", "content": _json("accepted")},
    }
    body = form(_MULTIPART, words)
    return {**_operation(name, summary, parameters, done, "413", "422"), "requestBody": body}


def _piece() -> Schema:
    offset = {
        "name": "Upload-Offset",
        "in": "header",
        "description": "how many bytes are there already",
        "required": True,
        "schema": _SIZE,
    }
    done = {"200": {"description": "The new offset", "content": _json("piece")}}
    body = {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}
    operation = _operation("sendPiece", "The bytes that follow", [_ID, offset], done, "409", "413", "422")
    return {**operation, "requestBody": body}


def _operation(name: str, summary: str, parameters: list[Schema], done: Schema, *more: str) -> Schema:
    statuses = sorted({"400", "401", "403", "404", "429", "500", "503", *more})
    return {
        "operationId": name,
        "summary": summary,
        "security": SECURED,
        "parameters": parameters,
        "responses": {**done, **failing(*statuses)},
    }
