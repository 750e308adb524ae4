"""WMS over HTTP: one address, the parameter REQUEST says what is wanted."""

from __future__ import annotations

import json
import math

from flask import Blueprint, Response, current_app, request

from gisapp import answers, errors
from gisapp.access import trail
from gisapp.access.guard import asker, audience_role, installation, open_to_all, visible
from gisapp.catalogue.legend import legend
from gisapp.features.identify import Place, identify
from gisapp.features.parameters import invalid
from gisapp.geo.tiles import WORLD
from gisapp.ogc.wms import exceptions, info
from gisapp.ogc.wms.capabilities import capabilities
from gisapp.ogc.wms.systems import OLD, system_and_box
from gisapp.ogc.wms.words import PNG, Values, needed, picture, pixels, read_words, require_styles, side
from gisapp.rasters.pictures import Studio, reader
from gisapp.rasters.window import Window, draw_legend, draw_window, ground_of, transformer
from gisapp.tiles.plan import Plan
from gisapp.tiles.routes import asked
from gisapp.tiles.setup import maker

wms = Blueprint("wms", __name__)
wms.register_error_handler(errors.GisappError, exceptions.refuse)
OPERATIONS = ("GetCapabilities", "GetMap", "GetFeatureInfo", "GetLegendGraphic")
MOST_FOUND = 10  # features a layer


@wms.get("/wms")
@open_to_all
def service() -> Response:
    """Answer one request. Raises errors.ParameterInvalid, LayerNotFound, WindowInvalid, DrawingFailed, Busy."""
    asker()  # a token that is not valid is refused, whatever is asked
    values = read_words(request.args)
    if values.get("SERVICE", "WMS").upper() != "WMS":
        raise invalid("SERVICE", "WMS です", "it is WMS", "SERVICE=WMS")
    wanted = values.get("REQUEST", "GetCapabilities").lower()
    verbs = {name.lower(): _DO[name] for name in OPERATIONS} | {
        "map": _map,
        "capabilities": _capabilities,
        "feature_info": _info,
    }
    if wanted not in verbs:
        listed = ", ".join(OPERATIONS)
        raise invalid(
            "REQUEST", f"次のどれかです：{listed}", f"it is one of: {listed}", "REQUEST=GetCapabilities"
        )
    return verbs[wanted](values, exceptions.version_asked())


def _capabilities(values: Values, version: str) -> Response:
    mimetype = "application/vnd.ogc.wms_xml" if version == OLD else "text/xml"
    content = capabilities(version, _lang(values))
    return answers.send(content.encode(), f"{mimetype}; charset=utf-8")


def _map(values: Values, version: str) -> Response:
    plans = [plan for _, plan in asked(needed(values, "LAYERS", "base.building"))]
    require_styles(values)
    window = _window(values, version)
    zoom = _zoom(window)
    trail.note_opened(plan.layer for plan in plans if not plan.public and zoom >= plan.min_zoom)
    studio: Studio = current_app.extensions["gisapp_studio"]
    content = draw_window(studio.painters, reader(maker(), audience_role()), plans, window)
    return answers.send(content, picture(values, False).mimetype, public=_public(plans))


def _info(values: Values, version: str) -> Response:
    """Raises also errors.AuditUnavailable: what is shown of restricted features is recorded first."""
    drawn = [layer.id for layer, _ in asked(needed(values, "LAYERS", "base.building"))]
    queried = needed(values, "QUERY_LAYERS", drawn[0])
    listed = [visible(layer.id) for layer, _ in asked(queried)]
    if {layer.id for layer, _ in listed} - set(drawn):
        why = "LAYERS にあるレイヤーだけです", "it names only layers of LAYERS"
        raise invalid("QUERY_LAYERS", *why, f"QUERY_LAYERS={drawn[0]}")
    form = values.get("INFO_FORMAT", "text/plain").partition(";")[0].strip().lower() or "text/plain"
    if form not in info.FORMATS:
        known = ", ".join(info.FORMATS)
        raise invalid(
            "INFO_FORMAT", f"次のどれかです：{known}", f"it is one of: {known}", "INFO_FORMAT=text/html"
        )
    most = pixels({"FEATURE_COUNT": "1", **values}, "FEATURE_COUNT", 1, 10**9)
    here, window = installation(), _window(values, version)
    place = _place(values, version, window)
    found = identify(here.database, audience_role(), here.city, listed, place)
    counts: dict[str, int] = {}
    kept = []
    for each in found:
        counts[each.layer.id] = counts.get(each.layer.id, 0) + 1
        if counts[each.layer.id] <= most:
            kept.append(each)
    trail.note_viewed(((each.layer, each.view, each.id) for each in kept), channel="wms")
    content = info.FORMATS[form](kept, _lang(values)).encode()
    return answers.send(content, f"{form}; charset=utf-8" if form.startswith("text/") else form)


def _legend(values: Values, version: str) -> Response:
    layer, _ = visible(needed(values, "LAYER", "base.building"))
    require_styles(values, "STYLE")
    wanted = picture({"FORMAT": PNG, **values}, True)
    studio: Studio = current_app.extensions["gisapp_studio"]
    rows = [
        {name: row[name] for name in ("label", "kind", "color", "outline", "width", "opacity", "dash")}
        for row in legend(layer, _lang(values))
    ]
    drawn = draw_legend(studio.painters, json.dumps(rows), wanted.form, wanted.paper)
    return answers.send(drawn, wanted.mimetype)


_DO = {
    "GetCapabilities": _capabilities,
    "GetMap": _map,
    "GetFeatureInfo": _info,
    "GetLegendGraphic": _legend,
}


def _window(values: Values, version: str) -> Window:
    reference, box = system_and_box(installation().city, values, version)
    wanted = picture(values, transparent=False)
    size = side(values, "WIDTH"), side(values, "HEIGHT")
    return Window(box, reference.srid, reference.geographic, size, wanted.form, wanted.paper)


def _place(values: Values, version: str, window: Window) -> Place:
    """The middle of the pixel, and how large a pixel is there."""
    names = ("X", "Y") if version == OLD else ("I", "J")
    column, row = (pixels(values, name, 0, side - 1) for name, side in zip(names, window.size, strict=True))
    west, south, east, north = window.box
    x = west + (column + 0.5) * (east - west) / window.size[0]
    y = north - (row + 0.5) * (north - south) / window.size[1]
    lon, lat = transformer(window.srid, 4326).transform(x, y)
    if not (math.isfinite(lon) and math.isfinite(lat)):
        raise errors.WindowInvalid()
    return Place(lon, lat, _zoom(window) + 1)


def _zoom(window: Window) -> float:
    """Zoom of a map of 512-pixel tiles whose pixels are as large."""
    return min(max(round(math.log2(WORLD / 512 / ground_of(window).resolution), 6), 0), 29)


def _public(plans: list[Plan]) -> bool:
    return all(plan.public for plan in plans)


def _lang(values: Values) -> str:
    return "en" if values.get("LANG", values.get("LANGUAGE", "ja")).lower().startswith("en") else "ja"
