"""Operations in OpenAPI 3.0: the forms that all of the definition shares."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Schema = dict[str, Any]
PROBLEM = "application/problem+json"
TEXT: Schema = {"type": "string"}
SECURED: list[dict[str, list[str]]] = [{"token": []}, {"session": []}]
"""Security of what only somebody who is known may ask."""


def get(name: str, summary: str, forms: dict[str, str | None], *parameters: str) -> Schema:
    """A GET that answers in these forms (media type → name of a schema, None: any) and takes these parameters."""
    refs = [{"$ref": f"#/components/parameters/{parameter}"} for parameter in (*parameters, "lang")]
    return {
        "get": {
            "operationId": name,
            "summary": summary,
            "parameters": refs,
            "responses": {
                "200": response(summary, forms),
                "304": {"description": "As the asker has it already"},
                **failing("400", "401", "404", "429", "500", "503"),
            },
        }
    }


def response(description: str, forms: dict[str, str | None]) -> Schema:
    """An answer in these forms."""

    def schema(name: str | None) -> Schema:
        return {"$ref": f"#/components/schemas/{name}"} if name else {}

    return {
        "description": description,
        "content": {form: {"schema": schema(name)} for form, name in forms.items()},
    }


def failing(*statuses: str) -> Schema:
    """The answers of these statuses: what went wrong and what to do."""
    return {status: {"$ref": "#/components/responses/problem"} for status in statuses}


def query(name: str, what: str, schema: Schema = TEXT, *, required: bool = False) -> Schema:
    """A parameter in the query."""
    return {"name": name, "in": "query", "description": what, "required": required, "schema": schema}


def number(name: str, low: float, high: float, *, required: bool = True) -> Schema:
    """A parameter in the query that is a number."""
    schema = {"type": "number", "minimum": low, "maximum": high}
    return query(name, f"from {low:g} to {high:g}", schema, required=required)


def fields(**kinds: Schema | str) -> Schema:
    """An object's properties by name, each of a type or a schema; all must be there."""
    schemas = {name: {"type": kind} if isinstance(kind, str) else kind for name, kind in kinds.items()}
    return {"type": "object", "required": list(kinds), "properties": schemas}


def listed(item: Schema) -> Schema:
    """An array of these."""
    return {"type": "array", "items": item}


def or_null(schema: Schema) -> Schema:
    """That or null."""
    return {**schema, "nullable": True}


def form(kind: str, properties: Schema, required: Iterable[str] = ()) -> Schema:
    """A request's body: a form of this media type."""
    schema: Schema = {"type": "object", "properties": properties}
    if required:
        schema["required"] = list(required)
    return {"content": {kind: {"schema": schema}}}
