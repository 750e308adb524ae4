"""How many requests one person, or one address of visitors, may have in progress in a web process at once.

Whoever asks slowly, or asks for what is slow, then takes neither all connections to the database nor all threads from the others.
A request counts from before its body is read until its answer is made, or, where the answer is sent piece by piece, until it has
been sent: the server keeps a thread for both. Some more may wait a moment for their turn, as a page's many questions do.
Tiles, which maps ask for by the dozen and which have limits of their own, and what asks nobody are not counted.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

from flask import Flask, Response, g, request

from gisapp import errors
from gisapp.access.counted import counted_as
from gisapp.settings import Settings

UNCOUNTED = frozenset(
    {"static", "tiles.tile", "rasters.png", "rasters.webp", "wmts.service", "health.alive", "health.metrics"}
)
"""Endpoints (a test makes sure that they exist)."""
WAITING = 4  # times as many as are in progress may wait …
PATIENCE = 5.0  # … for so many seconds


@dataclass
class _Asked:
    """What one of them has in progress here, and how many more wait."""

    going: int = 0
    waiting: int = 0


class AtOnce:
    """Places for requests, `most` for each name."""

    def __init__(self, most: int, patience: float = PATIENCE) -> None:
        self.most, self._patience = most, patience
        self._asked: dict[str, _Asked] = {}
        self._changed = threading.Condition()

    def enter(self, name: str) -> None:
        """Take a place; `leave` gives it back. Raises errors.TooManyAtOnce when none becomes free in time, or too many wait."""
        until = time.monotonic() + self._patience
        with self._changed:
            asked = self._asked.setdefault(name, _Asked())
            if asked.going >= self.most and asked.waiting >= WAITING * self.most:
                raise errors.TooManyAtOnce(most=self.most, seconds=5)
            asked.waiting += 1
            free = self._changed.wait_for(lambda: asked.going < self.most, until - time.monotonic())
            asked.waiting -= 1
            if not free:
                raise errors.TooManyAtOnce(most=self.most, seconds=5)
            asked.going += 1

    def leave(self, name: str) -> None:
        """Give a place back."""
        with self._changed:
            asked = self._asked[name]
            asked.going -= 1
            if asked.waiting:
                self._changed.notify_all()
            elif not asked.going:
                del self._asked[name]

    def names(self) -> dict[str, int]:
        """Who has how many in progress."""
        with self._changed:
            return {name: asked.going for name, asked in self._asked.items()}


class Place:
    """A place that is given back once, by whoever comes first."""

    def __init__(self, places: AtOnce, name: str) -> None:
        self._places, self._name, self._held = places, name, True
        self.until_sent = False
        places.enter(name)

    def leave(self) -> None:
        """Give it back."""
        if self._held:
            self._held = False
            self._places.leave(self._name)


class _Sending:
    """The pieces of an answer; the place is given back after the last one, or when nobody wants any more."""

    def __init__(self, pieces: Iterator[bytes], place: Place) -> None:
        self._pieces, self._place = pieces, place

    def __iter__(self) -> _Sending:
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._pieces)
        except BaseException:
            self._place.leave()
            raise

    def close(self) -> None:
        self._place.leave()

    __del__ = close  # of an answer that nobody began to read


def init_app(app: Flask, settings: Settings) -> None:
    """Count before each request, before its form is read; one too many is refused (errors.TooManyAtOnce)."""
    app.after_request(_whole_files)
    if not settings.requests_at_once:
        return
    places = app.extensions["gisapp_at_once"] = AtOnce(settings.requests_at_once)

    def enter() -> None:
        if request.endpoint not in UNCOUNTED:
            g.place = Place(places, counted_as())

    app.before_request(enter)
    app.after_request(_keep_while_sending)
    app.teardown_request(_leave)


def _keep_while_sending(response: Response) -> Response:
    place: Place | None = g.get("place")
    if place and request.method != "HEAD" and not response.is_sequence and not response.direct_passthrough:
        place.until_sent = True
        response.response = _Sending(iter(response.response), place)  # type: ignore[arg-type]
    return response


def _leave(error: BaseException | None) -> None:
    place: Place | None = g.pop("place", None)
    if place and not place.until_sent:
        place.leave()


def _whole_files(response: Response) -> Response:
    """A file of `static/` is handed over in one piece: piece by piece, a slow reader of a script would hold a thread."""
    if request.endpoint == "static" and response.status_code in (200, 206):
        response.direct_passthrough = False
        response.get_data()
    return response
