"""Tiles over HTTP. A layer that the asker may not see answers as one that does not exist."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from gisapp import answers, errors
from gisapp.access import trail
from gisapp.access.guard import asker, audience_role, installation, open_to_all, visible
from gisapp.access.signed import SIGNATURE
from gisapp.catalogue.layer import Layer, View, tokens
from gisapp.geo.tiles import exists
from gisapp.tiles.answer import send_tile
from gisapp.tiles.cache.codings import kind_of
from gisapp.tiles.hits import remember
from gisapp.tiles.maker import source_of
from gisapp.tiles.plan import Plan, plan
from gisapp.tiles.setup import maker
from gisapp.tiles.tilejson import tilejson

tiles = Blueprint("tiles", __name__)

MOST_LAYERS = 20  # in one tile


@tiles.get("/tiles/<string:layers>/<int:z>/<int:x>/<int:y>.mvt")
@open_to_all
def tile(layers: str, z: int, x: int, y: int) -> Response:
    """One vector tile of one or several layers (ids separated by commas); no bytes where nothing lies.

    Raises errors.LayerNotFound, TileNotFound, ParameterInvalid.
    """
    plans = [plan for _, plan in asked(layers)]
    open_tile(plans, z, x, y)
    public, last = all(plan.public for plan in plans), max(plan.max_zoom for plan in plans)
    zooms = zooms_alike(plans, z, last)
    role, made_of = audience_role(), tuple(plans)
    remember(layers, "mvt", {str(at): source_of(role, made_of, at) for at in zooms}, public=public)
    return answer_tile(plans, z, x, y)


def open_tile(plans: list[Plan], z: int, x: int, y: int) -> None:
    """Make sure that these plans have such a tile, and record which restricted layers it shows.

    Raises errors.TileNotFound, AuditUnavailable.
    """
    _require_range(plans, z, x, y)
    trail.note_opened(plan.layer for plan in plans if not plan.public and z >= plan.min_zoom)


def answer_tile(plans: list[Plan], z: int, x: int, y: int) -> Response:
    """Answer with the tile: after `open_tile`. Raises as `Maker.tile`."""
    kind = kind_of(request.headers.get("Accept-Encoding", ""))
    found = maker().tile(audience_role(), plans, z, x, y, kind)
    public = all(plan.public for plan in plans)
    return send_tile(found, public=public and not answers.names_somebody())


@tiles.get("/tiles/<string:layers>.json")
@open_to_all
def description(layers: str) -> Response:
    """The TileJSON of one or several layers. Raises errors.LayerNotFound, ParameterInvalid."""
    found = asked(layers)
    lang = "en" if request.args.get("lang") == "en" else "ja"
    address = f"{request.url_root}tiles/{layers}/{{z}}/{{x}}/{{y}}.mvt"
    described = as_signed(tilejson(installation().city, found, address, lang))
    content = json.dumps(described, ensure_ascii=False)
    return answers.send(content.encode(), "application/json", public=all(plan.public for _, plan in found))


def as_signed(described: dict[str, Any]) -> dict[str, Any]:
    """A TileJSON as it is at a signed address: its tiles carry the signature too, and no other zooms are named."""
    address = asker().address
    if address is None:
        return described
    signature = urlencode({SIGNATURE: request.args[SIGNATURE]})
    return described | {
        "tiles": [f"{one}{'&' if '?' in one else '?'}{signature}" for one in described["tiles"]],
        "minzoom": max(described["minzoom"], address.first),
        "maxzoom": min(described["maxzoom"], address.last),
    }


def zooms_alike(plans: list[Plan], z: int, last: int) -> range:
    """The zooms up to `last` whose tiles show no restricted layer that those of `z` do not: opening one is recorded."""
    later = (plan.min_zoom for plan in plans if not plan.public and plan.min_zoom > z)
    return range(min(plan.min_zoom for plan in plans), min([last + 1, *later]))


def asked(layers: str) -> list[tuple[Layer, Plan]]:
    """The layers that an address names (ids separated by commas), each with the asker's plan of it.

    Raises errors.LayerNotFound, ParameterInvalid.
    """
    ids = layers.split(",")
    if len(ids) > MOST_LAYERS:
        why = {
            "why_ja": f"1枚のタイルに入れられるのは {MOST_LAYERS} レイヤーまでです",
            "why_en": f"one tile holds at most {MOST_LAYERS} layers",
        }
        raise errors.ParameterInvalid(name="layers", example="roads.street,base.building", **why)
    if len(set(ids)) < len(ids):
        why = {"why_ja": "同じレイヤーが2度書かれています", "why_en": "it names the same layer twice"}
        raise errors.ParameterInvalid(name="layers", example="roads.street,base.building", **why)
    return planned(map(visible, ids))


def planned(pairs: Iterable[tuple[Layer, View]]) -> list[tuple[Layer, Plan]]:
    """Layers, each with the plan of what its view shows."""
    return [(layer, plan(layer, _least(layer, view))) for layer, view in pairs]


def _least(layer: Layer, view: View) -> View:
    """The smallest view that gives the same tile, so that all who may see it share it."""
    same = (
        one
        for one in layer.views()
        if one.needs <= tokens(view.needs) and plan(layer, one).same_as(plan(layer, view))
    )
    return next(same, view)


def _require_range(plans: list[Plan], z: int, x: int, y: int) -> None:
    """A joined tile ranges from the first zoom of any of its layers to the last of any."""
    first, last = min(plan.min_zoom for plan in plans), max(plan.max_zoom for plan in plans)
    if not (first <= z <= last and exists(z, x, y)):
        raise errors.TileNotFound(z=z, x=x, y=y, min_zoom=first, max_zoom=last)
