"""Tiles on their way: as they were made, as they are kept, as they were found."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from gisapp.changes.follow import Change
from gisapp.tiles.cache import codings
from gisapp.tiles.cache.file import sees
from gisapp.tiles.cache.memory import Entry
from gisapp.tiles.cache.reach import concerns, touches
from gisapp.tiles.cache.sets import Kept, SetKey

HIT, MISS, AWAY = "hit", "miss", "away"
Place = tuple[int, int]  # x and y


@dataclass(frozen=True)
class Made:
    """A tile fresh from PostGIS and the snapshot under which it was read; empty for what was put together from kept tiles.

    beside: the other tiles of its block, where all are made together.
    """

    content: bytes
    seen: str
    beside: Mapping[Place, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class Found:
    """A tile and how it was come by: HIT, MISS, or AWAY (the database does not answer; this was right before).

    current: it shows all that had been followed when it was found, which was the node's changes up to `sequence`.
    """

    entry: Entry
    how: str
    current: bool = True
    sequence: int = -1


Block = dict[Place, Found]
"""Tiles that were made or found together."""


def entries_of(of: SetKey, x: int, y: int, made: Made, kind: str) -> list[Entry]:
    """What was made, as it is kept and sent: the tile itself and those beside it."""
    contents = {(x, y): made.content, **made.beside}
    return [Entry(of, *place, _packed(content, kind, made.seen)) for place, content in contents.items()]


def _packed(content: bytes, kind: str, seen: str) -> Kept:
    coding = codings.fast(kind, len(content))
    digest = hashlib.blake2b(content, digest_size=12).hexdigest()
    return Kept(digest, coding, codings.pack(content, coding), seen=seen)


def as_kind(found: Found, kind: str) -> Found:
    """The same tile in a coding that this kind of client takes (another, for whom it was made, may take others).

    Raises ValueError where its body is damaged.
    """
    kept = found.entry.kept
    if codings.suits(kind, kept.coding, len(kept.body)):
        return found
    content = codings.unpack(kept.body, kept.coding)
    coding = codings.fast(kind, len(content))
    other = Kept(kept.hash, coding, codings.pack(content, coding), seen=kept.seen)
    return replace(found, entry=Entry(found.entry.of, found.entry.x, found.entry.y, other))


def is_missing(of: SetKey, x: int, y: int, seen: str, change: Change) -> bool:
    """Whether the change concerns the tile and is not in it."""
    if change.relation not in of.reads:
        return False
    if not concerns(change, of.zoom, of.reads[change.relation], of.reach):
        return False
    return not sees(seen, change.txid) and touches(change, of.zoom, x, y, of.reach)
