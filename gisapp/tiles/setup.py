"""Puts the tile cache into the application: its parts, opened at the first tile, and the thin path before Flask."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from typing import cast

from flask import Flask, current_app

from gisapp.installation import Installation
from gisapp.tiles.cache.cache import TileCache
from gisapp.tiles.hits import Hits
from gisapp.tiles.keeper import Keeper
from gisapp.tiles.maker import Maker

SWITCH_SECONDS = (
    0.001  # a hit needs microseconds: it should not wait the usual 5 ms for a thread that makes a tile
)
FREE_THREADS = 16  # of a web process, which never wait for a tile: hits and other requests go on


def init_app(app: Flask, installation: Installation) -> None:
    """Nothing is opened before the first tile is asked for."""
    cache = open_cache(installation)
    at_once = max((os.cpu_count() or 1) // installation.settings.workers, 1)
    app.extensions["gisapp_maker"] = Maker(installation.database, cache, at_once)
    hits = app.extensions["gisapp_hits"] = Hits(app, cache)
    app.wsgi_app = hits  # type: ignore[method-assign]
    app.extensions["gisapp_keeper"] = None
    sys.setswitchinterval(SWITCH_SECONDS)


def open_cache(installation: Installation) -> TileCache:
    """The tile cache of this node, for one process."""
    settings = installation.settings
    return TileCache(
        installation.database,
        cache_folder(installation),
        disk=settings.tile_cache_mb * 2**20,
        memory=settings.tile_memory_mb * 2**20,
        most_waiting=max(settings.threads - FREE_THREADS, 2),
    )


def cache_folder(installation: Installation) -> Path:
    """Where this node keeps the tiles of the installation's city, for all its processes."""
    return installation.settings.home / "tiles" / installation.settings.city


_STARTING = threading.Lock()


def maker() -> Maker:
    """Makes the tiles of this process; its keeper runs from the first call on."""
    made = cast(Maker, current_app.extensions["gisapp_maker"])
    if current_app.extensions["gisapp_keeper"] is None:
        with _STARTING:
            if current_app.extensions["gisapp_keeper"] is None:
                keeper = current_app.extensions["gisapp_keeper"] = Keeper(made.cache)
                keeper.start()
    return made
