"""Questions about many features over HTTP: the nearest ones, and summaries."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping

from flask import Response, request
from werkzeug.datastructures import MultiDict

from gisapp import answers
from gisapp.access import trail
from gisapp.access.guard import audience_role, installation, open_to_all, visible
from gisapp.access.signed import SIGNATURE
from gisapp.catalogue.layer import Layer, View
from gisapp.features import areas, selection, tables
from gisapp.features.areas import Areas
from gisapp.features.cells import safe
from gisapp.features.expressions import fields_of
from gisapp.features.filters import Scope
from gisapp.features.identify import FAR, as_json
from gisapp.features.nearest import ESTIMATE, MOST, Near, nearest
from gisapp.features.parameters import invalid, known, number, whole
from gisapp.features.routes import features
from gisapp.features.selection import Find, Selection
from gisapp.features.summary import Question, summarise
from gisapp.features.turns import turn
from gisapp.settings import City

FORMS = ("json", "csv")


@features.get("/api/nearest")
@open_to_all
def nearest_features() -> Response:
    """The nearest features of a layer to lon, lat, within a selection of it. Raises errors.ParameterInvalid, LayerNotFound."""
    layer, view, values = read_layer(("lon", "lat", "limit"))
    lon, lat = number(values, "lon", -180, 180), number(values, "lat", -90, 90)
    here = installation()
    west, south, east, north = here.city.bounds
    close = west - FAR < lon < east + FAR and south - FAR < lat < north + FAR
    chosen = _selected(layer, view, values)
    most = min(whole(values, "limit", 5), MOST)
    found: list[Near] = []
    if close:
        found = nearest(here.database, audience_role(), here.city, chosen, (lon, lat), most)
    trail.note_viewed(((layer, view, each.found.id) for each in found), channel="nearest")
    lang = "ja" if values.get("lang", "ja") == "ja" else "en"
    listed = ",\n".join(
        f'{{"distance_m": {each.metres:.1f}, "walking_minutes": {each.minutes}, "feature": {as_json(each.found, lang)}}}'
        for each in found
    )
    head = json.dumps({"lon": lon, "lat": lat, "walking": ESTIMATE[lang]}, ensure_ascii=False)
    return answers.send(f'{head[:-1]}, "nearest": [{listed}]}}'.encode(), "application/json")


@features.get("/api/summary")
@open_to_all
def summary() -> Response:
    """Counts and sums of a selection, by fields and by areas. Raises errors.ParameterInvalid, LayerNotFound, Busy, TooSlow."""
    layer, view, values = read_layer(("by", "sum", "area", "area-by", "area-filter", "share", "f"))
    form = values.get("f", "json")
    if form not in FORMS:
        raise invalid("f", "json か csv です", "it is json or csv", "f=csv")
    asked = Question(
        _selected(layer, view, values),
        by=_fields(
            layer, view, values, "by", 3, ("text", "integer", "number", "boolean", "date", "datetime")
        ),
        sums=_fields(layer, view, values, "sum", 20, ("integer", "number")),
        areas=_areas(values),
        share=_share(values),
    )
    with turn():
        made = summarise(installation().database, audience_role(), asked)
    _note(asked, values)
    lang = "ja" if values.get("lang", "ja") == "ja" else "en"
    if form == "json":
        text = json.dumps(tables.as_json(asked, made, lang), ensure_ascii=False)
        return answers.send(text.encode(), "application/json")
    written = io.StringIO()
    csv.writer(written).writerows([safe(cell) for cell in row] for row in tables.as_rows(asked, made, lang))
    return answers.send(b"\xef\xbb\xbf" + written.getvalue().encode(), "text/csv")


def read_layer(names: tuple[str, ...]) -> tuple[Layer, View, dict[str, str]]:
    """What `read_layer_of` reads, from this request. Raises errors.ParameterInvalid, LayerNotFound."""
    return read_layer_of(request.args, names, installation().city, visible)


def read_layer_of(
    arguments: MultiDict[str, str], names: tuple[str, ...], city: City, find: Find
) -> tuple[Layer, View, dict[str, str]]:
    """The layer that `layer` names, its view, and the parameters: these, a selection's, and fields of the layer.

    Raises errors.ParameterInvalid, LayerNotFound.
    """
    named = arguments.get("layer", "")
    if not named:
        raise invalid("layer", "レイヤーを指定します", "it names a layer", "layer=base.building")
    layer, view = find(named)
    fields = Scope.of(layer, view, city).types()
    reserved = ("layer", "lang", *names, *selection.PARAMETERS)
    values = known(arguments, dict.fromkeys((*reserved, *fields, SIGNATURE)))
    values.pop(SIGNATURE, None)  # the guard has read it
    return layer, view, values


def _selected(layer: Layer, view: View, values: Mapping[str, str]) -> Selection:
    reserved = {"lon", "lat", "limit", "by", "sum", "area", "share", "f", "layer", "lang"}
    wanted = {name: value for name, value in values.items() if name not in reserved}
    return selection.read_selection(layer, view, installation().city, wanted, visible)


def _fields(
    layer: Layer, view: View, values: Mapping[str, str], name: str, most: int, types: tuple[str, ...]
) -> tuple[str, ...]:
    """The fields of these types that a parameter names. Raises errors.ParameterInvalid."""
    fit = [field for field in fields_of(view) if layer.field(field).type in types]
    named = tuple(dict.fromkeys(field for field in values.get(name, "").split(",") if field))
    if len(named) > most or any(field not in fit for field in named):
        listed = ", ".join(fit)
        raise invalid(
            name, f"項目（{most} つまで）は {listed} です", f"it is up to {most} of {listed}", f"{name}=…"
        )
    return named


def _areas(values: Mapping[str, str]) -> Areas | None:
    named, city = values.get("area", ""), installation().city
    if not named:
        return None
    if named.startswith("mesh:"):
        return areas.of_mesh(named.removeprefix("mesh:"), city)
    by, filter = values.get("area-by", ""), values.get("area-filter", "")
    return areas.of_layer(*visible(named), city, by, filter)


def _share(values: Mapping[str, str]) -> bool:
    raw = values.get("share", "false")
    if raw not in ("true", "false"):
        raise invalid("share", "true か false です", "it is true or false", "share=true")
    if raw == "true" and not values.get("area"):
        raise invalid("share", "area と一緒に使います", "it goes with area", "area=base.town&share=true")
    return raw == "true"


def _note(asked: Question, values: Mapping[str, str]) -> None:
    """A summary of what not everybody may see is on record, with what was asked."""
    concerned = [(asked.selection.layer, asked.selection.view)]
    if asked.areas and asked.areas.layer and asked.areas.view:
        concerned.append((asked.areas.layer, asked.areas.view))
    if values.get("meets"):
        concerned.append(visible(values["meets"]))
    words = {name: value[:300] for name, value in values.items()}
    for layer, view in concerned:
        if view.needs:
            trail.write(trail.entry("searched", layer, (), channel="summary", asked=words))
