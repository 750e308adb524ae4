"""Keeps a node's cache in step with the database: before anything is taken from it, no more than MOST_BEHIND may have passed
since the database was last asked what changed.

Every process of the node may ask; one does at a time (a lock on a file), for all of them: the board says when. Where the
database does not answer, that is noted too, and nobody asks again for a moment.
"""

from __future__ import annotations

import fcntl
import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from gisapp import errors, roles
from gisapp.changes.follow import Look, Position, identity, look
from gisapp.db import Database
from gisapp.tiles.cache.board import MOST_BEHIND, Board, Notice, now
from gisapp.tiles.cache.file import Broken, TileFile
from gisapp.tiles.cache.ledger import Followed, Ledger

log = logging.getLogger("gisapp.tiles")
ASK_AGAIN = 0.5  # seconds after the database did not answer
NOTE_EVERY = 5.0  # seconds between writing down looks that found nothing


class Follower:
    """Follows the changes of one database for the cache in `folder`. Threads may share it."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database, self._folder = database, folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.board = Board(folder / "board")
        self._lock = threading.Lock()
        self._raw: psycopg.Connection[Any] | None = None
        self._who: tuple[tuple[str, ...], str] = ((), "")
        self._followed: Followed | None = None
        self._file: TileFile | None = None
        self._generation = 0
        self.looks = self.forgotten = 0

    def fresh(self, most_behind: float = MOST_BEHIND) -> Notice:
        """The board, no further behind than `most_behind` seconds. Raises errors.DatabaseAway, Broken."""
        notice = self.board.read()
        if self.is_fresh(notice, most_behind):
            return notice
        with self._lock, self._alone():
            notice = self.board.read()  # somebody else may have looked while we waited
            if self.is_fresh(notice, most_behind):
                return notice
            if 0 <= now() - notice.away < ASK_AGAIN:
                raise errors.DatabaseAway()
            return self._look(notice)

    @staticmethod
    def is_fresh(notice: Notice, most_behind: float = MOST_BEHIND) -> bool:
        """Whether what the board says was true at most that many seconds ago."""
        return 0 <= now() - notice.followed <= most_behind and notice.generation > 0

    @contextmanager
    def _alone(self) -> Iterator[None]:
        try:
            self._folder.mkdir(exist_ok=True, mode=0o700)  # somebody may have removed it
            lock = os.open(self._folder / "follower.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise Broken(str(error)) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.board.find_again()
            yield
        except OSError as error:
            raise Broken(str(error)) from error
        finally:
            os.close(lock)

    def _look(self, notice: Notice) -> Notice:
        kept = self._raw is not None and not self._raw.closed
        try:
            try:
                return self._ask(notice)
            except psycopg.OperationalError:
                if not (kept and self._raw is not None and self._raw.closed):
                    raise
                # The connection had ended, maybe not the database, and what is found here counts for the whole node.
                self._disconnect()
                return self._ask(notice)
        except psycopg.errors.UndefinedTable as error:
            raise errors.NotMigrated() from error
        except psycopg.Error as error:
            self._disconnect()
            self.board.write(away=now())
            raise errors.DatabaseAway() from error

    def _ask(self, notice: Notice) -> Notice:
        began = now()
        raw = self._connection()
        self.looks += 1
        try:
            self._open(notice)
            found = look(raw, self._who, self._known(notice).position)
            return self._take_in(notice, found, began)
        except Broken as broken:
            log.warning("tile cache: begun anew (%s)", broken)
            self._close_file()
            found = look(raw, self._who, None)
            return self._begin_anew(found.position, began)

    def _known(self, notice: Notice) -> Followed:
        """What was followed: as this process remembers it, unless another has followed further."""
        if self._followed is None or self._followed.sequence != notice.sequence:
            assert self._file is not None
            self._followed = Ledger(self._file).followed()
        return self._followed

    def _take_in(self, notice: Notice, found: Look, began: float) -> Notice:
        assert self._file is not None and self._followed is not None
        if found.lost:
            return self._begin_anew(found.position, began)
        ledger, sequence, looked = Ledger(self._file), self._followed.sequence, self._followed.looked
        if found.restarted:
            ledger.forget_since(looked - 1.0)
        if found.changes or found.restarted:
            sequence, gone = ledger.forget(found.changes, found.position)
            self.forgotten += gone
            looked = time.time()
        elif time.time() - looked > NOTE_EVERY:
            ledger.nothing_new(found.position)
            looked = time.time()
        self._followed = Followed(found.position, sequence, looked)
        return self.board.write(followed=began, away=0.0, sequence=sequence)

    def _begin_anew(self, position: Position, began: float) -> Notice:
        """An empty file in the place of one that may not be trusted any more."""
        old, self._file = self._file, None
        generation = max(self.board.read().generation + 1, int(time.time() * 1000))
        for other in self._folder.glob(
            "tiles-*.sqlite"
        ):  # first, for what is missing may be the space on the disk
            TileFile.remove_path(other)
        file = TileFile(self.path(generation))
        Ledger(file).begin(position, generation)
        self._file, self._generation = file, generation
        self._followed = Followed(position, generation, time.time())
        notice = self.board.write(followed=began, away=0.0, generation=generation, sequence=generation)
        if old is not None:
            old.close()
        return notice

    def path(self, generation: int) -> Path:
        """The tile file of that generation."""
        return self._folder / f"tiles-{generation}.sqlite"

    def _open(self, notice: Notice) -> None:
        """Open the file that counts; on a board that knows none, the newest one there is (after a restart)."""
        if self._file is not None and self._generation == notice.generation and self._file.path.exists():
            return
        self._close_file()
        generation = notice.generation or self._newest_file()
        if not generation or not self.path(generation).exists():
            raise Broken("there is no file yet")
        self._file, self._generation, self._followed = TileFile(self.path(generation)), generation, None
        followed = Ledger(self._file).followed()
        if notice.generation != generation or notice.sequence != followed.sequence:
            self.board.write(generation=generation, sequence=followed.sequence)
        self._followed = followed

    def newest(self) -> int:
        """The generation that counts, or counted when the database was last seen."""
        return self.board.read().generation or self._newest_file()

    def _newest_file(self) -> int:
        numbers = (path.stem.removeprefix("tiles-") for path in self._folder.glob("tiles-*.sqlite"))
        return max((int(number) for number in numbers if number.isdigit()), default=0)

    def _connection(self) -> psycopg.Connection[Any]:
        if self._raw is None or self._raw.closed:
            self._raw = self._database.standing(roles.APP)
            self._who = identity(self._raw)
        return self._raw

    def _disconnect(self) -> None:
        if self._raw is not None:
            self._raw.close()
        self._raw = None

    def _close_file(self) -> None:
        if self._file is not None:
            self._file.close()
        self._file, self._followed = None, None

    def begin_anew(self) -> None:
        """Forget every tile of this node. Raises errors.DatabaseAway, Broken."""
        with self._lock, self._alone():
            began = now()
            try:
                position = look(self._connection(), self._who, None).position
            except psycopg.Error as error:
                self._disconnect()
                raise errors.DatabaseAway() from error
            self._begin_anew(position, began)

    def close(self) -> None:
        """Give back the connection and the files."""
        with self._lock:
            self._disconnect()
            self._close_file()
            self.board.close()
