"""Tiles on disk, shared by the processes of a node and kept over restarts."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Mapping, Sequence

from isal import isal_zlib

from gisapp.tiles.cache.file import Broken, TileFile
from gisapp.tiles.cache.ledger import Notes, read_notes, reads_as_json, reads_from_json
from gisapp.tiles.cache.sets import Kept, Reads, SetKey

SWEPT_AT_ONCE = 500

_GET = """
SELECT hash, coding, body, hard, crc, seen FROM tile JOIN tile_set ON tile_set.id = tile.tile_set WHERE key = ? AND x = ? AND y = ?
"""
_SET = "INSERT OR IGNORE INTO tile_set (key, zoom, reads, block, margin, source) VALUES (?, ?, ?, ?, ?, ?)"
_PUT = """
INSERT OR REPLACE INTO tile (tile_set, x, y, coding, hash, hard, crc, stored, seen, body)
SELECT id, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM tile_set WHERE key = ?
"""
_ADD_FORM = """
INSERT OR REPLACE INTO tile (tile_set, x, y, coding, hash, hard, crc, stored, seen, body)
SELECT tile_set, x, y, ?, hash, ?, ?, stored, seen, ? FROM tile
WHERE tile_set = (SELECT id FROM tile_set WHERE key = ?) AND x = ? AND y = ? AND hash = ? LIMIT 1
"""
_ORPHANS = "DELETE FROM tile WHERE id IN (SELECT id FROM tile WHERE tile_set NOT IN (SELECT id FROM tile_set) LIMIT ?)"
_OLDEST = "DELETE FROM tile WHERE id IN (SELECT id FROM tile ORDER BY id LIMIT ?)"
_COUNTS = """
SELECT zoom, reads, count(tile.id), coalesce(sum(length(body)), 0)
FROM tile_set LEFT JOIN tile ON tile_set.id = tile_set GROUP BY tile_set.id ORDER BY zoom
"""


class Store:
    """The tiles in a node's file, of at most about `limit` bytes. All methods raise Broken."""

    def __init__(self, file: TileFile, limit: int) -> None:
        self._file, self.limit = file, limit

    def get(
        self, of: SetKey, x: int, y: int, codings: Sequence[str] | None = None, *, others: bool = False
    ) -> Kept | None:
        """The tile in the first of these codings that is there (None: in any); others: else in another."""
        with self._file.connection() as db:
            rows = db.execute(_GET, (of.key, x, y)).fetchall()
        found = {row[1]: row for row in rows}
        coding = next((one for one in codings or found if one in found), None)
        if coding is None and others:
            coding = next(iter(found), None)
        if coding is None:
            return None
        hash, _, body, hard, crc, seen = found[coding]
        if crc != _crc(of, x, y, hash, body):
            raise Broken("checksum")
        return Kept(hash, coding, body, bool(hard), seen)

    def put(
        self, of: SetKey, x: int, y: int, kept: Kept, since: int, may: Callable[[Notes], bool]
    ) -> int | None:
        """Keep one tile, as `put_all` does."""
        return self.put_all(of, {(x, y): kept}, since, may)

    def put_all(
        self,
        of: SetKey,
        tiles: Mapping[tuple[int, int], Kept],
        since: int,
        may: Callable[[Notes], bool],
    ) -> int | None:
        """Keep tiles (of one block) that were made when the sequence was `since`, if `may` agrees after seeing what was
        noted meanwhile.

        Returns the sequence at that moment; None where they were not kept.
        """
        with self._file.writing() as db:
            sequence, notes = read_notes(db, since)
            if notes is None or not may(notes):
                return None
            db.execute(_SET, (of.key, of.zoom, reads_as_json(of.reads), *of.reach))
            now = time.time()
            for (x, y), kept in tiles.items():
                crc = _crc(of, x, y, kept.hash, kept.body)
                values = (x, y, kept.coding, kept.hash, kept.hard, crc, now, kept.seen, kept.body, of.key)
                db.execute(_PUT, values)
            return sequence

    def add_form(self, of: SetKey, x: int, y: int, kept: Kept) -> bool:
        """Keep another form of a tile that is there with this very content; False where it is there no more."""
        with self._file.writing() as db:
            crc = _crc(of, x, y, kept.hash, kept.body)
            values = (kept.coding, kept.hard, crc, kept.body, of.key, x, y, kept.hash)
            return db.execute(_ADD_FORM, values).rowcount > 0

    def sweep(self) -> int:
        """Remove some tiles of forgotten sets and, above the limit, the oldest; returns how many."""
        with self._file.writing() as db:
            gone = db.execute(_ORPHANS, (SWEPT_AT_ONCE,)).rowcount
            if self._bytes(db) > self.limit:
                gone += db.execute(_OLDEST, (SWEPT_AT_ONCE,)).rowcount
            return gone

    def size(self) -> int:
        """Bytes in use."""
        with self._file.connection() as db:
            return self._bytes(db)

    @staticmethod
    def _bytes(db: object) -> int:
        ask = lambda name: db.execute(f"PRAGMA {name}").fetchone()[0]  # type: ignore[attr-defined]  # noqa: E731
        return int((ask("page_count") - ask("freelist_count")) * ask("page_size"))

    def counts(self) -> list[tuple[int, Reads, int, int]]:
        """For each set: its zoom, what it reads, the number of its tiles and their bytes."""
        with self._file.connection() as db:
            rows = db.execute(_COUNTS).fetchall()
        return [(zoom, reads_from_json(reads), count, size) for zoom, reads, count, size in rows]


def _crc(of: SetKey, x: int, y: int, hash: str, body: bytes) -> int:
    """Over all that a reader relies on: that the row is this tile's, and that its bytes are those written."""
    return int(isal_zlib.crc32(body, zlib.crc32(b"%b %d %d %b" % (of.key, x, y, hash.encode()))))
