"""One writes at a time, and takes along what has come meanwhile: who comes alone waits for nobody, many share a write."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Thing = TypeVar("Thing")


@dataclass(eq=False)
class _Wanted(Generic[Thing]):
    """What one caller wants written: woken when it has been, or when it is this caller's turn to write."""

    things: list[Thing]
    woken: threading.Event = field(default_factory=threading.Event)
    done: bool = False
    error: Exception | None = None


class Together(Generic[Thing]):
    """Writes what many threads want written, by the function `write`: it gets what each of some callers wants.

    own: errors that what one caller wants may cause; then each caller's is written by itself, so that nobody fails for another.
    """

    def __init__(
        self, write: Callable[[list[list[Thing]]], None], own: tuple[type[Exception], ...] = ()
    ) -> None:
        self._write, self._own = write, own
        self._lock = threading.Lock()
        self._busy = False
        self._waiting: list[_Wanted[Thing]] = []

    def write(self, things: list[Thing]) -> None:
        """Return when `things` have been written. Raises what `write` raised."""
        mine = _Wanted(things)
        with self._lock:
            self._waiting.append(mine)
            waits, self._busy = self._busy, True
        if waits:
            mine.woken.wait()
        if not mine.done:
            self._write_waiting()
        if mine.error is not None:
            raise mine.error

    def _write_waiting(self) -> None:
        with self._lock:
            batch, self._waiting = self._waiting, []
        try:
            self._try(batch)
        finally:
            with self._lock:
                following = self._waiting[0] if self._waiting else None
                self._busy = following is not None
            if following is not None:
                following.woken.set()
            for one in batch:
                one.woken.set()

    def _try(self, batch: list[_Wanted[Thing]]) -> None:
        for one in batch:
            one.done = True
        try:
            self._write([one.things for one in batch])
        except Exception as error:  # noqa: BLE001 — every caller hears of it
            if len(batch) == 1 or not isinstance(error, self._own):
                for one in batch:
                    one.error = error
                return
            for one in batch:
                self._try([one])
