"""Puts the tile cache into the application: its parts, opened at the first tile, and the thin path before Flask."""

from __future__ import annotations

import gc
import os
import sys
import threading
from pathlib import Path
from typing import cast

from flask import Flask, current_app

from gisapp.installation import Installation
from gisapp.settings import Settings
from gisapp.tiles.cache.cache import TileCache
from gisapp.tiles.hits import Hits
from gisapp.tiles.keeper import Keeper
from gisapp.tiles.maker import Maker
from gisapp.tiles.making.line import Line

SWITCH_SECONDS = (
    0.001  # a hit needs microseconds: it should not wait the usual 5 ms for a thread that makes a tile
)
COLLECTED_AFTER = (2000, 10, 100)  # new objects, and younger collections before those of older objects
FREE_THREADS = 16  # of a web process, which never wait for a tile: hits and other requests go on


def init_app(app: Flask, installation: Installation) -> None:
    """Nothing is opened before the first tile is asked for."""
    cache = open_cache(installation)
    at_once = max((os.cpu_count() or 1) // installation.settings.workers, 1)
    line = Line(maker_folder(installation.settings))
    made = app.extensions["gisapp_maker"] = Maker(installation.database, cache, at_once, line)
    hits = app.extensions["gisapp_hits"] = Hits(app, made)
    app.wsgi_app = hits  # type: ignore[method-assign]
    app.extensions["gisapp_keeper"] = None
    sys.setswitchinterval(SWITCH_SECONDS)


def open_cache(installation: Installation, *, most_waiting: int = 0, memory_mb: int = 0) -> TileCache:
    """The tile cache of this node, for one process. most_waiting: for a tile at once; 0: as many as its threads allow.
    memory_mb: 0: as the settings say."""
    settings = installation.settings
    return TileCache(
        installation.database,
        cache_folder(settings),
        disk=settings.tile_cache_mb * 2**20,
        memory=(memory_mb or settings.tile_memory_mb) * 2**20,
        most_waiting=most_waiting or max(settings.threads - FREE_THREADS, 2),
    )


def cache_folder(settings: Settings) -> Path:
    """Where this node keeps its tiles."""
    return settings.home / "tiles" / settings.city


def maker_folder(settings: Settings) -> Path:
    """Where the socket of this node's tile maker is: a folder that nobody else may enter."""
    return settings.home / "run" / f"{settings.city}-tiles"


def _spare_pauses() -> None:
    """What the application stands on is never garbage: looking through all of it holds up every hit for a tenth of a second."""
    gc.freeze()
    gc.set_threshold(*COLLECTED_AFTER)


_STARTING = threading.Lock()


def maker() -> Maker:
    """Makes the tiles of this process; its keeper runs from the first call on."""
    made = cast(Maker, current_app.extensions["gisapp_maker"])
    if current_app.extensions["gisapp_keeper"] is None:
        with _STARTING:
            if current_app.extensions["gisapp_keeper"] is None:
                keeper = current_app.extensions["gisapp_keeper"] = Keeper(made.cache, made.line)
                keeper.start()
                _spare_pauses()
    return made
