"""How often one person, or one address, may ask for what costs much: exports, searches, summaries, drawn maps, signing in.

Counted in the memory of each web process, before anything is asked of the database. Somebody signed in is counted as a person,
wherever they ask from (a town hall's PCs may share one address); a visitor by address. Tiles are not counted: most never come here.
"""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass

from flask import Flask, request
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import Storage
from limits.strategies import FixedWindowRateLimiter

from gisapp import errors
from gisapp.access.counted import counted_as
from gisapp.access.guard import asker
from gisapp.settings import Settings

SWEPT_SECONDS = 60.0
SIGN_IN = RateLimitItemPerMinute(60)
EXPORTS = frozenset({"features.export"})
QUESTIONS = frozenset(
    {
        "features.identify_place",
        "features.nearest_features",
        "features.summary",
        "search.search_places",
        "search.suggest_places",
        "search.name_place",
        "wms.service",
    }
)
"""Endpoints (a test makes sure that they exist)."""


@dataclass(frozen=True)
class Limits:
    """The limits of this installation; None: not limited."""

    exports: RateLimitItem | None
    questions: RateLimitItem | None


def limits_of(settings: Settings) -> Limits:
    """The limits that the settings say."""
    most = (settings.exports_per_minute, settings.questions_per_minute)
    return Limits(*(RateLimitItemPerMinute(number) if number else None for number in most))


class Counters(Storage):
    """Counters of fixed windows in memory. Those that ended are swept by whoever counts, once in `SWEPT_SECONDS` at the most.

    The library's own in memory starts a thread at nearly every request to sweep them: half a millisecond each time.
    """

    STORAGE_SCHEME = None
    base_exceptions = ValueError

    def __init__(self) -> None:
        super().__init__()
        self._counts: dict[str, tuple[int, float]] = {}  # how many, and until when they count
        self._swept = time.time()
        self._lock = threading.Lock()

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Count, in a window that begins now where none is open; returns how many there are in it."""
        now = time.time()
        with self._lock:
            if not 0 <= now - self._swept < SWEPT_SECONDS:
                self._counts = {key: one for key, one in self._counts.items() if one[1] > now}
                self._swept = now
            count, until = self._counts.get(key, (0, 0.0))
            if until <= now:
                count, until = 0, now + expiry
            self._counts[key] = count + amount, until
            return count + amount

    def get(self, key: str) -> int:
        """How many there are in the window that is open."""
        count, until = self._counts.get(key, (0, 0.0))
        return count if until > time.time() else 0

    def get_expiry(self, key: str) -> float:
        """When the window ends, in seconds since 1970."""
        return self._counts.get(key, (0, time.time()))[1]

    def check(self) -> bool:
        """Memory is always there."""
        return True

    def reset(self) -> int:
        """Forget all; returns how many there were."""
        with self._lock:
            before, self._counts = len(self._counts), {}
        return before

    def clear(self, key: str) -> None:
        """Forget one."""
        with self._lock:
            self._counts.pop(key, None)


def init_app(app: Flask, settings: Settings) -> None:
    """Count before each request; a request too many is refused (errors.TooMany, RateLimited)."""
    limiter, limits = FixedWindowRateLimiter(Counters()), limits_of(settings)
    counted = dict.fromkeys(QUESTIONS, limits.questions) | dict.fromkeys(EXPORTS, limits.exports)

    def count() -> None:
        endpoint = request.endpoint or ""
        if endpoint == "sign_in.enter" and not limiter.hit(SIGN_IN, "sign-in", request.remote_addr or ""):
            raise errors.TooMany(seconds=60)
        limit = counted.get(endpoint)
        if limit is None:
            return
        kind = "exports" if endpoint in EXPORTS else "questions"
        asker()  # raises as the route would
        who = counted_as()
        if not limiter.hit(limit, kind, who):
            left = limiter.get_window_stats(limit, kind, who).reset_time - time.time()
            raise errors.RateLimited(most=limit.amount, seconds=max(math.ceil(left), 1))

    app.before_request(count)
