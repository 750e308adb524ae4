"""Old notes of changes are removed, so that `gisapp.tile_change` stays small, and no follower misses one unawares.

What was removed is recorded (`tile_state.pruned`) in the transaction that removes it. A follower whose last snapshot does
not see all of that has lost track and says so (`changes.follow`). So what is removed must be older than the snapshots of
all who follow: by its moment of writing alone that is not certain, because a long transaction writes early and commits
late. Its transaction has to be below every one that still ran an hour ago.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque

from sqlalchemy import Connection

from gisapp import errors
from gisapp.db import Database

log = logging.getLogger("gisapp.changes")
EVERY = 600.0  # seconds between two prunings
LONGEST = (
    2 * 86_400.0
)  # seconds that notes are kept: a node that was away over a weekend's day keeps its cache
MOST = 200_000  # notes kept, above the last hour's
SHORTEST = 3600.0  # seconds that every note is kept
AT_ONCE = 20_000  # in one transaction


class Horizons:
    """What the oldest running transaction was, and when; kept in memory: after a start nothing is pruned for an hour."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def add(self, at: float, oldest: int) -> None:
        """At `at` (seconds of a clock that nobody sets) every transaction below `oldest` had ended."""
        self._seen.append((at, oldest))

    def an_hour_before(self, at: float) -> int:
        """Transactions below this one had ended an hour before `at`; 0 where that is not known."""
        found = 0
        while self._seen and self._seen[0][0] <= at - SHORTEST:
            found = self._seen.popleft()[1]
        if found:
            self._seen.appendleft((at - SHORTEST, found))  # as old as need be, and right for later questions
        return found


def oldest_running(connection: Connection) -> int:
    """The oldest transaction (64-bit number) that has not ended: everybody sees what those below it did."""
    return int(
        connection.exec_driver_sql(
            "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
        ).scalar_one()
    )


def prune(database: Database, below: int, *, longest: float = LONGEST, most: int = MOST) -> int:
    """Remove notes of transactions below `below` that are older than `longest` seconds or more than `most`.

    Never those of the last hour. Returns how many. Raises errors.DatabaseAway.
    """
    gone = 0
    while below > 0:
        with database.transaction("owner") as connection:
            values = {
                "below": str(below),
                "longest": longest,
                "most": most,
                "shortest": SHORTEST,
                "at_once": AT_ONCE,
            }
            removed = int(connection.exec_driver_sql(_PRUNE, values).scalar_one())
        gone += removed
        if removed < AT_ONCE:
            break
    return gone


async def prune_often(database: Database, followed: list[str]) -> None:
    """Prune every ten minutes until cancelled. What fails is said and tried again.

    followed: ids of the layers whose derived tables (generalised, search) follow the notes; what they have not seen stays.
    """
    horizons = Horizons()
    while True:
        try:
            await asyncio.to_thread(_prune_now, database, horizons, followed)
        except errors.GisappError as error:
            log.warning("old notes of changes stay: %s", error.sentence("en"))
        except Exception:
            log.exception("old notes of changes could not be removed")
        await asyncio.sleep(EVERY)


def _prune_now(database: Database, horizons: Horizons, followed: list[str]) -> None:
    with database.transaction("owner") as connection:
        oldest = oldest_running(connection)
        behind = connection.exec_driver_sql(_BEHIND, (followed,)).scalar_one()
    horizons.add(time.monotonic(), oldest)
    below = horizons.an_hour_before(time.monotonic())
    prune(database, below if behind is None else min(below, behind))


_BEHIND = """
SELECT min(pg_snapshot_xmin(followed)::text::bigint)
FROM (SELECT layer, followed FROM gisapp.generalised UNION ALL SELECT layer, followed FROM gisapp.search_index) AS f
WHERE layer = ANY(%s)
"""


# The moment of the newest note that may go is found on the index, so that a table of millions is not counted.
_PRUNE = """
WITH last AS (
  SELECT least(now() - make_interval(secs => %(shortest)s), greatest(now() - make_interval(secs => %(longest)s),
    (SELECT at FROM gisapp.tile_change ORDER BY at DESC OFFSET %(most)s LIMIT 1))) AS at
), gone AS (
  DELETE FROM gisapp.tile_change WHERE id IN (
    SELECT c.id FROM gisapp.tile_change AS c, last WHERE c.at <= last.at AND c.txid < %(below)s::xid8 ORDER BY c.at LIMIT %(at_once)s
  ) RETURNING txid
), noted AS (
  UPDATE gisapp.tile_state SET pruned = greatest(pruned, (SELECT txid FROM gone ORDER BY txid DESC LIMIT 1))
  WHERE EXISTS (SELECT FROM gone)
)
SELECT count(*) FROM gone
"""
