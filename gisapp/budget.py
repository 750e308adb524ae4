"""A process's budget of connections, shared by the pools of all its roles: where one has none left, another's idle one ends."""

from __future__ import annotations

import collections
import select
import threading
import time

import psycopg
from sqlalchemy.pool import ConnectionPoolEntry, Pool

from gisapp import errors

WAIT_SECONDS = 10.0
BETWEEN = 0.05
"""Seconds between two connections that are closed for a role that has others: opening one takes as long as ten statements, so
roles that took each other's place at every statement would do little else."""


class Budget:
    """How many connections all roles of this process may hold, and which of them are idle, oldest first."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.open = 0
        self.of: collections.Counter[BudgetPool] = collections.Counter()  # how many of each role are open
        self._closed_at = 0.0  # when the last one was closed for another role
        self.idle: collections.OrderedDict[ConnectionPoolEntry, BudgetPool] = collections.OrderedDict()
        self.free = threading.Condition()

    def take(self, pool: BudgetPool) -> ConnectionPoolEntry | None:
        """An idle connection of `pool`'s role, or None when a new one may be opened (its place is taken then)."""
        until = time.monotonic() + WAIT_SECONDS
        with self.free:
            while True:
                own = next((entry for entry, of in reversed(self.idle.items()) if of is pool), None)
                if own is not None:
                    del self.idle[own]
                    return own
                now = time.monotonic()
                if self.open < self.limit:
                    self.open += 1
                    self.of[pool] += 1
                    return None
                if self.idle and (not self.of[pool] or now - self._closed_at >= BETWEEN):
                    entry, other = self.idle.popitem(last=False)
                    entry.close()
                    self.of[other] -= 1
                    self.of[pool] += 1
                    self._closed_at = now
                    return None
                if now >= until:
                    raise errors.Busy(seconds=5)
                self.free.wait(min(until - now, BETWEEN))

    def give_back(self, entry: ConnectionPoolEntry, pool: BudgetPool) -> None:
        with self.free:
            self.idle[entry] = pool
            self.free.notify_all()  # whoever waits for this role is not always the first

    def lost(self, pool: BudgetPool) -> None:
        """A place was taken but no connection could be opened in it."""
        with self.free:
            self.open -= 1
            self.of[pool] -= 1
            self.free.notify()

    def close_idle(self) -> None:
        with self.free:
            while self.idle:
                entry, pool = self.idle.popitem()
                entry.close()
                self.open -= 1
                self.of[pool] -= 1


class BudgetPool(Pool):
    """A SQLAlchemy pool of one role, drawing on the budget of all."""

    budget: Budget

    def _do_get(self) -> ConnectionPoolEntry:
        entry = self.budget.take(self)
        if entry is not None:
            if _ended(entry):
                entry.close()  # its place is kept: whoever asked for it gets a new one
            return entry
        try:
            return self._create_connection()
        except BaseException:
            self.budget.lost(self)
            raise

    def _do_return_conn(self, record: ConnectionPoolEntry) -> None:
        self.budget.give_back(record, self)

    def status(self) -> str:
        return f"{self.budget.open} of {self.budget.limit} connections open"

    def dispose(self) -> None:
        """Idle connections are the budget's to close."""


def _ended(entry: ConnectionPoolEntry) -> bool:
    """Whether the server closed an idle connection: it has nothing to say on one but that. (A look that asks nobody: 3 µs.)

    A reload of the server's settings is told, too; then the connection is replaced although it lives.
    """
    raw = entry.dbapi_connection
    if raw is None:
        return False
    assert isinstance(raw, psycopg.Connection)
    if raw.closed:
        return True
    told = select.poll()
    told.register(raw.fileno(), select.POLLIN)
    return bool(told.poll(0))
