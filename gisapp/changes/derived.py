"""What a table that is made of a layer has to catch up with (generalised tables, the search index).

Changes are followed by transaction snapshot, not by number: a change that is noted early and committed late is not
among those that the last snapshot saw, however high the numbers after it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, TypeVar

import psycopg
from psycopg import sql
from sqlalchemy import Connection

Box = tuple[float, float, float, float]  # west, south, east, north in EPSG:3857
Raw = psycopg.Connection[Any]
Layer = TypeVar("Layer")
LOOK_EVERY = 0.2  # seconds between two looks whether to stop
STALE = 500  # transactions after which the position moves on although nothing changed, so that old notes may be pruned

_POSITION = sql.SQL("""
SELECT declared, followed::text, epoch::text,
  (pruned > '0'::xid8 AND pg_snapshot_xmin(followed) <= pruned)
    OR pg_snapshot_xmax(followed) > pg_snapshot_xmax(pg_current_snapshot()) AS lost,
  pg_snapshot_xmin(pg_current_snapshot())::text::bigint - pg_snapshot_xmin(followed)::text::bigint > %s AS stale
FROM gisapp.tile_state LEFT JOIN gisapp.{kept} ON layer = %s
""")
_CHANGES = """
SELECT columns, boxes FROM gisapp.tile_change
WHERE relation = %(source)s AND txid >= pg_snapshot_xmin(%(followed)s::pg_snapshot)
  AND NOT pg_visible_in_snapshot(txid, %(followed)s::pg_snapshot)
"""
_ADVANCE = sql.SQL("""
INSERT INTO gisapp.{kept} (layer, declared, followed, built_at) VALUES (%s, %s, %s::pg_snapshot, now())
ON CONFLICT (layer) DO UPDATE SET declared = excluded.declared, followed = excluded.followed, built_at = excluded.built_at
""")


@dataclass(frozen=True)
class Due:
    """What there is to do for a layer: where it changed (EPSG:3857; None: build everything), for which
    declaration in which database, and the position then."""

    boxes: tuple[Box, ...] | None
    declared: str
    position: str
    moved: bool  # whether the position should be written although nothing is to be built


def find_due(raw: Raw, kept: str, layer: str, declared: str, columns: Collection[str], *, source: str) -> Due:
    """What there is to do for the table of a layer (id) that holds these columns of `source`, as notes name it; `kept`:
    where positions are.

    The position is taken before the changes are read: what comes between is read again.
    """
    position = str(raw.execute("SELECT pg_current_snapshot()::text").fetchall()[0][0])
    question = _POSITION.format(kept=sql.Identifier(kept))
    declared_then, followed, epoch, lost, stale = raw.execute(question, [STALE, layer]).fetchall()[0]
    now = f"{declared} @{epoch}"  # a restored database has another epoch
    if declared_then != now or lost:
        return Due(None, now, position, True)
    notes = raw.execute(_CHANGES, {"source": source, "followed": followed}).fetchall()
    telling = [boxes for changed, boxes in notes if _concerns(columns, changed)]
    if any(boxes is None for boxes in telling):
        return Due(None, now, position, True)
    return Due(
        tuple(box for boxes in telling for box in boxes_of(boxes)), now, position, bool(notes) or stale
    )


class Stopped(Exception):
    """Somebody asked to stop; what was not committed is begun anew another time."""


def heeding(stop: Callable[[], bool]) -> Callable[[int, int], None]:
    """A progress callback (done, more to do) for what builds a table. Raises Stopped as soon as `stop` says so."""

    def told(done: int, more: int) -> None:
        if stop():
            raise Stopped()

    return told


def never() -> bool:
    """Nobody asks to stop."""
    return False


@contextmanager
def stopping(raw: Raw, stop: Callable[[], bool]) -> Iterator[None]:
    """While the block runs, what the database is at for this connection is cancelled once `stop` says so: an index over
    half a million keys takes longer than a service is given to end. Raises Stopped then."""
    done = threading.Event()

    def watch() -> None:
        while not done.wait(LOOK_EVERY):
            if stop():
                with suppress(
                    psycopg.Error
                ):  # again until the block ends: it may have been between two statements
                    raw.cancel_safe(timeout=5)

    watcher = threading.Thread(target=watch, name="stops a statement", daemon=True)
    if stop is not never:
        watcher.start()
    try:
        yield
    except psycopg.errors.QueryCanceled as error:
        if stop():
            raise Stopped() from error
        raise
    finally:
        done.set()
        if stop is not never:
            watcher.join()


def waiting(
    connection: Connection, layers: Iterable[Layer], find: Callable[[Raw, Layer], Due]
) -> list[Layer]:
    """The layers whose table has something to catch up with, those with few changes first: an edit does not wait for
    another layer to be built.
    """
    raw: Raw = connection.connection.dbapi_connection  # type: ignore[assignment]
    found = []
    for layer in layers:
        due = find(raw, layer)
        if due.boxes is None or due.boxes or due.moved:
            found.append((float("inf") if due.boxes is None else len(due.boxes), layer))
    return [layer for _, layer in sorted(found, key=lambda pair: pair[0])]


def advance(raw: Raw, kept: str, layer: str, due: Due) -> None:
    """Write down how far the table has come, in the transaction that brought it there or a later one."""
    raw.execute(_ADVANCE.format(kept=sql.Identifier(kept)), [layer, due.declared, due.position])


def _concerns(columns: Collection[str], changed: Iterable[str] | None) -> bool:
    return changed is None or not set(columns).isdisjoint(changed)


def boxes_of(flat: list[float]) -> Iterator[Box]:
    """Boxes that were written down one after the other."""
    for at in range(0, len(flat), 4):
        yield flat[at], flat[at + 1], flat[at + 2], flat[at + 3]
