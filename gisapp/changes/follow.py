"""Following the changes of a database without losing one: by transaction snapshot, not by number.

`id > last` would lose a change whose transaction began earlier and ended later than one already seen. So a follower keeps
the snapshot of its last look: new is what this look sees and that snapshot did not.

A follower also has to notice when the database is no longer the one it followed: restored from a backup, made anew,
set back to an earlier moment. `look` compares what must not go backwards and says `lost` when anything does.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

import psycopg

Box = tuple[float, float, float, float]  # west, south, east, north in EPSG:3857
KEPT = "*"  # noted as changed: whatever a node keeps, and nothing that is followed layer by layer


@dataclass(frozen=True)
class Snapshot:
    """Which transactions were finished at one moment (PostgreSQL's pg_snapshot: `xmin:xmax:running,…`)."""

    xmin: int
    xmax: int
    running: frozenset[int] = frozenset()

    @staticmethod
    def parse(text: str) -> Snapshot:
        """From PostgreSQL's own text. Raises ValueError.

        >>> Snapshot.parse("10:15:11,13").sees(12)
        True
        """
        low, high, running = text.split(":")
        return Snapshot(int(low), int(high), frozenset(int(x) for x in running.split(",") if x))

    def sees(self, txid: int) -> bool:
        """Whether the effects of a committed transaction are in it."""
        return txid < self.xmin or (txid < self.xmax and txid not in self.running)


@dataclass(frozen=True)
class Change:
    """One note of `gisapp.tile_change`: see the comments of its columns."""

    id: int
    txid: int
    relation: str
    columns: frozenset[str] | None = None
    boxes: tuple[Box, ...] | None = None
    zoom: int | None = None


@dataclass(frozen=True)
class Position:
    """How far a follower has come, and in which database. JSON in and out, to be kept over restarts."""

    snapshot: str
    epoch: str
    notes: int  # oid of the table of notes: another one after a restore into the same database
    cluster: tuple[str, ...]  # system identifier, timeline, database
    started: str  # when the server was started
    last: tuple[int, int] = (0, 0)  # id and transaction of the newest note followed

    def as_json(self) -> str:
        """As text."""
        return json.dumps(asdict(self))

    @staticmethod
    def from_json(text: str) -> Position:
        """From `as_json`. Raises ValueError, KeyError, TypeError for anything else."""
        raw = json.loads(text)
        return Position(**{**raw, "cluster": tuple(raw["cluster"]), "last": tuple(raw["last"])})


@dataclass(frozen=True)
class Look:
    """What a follower found: its new position and what changed since the old one.

    lost: nothing known before may be trusted. restarted: the server was started anew, so what was read in its last
    moments may never have been committed safely.
    """

    position: Position
    changes: tuple[Change, ...] = ()
    lost: bool = False
    restarted: bool = False


def identity(raw: psycopg.Connection[Any]) -> tuple[tuple[str, ...], str]:
    """Which database this connection leads to, and when its server was started. Both stay for the connection's life."""
    row = raw.execute(_IDENTITY).fetchone()
    assert row is not None
    return tuple(row[:3]), row[3]


def look(raw: psycopg.Connection[Any], who: tuple[tuple[str, ...], str], position: Position | None) -> Look:
    """Look once, in one statement (autocommit). `who`: what `identity` said of this connection."""
    since = position.snapshot if position else None
    last = position.last if position else (0, 0)
    rows = raw.execute(
        _LOOK, {"since": since, "last": last[0], "txid": str(last[1])}, prepare=True
    ).fetchall()
    now, epoch, notes, pruned, last_is_there = rows[0][:5]
    changes = tuple(_change(row[5:]) for row in rows if row[5] is not None)
    newest = max([last, *((change.id, change.txid) for change in changes)])
    here = Position(now, epoch, notes, *who, last=newest)
    if position is None:
        return Look(here, lost=True)
    same = (position.epoch, position.notes, position.cluster) == (epoch, notes, who[0])
    before, after = Snapshot.parse(position.snapshot), Snapshot.parse(now)
    known = int(pruned) < before.xmin and (last_is_there or last == (0, 0) or last[1] <= int(pruned))
    told = any(change.relation == KEPT for change in changes)
    if not same or told or after.xmax < before.xmax or not known:
        return Look(Position(now, epoch, notes, *who, last=newest if same else (0, 0)), lost=True)
    return Look(here, changes, restarted=position.started != who[1])


def _change(row: tuple[Any, ...]) -> Change:
    id, txid, relation, columns, boxes, zoom = row
    quads = None if boxes is None else tuple(zip(*[iter(boxes)] * 4, strict=True))
    return Change(id, int(txid), relation, None if columns is None else frozenset(columns), quads, zoom)


_IDENTITY = """
SELECT (SELECT system_identifier::text FROM pg_control_system()), (SELECT timeline_id::text FROM pg_control_checkpoint()),
  (SELECT oid::text FROM pg_database WHERE datname = current_database()), pg_postmaster_start_time()::text
"""
# One row a change; a single row without a change where there is none. Old changes are found by the index on txid.
_LOOK = """
SELECT pg_current_snapshot()::text, s.epoch::text, 'gisapp.tile_change'::regclass::oid::bigint, s.pruned::text,
  EXISTS (SELECT FROM gisapp.tile_change AS l WHERE l.id = %(last)s AND l.txid = %(txid)s::xid8),
  c.id, c.txid::text, c.relation, c.columns, c.boxes, c.zoom
FROM gisapp.tile_state AS s LEFT JOIN gisapp.tile_change AS c
  ON c.txid >= pg_snapshot_xmin(%(since)s::pg_snapshot) AND NOT pg_visible_in_snapshot(c.txid, %(since)s::pg_snapshot)
ORDER BY c.id
"""
