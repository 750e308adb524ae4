"""WMTS 1.0.0 at `/wmts`: the picture tiles of `/tiles/` for clients that know no other address.

Its RESTful addresses are those of `/tiles/` themselves; the KVP form answers with the same tiles.
"""

from __future__ import annotations

import re

from flask import Blueprint, Response, render_template, request

from gisapp import answers, errors
from gisapp.access.guard import asker, installation, open_to_all, visible_layers
from gisapp.error_pages import answer
from gisapp.features.parameters import invalid
from gisapp.geo.tiles import WORLD
from gisapp.ogc import tilesets
from gisapp.ogc.wms.words import STYLE, Values, needed, pixels, read_words, require_styles
from gisapp.rasters.routes import answer_picture, as_drawn, open_picture
from gisapp.tiles.routes import asked, planned
from gisapp.tiles.tilejson import attribution

wmts = Blueprint("wmts", __name__)
VERSION = "1.0.0"
FORMATS = {mimetype: form for form, mimetype in tilesets.MAP.forms.items()}
SET = tilesets.NAME
OUT_OF_RANGE = "TileOutOfRange"


@wmts.get("/wmts")
@open_to_all
def service() -> Response:
    """Answer one request of the KVP form. Raises errors.ParameterInvalid, LayerNotFound, TileNotFound, DrawingFailed, Busy."""
    asker()
    values = read_words(request.args)
    if values.get("SERVICE", "WMTS").upper() != "WMTS":
        raise invalid("SERVICE", "WMTS です", "it is WMTS", "SERVICE=WMTS")
    wanted = values.get("REQUEST", "GetCapabilities").lower()
    if wanted == "gettile":
        return _tile(values)
    if wanted != "getcapabilities":
        why = "GetCapabilities か GetTile です", "it is GetCapabilities or GetTile"
        raise invalid("REQUEST", *why, "REQUEST=GetCapabilities")
    return _capabilities(values.get("LANG", "ja"))


@wmts.get("/wmts/1.0.0/WMTSCapabilities.xml")
@open_to_all
def document() -> Response:
    """What there is, at the address of the RESTful form."""
    return _capabilities(read_words(request.args).get("LANG", "ja"))


@wmts.errorhandler(errors.GisappError)
def refuse(error: errors.GisappError) -> Response:
    """The error as an OWS ExceptionReport: its sentences in both languages and what to do."""
    first = answer(error)
    name = str(error.values.get("name", ""))
    code = "InvalidParameterValue"
    if isinstance(error, errors.TileNotFound):
        code = OUT_OF_RANGE
    elif error.status >= 500:
        code = "NoApplicableCode"
    name = "LAYER" if isinstance(error, errors.LayerNotFound) else name
    sentences = [error.sentence("ja"), error.remedy("ja"), error.sentence("en"), error.remedy("en")]
    first.set_data(
        render_template("ogc/ows_exception.xml", code=code, locator=name, sentence=" ".join(sentences))
    )
    first.mimetype = "text/xml"
    return first


def _tile(values: Values) -> Response:
    plans = as_drawn(asked(needed(values, "LAYER", "base.building")))
    require_styles(values, "STYLE")
    mimetype = values.get("FORMAT", "image/png").lower()
    if mimetype not in FORMATS:
        listed = ", ".join(FORMATS)
        raise invalid("FORMAT", f"次のどれかです：{listed}", f"it is one of: {listed}", "FORMAT=image/png")
    if needed(values, "TILEMATRIXSET", SET) != SET:
        raise invalid("TILEMATRIXSET", f"{SET} です", f"it is {SET}", f"TILEMATRIXSET={SET}")
    matrix = needed(values, "TILEMATRIX", "15").removeprefix(f"{SET}:")
    if not re.fullmatch(r"\d{1,2}", matrix, re.ASCII):
        raise invalid("TILEMATRIX", "0〜24 の整数です", "it is a whole number from 0 to 24", "TILEMATRIX=15")
    row, column = (pixels(values, name, 0, 10**9 - 1) for name in ("TILEROW", "TILECOL"))
    open_picture(plans, int(matrix), column, row)
    return answer_picture(plans, int(matrix), column, row, FORMATS[mimetype])


def _capabilities(lang: str) -> Response:
    lang = "en" if lang == "en" else "ja"
    city = installation().city
    described = [
        {
            "id": layer.id,
            "title": layer.title.get(lang),
            "source": attribution(layer, lang),
            "zooms": range(tilesets.MAP.zooms([plan])[0], tilesets.MAP.zooms([plan])[1] + 1),
        }
        for layer, plan in planned(visible_layers())
    ]
    content = render_template(
        "ogc/wmts_capabilities.xml",
        lang=lang,
        title=f"{city.name_ja}の地図" if lang == "ja" else f"Maps of {city.name_en}",
        root=request.url_root,
        layers=described,
        bounds=city.bounds,
        limits={z: tilesets.limits(city, z) for z in range(tilesets.LAST_ZOOM + 1)},
        forms=tilesets.MAP.forms,
        matrix_set=tilesets.matrix_set(),
        corner=f"{-WORLD / 2} {WORLD / 2}",
        last=tilesets.LAST_ZOOM,
        style=STYLE,
    )
    return answers.send(content.encode(), "application/xml; charset=utf-8")
