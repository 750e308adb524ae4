"""The tile maker of a node: its own cache (in step with the web processes'), its connections, its desk."""

from __future__ import annotations

import os
import threading

from gisapp.installation import Installation
from gisapp.tiles.cache import codings
from gisapp.tiles.cache.cache import TileCache
from gisapp.tiles.cache.made import Found
from gisapp.tiles.cache.sets import Kept, SetKey
from gisapp.tiles.keeper import Keeper
from gisapp.tiles.maker import Maker, Source, source_of
from gisapp.tiles.making.desk import Desk
from gisapp.tiles.making.wish import Hardening, Wish
from gisapp.tiles.plan import plan
from gisapp.tiles.setup import maker_folder, open_cache

MEMORY_MB = 8  # each tile is asked for once or twice here: those who asked keep it in their own memory
MORE = 1  # threads than tiles asked of PostGIS at a time: one packs and keeps what another reads


class OtherPlan(Exception):
    """The asker has read other layer folders than this process: it makes the tile itself."""


def run(installation: Installation, stop: threading.Event) -> None:
    """Make tiles until told to stop. Raises OSError where there can be no socket."""
    at_once = os.cpu_count() or 1
    cache = open_cache(installation, most_waiting=2 * at_once, memory_mb=MEMORY_MB)
    maker, keeper = Maker(installation.database, cache, at_once), Keeper(cache)

    def make(wish: Wish) -> Found:
        return maker.tile_of(source_for(installation, wish), wish.x, wish.y, wish.kind)

    desk = Desk(
        maker_folder(installation.settings), make, lambda wanted: harden(cache, wanted), at_once + MORE
    )
    keeper.start()
    try:
        desk.run(stop)
    finally:
        keeper.stop()
        cache.close()
        installation.database.close()


def source_for(installation: Installation, wish: Wish) -> Source:
    """What the wish means here. Raises OtherPlan where that is not what the asker means."""
    layers = installation.catalogue.layers
    try:
        views = [
            (layers[id], {view.name: view for view in layers[id].views()}[name]) for id, name in wish.plans
        ]
    except KeyError as error:
        raise OtherPlan(str(error)) from None
    found = source_of(wish.role, tuple(plan(layer, view) for layer, view in views), wish.z)
    if found.of.key != wish.key:
        raise OtherPlan("the SQL differs")
    return Source(found.role, found.plans, found.z, found.of, wish.public)


def harden(cache: TileCache, wanted: Hardening) -> bytes:
    """Keep that tile in the strong form too, and return it; nothing where it is not smaller, or not kept any more.

    Raises Broken, ValueError.
    """
    of = SetKey(wanted.key, 0, {})
    kept = cache.store().get(of, wanted.x, wanted.y)
    if kept is None or kept.hash != wanted.hash:
        return b""
    found = codings.pack(codings.unpack(kept.body, kept.coding), wanted.coding, hard=True)
    if len(found) >= wanted.size:
        return b""
    other = Kept(kept.hash, wanted.coding, found, hard=True, seen=kept.seen)
    return found if cache.store().add_form(of, wanted.x, wanted.y, other) else b""
