"""Fills the node's cache ahead of the requests, through the same maker and cache as they: rights, forgetting and "one computes
for all" hold as always, and what is kept already is only looked at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from gisapp import errors, roles
from gisapp.db import Database
from gisapp.tiles.cache import codings
from gisapp.tiles.cache.cache import AWAY, MISS
from gisapp.tiles.cache.file import Broken
from gisapp.tiles.cache.memory import Entry
from gisapp.tiles.cache.sets import Kept
from gisapp.tiles.cover import Tiles, touched, unpack
from gisapp.tiles.maker import Maker
from gisapp.tiles.plan import Plan
from gisapp.tiles.public import Chosen, zooms_of
from gisapp.tiles.several import several

FORMS = {codings.GZIP: False, codings.ZSTD: False, codings.BROTLI: True}
"""What may be seeded, and whether in the strong form: brotli is only ever sent in that."""
LOOK_EVERY = 100  # tiles, at how much room is left
UNWRITTEN = 20  # tiles in a row that could not be kept: nothing more will be


@dataclass(frozen=True)
class Job:
    """The tiles of one zoom of one source."""

    plans: tuple[Plan, ...]
    z: int
    tiles: Tiles


@dataclass
class Seeded:
    """What became of the tiles. empty: of those made or kept; bytes: written; failed: took too long, or could not be kept."""

    made: int = 0
    kept: int = 0
    empty: int = 0
    failed: int = 0
    bytes: int = 0

    def as_json(self) -> dict[str, Any]:
        """For scripts."""
        return asdict(self)


@dataclass(frozen=True)
class _One:
    how: str
    empty: bool
    size: int


def jobs(database: Database, sources: Sequence[Chosen], first: int, last: int) -> Iterator[Job]:
    """What there is to do for these sources between these zooms. Raises errors.DatabaseAway, TooSlow."""
    for chosen in sources:
        zooms = zooms_of(chosen, first, last)
        plans = tuple(plan for _, plan in chosen)
        if zooms:
            with database.reading(roles.PUBLIC_AUDIENCE) as connection:
                for z, tiles in enumerate(touched(connection, plans, zooms[-1])):
                    if z in zooms and tiles:
                        yield Job(plans, z, tiles)


def seed(maker: Maker, work: Sequence[Job], kinds: Sequence[str], seeded: Seeded) -> Iterator[int]:
    """Have every tile kept in these codings (`FORMS`); counts in `seeded` and yields 1 for each tile.

    Raises errors.DatabaseAway, and SeedingStopped where the cache has no more room.
    """
    places = ((job.plans, job.z, tile) for job in work for tile in job.tiles)
    unwritten = 0
    for number, one in enumerate(several(lambda place: _one(maker, place, kinds), places)):
        unwritten = unwritten + 1 if one.how == "unwritten" else 0
        _count(one, seeded)
        if unwritten >= UNWRITTEN:
            raise errors.SeedingStopped(why_ja="タイルを保存できません", why_en="tiles cannot be written")
        if number % LOOK_EVERY == 0 and one.how != "unwritten":
            _require_room(maker)
        yield 1


def _count(one: _One, seeded: Seeded) -> None:
    seeded.bytes += one.size
    seeded.empty += one.empty
    if one.how == "kept":
        seeded.kept += 1
    elif one.how == "made":
        seeded.made += 1
    else:
        seeded.failed += 1


def _one(maker: Maker, place: tuple[tuple[Plan, ...], int, int], kinds: Sequence[str]) -> _One:
    plans, z, tile = place
    x, y = unpack(tile)
    try:
        found = maker.tile(roles.PUBLIC_AUDIENCE, plans, z, x, y, kinds[0])
    except (errors.TooSlow, errors.Busy):
        return _One("failed", False, 0)
    if found.how == AWAY:
        raise errors.DatabaseAway()
    kept, empty = found.entry.kept, not found.entry.kept.body
    if found.how == MISS and not found.current:
        return _One("unwritten", empty, 0)
    made = len(kept.body) if found.how == MISS else 0
    try:
        added = sum(_add_form(maker, found.entry, coding) for coding in kinds)
    except (Broken, ValueError):
        return _One("unwritten", empty, made)
    return _One("made" if found.how == MISS or added else "kept", empty, made + added)


def _add_form(maker: Maker, entry: Entry, coding: str) -> int:
    """Keep the tile in this coding too, where it is not; the bytes that takes. Raises Broken, ValueError."""
    content = codings.unpack(entry.kept.body, entry.kept.coding)
    if len(content) < codings.WORTH_COMPRESSING:
        return 0
    store = maker.cache.store()
    if store.get(entry.of, entry.x, entry.y, (coding,)) is not None:
        return 0
    hard = FORMS[coding]
    kept = Kept(entry.kept.hash, coding, codings.pack(content, coding, hard=hard), hard, entry.kept.seen)
    return len(kept.body) if store.add_form(entry.of, entry.x, entry.y, kept) else 0


def _require_room(maker: Maker) -> None:
    try:
        store = maker.cache.store()
        full = store.size() >= store.limit
    except Broken:
        return
    if full:
        limit = {"why_ja": "タイルの置き場所が上限に達しました", "why_en": "the cache has reached its limit"}
        raise errors.SeedingStopped(**limit)
