"""How many long questions one web process answers at once, so that short ones always find a thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from gisapp import errors

AT_ONCE = 4
_turns = threading.BoundedSemaphore(AT_ONCE)


@contextmanager
def turn() -> Iterator[None]:
    """Takes one of the turns for as long as the block lasts. Raises errors.Busy when all are taken."""
    if not _turns.acquire(blocking=False):
        raise errors.Busy(seconds=5)
    try:
        yield
    finally:
        _turns.release()
