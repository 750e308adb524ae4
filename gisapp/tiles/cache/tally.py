"""Counting from many threads at once."""

from __future__ import annotations

import threading


class Tally:
    """A number that only grows: `+=` without a lock may set it back, which a monitor takes for a new start."""

    def __init__(self) -> None:
        self.value = 0
        self._lock = threading.Lock()

    def add(self) -> None:
        """One more."""
        with self._lock:
            self.value += 1
