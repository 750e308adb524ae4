"""Eight cold requests always running: wrk walks over tiles that nobody asked for before, each once."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from bench.places import SEED, every_filled_tile, path_of
from bench.server import Server
from bench.wrk import Wrk
from gisapp.installation import Installation

AT_ONCE = 8
ZOOMS = (16, 15, 17, 14, 13)
ENOUGH = 40_000
FASTEST = 400.0  # a second: assumed until one run has told
BEFORE = 1.0  # seconds that it runs before what is measured beside it
LONGEST = 300.0  # seconds: it is stopped long before
ENCODING = "gzip, deflate, br, zstd"


def cold_paths(installation: Installation, taken: set[str]) -> list[str]:
    """Tiles of public layers where something lies, in an order by chance; none that `taken` (paths, also of joined
    tiles) holds."""
    used = {single for path in taken for single in _singles(path)}
    found: list[str] = []
    for zoom in ZOOMS:
        for layer in installation.catalogue.layers.values():
            if layer.min_zoom <= zoom <= layer.max_zoom and any(not view.needs for view in layer.views()):
                found += [path_of(layer.id, tile) for tile in every_filled_tile(installation, layer, zoom)]
        if len(found) > ENOUGH:
            break
    found = [path for path in found if path not in used]
    random.Random(SEED).shuffle(found)
    return found


def _singles(path: str) -> list[str]:
    _, tiles, layers, *tile = path.split("/")
    return ["/".join(("", tiles, layer, *tile)) for layer in layers.split(",")]


class ColdLoad:
    """The load, for runs that share the tiles there are; used up, all is forgotten and they are cold again.

    `renew` empties the cache and puts back what has to be in it.
    """

    def __init__(self, server: Server, paths: list[str], renew: Callable[[], None]) -> None:
        self._server, self._paths, self._renew = server, paths, renew
        self._used, self._rate = 0, FASTEST
        self._runs: list[dict[str, Any]] = []

    @contextmanager
    def running(self, seconds: float, against: Server | None = None) -> Iterator[dict[str, Any]]:
        """The load while the block lasts, about `seconds`; what was measured of it is filled in at the end.

        `against`: another server over the same tiles and cache.

        Stops the bench when the tiles were used up before the block ended: then it was no load to the end.
        """
        need = round(self._rate * (seconds + BEFORE) * 1.5)
        if len(self._paths) - self._used < need:
            self._renew()
            self._used = 0
        own = self._paths[self._used :]
        load = Wrk(
            (against or self._server).address,
            own,
            {"Accept-Encoding": ENCODING},
            connections=AT_ONCE,
            seconds=LONGEST,
            once=True,
        )
        time.sleep(BEFORE)
        measured: dict[str, Any] = {}
        try:
            yield measured
        finally:
            load.stop()
        measured |= load.result()
        self._note(measured, len(own))

    def _note(self, run: dict[str, Any], most: int) -> None:
        asked = run["hits"] + run["misses"] + AT_ONCE
        if asked >= most:
            raise SystemExit(
                f"bench: {most} cold tiles were not enough; take a larger city or shorter rounds"
            )
        if run["hits"] > 0.02 * run["requests"]:
            raise SystemExit(f"bench: {run['hits']} of {run['requests']} cold requests were not cold")
        self._used += asked
        self._rate = max(run["per_second"], 50)
        self._runs.append(run)

    def totals(self) -> dict[str, Any]:
        """All runs together."""
        requests = sum(run["requests"] for run in self._runs)
        return {"at_once": AT_ONCE, "runs": len(self._runs), "requests": requests, "tiles": len(self._paths)}
