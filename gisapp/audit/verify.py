"""Verifying: recompute the whole chain, compare it with the roots outside, and name the first row that is not as it was."""

from __future__ import annotations

import datetime
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row

from gisapp.audit import chain
from gisapp.audit.roots import NONE, Root, RootFiles
from gisapp.catalogue.layer import Text

AHEAD = 500  # links looked at ahead, to tell a row that was moved from one that was changed
LATE_SECONDS = 60.0  # an entry that waits longer for its seal says that no sealer works

_CHAIN = f"""SELECT s.position, s.entry, s.hash, (s.sealed_at AT TIME ZONE 'Asia/Tokyo')::date AS day, {chain.COLUMNS}
FROM gisapp.audit_seal AS s LEFT JOIN gisapp.audit_entry AS e ON e.id = s.entry ORDER BY s.position"""
_UNSEALED = """SELECT count(*) AS waiting, coalesce(extract(epoch FROM clock_timestamp() - min(e.at)), 0)::float AS oldest,
  min(e.id) FILTER (WHERE e.txid < least(%(horizon)s::xid8, pg_snapshot_xmin(pg_current_snapshot()))
    AND %(horizon)s::xid8 <= pg_snapshot_xmax(pg_current_snapshot())) AS slipped_in
FROM gisapp.audit_entry AS e WHERE NOT EXISTS (SELECT FROM gisapp.audit_seal AS s WHERE s.entry = e.id)"""
_START = "SELECT position, entry, hash FROM gisapp.audit_checkpoint ORDER BY position DESC LIMIT 1"
_HORIZON = "SELECT horizon::text FROM gisapp.audit_seal ORDER BY position DESC LIMIT 1"

SAYS = {
    "changed": Text(
        "記録 {entry} の内容が書き換えられたか、その直前の記録が消されています",
        "entry {entry} was changed, or the one before it was taken out",
    ),
    "deleted": Text("記録 {entry} が消されています", "entry {entry} was deleted"),
    "unlinked": Text(
        "連鎖の {position} 番（記録 {entry} の直前）が消されています",
        "link {position} of the chain, just before entry {entry}, was deleted",
    ),
    "cut_off": Text(
        "記録 {entry} までの連鎖があったのに、末尾が消されています",
        "the chain reached entry {entry} once; its end was cut off",
    ),
    "reordered": Text("記録 {entry} の順序が入れ替えられています", "entry {entry} was moved"),
    "inserted": Text("記録 {entry} が後から差し込まれています", "entry {entry} was slipped in"),
    "rewritten": Text(
        "連鎖がまるごと作り直されています：記録 {entry} までのルートが、外部に書き出したものと一致しません",
        "the chain was rewritten: its root at entry {entry} is not the one that was written outside",
    ),
    "root_missing": Text(
        "外部に書き出したはずの日次ルートがありません（記録 {entry} まで）",
        "a daily root (up to entry {entry}) that should have been written outside is not there",
    ),
    "roots_broken": Text(
        "日次ルートのファイルが書き換えられています（記録 {entry} の行）",
        "the file of daily roots was changed (line of entry {entry})",
    ),
    "roots_unreadable": Text(
        "日次ルートのファイルが読めません：{where}", "the file of daily roots cannot be read: {where}"
    ),
}


@dataclass(frozen=True)
class Broken:
    """The first thing that is not as it was: a `kind` of SAYS, and where."""

    kind: str
    position: int = 0
    entry: int = 0
    where: str = ""

    def sentence(self, lang: str = "ja") -> str:
        """What is wrong."""
        return SAYS[self.kind].get(lang).format(position=self.position, entry=self.entry, where=self.where)


@dataclass(frozen=True)
class Finding:
    """What verifying found. `root` is the newest hash in hexadecimal, `roots` how many written ones it agreed with."""

    entries: int
    purged_up_to: int
    root: str
    roots: int
    unsealed: int
    oldest_unsealed_seconds: float
    broken: Broken | None

    @property
    def late(self) -> bool:
        """Whether the sealer seems not to work."""
        return self.oldest_unsealed_seconds > LATE_SECONDS


@dataclass
class _Walk:
    """Where the walk along the chain is."""

    position: int
    entry: int
    hash: bytes
    before: bytes | None = None  # the hash before the last link
    day: datetime.date | None = None
    entries: int = 0
    agreed: set[int] = field(default_factory=set)


