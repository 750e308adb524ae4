"""How many long questions one web process answers at once, so that short ones always find a thread; and how many of one asker,
so that another finds a turn.
"""

from __future__ import annotations

import collections
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from gisapp import errors
from gisapp.access.counted import counted_as

AT_ONCE = 4
OF_ONE = 2  # of those, of one person or one address of visitors
_taken: collections.Counter[str] = collections.Counter()
_counting = threading.Lock()


@contextmanager
def turn() -> Iterator[None]:
    """Takes one of the turns for as long as the block lasts.

    Raises errors.Busy when all are taken, TooManyAtOnce when the asker has as many as one may have.
    """
    name = counted_as()
    with _counting:
        if _taken.total() >= AT_ONCE:
            raise errors.Busy(seconds=5)
        if _taken[name] >= OF_ONE:
            raise errors.TooManyAtOnce(most=OF_ONE, seconds=5)
        _taken[name] += 1
    try:
        yield
    finally:
        with _counting:
            _taken[name] -= 1
            if not _taken[name]:
                del _taken[name]
