"""Pictures over HTTP. A layer that the asker may not see answers as one that does not exist."""

from __future__ import annotations

import json
from typing import TypeVar

from flask import Blueprint, Flask, Response, current_app, request

from gisapp import answers, errors
from gisapp.access import trail
from gisapp.access.guard import audience_role, installation, open_to_all
from gisapp.catalogue.layer import Layer
from gisapp.geo.tiles import exists
from gisapp.installation import Installation
from gisapp.rasters import MOST_WAITING
from gisapp.rasters.metatile import metatile_of, zooms
from gisapp.rasters.painters import Painters
from gisapp.rasters.pictures import MIMETYPES, Studio, picture, picture_set
from gisapp.rasters.tilejson import picture_json
from gisapp.tiles.answer import send_tile
from gisapp.tiles.cache.flight import Flight
from gisapp.tiles.cache.made import Block
from gisapp.tiles.hits import remember
from gisapp.tiles.plan import Plan
from gisapp.tiles.routes import as_signed, asked, zooms_alike
from gisapp.tiles.setup import cache_folder, maker

rasters = Blueprint("rasters", __name__)

T = TypeVar("T")

RATIOS = {"256": 1, "512": 2}
PATIENCE_SECONDS = 45.0  # longer than a drawing process may take, and the wait for a free one


def init_app(app: Flask, installation: Installation) -> None:
    """Give the application its drawing processes; none is started before a picture is wanted."""
    painters = Painters(max(installation.settings.drawing_processes, 1))
    flight: Flight[Block] = Flight(cache_folder(installation.settings), MOST_WAITING, PATIENCE_SECONDS)
    app.extensions["gisapp_studio"] = Studio(painters, flight)


@rasters.get("/tiles/<string:layers>/<int:z>/<int:x>/<int:y>.png")
@open_to_all
def png(layers: str, z: int, x: int, y: int) -> Response:
    """One picture tile; `?size=512` gives the same ground with 512 pixels a side. Transparent where nothing lies.

    Raises errors.LayerNotFound, TileNotFound, ParameterInvalid, DrawingFailed, Busy.
    """
    return _picture(layers, z, x, y, "png")


@rasters.get("/tiles/<string:layers>/<int:z>/<int:x>/<int:y>.webp")
@open_to_all
def webp(layers: str, z: int, x: int, y: int) -> Response:
    """The same as WebP: smaller, for browsers. Raises as `png`."""
    return _picture(layers, z, x, y, "webp")


@rasters.get("/tiles/<string:layers>/pictures.json")
@open_to_all
def description(layers: str) -> Response:
    """The TileJSON of the pictures (`?format=webp`, `?size=512`). Raises errors.LayerNotFound, ParameterInvalid."""
    found = asked(layers)
    form = _one_of("format", {name: name for name in MIMETYPES}, "png")
    size = "?size=512" if _one_of("size", RATIOS, "256") == 2 else ""
    address = f"{request.url_root}tiles/{layers}/{{z}}/{{x}}/{{y}}.{form}{size}"
    lang = "en" if request.args.get("lang") == "en" else "ja"
    plans = [plan for _, plan in found]
    described = picture_json(installation().city, found, address, form, zooms(plans), lang)
    content = json.dumps(as_signed(described), ensure_ascii=False)
    return answers.send(content.encode(), "application/json", public=_public(plans))


def _picture(layers: str, z: int, x: int, y: int, form: str) -> Response:
    plans = as_drawn(asked(layers))
    _, last = zooms(plans)
    ratio = _one_of("size", RATIOS, "256")
    open_picture(plans, z, x, y)
    alike = [
        at + 1 for at in zooms_alike(plans, z - 1, last - 1)
    ]  # pictures are one zoom ahead of their tiles
    sets = {str(at): picture_set(tuple(plans), at, ratio, form) for at in alike}
    remember(layers, form, sets, public=_public(plans))
    return answer_picture(plans, z, x, y, form, ratio)


def open_picture(plans: list[Plan], z: int, x: int, y: int) -> None:
    """Make sure that these plans have such a picture, and record which restricted layers it shows.

    Raises errors.TileNotFound, AuditUnavailable.
    """
    first, last = zooms(plans)
    if not (first <= z <= last and exists(z, x, y)):
        raise errors.TileNotFound(z=z, x=x, y=y, min_zoom=first, max_zoom=last)
    trail.note_opened(plan.layer for plan in plans if not plan.public and z > plan.min_zoom)


def answer_picture(plans: list[Plan], z: int, x: int, y: int, form: str, ratio: int = 1) -> Response:
    """Answer with the picture: after `open_picture`. Raises as `picture`."""
    metatile = metatile_of(plans, z, x, y, ratio, form)
    studio: Studio = current_app.extensions["gisapp_studio"]
    made = picture(studio, maker(), audience_role(), metatile, x, y)
    return send_tile(made, public=_public(plans) and not answers.names_somebody())


def as_drawn(found: list[tuple[Layer, Plan]]) -> list[Plan]:
    """The plans in the catalogue's order, as the map pages draw them: the order in the address says nothing."""
    order = list(installation().catalogue.layers)
    return sorted((plan for _, plan in found), key=lambda plan: order.index(plan.layer))


def _public(plans: list[Plan]) -> bool:
    return all(plan.public for plan in plans)


def _one_of(name: str, choices: dict[str, T], default: str) -> T:
    value = request.args.get(name, default)
    if value not in choices:
        ja, en = "、".join(choices), ", ".join(choices)
        why = {"why_ja": f"次のどれかです：{ja}", "why_en": f"it is one of: {en}"}
        raise errors.ParameterInvalid(name=name, example=f"{name}={default}", **why)
    return choices[value]
