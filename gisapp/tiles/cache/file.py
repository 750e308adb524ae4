"""The file in which a node keeps its tiles: SQLite, chosen by measurement (docs/design.md).

A file that is damaged, cut short or on a full disk is an error here, never the end of the process: everything that goes
wrong is raised as `Broken`, and the cache goes on with a new file.
"""

from __future__ import annotations

import queue
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path

from gisapp.changes.follow import Snapshot

WAIT_SECONDS = 2.0  # for another process's writing, which takes milliseconds
FORM = 2  # of the tables below: a file of another form is not read but begun anew
_SCHEMA = f"""
PRAGMA journal_mode = wal;
PRAGMA user_version = {FORM};
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS tile_set (
  id INTEGER PRIMARY KEY AUTOINCREMENT, key BLOB NOT NULL UNIQUE, zoom INTEGER NOT NULL, reads TEXT NOT NULL,
  block INTEGER NOT NULL, margin REAL NOT NULL, source INTEGER
);
CREATE TABLE IF NOT EXISTS tile (
  id INTEGER PRIMARY KEY AUTOINCREMENT, tile_set INTEGER NOT NULL, x INTEGER NOT NULL, y INTEGER NOT NULL,
  coding TEXT NOT NULL, hash TEXT NOT NULL, hard INTEGER NOT NULL, crc INTEGER NOT NULL, stored REAL NOT NULL,
  seen TEXT NOT NULL, body BLOB NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS tile_place ON tile (tile_set, x, y, coding);
CREATE TABLE IF NOT EXISTS note (sequence INTEGER NOT NULL, at REAL NOT NULL, change TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS note_sequence ON note (sequence);
"""


class Broken(Exception):
    """The file cannot be read or written."""


class TileFile:
    """The open file; any number of threads and processes read it, one at a time writes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._idle: queue.LifoQueue[sqlite3.Connection] = queue.LifoQueue()
        with self.connection() as db:
            form = db.execute("PRAGMA user_version").fetchone()[0]
            if form != FORM and db.execute("SELECT EXISTS (SELECT 1 FROM sqlite_schema)").fetchone()[0]:
                raise Broken(f"a file of form {form}")
            db.executescript(_SCHEMA)

    @contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """A connection where each statement stands alone. Raises Broken."""
        try:
            db = self._take()
            yield db
        except (sqlite3.Error, OSError) as error:
            raise Broken(str(error)) from error
        self._idle.put(db)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection whose statements all see one moment. Raises Broken."""
        with self.connection() as db:
            db.execute("BEGIN")
            try:
                yield db
            finally:
                db.execute("COMMIT")

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction, alone. Raises Broken."""
        with self.connection() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
            except BaseException:
                with suppress(sqlite3.Error):
                    db.execute("ROLLBACK")
                raise
            db.execute("COMMIT")

    def _take(self) -> sqlite3.Connection:
        with suppress(queue.Empty):
            return self._idle.get_nowait()
        db = sqlite3.connect(self.path, WAIT_SECONDS, isolation_level=None, check_same_thread=False)
        db.execute("PRAGMA synchronous = off")  # what a power cut damages is found by its checksum
        db.create_function("sees", 2, sees, deterministic=True)
        db.execute("PRAGMA cache_size = -256")  # kB: the system's own cache serves all processes
        return db

    def close(self) -> None:
        """Close the idle connections."""
        with suppress(queue.Empty):
            while True:
                self._idle.get_nowait().close()

    @staticmethod
    def remove_path(path: Path) -> None:
        """Take a file away; whoever still has it open keeps reading it."""
        for ending in ("", "-wal", "-shm"):
            path.with_name(path.name + ending).unlink(missing_ok=True)


def sees(snapshot: str, txid: int) -> bool:
    """Whether what was read under that snapshot (empty: not known) shows the effects of a transaction."""
    return bool(snapshot) and _parsed(snapshot).sees(txid)


_parsed = lru_cache(maxsize=1024)(Snapshot.parse)


def get_meta(db: sqlite3.Connection, name: str, default: str = "") -> str:
    """One remembered value."""
    row = db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
    return str(row[0]) if row else default


def set_meta(db: sqlite3.Connection, name: str, value: str) -> None:
    """Remember a value."""
    db.execute(
        "INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value", (name, value)
    )
