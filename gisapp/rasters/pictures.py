"""The pictures of one web process: from the tile cache, drawn a metatile at a time where they are not kept.

A picture is forgotten as exactly as a vector tile, but with its whole metatile: the sixteen are drawn together, and names
find their places with all of it in view, so what changes anywhere in a metatile, or within REACH of it, may move a name
in any of its pictures.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from gisapp import errors
from gisapp.catalogue.style import compose
from gisapp.geo.tiles import EXTENT
from gisapp.rasters.metatile import (
    MOST_TILES,
    REACH,
    SIDE,
    Metatile,
    ReadTile,
    draw_metatile,
    metatile_of,
    styles_at,
)
from gisapp.rasters.painters import Painters
from gisapp.rasters.version import drawing_version
from gisapp.tiles.cache.codings import IDENTITY, ZSTD, unpack
from gisapp.tiles.cache.flight import Flight
from gisapp.tiles.cache.made import AWAY, Block, Found, Made
from gisapp.tiles.cache.sets import Reach, SetKey
from gisapp.tiles.maker import Maker, drawn_at, set_of
from gisapp.tiles.plan import Plan

MIMETYPES = {"png": "image/png", "webp": "image/webp"}
ROUNDED = 4
"""Units of a vector tile by which PostGIS may move what is drawn: it simplifies by that much at most."""


@dataclass(frozen=True)
class Studio:
    """What one web process draws with. flight: those who wait for pictures."""

    painters: Painters
    flight: Flight[Block]


def picture(studio: Studio, tiles: Maker, role: str, metatile: Metatile, x: int, y: int) -> Found:
    """The picture with this address out of its metatile; all of the metatile is kept where it had to be drawn.

    `role` is an audience that may read the plans' views. Raises errors.DatabaseAway (also for what is public, where it is
    not kept), DrawingFailed, TooSlow, Busy.
    """

    def draw() -> Made:
        layers = [plan.made_of[0] for plan in metatile.plans]
        drawn = draw_metatile(studio.painters, reader(tiles, role), layers, metatile)
        return Made(drawn.pop((x, y)), "", drawn)

    of = picture_set(metatile.plans, metatile.z, metatile.ratio, metatile.format)
    public = all(plan.public for plan in metatile.plans)
    return tiles.cache.tile(of, x, y, IDENTITY, draw, public=public, flight=studio.flight)


def reader(tiles: Maker, role: str) -> ReadTile:
    """Reads the vector tiles to draw from, as this audience."""

    def read(wanted: Sequence[Plan], z: int, x: int, y: int) -> bytes:
        found = tiles.tile(role, wanted, z, x, y, ZSTD)
        if found.how == AWAY:  # nothing new is made of what may be old
            raise errors.DatabaseAway()
        return unpack(found.entry.kept.body, found.entry.kept.coding)

    return read


@lru_cache(maxsize=4096)
def picture_set(plans: tuple[Plan, ...], z: int, ratio: int, form: str) -> SetKey:
    """The set of pictures at zoom `z` of these plans, in the order in which they are drawn: ratio, form as in a Metatile.

    Its key holds all that the bytes depend on besides the data: the vector tiles' own key (so their SQL), the styles, the
    form, and the programs and fonts that draw.
    """
    like = metatile_of(plans, z, 0, 0, ratio, form)
    styles = styles_at(_composed(plans), like)
    shown = {style["metadata"]["layer"] for style in styles}
    drawn = drawn_at([plan for plan in plans if plan.layer in shown], like.vector_zoom)
    vector = set_of(drawn, like.vector_zoom)
    named = [vector.key.hex(), styles, z, ratio, form, MOST_TILES, REACH, drawing_version()]
    key = hashlib.blake2b(json.dumps(named, sort_keys=True).encode(), digest_size=16).digest()
    margin = (REACH + ROUNDED * like.vector_side / EXTENT) / SIDE
    return SetKey(key, z, vector.reads, Reach(MOST_TILES, margin, like.vector_zoom), MIMETYPES[form])


@lru_cache(maxsize=256)
def _composed(plans: tuple[Plan, ...]) -> list[dict[str, Any]]:
    layers = [plan.made_of[0] for plan in plans]
    return compose(layers, {layer.id: "" for layer in layers})
