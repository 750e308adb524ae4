"""The sealer: chains committed entries by hash, within a second, without anybody waiting for it.

Polling `id > last` would lose an entry whose transaction commits late. So each pass takes every committed entry that has
no seal yet, of transactions not older than a horizon: the oldest transaction that was still running at a pass before
(pg_snapshot_xmin). A long load thus delays nobody's seal, and nothing that commits late is skipped. The chain's order is
that of the passes, in a pass that of the numbers.
"""

from __future__ import annotations

import datetime
import logging
import threading
from dataclasses import dataclass, replace
from typing import Any, LiteralString

import psycopg
import sqlalchemy as sa
from psycopg.rows import namedtuple_row

from gisapp import errors, roles
from gisapp.audit import chain
from gisapp.audit.roots import NONE, Root, RootFiles
from gisapp.db import Database

log = logging.getLogger("gisapp.sealer")
PAUSE = 0.25  # seconds between two passes
MOST = 5000  # entries a pass
ONE_SEALER = 0x6715A996  # the advisory lock that a working sealer holds
DAY = "(sealed_at AT TIME ZONE 'Asia/Tokyo')::date"

_WAITING = f"""SELECT {chain.COLUMNS}, pg_snapshot_xmin(pg_current_snapshot())::text AS xmin
FROM gisapp.audit_entry AS e
WHERE e.txid >= %(low)s::xid8 AND e.id > %(floor)s
  AND NOT EXISTS (SELECT FROM gisapp.audit_seal AS s WHERE s.entry = e.id)
ORDER BY e.id LIMIT %(most)s"""
_LAST = f"""SELECT position, entry, hash, horizon::text AS horizon, {DAY} AS day FROM gisapp.audit_seal
UNION ALL SELECT position, entry, hash, '0', NULL FROM gisapp.audit_checkpoint
ORDER BY position DESC LIMIT 1"""
_BEFORE_RESTORE = """SELECT xmax::text, entry, (SELECT max(s.entry) FROM gisapp.audit_seal AS s WHERE s.entry <= numbers.entry) AS sealed
FROM (SELECT pg_snapshot_xmax(pg_current_snapshot()) AS xmax, (SELECT coalesce(max(e.id), 0) FROM gisapp.audit_entry AS e
  WHERE e.txid >= pg_snapshot_xmax(pg_current_snapshot())) AS entry) AS numbers"""
_ENDED_DAYS = f"""SELECT DISTINCT ON ({DAY}) {DAY} AS day, position, entry, hash FROM gisapp.audit_seal
WHERE position > %(position)s AND {DAY} < (now() AT TIME ZONE 'Asia/Tokyo')::date ORDER BY {DAY}, position DESC"""


@dataclass(frozen=True)
class State:
    """Where the chain stands. `low`: entries of older transactions are all sealed; `floor`: entries up to this id too."""

    position: int
    entry: int
    hash: bytes
    low: int
    floor: int
    day: datetime.date | None = None  # up to which the ended days have their roots
    trusts_files: bool = (
        True  # the root files tell of this chain; otherwise they are evidence and stay as they are
    )


def look(raw: psycopg.Connection[Any], files: RootFiles) -> State:
    """Where the chain stands in the database.

    In a restored database transaction numbers begin anew, below those that old entries carry: then the horizon starts
    at 0 and entries from before the restore are told by their number.
    """
    trusts = _tells_of_this(raw, files)
    last = _one(raw, _LAST)
    if last is None:
        return State(0, 0, chain.FIRST, 0, 0, trusts_files=trusts)
    before = _one(raw, _BEFORE_RESTORE)
    low = int(last.horizon) if int(last.horizon) <= int(before.xmax) else 0
    floor = before.entry if before.entry == before.sealed else 0
    return State(last.position, last.entry, bytes(last.hash), low, floor, trusts_files=trusts)


def _one(raw: psycopg.Connection[Any], question: LiteralString) -> Any:
    with raw.cursor(row_factory=namedtuple_row) as cursor:
        return cursor.execute(question).fetchone()