def verify(connection: Connection, files: RootFiles) -> Finding:
    """Walk along the whole chain, in one snapshot. `connection` is of a role that reads the audit, at the beginning of
    a transaction.

    Constant memory; about 100,000 entries a second.
    """
    connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    start = connection.exec_driver_sql(_START).one_or_none()
    begin = (start.position, start.entry, bytes(start.hash)) if start else (0, 0, chain.FIRST)
    horizon = connection.exec_driver_sql(_HORIZON).scalar() or "0"
    rest = connection.exec_driver_sql(_UNSEALED, {"horizon": horizon}).one()
    walk = _Walk(*begin)
    try:
        daily, head = files.read()
        broken = _file_of_roots(daily) or _walk(connection, walk, daily, head)
    except ValueError as error:
        broken = Broken("roots_unreadable", where=str(error))
    if broken is None and rest.slipped_in is not None:
        broken = Broken("inserted", entry=rest.slipped_in)
    root = walk.hash.hex()
    return Finding(
        walk.entries, begin[0], root, len(walk.agreed), rest.waiting, round(max(rest.oldest, 0.0), 1), broken
    )


def _file_of_roots(daily: list[Root]) -> Broken | None:
    """The file's lines are a chain of their own."""
    before = NONE
    for root in daily:
        if root.previous != before:
            return Broken("roots_broken", root.position, root.entry)
        before = root.hash
    return None


def _walk(connection: Connection, walk: _Walk, daily: list[Root], head: Root | None) -> Broken | None:
    roots: dict[int, list[Root]] = {}
    for root in [*daily, *([head] if head else [])]:
        roots.setdefault(root.position, []).append(root)
    if broken := _compare(walk, roots.get(walk.position, [])):
        return broken
    result = connection.execution_options(stream_results=True, max_row_buffer=2000).exec_driver_sql(_CHAIN)
    with result:
        for link, ahead in _with_next(result):
            if broken := _step(walk, link, ahead) or _ended_day(walk, link, roots):
                return broken
            walk.before, walk.hash = walk.hash, bytes(link.hash)
            walk.position, walk.entry, walk.day = link.position, link.entry, link.day
            walk.entries += 1
            if broken := _compare(walk, roots.get(walk.position, [])):
                return broken
    beyond = [root for at in roots.values() for root in at if root.position > walk.position]
    if beyond:
        last = max(beyond, key=lambda root: root.position)
        return Broken("cut_off", last.position, last.entry)
    return None


def _step(walk: _Walk, link: Row[Any], ahead: Iterable[Row[Any]]) -> Broken | None:
    """Whether this link follows from the one before, and if not, what was done to it."""
    here = {"position": link.position, "entry": link.entry}
    if link.position != walk.position + 1:
        return Broken("unlinked", walk.position + 1, link.entry)
    if link.id is None:
        return Broken("deleted", **here)
    if chain.link(walk.hash, link) == bytes(link.hash):
        return None
    if walk.before is not None and chain.link(walk.before, link) == bytes(link.hash):
        return Broken("inserted", walk.position, walk.entry)
    for other in ahead:
        if other.id is not None and chain.link(walk.hash, other) in (bytes(link.hash), bytes(other.hash)):
            return Broken("reordered", **here)
    return Broken("changed", **here)


def _compare(walk: _Walk, roots: list[Root]) -> Broken | None:
    for root in roots:
        if root.hash != walk.hash.hex() or root.entry != walk.entry:
            return Broken("rewritten", root.position, root.entry)
        walk.agreed.add(root.position)
    return None


def _ended_day(walk: _Walk, link: Row[Any], roots: dict[int, list[Root]]) -> Broken | None:
    """The sealer writes a day's root before it goes on into the next: a chain that did has one there."""
    if walk.day is None or link.day == walk.day or walk.position in roots:
        return None
    return Broken("root_missing", walk.position, walk.entry)


def _with_next(links: Iterable[Row[Any]]) -> Iterator[tuple[Row[Any], Iterable[Row[Any]]]]:
    """Each link with up to AHEAD of those that follow."""
    coming: deque[Row[Any]] = deque()
    for link in links:
        coming.append(link)
        if len(coming) > AHEAD:
            yield coming.popleft(), coming
    while coming:
        yield coming.popleft(), coming
