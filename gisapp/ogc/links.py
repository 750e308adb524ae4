"""Links between the resources of `/ogc/`: absolute, typed, and in the language that was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from flask import request

from gisapp.ogc.request import Asked

JSON = "application/json"
GEOJSON = "application/geo+json"
HTML = "text/html"
QUERYABLES = "http://www.opengis.net/def/rel/ogc/1.0/queryables"  # a relation
SCHEMA = "application/schema+json"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"

Link = dict[str, Any]


def address(path: str, parameters: Mapping[str, object] | None = None) -> str:
    """The address of a resource below `/ogc/`; `path` without a leading slash."""
    query = f"?{urlencode(parameters)}" if parameters else ""
    return f"{request.url_root}ogc/{quote(path)}{query}"


def link(asked: Asked, rel: str, path: str, mimetype: str, title: str, **parameters: object) -> Link:
    """One link."""
    href = address(path, {**parameters, **asked.language})
    return {"rel": rel, "type": mimetype, "title": title, "href": href}


def this(asked: Asked, path: str, mimetype: str = JSON) -> list[Link]:
    """The links of a resource to itself, as it was asked for, and to its other form (JSON or page)."""
    own, other = (HTML, mimetype) if asked.page else (mimetype, HTML)
    form = "json" if asked.page else "html"
    return [
        {"rel": "self", "type": own, "title": asked.words["this"], "href": address(path, asked.values)},
        {
            "rel": "alternate",
            "type": other,
            "title": asked.words["other_form"],
            "href": address(path, {**asked.values, "f": form}),
        },
    ]
