"""Counting from many threads at once."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable


class Tally:
    """A number that only grows: `+=` without a lock may set it back, which a monitor takes for a new start.

    Counting is one call that no other thread can interrupt, reading it takes one off again: a hit has no time for a lock.
    """

    def __init__(self) -> None:
        self._count, self._reads, self._reading = itertools.count(), 0, threading.Lock()
        self.add: Callable[[], object] = self._count.__next__
        """One more."""

    @property
    def value(self) -> int:
        """How many there were."""
        with self._reading:
            found = next(self._count) - self._reads
            self._reads += 1
            return found
