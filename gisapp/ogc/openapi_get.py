"""An operation that reads, in OpenAPI 3.0: the form that all of `/ogc/` shares."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]
PROBLEM = "application/problem+json"


def get(name: str, summary: str, forms: dict[str, str | None], *parameters: str) -> Schema:
    """A GET that answers in these forms (media type → name of a schema, None: any) and takes these parameters."""
    refs = [{"$ref": f"#/components/parameters/{parameter}"} for parameter in (*parameters, "lang")]
    failing = {status: {"$ref": "#/components/responses/problem"} for status in ("400", "404", "500", "503")}
    return {
        "get": {
            "operationId": name,
            "summary": summary,
            "parameters": refs,
            "responses": {"200": response(summary, forms), **failing},
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
