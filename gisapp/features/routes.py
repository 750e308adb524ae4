"""Questions over HTTP."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, request

from gisapp import answers
from gisapp.access import trail
from gisapp.access.guard import audience_role, installation, open_to_all, signed_in, visible, visible_layers
from gisapp.catalogue.layer import Layer, View
from gisapp.features.around import FARTHEST, MOST_PER_LAYER, Area, meeting
from gisapp.features.filters.shape import checked
from gisapp.features.identify import Found, Place, as_json, identify
from gisapp.features.parameters import box, invalid, known, number, whole
from gisapp.features.references import CRS84
from gisapp.features.search import find_one
from gisapp.features.turns import turn
from gisapp.features.words import text_of

features = Blueprint("features", __name__)

DEFAULT_ZOOM = 17.0
AREA = ("bbox", "radius", "shape", "feature", "buffer")
USUAL = 100  # features of a layer, of an area


@features.get("/api/identify")
@open_to_all
def identify_place() -> Response:
    """What lies at lon, lat, over the layers named or all that the asker may see; or what meets an area (AREA).

    Raises errors.ParameterInvalid, LayerNotFound, FeatureNotFound.
    """
    values = known(request.args, ("lon", "lat", "layers", "zoom", "lang", *AREA, "limit"))
    lang, listed = values.get("lang", "ja"), asked_layers(values.get("layers"))
    area = read_area(values)
    if area:
        return _meeting(listed, area, min(whole(values, "limit", USUAL), MOST_PER_LAYER), lang)
    place = Place(
        lon=number(values, "lon", -180, 180),
        lat=number(values, "lat", -90, 90),
        zoom=number(values, "zoom", 0, 30, default=DEFAULT_ZOOM),
    )
    found = identify(installation().database, audience_role(), installation().city, listed, place)
    trail.note_viewed((each.layer, each.view, each.id) for each in found)
    return _answer({"lon": place.lon, "lat": place.lat}, found, lang)


@features.post("/api/reveal")
@signed_in
def reveal() -> Response:
    """One personal value of one feature (form fields layer, id, field, lang), recorded before it is shown.

    Raises errors.ParameterInvalid, LayerNotFound, FeatureNotFound, SignInNeeded, AuditUnavailable.
    """
    values = known(request.form, ("layer", "id", "field", "lang", "csrf_token"))
    layer, view = visible(values.get("layer", ""))
    feature = whole(values, "id", 0)
    name = values.get("field", "")
    personal = [field for field in layer.fields if field.personal and field.name in view.columns]
    field = next((field for field in personal if field.name == name), None)
    if field is None:
        why = "個人情報の項目ではありません", "it is no field of personal data"
        raise invalid("field", *why, f"field={personal[0].name}" if personal else "field=…")
    _, text = find_one(installation().database, audience_role(), layer, view, feature)
    value = json.loads(text)["properties"][name]
    trail.note("masked_shown", layer, [feature], field=name)
    said = {
        "value": value,
        "text": text_of(layer, field, value, values.get("lang", "ja")),
        "unit": field.unit,
    }
    return answers.send(json.dumps(said, ensure_ascii=False).encode(), "application/json")


def _meeting(listed: list[tuple[Layer, View]], area: Area, most: int, lang: str) -> Response:
    here = installation()
    with turn():
        met = meeting(here.database, audience_role(), here.city, listed, area, most)
    trail.note_viewed((each.layer, each.view, each.id) for each in met.found)
    return _answer({"buffer": area.buffer, "limit": most, "more": list(met.more)}, met.found, lang)


def _answer(head: dict[str, Any], found: list[Found], lang: str) -> Response:
    listed = ",\n".join(as_json(each, lang) for each in found)
    text = f'{json.dumps(head)[:-1]}, "features": [{listed}]}}'
    return answers.send(text.encode(), "application/json")


def read_area(values: Mapping[str, str]) -> Area | None:
    """The area that a request asks about; None where it asks about a place.

    Raises errors.ParameterInvalid, LayerNotFound, FeatureNotFound.
    """
    given = [name for name in ("bbox", "radius", "shape", "feature") if name in values]
    if len(given) > 1:
        why = (
            "bbox・radius・shape・feature は一つだけです",
            "only one of bbox, radius, shape and feature may be given",
        )
        raise invalid(given[1], *why, f"{given[0]}=…")
    if not given:
        return None
    buffer = number(values, "buffer", 0, FARTHEST, default=0.0)
    if given == ["radius"]:
        lon, lat = number(values, "lon", -180, 180), number(values, "lat", -90, 90)
        radius = number(values, "radius", 0, FARTHEST)
        return Area({"type": "Point", "coordinates": [lon, lat]}, buffer=radius + buffer)
    if given == ["feature"]:
        layer_id, _, feature = values["feature"].partition("/")
        layer, view = visible(layer_id)
        if not feature.isascii() or not feature.isdigit() or len(feature) > 18:
            why = "レイヤー/番号 の形です", "it has the form layer/number"
            raise invalid("feature", *why, "feature=base.town/5")
        find_one(installation().database, audience_role(), layer, view, int(feature))
        return Area(feature=(layer, view, int(feature)), buffer=buffer)
    return Area(_shape(values, given[0]), buffer=buffer)


def _shape(values: Mapping[str, str], name: str) -> dict[str, Any]:
    if name == "bbox":
        return checked({"bbox": list(box(values) or ())}, CRS84)
    try:
        tree = json.loads(values["shape"])
    except (ValueError, RecursionError) as error:
        why = "GeoJSON の図形です", "it is a geometry in GeoJSON"
        raise invalid("shape", *why, 'shape={"type":"Point","coordinates":[139.4,35.7]}') from error
    return checked(tree, CRS84)


def asked_layers(layers: str | None) -> list[tuple[Layer, View]]:
    """The layers a parameter names: all where none were named; none for an empty list, as a map with all layers off asks.

    In the catalogue's order however they were named: the same layers are the same statement, prepared once.
    """
    if layers is None:
        return visible_layers()
    named = {visible(layer)[0].id for layer in layers.split(",") if layer}
    return [(layer, view) for layer, view in visible_layers() if layer.id in named]
