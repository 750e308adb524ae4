"""OGC API - Features over HTTP. A layer that the asker may not see answers as one that does not exist."""

from __future__ import annotations

import json

from flask import Blueprint, Response

from gisapp import answers
from gisapp.access.guard import installation, open_to_all, visible, visible_layers
from gisapp.catalogue.layer import Layer
from gisapp.features.references import Reference
from gisapp.ogc import documents, items, links
from gisapp.ogc.answer import Trail, answer, page
from gisapp.ogc.openapi import definition
from gisapp.ogc.queryables import describe_queryables
from gisapp.ogc.request import Asked, read_request

ogc = Blueprint("ogc", __name__, url_prefix="/ogc")


@ogc.get("/")
@open_to_all
def landing() -> Response:
    """Where everything begins."""
    asked = read_request()
    return answer(documents.landing(installation().city, asked), asked)


@ogc.get("/api")
@open_to_all
def api() -> Response:
    """The API's definition in OpenAPI 3.0. Only as JSON: tools read it."""
    asked = read_request()
    layers = [layer.id for layer, _ in visible_layers()]
    content = json.dumps(definition(installation().city, layers, asked.lang), ensure_ascii=False)
    return answers.send(content.encode(), links.OPENAPI)


@ogc.get("/conformance")
@open_to_all
def conformance() -> Response:
    """Which classes of the standards hold."""
    asked = read_request()
    return answer(documents.conformance(asked), asked, (asked.words["conformance"], "conformance"))


@ogc.get("/collections")
@open_to_all
def collections() -> Response:
    """The layers that the asker may see."""
    asked = read_request()
    layers = [layer for layer, _ in visible_layers()]
    return answer(documents.collections(installation().city, layers, asked), asked, *_above(asked))


@ogc.get("/collections/<string:layer>")
@open_to_all
def collection(layer: str) -> Response:
    """One layer. Raises errors.LayerNotFound."""
    asked = read_request()
    found, _ = visible(layer)
    document = documents.collection(installation().city, found, asked)
    return answer(document, asked, *_above(asked, found))


@ogc.get("/collections/<string:layer>/items", provide_automatic_options=False)  # see `edits`
@open_to_all
def features(layer: str) -> Response:
    """A page of a layer's features. Raises errors.LayerNotFound, ParameterInvalid."""
    found, view = visible(layer)
    asked = read_request(*items.parameters_of(found, view))
    text, reference = items.page_of_items(found, view, asked)
    if asked.page:
        own = asked.words["items"].format(layer=found.title.get(asked.lang)), f"collections/{layer}/items"
        return page(json.loads(text), asked, *_above(asked, found), own, layer=found)
    response = _in_system(answers.send(text.encode(), links.GEOJSON), reference)
    response.headers["Link"] = (
        f'<{links.address(f"collections/{layer}/queryables")}>; rel="{links.QUERYABLES}"'
    )
    return response


@ogc.get("/collections/<string:layer>/items/<int:feature>", provide_automatic_options=False)
@open_to_all
def feature(layer: str, feature: int) -> Response:
    """One feature, its revision as ETag. Raises errors.LayerNotFound, FeatureNotFound, ParameterInvalid."""
    found, view = visible(layer)
    asked = read_request("crs")
    text, etag, reference = items.one_item(found, view, feature, asked)
    if asked.page:
        own = f"{found.title.get(asked.lang)} {feature}", f"collections/{layer}/items/{feature}"
        return page(json.loads(text), asked, *_above(asked, found), own, layer=found)
    return _in_system(answers.send(text.encode(), links.GEOJSON, etag=etag), reference)


@ogc.get("/collections/<string:layer>/queryables")
@open_to_all
def queryables(layer: str) -> Response:
    """What a filter of this layer may speak of, as a JSON Schema. Raises errors.LayerNotFound."""
    found, view = visible(layer)
    asked = read_request()
    document = describe_queryables(found, view, installation().city, asked)
    if asked.page:
        return answer(
            document,
            asked,
            *_above(asked, found),
            (asked.words["queryables"], f"collections/{layer}/queryables"),
        )
    return answers.send(json.dumps(document, ensure_ascii=False).encode(), links.SCHEMA)


def _in_system(response: Response, reference: Reference) -> Response:
    """Say in which reference system the coordinates are, as Part 2 wants."""
    response.headers["Content-Crs"] = f"<{reference.uri}>"
    return response


def _above(asked: Asked, layer: Layer | None = None) -> Trail:
    """The collections, and one of them."""
    trail = [(asked.words["collections"], "collections")]
    return trail + ([(layer.title.get(asked.lang), f"collections/{layer.id}")] if layer else [])
