"""The tile cache of one process: memory before disk before PostGIS, never older than the follower allows."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from gisapp import errors
from gisapp.db import Database
from gisapp.tiles.cache import codings
from gisapp.tiles.cache.board import MOST_BEHIND, Notice, now
from gisapp.tiles.cache.file import Broken, TileFile
from gisapp.tiles.cache.flight import Flight
from gisapp.tiles.cache.follower import Follower
from gisapp.tiles.cache.ledger import Ledger, Notes
from gisapp.tiles.cache.made import AWAY, HIT, MISS, Block, Found, Made, as_kind, entries_of, is_missing
from gisapp.tiles.cache.memory import Entry, Memory, Place
from gisapp.tiles.cache.sets import Kept, SetKey
from gisapp.tiles.cache.store import Store
from gisapp.tiles.cache.tally import Tally

log = logging.getLogger("gisapp.tiles")
TRIES = 4


class TileCache:
    """Opened at its first use, so that a process that serves no tile holds nothing."""

    def __init__(self, database: Database, folder: Path, disk: int, memory: int, most_waiting: int) -> None:
        self.folder, self._disk = folder, disk
        self._database, self._most_waiting = database, most_waiting
        self.asked = 0.0  # when a tile was last asked for, on the board's clock
        self.memory = Memory(memory)
        self._lock = threading.Lock()
        self._opened: tuple[Follower, Flight[Block]] | None = None
        self._file: TileFile | None = None
        self._generation = 0
        self.hits, self.misses = Tally(), Tally()  # of the slow path

    @property
    def follower(self) -> Follower:
        """What keeps it in step with the database."""
        return self._parts()[0]

    def _parts(self) -> tuple[Follower, Flight[Block]]:
        if self._opened is None:
            with self._lock:
                if self._opened is None:
                    follower = Follower(self._database, self.folder)
                    self._opened = follower, Flight(self.folder, self._most_waiting)
        return self._opened

    def ready(self, place: Place, at: float) -> Entry | None:
        """The tile, only if this process has it in memory and it is certain to be right at `at` (of `now`), which is the
        present; no waiting, no database."""
        if self._opened is None:
            return None
        self.asked = at
        if self._opened[0].board.in_step(at) != self.memory.sequence:
            return None
        return self.memory.get(place)

    def tile(
        self,
        of: SetKey,
        x: int,
        y: int,
        kind: str,
        make: Callable[[], Made],
        *,
        public: bool,
        flight: Flight[Block] | None = None,
        elsewhere: Callable[[], Found | None] | None = None,
    ) -> Found:
        """The tile for this kind of client; where it is not kept, from `elsewhere` (another process of this node, which
        keeps it), and made with `make` where that has none.

        public: while the database is away, what is kept may be given. flight: in which others wait for it, if not with
        those who wait for vector tiles. Raises errors.DatabaseAway, TooSlow, Busy.
        """
        self.asked = now()
        try:
            sequence = self.step()
        except errors.DatabaseAway:
            entry = self._while_away(of, x, y, kind) if public else None
            if entry is None:
                raise
            return Found(entry, AWAY, current=False)
        entry = self._find(of, x, y, kind, sequence)
        if entry is not None:
            self.hits.add()
            return Found(entry, HIT, sequence=sequence)
        return self._share(of, x, y, kind, make, flight or self._parts()[1], elsewhere)

    def piece(self, of: SetKey, x: int, y: int) -> Made | None:
        """A tile that is part of another, if it is kept."""
        entry = self._kept(of, x, y, codings.ZSTD)
        if entry is None:
            return None
        return Made(codings.unpack(entry.kept.body, entry.kept.coding), entry.kept.seen)

    def still_true(self, pieces: Iterable[tuple[SetKey, Made]], x: int, y: int, since: int) -> bool:
        """Whether nothing that these tiles do not show has been committed by now since sequence `since`."""
        try:
            self.step(0.0)
            _, notes = Ledger(self._open()).notes(since)
        except (Broken, errors.DatabaseAway):
            return False
        changes = [change for _, change in notes] if notes is not None else None
        return changes is not None and not any(
            is_missing(of, x, y, made.seen, change) for of, made in pieces for change in changes
        )

    def keep_piece(self, of: SetKey, x: int, y: int, made: Made, since: int) -> None:
        """Keep a tile that was made, at sequence `since` or later, as part of another; on disk only."""
        with suppress(Broken):
            self._put(of, x, y, made, codings.ZSTD, since)

    def _put(
        self, of: SetKey, x: int, y: int, made: Made, kind: str, since: int
    ) -> tuple[list[Entry], int | None]:
        """What was made as entries, and the sequence at which it was kept (None: it is old already). Raises Broken."""
        entries = entries_of(of, x, y, made, kind)

        def may(notes: Notes) -> bool:
            return not any(is_missing(of, x, y, made.seen, change) for _, change in notes)

        tiles = {(entry.x, entry.y): entry.kept for entry in entries}
        return entries, self.store().put_all(of, tiles, since, may)

    def _share(
        self,
        of: SetKey,
        x: int,
        y: int,
        kind: str,
        make: Callable[[], Made],
        flight: Flight[Block],
        elsewhere: Callable[[], Found | None] | None,
    ) -> Found:
        def find() -> Block | None:
            sequence = self.step()
            entry = self._find(of, x, y, kind, sequence)
            return None if entry is None else {(x, y): Found(entry, HIT, sequence=sequence)}

        def compute() -> Block:
            self.misses.add()
            return self._make(of, x, y, kind, make)

        def ask() -> Block | None:
            found = elsewhere() if elsewhere is not None else None
            return None if found is None else self._take_over(found, x, y, kind)

        for _ in range(TRIES):
            block, own = flight.do((of.key, *of.block_of(x, y)), find, compute, ask)
            found = (block if (x, y) in block else find() or {}).get((x, y))
            if found is not None and (own or found.current):
                return as_kind(found, kind)
        return compute()[x, y]  # changed faster than it can be shared

    def _take_over(self, found: Found, x: int, y: int, kind: str) -> Block:
        """What another process of this node made or found, and keeps."""
        (self.misses if found.how == MISS else self.hits).add()
        if found.current:
            self.memory.put(kind, found.entry, found.sequence)
        return {(x, y): found}

    def _make(self, of: SetKey, x: int, y: int, kind: str, make: Callable[[], Made]) -> Block:
        since, kept = self.step(), None
        made = make()
        try:
            self.step()
            entries, kept = self._put(of, x, y, made, kind, since)
        except (Broken, errors.DatabaseAway) as error:
            log.warning("tile cache: not kept (%s)", type(error).__name__)
            entries = entries_of(of, x, y, made, kind)
        if kept is not None:
            for entry in entries:
                self.memory.put(kind, entry, kept)
        current, sequence = kept is not None, -1 if kept is None else kept
        return {(entry.x, entry.y): Found(entry, MISS, current, sequence) for entry in entries}

    def step(self, most_behind: float = MOST_BEHIND) -> int:
        """Be in step with the database; returns the sequence of that moment. Raises errors.DatabaseAway."""
        follower = self.follower
        try:
            notice = follower.fresh(most_behind)
        except Broken as broken:  # even a new file cannot be written: go on without
            log.warning("tile cache: out of use (%s)", broken)
            self.memory.clear()
            return -1
        if notice.generation != self._generation:
            self._reopen(notice.generation, notice.sequence)
        since = self.memory.sequence
        if notice.sequence > since:
            try:
                self.memory.catch_up(since, *Ledger(self._open()).notes(since))
            except Broken:
                self.memory.catch_up(since, notice.sequence, None)
        return self.memory.sequence

    def _reopen(self, generation: int, sequence: int) -> None:
        with self._lock:
            if generation <= self._generation:  # another thread was here with a newer notice
                return
            old, self._file = self._file, None
            self._generation = generation
        if old is not None:
            old.close()
        self.memory.catch_up(0, sequence, None)

    def _open(self) -> TileFile:
        with self._lock:
            if self._file is None:
                self._file = TileFile(self.follower.path(self._generation))
            return self._file

    def _find(self, of: SetKey, x: int, y: int, kind: str, sequence: int) -> Entry | None:
        entry = self.memory.get((of.key, x, y, kind))
        if entry is not None or sequence < 0:
            return entry
        entry = self._kept(of, x, y, kind)
        if entry is not None:
            self.memory.put(kind, entry, sequence)
        return entry

    def _while_away(self, of: SetKey, x: int, y: int, kind: str) -> Entry | None:
        if self._generation == 0:  # this process has never seen the database
            self._reopen(self.follower.newest(), 0)
        return self.memory.get((of.key, x, y, kind)) or self._kept(of, x, y, kind)

    def _kept(self, of: SetKey, x: int, y: int, kind: str) -> Entry | None:
        """From the disk, in a coding that the client takes; a file that is damaged is given up."""
        try:
            kept = self.store().get(of, x, y, codings.wanted(kind), others=True)
            return None if kept is None else as_kind(Found(Entry(of, x, y, kept), HIT), kind).entry
        except (Broken, ValueError) as broken:
            log.warning("tile cache: a damaged file is given up (%s)", broken)
            self._give_up()
            return None

    def _give_up(self) -> None:
        try:
            self.follower.begin_anew()
        except (errors.DatabaseAway, Broken):
            log.warning("tile cache: no new file could be begun")

    def notice(self) -> Notice | None:
        """What the node's board says; None while this process has served no tile. No waiting, no database."""
        return None if self._opened is None else self._opened[0].board.read()

    def store(self) -> Store:
        """The tiles on disk, once this process is in step. Raises Broken."""
        return Store(self._open(), self._disk)

    def sweep(self) -> int:
        """Remove some of what was forgotten as a whole or is beyond the limit; returns how much. Raises Broken."""
        return self.store().sweep() if self._generation else 0

    def harden(
        self, kind: str, entry: Entry, coding: str, elsewhere: Callable[[], bytes | None] = lambda: None
    ) -> None:
        """Keep a tile that is asked for often in the strong form of this coding.

        elsewhere: another process of this node that does it, and gives that form (empty: nothing is to be won); None where
        there is no such process. Raises Broken, ValueError.
        """
        sequence, body = self.memory.sequence, elsewhere()
        if body is None:
            body = self._harden(entry, coding)
        if not body:
            entry.hardened = True
            return
        kept = Kept(entry.kept.hash, coding, body, hard=True, seen=entry.kept.seen)
        self.memory.put(kind, Entry(entry.of, entry.x, entry.y, kept, hardened=True), sequence)

    def _harden(self, entry: Entry, coding: str) -> bytes:
        body = codings.pack(codings.unpack(entry.kept.body, entry.kept.coding), coding, hard=True)
        kept = Kept(entry.kept.hash, coding, body, hard=True, seen=entry.kept.seen)
        smaller = len(body) < len(entry.kept.body)
        return body if smaller and self.store().add_form(entry.of, entry.x, entry.y, kept) else b""

    def close(self) -> None:
        """Give back files and connections."""
        if self._opened is not None:
            self._opened[0].close()
            self._opened = None
        if self._file is not None:
            self._file.close()
            self._file = None
