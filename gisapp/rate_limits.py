"""How often one person, or one address, may ask for what costs much: exports, searches, summaries, drawn maps, signing in.

Counted in the memory of each web process, before anything is asked of the database. Somebody signed in is counted as a person,
wherever they ask from (a town hall's PCs may share one address); a visitor by address. Tiles are not counted: most never come here.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

from flask import Flask, request
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from gisapp import errors
from gisapp.access.counted import counted_as
from gisapp.access.guard import asker
from gisapp.settings import Settings

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


def init_app(app: Flask, settings: Settings) -> None:
    """Count before each request; a request too many is refused (errors.TooMany, RateLimited)."""
    limiter, limits = FixedWindowRateLimiter(MemoryStorage()), limits_of(settings)
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
