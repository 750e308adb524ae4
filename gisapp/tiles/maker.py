"""Makes a tile: from the kept tiles of its layers, and from PostGIS where one is missing."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache

from gisapp import errors
from gisapp.db import Database
from gisapp.tiles.cache.cache import TileCache
from gisapp.tiles.cache.made import Found, Made
from gisapp.tiles.cache.sets import SetKey
from gisapp.tiles.plan import Plan
from gisapp.tiles.queries import read_tiles
from gisapp.tiles.statement import statement

WAIT_SECONDS = 10.0


class Maker:
    """The tiles of one process. `at_once`: how many tiles PostGIS may be asked for at a time."""

    def __init__(self, database: Database, cache: TileCache, at_once: int) -> None:
        self._database, self.cache = database, cache
        self._places = threading.BoundedSemaphore(at_once)

    def tile(self, role: str, plans: Sequence[Plan], z: int, x: int, y: int, kind: str) -> Found:
        """One vector tile with a layer for every plan that holds something there, for a kind of client (codings).

        A plan whose first zoom is above `z`, or whose style draws nothing there, is left out: the layers of a joined
        tile have ranges of their own.
        `role` is an audience that may read the plans' views. Raises errors.DatabaseAway, TooSlow, Busy.
        """
        drawn = drawn_at(plans, z)

        def make() -> Made:
            return self._join(role, drawn, z, x, y) if len(drawn) > 1 else self._read(role, drawn, z, x, y)[0]

        public = all(plan.public for plan in plans)
        return self.cache.tile(set_of(drawn, z), x, y, kind, make, public=public)

    def _join(self, role: str, plans: tuple[Plan, ...], z: int, x: int, y: int) -> Made:
        since = self.cache.step()
        parts = [self.cache.piece(set_of((plan,), z), x, y) for plan in plans]
        missing = tuple(plan for plan, part in zip(plans, parts, strict=True) if part is None)
        made = self._read(role, missing, z, x, y) if missing else []
        for plan, one in zip(missing, made, strict=True):
            self.cache.keep_piece(set_of((plan,), z), x, y, one, since)
        fresh = (one.content for one in made)
        content = b"".join(next(fresh) if part is None else part for part in parts)
        return Made(content, made[0].seen if len(missing) == len(plans) else "")

    def _read(self, role: str, plans: tuple[Plan, ...], z: int, x: int, y: int) -> list[Made]:
        if not plans:
            return [Made(b"", "")]  # nothing is drawn there, whatever changes
        with self._place():
            seen, contents = read_tiles(self._database, role, plans, z, x, y)
        return [Made(content, seen) for content in contents]

    @contextmanager
    def _place(self) -> Iterator[None]:
        if not self._places.acquire(timeout=WAIT_SECONDS):
            raise errors.Busy(seconds=5)
        try:
            yield
        finally:
            self._places.release()


def drawn_at(plans: Sequence[Plan], z: int) -> tuple[Plan, ...]:
    """The plans that have something in a joined tile at zoom `z`: past their first zoom, and their style draws something."""
    return tuple(plan for plan in plans if z >= plan.min_zoom and plan.at(z).parts)


@lru_cache(maxsize=8192)
def set_of(plans: tuple[Plan, ...], z: int) -> SetKey:
    """The set of tiles at zoom `z` with these layers: whatever is asked of PostGIS otherwise is another set."""
    text = statement(plans, z) if plans else ""
    slices = [plan.at(z) for plan in plans]
    reads = {of.depends: frozenset(of.columns) for of in slices}
    named = f"{z} {text}"  # the text alone may be that of another zoom
    return SetKey(hashlib.blake2b(named.encode(), digest_size=16).digest(), z, reads)
