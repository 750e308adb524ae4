"""Questions over HTTP."""

from __future__ import annotations

import json

from flask import Blueprint, Response, request

from gisapp import answers
from gisapp.access import trail
from gisapp.access.guard import audience_role, installation, open_to_all, visible, visible_layers
from gisapp.catalogue.layer import Layer, View
from gisapp.features.identify import Place, as_json, identify
from gisapp.features.parameters import known, number

features = Blueprint("features", __name__)

DEFAULT_ZOOM = 17.0


@features.get("/api/identify")
@open_to_all
def identify_place() -> Response:
    """What lies at lon, lat: over the layers named, or all that the asker may see.

    Raises errors.ParameterInvalid, LayerNotFound.
    """
    values = known(request.args, ("lon", "lat", "layers", "zoom", "lang"))
    place = Place(
        lon=number(values, "lon", -180, 180),
        lat=number(values, "lat", -90, 90),
        zoom=number(values, "zoom", 0, 30, default=DEFAULT_ZOOM),
    )
    lang = values.get("lang", "ja")
    asked = _asked(values.get("layers"))
    found = identify(installation().database, audience_role(), installation().city, asked, place)
    trail.note_viewed((each.layer, each.view, each.id) for each in found)
    head = json.dumps({"lon": place.lon, "lat": place.lat})
    listed = ",\n".join(as_json(each, lang) for each in found)
    return answers.send(f'{head[:-1]}, "features": [{listed}]}}'.encode(), "application/json")


def _asked(layers: str | None) -> list[tuple[Layer, View]]:
    """All layers where none were named; none for an empty list, as a map with all layers off asks.

    In the catalogue's order however they were named: the same layers are the same statement, prepared once.
    """
    if layers is None:
        return visible_layers()
    named = {visible(layer)[0].id for layer in layers.split(",") if layer}
    return [(layer, view) for layer, view in visible_layers() if layer.id in named]
