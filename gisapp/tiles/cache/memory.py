"""Tiles in the memory of one process, ready to be sent: what is asked for most is found in a microsecond.

It is told of every forgetting (`catch_up`) before anything is taken from it, so that it never holds what the disk has
forgotten.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field

from gisapp.changes.follow import Change
from gisapp.tiles.cache.file import sees
from gisapp.tiles.cache.ledger import Notes
from gisapp.tiles.cache.reach import Range, boxes_in, concerns, ranges
from gisapp.tiles.cache.sets import Kept, Reach, SetKey

Place = tuple[bytes, int, int, str]  # key of the set, x, y, kind of client
OVERHEAD = 600  # bytes that an entry takes besides its body, about
OFTEN = 8  # hits
MOST_RANGES = (
    500  # of one change at one zoom: above, all that reads the relation is taken from the disk again
)


@dataclass(slots=True)
class Entry:
    """One tile for one kind of client. `headers`: of the answer that any cache may keep (True) and of the
    other, filled when first sent."""

    of: SetKey
    x: int
    y: int
    kept: Kept
    hits: int = 0
    hardened: bool = False  # nothing is to be won by compressing it any more
    headers: dict[bool, list[tuple[str, str]]] = field(default_factory=dict)


class Memory:
    """At most about `limit` bytes of tiles; what was not asked for the longest goes first."""

    def __init__(self, limit: int) -> None:
        self._limit, self._bytes, self.sequence = limit, 0, 0
        self._entries: OrderedDict[Place, Entry] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, place: Place) -> Entry | None:
        """The tile, if it is here."""
        entry = self._entries.get(place)
        if entry is not None:
            entry.hits += 1
            if not entry.hits & 15:  # a full order of use would cost every reader the lock
                with self._lock:
                    if place in self._entries:
                        self._entries.move_to_end(place)
        return entry

    def put(self, kind: str, entry: Entry, sequence: int) -> None:
        """Keep a tile that was right at `sequence`; not where forgetting has gone on since."""
        place = (entry.of.key, entry.x, entry.y, kind)
        with self._lock:
            if sequence != self.sequence:
                return
            self._drop(place)
            self._entries[place] = entry
            self._bytes += len(entry.kept.body) + OVERHEAD
            while self._bytes > self._limit and self._entries:
                self._drop(next(iter(self._entries)))

    def often_asked(self, most: int) -> list[tuple[str, Entry]]:
        """Up to `most` tiles that were asked for often and could be compressed more strongly, with their kind of client."""
        with self._lock:
            found = [
                (place[3], entry)
                for place, entry in self._entries.items()
                if not entry.hardened and not entry.kept.hard and entry.kept.coding and entry.hits >= OFTEN
            ]
        return sorted(found, key=lambda pair: -pair[1].hits)[:most]

    def catch_up(self, since: int, sequence: int, notes: Notes | None) -> None:
        """Forget what the notes after `since` up to `sequence` touch; everything, where they are not known (None).

        Threads come here in any order: what brings nothing newer is passed over, and notes with a gap before them
        count as not known.
        """
        with self._lock:
            if sequence <= self.sequence:
                return
            if notes is None or since > self.sequence:
                self._clear()
            else:
                for place in self._touched([note for note in notes if note[0] > self.sequence]):
                    self._drop(place)
            self.sequence = sequence

    def _touched(self, notes: Notes) -> list[Place]:
        reached: dict[tuple[int, int, Reach], set[Range] | None] = {}
        kinds = {(entry.of.zoom, entry.of.reach) for entry in self._entries.values()}
        for number, (_, change) in enumerate(notes):
            for kind in kinds:
                found = None if change.boxes is None else ranges(boxes_in(change, kind[1]), *kind)
                reached[number, *kind] = None if found is None or len(found) > MOST_RANGES else found
        return [
            place
            for place, entry in self._entries.items()
            if any(
                _meets(entry, change, reached[n, entry.of.zoom, entry.of.reach])
                for n, (_, change) in enumerate(notes)
            )
        ]

    def _drop(self, place: Place) -> None:
        entry = self._entries.pop(place, None)
        if entry is not None:
            self._bytes -= len(entry.kept.body) + OVERHEAD

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._clear()

    def _clear(self) -> None:
        self._entries.clear()
        self._bytes = 0

    @property
    def size(self) -> int:
        """Bytes that its entries take, about."""
        return self._bytes

    def __len__(self) -> int:
        return len(self._entries)


def _meets(entry: Entry, change: Change, reached: set[Range] | None) -> bool:
    of = entry.of
    if sees(entry.kept.seen, change.txid):
        return False
    if change.relation not in of.reads or not concerns(change, of.zoom, of.reads[change.relation], of.reach):
        return False
    return reached is None or any(x1 <= entry.x <= x2 and y1 <= entry.y <= y2 for x1, x2, y1, y2 in reached)
