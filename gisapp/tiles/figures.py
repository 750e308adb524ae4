"""Figures of this process's tile cache for a monitor. Nothing is opened, nobody is asked."""

from __future__ import annotations

from typing import cast

from flask import Flask

from gisapp.tiles.cache.board import now
from gisapp.tiles.hits import Hits
from gisapp.tiles.maker import Maker


def figures(app: Flask) -> list[tuple[str, str, str, float]]:
    """Name, labels, kind (Prometheus' counter or gauge) and value of each figure.

    How far behind, and whether the database is away, is only known once this process has served a tile.
    """
    cache = cast(Maker, app.extensions["gisapp_maker"]).cache
    hits = cast(Hits, app.extensions["gisapp_hits"])
    found: list[tuple[str, str, str, float]] = [
        ("gisapp_tile_hits_total", '{path="thin"}', "counter", hits.found.value),
        ("gisapp_tile_hits_total", '{path="route"}', "counter", cache.hits.value),
        ("gisapp_tile_misses_total", "", "counter", cache.misses.value),
        ("gisapp_tiles_in_memory", "", "gauge", len(cache.memory)),
        ("gisapp_tile_memory_bytes", "", "gauge", cache.memory.size),
    ]
    notice = cache.notice()
    if notice is not None:
        found.append(("gisapp_tile_database_away", "", "gauge", int(notice.away > 0)))
        if notice.followed:
            found.append(("gisapp_tile_behind_seconds", "", "gauge", round(now() - notice.followed, 3)))
    return found
