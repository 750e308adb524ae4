"""How far this node has followed the database's changes, what they were, and the forgetting of what they touch."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gisapp.changes.follow import Change, Position
from gisapp.tiles.cache.file import TileFile, get_meta, set_meta
from gisapp.tiles.cache.reach import Range, boxes_in, concerns, ranges
from gisapp.tiles.cache.sets import Reach, Reads

KEPT_SECONDS = 600.0  # longer than any statement may take
MOST_RANGES = 20_000  # of one change at one zoom: above, its sets are forgotten whole
Notes = list[tuple[int, Change]]


@dataclass(frozen=True)
class Followed:
    """The state of the ledger: sequence grows with every look that brought changes; looked: time.time of the last look."""

    position: Position | None
    sequence: int
    looked: float


class Ledger:
    """The ledger in a node's tile file. All methods raise Broken."""

    def __init__(self, file: TileFile) -> None:
        self._file = file

    def followed(self) -> Followed:
        """How far the changes were followed; no position where that is not known."""
        with self._file.reading() as db:
            text, sequence, looked = (get_meta(db, name) for name in ("position", "sequence", "looked"))
        try:
            position = Position.from_json(text)
        except (ValueError, KeyError, TypeError):
            position = None
        return Followed(position, int(sequence or 0), float(looked or 0))

    def nothing_new(self, position: Position) -> None:
        """Remember a look that found nothing."""
        with self._file.writing() as db:
            set_meta(db, "position", position.as_json())
            set_meta(db, "looked", str(time.time()))

    def begin(self, position: Position, sequence: int) -> None:
        """Start an empty file at this position."""
        with self._file.writing() as db:
            set_meta(db, "position", position.as_json())
            set_meta(db, "sequence", str(sequence))
            set_meta(db, "looked", str(time.time()))

    def forget(self, changes: Sequence[Change], position: Position) -> tuple[int, int]:
        """Take away all that the changes touch, note them and move on, in one transaction.

        Returns the new sequence and the number of tiles that went one by one.
        """
        with self._file.writing() as db:
            sequence = int(get_meta(db, "sequence", "0")) + 1
            sets = db.execute("SELECT id, zoom, reads, block, margin, source FROM tile_set").fetchall()
            gone = sum(_forget(db, change, sets) for change in changes)
            now = time.time()
            notes = ((sequence, now, change_as_json(change)) for change in changes)
            db.executemany("INSERT INTO note VALUES (?, ?, ?)", notes)
            db.execute("DELETE FROM note WHERE at < ?", (now - KEPT_SECONDS,))
            set_meta(db, "sequence", str(sequence))
            set_meta(db, "position", position.as_json())
            set_meta(db, "looked", str(now))
        return sequence, gone

    def forget_since(self, moment: float) -> None:
        """Take away what was stored since `moment` (of time.time)."""
        with self._file.writing() as db:
            db.execute("DELETE FROM tile WHERE stored >= ?", (moment,))

    def notes(self, after: int) -> tuple[int, Notes | None]:
        """The sequence, and the changes noted after sequence `after`; None where they are not known any more."""
        with self._file.reading() as db:
            return read_notes(db, after)


def read_notes(db: sqlite3.Connection, after: int) -> tuple[int, Notes | None]:
    """As `Ledger.notes`, on a connection that sees one moment."""
    sequence = int(get_meta(db, "sequence", "0"))
    if sequence == after:
        return sequence, []
    question = "SELECT sequence, change FROM note WHERE sequence > ? ORDER BY sequence"
    rows = db.execute(question, (after,)).fetchall()
    if sequence < after or not rows or rows[0][0] != after + 1:
        return sequence, None
    return sequence, [(number, change_from_json(text)) for number, text in rows]


def _forget(db: sqlite3.Connection, change: Change, sets: list[tuple[Any, ...]]) -> int:
    reached: dict[tuple[int, Reach], set[Range]] = {}
    gone = 0
    for id, zoom, text, *rest in sets:
        reads, reach = reads_from_json(text), Reach(*rest)
        if change.relation not in reads or not concerns(change, zoom, reads[change.relation], reach):
            continue
        if change.boxes is not None and (zoom, reach) not in reached:
            reached[zoom, reach] = ranges(boxes_in(change, reach), zoom, reach)
        if change.boxes is None or len(reached[zoom, reach]) > MOST_RANGES:
            db.execute("DELETE FROM tile_set WHERE id = ?", (id,))  # its tiles are swept later
            continue
        # what shows the change already may stay
        rows = [(id, *one, change.txid) for one in reached[zoom, reach]]
        gone += db.executemany(_FORGET, rows).rowcount
    return gone


_FORGET = (
    "DELETE FROM tile WHERE tile_set = ? AND x BETWEEN ? AND ? AND y BETWEEN ? AND ? AND NOT sees(seen, ?)"
)


def reads_as_json(reads: Reads) -> str:
    """What a set reads, as text: equal ones give equal texts."""
    return json.dumps({name: None if some is None else sorted(some) for name, some in sorted(reads.items())})


def reads_from_json(text: str) -> Reads:
    """From `reads_as_json`."""
    return {name: None if some is None else frozenset(some) for name, some in json.loads(text).items()}


def change_as_json(change: Change) -> str:
    """A change as text."""
    columns = None if change.columns is None else sorted(change.columns)
    return json.dumps([change.id, change.txid, change.relation, columns, change.boxes, change.zoom])


def change_from_json(text: str) -> Change:
    """From `change_as_json`."""
    id, txid, relation, columns, boxes, zoom = json.loads(text)
    quads = None if boxes is None else tuple((w, s, e, n) for w, s, e, n in boxes)
    return Change(id, txid, relation, None if columns is None else frozenset(columns), quads, zoom)
