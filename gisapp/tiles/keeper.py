"""Follows the database in the background while tiles are asked for, so that requests find the cache in step already.

Also sweeps what was forgotten as a whole, and compresses strongly what is asked for again and again. A process in which
nobody asks for tiles does nothing here.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time

from gisapp import errors
from gisapp.tiles.cache import codings
from gisapp.tiles.cache.board import now
from gisapp.tiles.cache.cache import TileCache
from gisapp.tiles.cache.file import Broken

log = logging.getLogger("gisapp.tiles")
EVERY = 0.04  # seconds between two looks
ACTIVE = 10.0  # seconds after the last request in which it goes on looking
SWEEP_EVERY = 10.0
HARDEN_EVERY = 1.0
HARDENED_AT_ONCE = 5


class Keeper:
    """Two threads of one process: one looks and sweeps, one compresses at the lowest priority."""

    def __init__(self, cache: TileCache) -> None:
        self._cache = cache
        self._stopped = threading.Event()
        self._threads = [
            threading.Thread(target=self._follow, name="tiles follow", daemon=True),
            threading.Thread(target=self._harden, name="tiles compress", daemon=True),
        ]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End, and wait for it."""
        self._stopped.set()
        for thread in self._threads:
            thread.join(5)

    def _follow(self) -> None:
        swept = 0.0
        while not self._stopped.wait(EVERY):
            if now() - self._cache.asked > ACTIVE:
                continue
            with contextlib.suppress(errors.GisappError):
                self._cache.step(EVERY)
            if now() - swept > SWEEP_EVERY:
                swept = now()
                self._sweep()

    def _sweep(self) -> None:
        try:
            while self._cache.sweep() and not self._stopped.is_set():
                time.sleep(EVERY)
        except Broken as broken:
            log.warning("tile cache: not swept (%s)", broken)

    def _harden(self) -> None:
        with contextlib.suppress(OSError):  # of this thread only: Linux knows threads as processes
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 19)
        while not self._stopped.wait(HARDEN_EVERY):
            for kind, entry in self._cache.memory.often_asked(HARDENED_AT_ONCE):
                coding = codings.strong(kind)
                if coding is not None and not self._stopped.is_set():
                    with contextlib.suppress(Broken, ValueError):
                        self._cache.harden(kind, entry, coding)
