"""Follows the database in the background while tiles are asked for, so that requests find the cache in step already.

Also sweeps what was forgotten as a whole, and compresses strongly what is asked for again and again. A process in which
nobody asks for tiles does nothing here. In a web process all this is left to the tile maker of its node, whenever that is
there: a thread that works or waits there, at whatever priority, holds up the hits.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from functools import partial

from gisapp import errors
from gisapp.tiles.cache import codings
from gisapp.tiles.cache.board import now
from gisapp.tiles.cache.cache import TileCache
from gisapp.tiles.cache.file import Broken
from gisapp.tiles.cache.memory import Entry
from gisapp.tiles.making.line import Line
from gisapp.tiles.making.wish import Hardening

log = logging.getLogger("gisapp.tiles")
EVERY = 0.04  # seconds between two looks
LATER = 0.08  # seconds after which a web process looks because the tile maker has not
ACTIVE = 10.0  # seconds after the last request in which it goes on looking
SWEEP_EVERY = 10.0
HARDEN_EVERY = 1.0
HARDENED_AT_ONCE = 5
REST = 4  # times as long as compressing one took: never more than a fifth of a core


class Keeper:
    """Two threads of one process: one looks and sweeps, one compresses, or has it done."""

    def __init__(self, cache: TileCache, line: Line | None = None) -> None:
        self._cache, self._line = cache, line
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
            alone = self._line is None or not self._line.there
            with contextlib.suppress(errors.GisappError):
                self._cache.step(EVERY if alone else LATER)
            if alone and now() - swept > SWEEP_EVERY:
                swept = now()
                self._sweep()

    def _sweep(self) -> None:
        try:
            while self._cache.sweep() and not self._stopped.is_set():
                time.sleep(EVERY)
        except Broken as broken:
            log.warning("tile cache: not swept (%s)", broken)

    def _harden(self) -> None:
        while not self._stopped.wait(HARDEN_EVERY):
            for kind, entry in self._cache.memory.often_asked(HARDENED_AT_ONCE):
                coding = codings.strong(kind)
                if coding is not None and not self._stopped.is_set():
                    began = now()
                    with contextlib.suppress(Broken, ValueError, TimeoutError):
                        self._cache.harden(kind, entry, coding, partial(self._ask, entry, coding))
                    self._stopped.wait(REST * (now() - began))

    def _ask(self, entry: Entry, coding: str) -> bytes | None:
        """Have the tile maker do it; None where there is none. Raises ValueError where it has no time now, TimeoutError."""
        kept = entry.kept
        wanted = Hardening(entry.of.key, entry.x, entry.y, kept.hash, coding, len(kept.body))
        answer = None if self._line is None else self._line.ask(wanted.as_head())
        if answer is None:
            return None
        said, blocks = answer
        if "later" in said:
            raise ValueError("later")
        return blocks[0] if blocks else b""
