"""The styles and catalogue entries of `/ogc/` over HTTP."""

from __future__ import annotations

import json

from flask import Blueprint, Response

from gisapp import answers
from gisapp.access.guard import installation, open_to_all, visible, visible_layers
from gisapp.catalogue.layer import Department, Layer
from gisapp.ogc import links, records, styles
from gisapp.ogc.answer import answer
from gisapp.ogc.request import read_request

catalogue = Blueprint("ogc_catalogue", __name__, url_prefix="/ogc")


@catalogue.get("/styles")
@open_to_all
def style_list() -> Response:
    """The styles, one for each layer that the asker may see."""
    asked = read_request()
    listed = [layer for layer, _ in visible_layers()]
    return answer(styles.style_list(listed, asked), asked, (asked.words["styles"], "styles"))


@catalogue.get("/styles/<string:style>")
@open_to_all
def style(style: str) -> Response:
    """One style, for MapLibre. Raises errors.LayerNotFound: styles bear the ids of their layers."""
    asked = read_request()
    layer, _ = visible(style)
    content = json.dumps(styles.style(installation().city, layer, asked), ensure_ascii=False)
    return answers.send(content.encode(), styles.MAPBOX)


@catalogue.get("/records")
@open_to_all
def record_list() -> Response:
    """The catalogue entries of the layers that the asker may see."""
    asked = read_request()
    listed = [(layer, _department(layer)) for layer, _ in visible_layers()]
    return _geojson(records.record_list(installation().city, listed, asked))


@catalogue.get("/records/<string:layer>")
@open_to_all
def record(layer: str) -> Response:
    """The catalogue entry of one layer. Raises errors.LayerNotFound."""
    asked = read_request()
    found, _ = visible(layer)
    return _geojson(records.record(installation().city, found, _department(found), asked))


def _department(layer: Layer) -> Department:
    return installation().catalogue.department(layer.department)


def _geojson(document: dict[str, object]) -> Response:
    return answers.send(json.dumps(document, ensure_ascii=False).encode(), links.GEOJSON)
