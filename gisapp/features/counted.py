"""Selections that were found to hold more features than are counted: for a moment nobody counts them again.

Counting up to 10,000 takes a hundred times as long as reading a page of ten. Whoever pages through a large layer, and
everybody who asks the same at once, is told "at least" from one count; a number that is exact is always counted anew.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from threading import Lock

SECONDS = 2.0
MOST = 1_000  # selections


class Large:
    """Which selections were too many to count within the last SECONDS. One per process; threads may share it."""

    def __init__(self) -> None:
        self._until: OrderedDict[object, float] = OrderedDict()
        self._lock = Lock()

    def __contains__(self, selection: object) -> bool:
        return self._until.get(selection, 0.0) > time.monotonic()

    def add(self, selection: object) -> None:
        """Remember it for SECONDS; beyond MOST the oldest is forgotten."""
        with self._lock:
            self._until[selection] = time.monotonic() + SECONDS
            self._until.move_to_end(selection)
            if len(self._until) > MOST:
                self._until.popitem(last=False)
