"""Pictures over HTTP. A layer that the asker may not see answers as one that does not exist."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from flask import Blueprint, Flask, Response, current_app, request

from gisapp import answers, errors
from gisapp.access import trail
from gisapp.access.guard import audience_role, installation, open_to_all
from gisapp.catalogue.layer import Layer
from gisapp.geo.tiles import exists
from gisapp.rasters import MOST_WAITING
from gisapp.rasters.kept import Kept
from gisapp.rasters.metatile import draw_metatile, metatile_of, zooms
from gisapp.rasters.painters import Painters
from gisapp.rasters.tilejson import picture_json
from gisapp.tiles.cache.codings import IDENTITY, unpack
from gisapp.tiles.plan import Plan
from gisapp.tiles.routes import asked
from gisapp.tiles.setup import maker

rasters = Blueprint("rasters", __name__)

T = TypeVar("T")

MIMETYPES = {"png": "image/png", "webp": "image/webp"}
RATIOS = {"256": 1, "512": 2}


@dataclass(frozen=True)
class Studio:
    """What one web process draws with."""

    painters: Painters
    kept: Kept
    room: threading.BoundedSemaphore


def init_app(app: Flask, processes: int) -> None:
    """Give the application `processes` drawing processes; none is started before a picture is wanted."""
    app.extensions["gisapp_studio"] = Studio(
        Painters(processes), Kept(), threading.BoundedSemaphore(MOST_WAITING)
    )


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
    content = json.dumps(
        picture_json(installation().city, found, address, form, zooms(plans), lang), ensure_ascii=False
    )
    return answers.send(content.encode(), "application/json", public=_public(plans))


def _picture(layers: str, z: int, x: int, y: int, form: str) -> Response:
    found = _as_drawn(asked(layers))
    plans = [plan for _, plan in found]
    first, last = zooms(plans)
    if not (first <= z <= last and exists(z, x, y)):
        raise errors.TileNotFound(z=z, x=x, y=y, min_zoom=first, max_zoom=last)
    metatile = metatile_of(plans, z, x, y, _one_of("size", RATIOS, "256"), form)
    trail.note_opened(plan.layer for plan in plans if not plan.public and z > plan.min_zoom)
    tiles, role = maker(), audience_role()

    def read(wanted: Sequence[Plan], z: int, x: int, y: int) -> bytes:
        kept = tiles.tile(role, wanted, z, x, y, IDENTITY).entry.kept
        return unpack(kept.body, kept.coding)

    studio: Studio = current_app.extensions["gisapp_studio"]
    key = role, metatile
    pictures = studio.kept.ready(key)
    if pictures is None:
        with _room(studio):
            drawn = [layer for layer, _ in found]
            pictures = studio.kept.get(key, lambda: draw_metatile(studio.painters, read, drawn, metatile))
    return answers.send(pictures[x, y], MIMETYPES[form], public=_public(plans), compress=False)


def _as_drawn(found: list[tuple[Layer, Plan]]) -> list[tuple[Layer, Plan]]:
    """In the catalogue's order, as the map pages draw them: the order in the address says nothing."""
    order = list(installation().catalogue.layers)
    return sorted(found, key=lambda pair: order.index(pair[0].id))


@contextmanager
def _room(studio: Studio) -> Iterator[None]:
    """A place among those who wait. Raises errors.Busy at once where there is none: other requests need the threads."""
    if not studio.room.acquire(blocking=False):
        raise errors.Busy(seconds=1)
    try:
        yield
    finally:
        studio.room.release()


def _public(plans: list[Plan]) -> bool:
    return all(plan.public for plan in plans)


def _one_of(name: str, choices: dict[str, T], default: str) -> T:
    value = request.args.get(name, default)
    if value not in choices:
        ja, en = "、".join(choices), ", ".join(choices)
        why = {"why_ja": f"次のどれかです：{ja}", "why_en": f"it is one of: {en}"}
        raise errors.ParameterInvalid(name=name, example=f"{name}={default}", **why)
    return choices[value]