def _tells_of_this(raw: psycopg.Connection[Any], files: RootFiles) -> bool:
    """Whether the newest root and the head are links of this very chain (or purged from it)."""
    try:
        daily, head = files.read()
    except (OSError, ValueError) as error:
        log.error("the roots cannot be read: %s", error)
        return False
    for root in [*daily[-1:], *([head] if head else [])]:
        question = (
            "SELECT hash FROM gisapp.audit_seal WHERE position = %s AND entry = %s UNION ALL "
            "SELECT hash FROM gisapp.audit_checkpoint WHERE position = %s AND entry = %s"
        )
        row = raw.execute(question, [root.position, root.entry] * 2).fetchone()
        purged = raw.execute(
            "SELECT 1 FROM gisapp.audit_checkpoint WHERE position > %s", [root.position]
        ).fetchone()
        if purged is None and (row is None or bytes(row[0]).hex() != root.hash):
            log.error("the roots tell of another chain: entry %s. Run `gisapp audit verify`.", root.entry)
            return False
    return True


def seal(raw: psycopg.Connection[Any], state: State, files: RootFiles) -> State:
    """One pass: write the roots of the days that have ended, then chain what waits. Returns where the chain stands then.

    The roots come first, so that a chain that goes on into a new day has the old one's root.
    """
    state = _write_roots(raw, state, files)
    with raw.transaction(), raw.cursor(row_factory=namedtuple_row) as cursor:
        rows: list[Any] = cursor.execute(
            _WAITING, {"low": str(state.low), "floor": state.floor, "most": MOST}
        ).fetchall()
        if not rows:
            return state
        low = state.low if len(rows) == MOST else max(state.low, int(rows[0].xmin))
        hashes, last = [], state.hash
        for row in rows:
            last = chain.link(last, row)
            hashes.append(last)
        positions = list(range(state.position + 1, state.position + 1 + len(rows)))
        cursor.execute(
            "INSERT INTO gisapp.audit_seal (position, entry, hash, horizon) "
            "SELECT position, entry, hash, %s::xid8 FROM unnest(%s::bigint[], %s::bigint[], %s::bytea[]) AS s (position, entry, hash)",
            [str(low), positions, [row.id for row in rows], hashes],
        )
    state = replace(state, position=positions[-1], entry=rows[-1].id, hash=last, low=low)
    _keep_head(raw, state, files)
    return state


def _write_roots(raw: psycopg.Connection[Any], state: State, files: RootFiles) -> State:
    today = _today(raw)
    if state.day == today or not state.trusts_files:
        return state
    try:
        daily, _ = files.read()
        written = daily[-1] if daily else None
        rows = raw.execute(_ENDED_DAYS, {"position": written.position if written else 0}).fetchall()
        for day, position, entry, value in rows:
            root = Root(day, position, entry, bytes(value).hex(), written.hash if written else NONE)
            files.append(root)
            written = root
    except (OSError, ValueError) as error:
        log.error("the day's root cannot be written: %s", error)
        return state
    return replace(state, day=today)


def _keep_head(raw: psycopg.Connection[Any], state: State, files: RootFiles) -> None:
    if not state.trusts_files:
        return
    try:
        files.keep_head(Root(_today(raw), state.position, state.entry, state.hash.hex(), NONE))
    except OSError as error:
        log.error("the newest root cannot be written: %s", error)


def _today(raw: psycopg.Connection[Any]) -> datetime.date:
    row = raw.execute("SELECT (now() AT TIME ZONE 'Asia/Tokyo')::date").fetchone()
    assert row is not None
    day: datetime.date = row[0]
    return day


def run(database: Database, files: RootFiles, stop: threading.Event) -> None:
    """Seal until told to stop; a second sealer waits for its place. Goes on when the database was away for a while.

    `database` holds the sealer's password, nothing else.
    """
    while not stop.is_set():
        try:
            with database.reading(roles.SEALER) as connection:
                _run(connection, files, stop)
        except (errors.GisappError, sa.exc.SQLAlchemyError, psycopg.Error) as error:
            log.warning("%s", error)
            stop.wait(1)
        finally:
            database.close()  # and with the connection the place of the one sealer


def _run(connection: sa.Connection, files: RootFiles, stop: threading.Event) -> None:
    connection.exec_driver_sql(
        "SELECT 1"
    )  # the first statement makes the connection one of single statements
    raw = connection.connection.dbapi_connection
    assert isinstance(raw, psycopg.Connection)
    while not stop.is_set():
        row = raw.execute("SELECT pg_try_advisory_lock(%s)", [ONE_SEALER]).fetchone()
        if row is not None and row[0]:
            break
        stop.wait(1)
    state = look(raw, files)
    while not stop.is_set():
        before = state.position
        state = seal(raw, state, files)
        if state.position - before < MOST:
            stop.wait(PAUSE)
