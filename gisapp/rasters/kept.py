"""A few metatiles of this process, kept for seconds: a client that opens a map asks for all pictures of one at once.

Whoever asks for a metatile that is being drawn waits for it instead of drawing it again.
"""

from __future__ import annotations

import collections
import threading
import time
from collections.abc import Callable, Hashable
from concurrent.futures import Future

KEPT_SECONDS = 5.0
MOST_BYTES = 16 * 2**20
Pictures = dict[tuple[int, int], bytes]


class Kept:
    """Pictures by a key that names everything they depend on, but for the data: hence the seconds."""

    def __init__(self, seconds: float = KEPT_SECONDS, most_bytes: int = MOST_BYTES) -> None:
        self._seconds, self._most = seconds, most_bytes
        self._lock = threading.Lock()
        self._futures: collections.OrderedDict[Hashable, tuple[float, Future[Pictures]]] = (
            collections.OrderedDict()
        )

    def ready(self, key: Hashable) -> Pictures | None:
        """The pictures under `key` that can be had without waiting."""
        with self._lock:
            began, future = self._futures.get(key, (0.0, None))
        fresh = future is not None and future.done() and time.monotonic() - began <= self._seconds
        return future.result() if future is not None and fresh and future.exception() is None else None

    def get(self, key: Hashable, draw: Callable[[], Pictures]) -> Pictures:
        """The pictures under `key`, drawn now if there are none. Raises what `draw` raised, for all who waited."""
        with self._lock:
            began, future = self._futures.get(key, (0.0, None))
            ours = future is None or (future.done() and time.monotonic() - began > self._seconds)
            if future is None or ours:
                future = Future()
                self._futures[key] = time.monotonic(), future  # data are read after this moment
                self._futures.move_to_end(key)
        if ours:
            self._draw(key, draw, future)
        return future.result()

    def _draw(self, key: Hashable, draw: Callable[[], Pictures], future: Future[Pictures]) -> None:
        try:
            future.set_result(draw())
        except BaseException as error:
            future.set_exception(error)
            with self._lock:
                self._futures.pop(key, None)  # a failure is not kept
        with self._lock:
            self._forget()

    def _forget(self) -> None:
        old = time.monotonic() - self._seconds
        done = {key: (began, one) for key, (began, one) in self._futures.items() if one.done()}
        held = sum(_size(one) for _, one in done.values())
        for key, (began, one) in done.items():
            if began > old and held <= self._most:
                break
            held -= _size(one)
            del self._futures[key]


def _size(future: Future[Pictures]) -> int:
    return sum(map(len, future.result().values())) if future.exception() is None else 0
