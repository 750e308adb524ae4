"""Makes a tile: from the kept tiles of its layers, and from PostGIS where one is missing."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache

from gisapp import errors
from gisapp.db import Database
from gisapp.tiles.cache.cache import TileCache
from gisapp.tiles.cache.made import Found, Made
from gisapp.tiles.cache.sets import SetKey
from gisapp.tiles.making.line import Line
from gisapp.tiles.making.wish import Wish, found_in
from gisapp.tiles.plan import Plan
from gisapp.tiles.queries import read_tiles
from gisapp.tiles.statement import statement

WAIT_SECONDS = 10.0
HELPERS = 3  # connections, besides one's own, on which the layers of a joined tile are read at once


@dataclass(frozen=True)
class Source:
    """Where a tile comes from: the plans that are drawn at zoom `z`, read as audience `role`, and the set that they make.

    public: everybody may see all that the address names.
    """

    role: str
    plans: tuple[Plan, ...]
    z: int
    of: SetKey
    public: bool

    def wish(self, x: int, y: int, kind: str) -> Wish:
        """The tile as it is asked for between processes."""
        names = tuple((plan.layer, plan.made_of[1].name) for plan in self.plans)
        return Wish(self.role, names, self.of.key, self.z, x, y, kind, self.public)


class Maker:
    """The tiles of one process. `at_once`: how many tiles PostGIS may be asked for at a time. `line`: to the process that
    makes them for this one, whenever it is there."""

    def __init__(self, database: Database, cache: TileCache, at_once: int, line: Line | None = None) -> None:
        self._database, self.cache, self.line = database, cache, line
        self._places = threading.BoundedSemaphore(at_once)
        self._helpers = ThreadPoolExecutor(HELPERS, thread_name_prefix="tile parts")

    def tile(self, role: str, plans: Sequence[Plan], z: int, x: int, y: int, kind: str) -> Found:
        """One vector tile with a layer for every plan that holds something there, for a kind of client (codings).

        A plan whose first zoom is above `z`, or whose style draws nothing there, is left out: the layers of a joined
        tile have ranges of their own.
        `role` is an audience that may read the plans' views. Raises errors.DatabaseAway, TooSlow, Busy.
        """
        return self.tile_of(source_of(role, tuple(plans), z), x, y, kind)

    def tile_of(self, source: Source, x: int, y: int, kind: str) -> Found:
        """As `tile`."""
        role, drawn, z, of = source.role, source.plans, source.z, source.of

        def make() -> Made:
            return self._join(role, drawn, z, x, y) if len(drawn) > 1 else self._read(role, drawn, z, x, y)[0]

        def elsewhere() -> Found | None:
            return self._asked(source, x, y, kind)

        ask = elsewhere if self.line is not None and drawn else None
        return self.cache.tile(of, x, y, kind, make, public=source.public, elsewhere=ask)

    def _asked(self, source: Source, x: int, y: int, kind: str) -> Found | None:
        assert self.line is not None
        try:
            answer = self.line.ask(source.wish(x, y, kind).as_head())
            return None if answer is None else found_in(*answer, source.of, x, y)
        except TimeoutError as error:
            raise errors.Busy(seconds=5) from error
        except ValueError:
            return None

    def _join(self, role: str, plans: tuple[Plan, ...], z: int, x: int, y: int) -> Made:
        """From what is kept of its layers and what is read now; all of it as it was at one moment."""
        since = self.cache.step()
        sets = [set_of((plan,), z) for plan in plans]
        pieces = [self.cache.piece(of, x, y) for of in sets]
        missing = tuple(plan for plan, piece in zip(plans, pieces, strict=True) if piece is None)
        read = iter(self._read(role, missing, z, x, y) if missing else [])
        fresh = [next(read) if piece is None else None for piece in pieces]
        kept = [(of, piece) for of, piece in zip(sets, pieces, strict=True) if piece is not None]
        if kept and not self.cache.still_true(kept, x, y, since):
            fresh, kept = list(self._read(role, plans, z, x, y)), []
        for of, one in zip(sets, fresh, strict=True):
            if one is not None:
                self.cache.keep_piece(of, x, y, one, since)
        parts = [one or piece for one, piece in zip(fresh, pieces, strict=True)]
        seen = "" if kept else next(one.seen for one in fresh if one is not None)
        return Made(b"".join(part.content for part in parts if part is not None), seen)

    def _read(self, role: str, plans: tuple[Plan, ...], z: int, x: int, y: int) -> list[Made]:
        if not plans:
            return [Made(b"", "")]  # nothing is drawn there, whatever changes
        with self._place():
            seen, contents = read_tiles(self._database, role, plans, z, x, y, self._helpers)
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
def source_of(role: str, plans: tuple[Plan, ...], z: int) -> Source:
    """Where the joined tiles of these plans at zoom `z` come from, for those who read as this audience."""
    drawn = drawn_at(plans, z)
    return Source(role, drawn, z, set_of(drawn, z), all(plan.public for plan in plans))


@lru_cache(maxsize=8192)
def set_of(plans: tuple[Plan, ...], z: int) -> SetKey:
    """The set of tiles at zoom `z` with these layers: whatever is asked of PostGIS otherwise is another set."""
    text = statement(plans, z) if plans else ""
    slices = [plan.at(z) for plan in plans]
    # Where a table made ahead is not built yet, tiles come from the one that the view shows.
    reads = {
        name: frozenset(of.columns)
        for plan, of in zip(plans, slices, strict=True)
        for name in (of.depends, plan.source)
    }
    named = f"{z} {text}"  # the text alone may be that of another zoom
    return SetKey(hashlib.blake2b(named.encode(), digest_size=16).digest(), z, reads)
