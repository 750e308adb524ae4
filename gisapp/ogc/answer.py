"""A resource of `/ogc/` in the form asked for: JSON, or a page made of the same document."""

from __future__ import annotations

import json
from typing import Any

from flask import Response, render_template

from gisapp import answers
from gisapp.catalogue.layer import Layer
from gisapp.ogc import links
from gisapp.ogc.request import Asked

Trail = list[tuple[str, str]]
LISTS = ("tilesets", "tileMatrixSets", "styles")
"""Members of a document that list what it leads to."""


def answer(document: dict[str, Any], asked: Asked, *below: tuple[str, str]) -> Response:
    """Answer with `document`. `below`: titles and paths from under the landing page down to this resource."""
    if asked.page:
        return page(document, asked, *below)
    return answers.send(json.dumps(document, ensure_ascii=False).encode(), links.JSON)


def page(
    document: dict[str, Any], asked: Asked, *below: tuple[str, str], layer: Layer | None = None
) -> Response:
    """The document as a page; with `layer`, its features as a table."""
    features = document.get("features", [document] if document.get("type") == "Feature" else [])
    href = {each["rel"]: each["href"] for each in document.get("links", [])}
    content = render_template(
        "ogc/page.html",
        document=document,
        features=features,
        columns=[field for field in layer.fields if features and field.name in features[0]["properties"]]
        if layer
        else [],
        layer=layer,
        listed=next((document[name] for name in LISTS if name in document), None),
        lang=asked.lang,
        words=asked.words,
        trail=[(title, _to_page(path, asked)) for title, path in ((asked.words["top"], ""), *below)],
        to_feature=lambda number: _to_page(f"collections/{layer.id}/items/{number}", asked) if layer else "",
        next=href.get("next"),
        as_json=href.get("alternate"),
    )
    return Response(content, mimetype="text/html")


def _to_page(path: str, asked: Asked) -> str:
    return links.address(path, {"f": "html", **asked.language})
