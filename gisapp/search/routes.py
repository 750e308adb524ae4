"""The search over HTTP: GeoJSON, and who asks decides which layers are searched at all."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable
from typing import Any

from flask import Blueprint, Response, request

from gisapp import answers
from gisapp.access import trail
from gisapp.access.guard import audience_role, installation, open_to_all, visible_layers
from gisapp.catalogue.layer import Layer, View
from gisapp.features.parameters import invalid, known, number
from gisapp.search.answer import Match
from gisapp.search.find import find
from gisapp.search.reading import LONGEST_QUERY
from gisapp.search.reverse import reverse
from gisapp.search.suggest import suggest

search = Blueprint("search", __name__)

GEOJSON = "application/geo+json"
EXAMPLE = "q=本町一丁目1-1"
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


@search.get("/api/search")
@open_to_all
def search_places() -> Response:
    """Where `q` is. lon, lat: what is asked for by its kind comes in order of distance from there.

    Raises errors.ParameterInvalid.
    """
    values = known(request.args, ("q", "lon", "lat", "lang"))
    query = _query(values)
    near = None
    if "lon" in values or "lat" in values:
        near = number(values, "lon", -180, 180), number(values, "lat", -90, 90)
    asked, lang = _asked(), values.get("lang", "ja")
    with installation().database.reading(audience_role()) as connection:
        answer = find(connection, [layer for layer, _ in asked], installation().city, query, near)
    restricted = [layer.id for layer, view in asked if view.needs]
    if restricted:
        trail.note("searched", "", (), q=query, layers=restricted, found=len(answer.matches))
    trail.note_viewed(_seen(asked, answer.matches), q=query)
    head = {"status": answer.status, "reason": answer.reason.get(lang), "query": query}
    sure = answer.status == "found"
    return _send(
        [_feature(match, lang, sure=sure and place == 0) for place, match in enumerate(answer.matches)], head
    )


@search.get("/api/suggest")
@open_to_all
def suggest_places() -> Response:
    """What somebody who typed `q` may be looking for. Raises errors.ParameterInvalid."""
    values = known(request.args, ("q", "lang"))
    query = _query(values)
    asked, lang = _asked(), values.get("lang", "ja")
    with installation().database.reading(audience_role()) as connection:
        found = suggest(connection, [layer for layer, _ in asked], installation().city, query)
    trail.note_viewed(_seen(asked, found), q=query)
    return _send([_feature(match, lang) for match in found], {"query": query})


@search.get("/api/reverse")
@open_to_all
def name_place() -> Response:
    """What the place lon, lat is called. Raises errors.ParameterInvalid."""
    values = known(request.args, ("lon", "lat", "lang"))
    lon, lat = number(values, "lon", -180, 180), number(values, "lat", -90, 90)
    lang, here = values.get("lang", "ja"), installation()
    pairs = _asked()
    found = reverse(here.database, audience_role(), here.city, pairs, lon, lat)
    views = dict(pairs)
    trail.note_viewed((one["layer"], views[one["layer"]], one["feature"]) for one in found)
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [one["lon"], one["lat"]]},
            "properties": {
                "kind": one["kind"],
                "label": one["label"],
                "match_level": one["level"],
                "distance": one["metres"],
                "layer": one["layer"].id,
                "layer_title": one["layer"].title.get(lang),
                "feature": one["feature"],
            },
        }
        for one in found
    ]
    return _send(features, {"lon": lon, "lat": lat})


def _query(values: dict[str, str]) -> str:
    query = values.get("q", "")
    if len(query) > LONGEST_QUERY:
        raise invalid(
            "q", f"{LONGEST_QUERY}文字までです", f"it has at most {LONGEST_QUERY} characters", EXAMPLE
        )
    if _CONTROL.search(query):
        raise invalid("q", "制御文字が入っています", "it holds control characters", EXAMPLE)
    if not any(unicodedata.category(c)[0] in "LNS" for c in query):
        raise invalid("q", "探す言葉がありません", "there is nothing to look for in it", EXAMPLE)
    return query.strip()


def _asked() -> list[tuple[Layer, View]]:
    return [(layer, view) for layer, view in visible_layers() if layer.search]


def _seen(asked: list[tuple[Layer, View]], matches: Iterable[Match]) -> list[tuple[Layer, View, int]]:
    views = dict(asked)
    return [(m.layer, views[m.layer], m.feature) for m in matches if m.layer and m.feature is not None]


def _feature(match: Match, lang: str, *, sure: bool | None = None) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "kind": match.kind,
        "label": match.label,
        "detail": match.detail,
        "match_level": match.level,
        "matched": match.matched,
        "left_over": match.left,
    }
    if sure is not None:
        properties["sure"] = sure
    if match.layer is not None:
        properties |= {
            "layer": match.layer.id,
            "layer_title": match.layer.title.get(lang),
            "feature": match.feature,
        }
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [match.lon, match.lat]},
        "bbox": list(match.bounds),
        "properties": properties,
    }


def _send(features: list[dict[str, Any]], more: dict[str, Any]) -> Response:
    whole = {"type": "FeatureCollection", **more, "features": features}
    return answers.send(json.dumps(whole, ensure_ascii=False).encode(), GEOJSON)
