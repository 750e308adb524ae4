"""Works on several things at a time in the background of this machine, in order, with a bounded number under way."""

from __future__ import annotations

import contextlib
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

One = TypeVar("One")
Done = TypeVar("Done")
AT_ONCE = 2
WAITING = 8  # under way or done and not yet taken
NICE = 10  # whoever serves requests goes before


def several(work: Callable[[One], Done], things: Iterable[One], at_once: int = AT_ONCE) -> Iterator[Done]:
    """What `work` makes of each thing, in their order. Where the taker stops, what was not begun is left undone."""
    under_way: deque[Future[Done]] = deque()
    pool = ThreadPoolExecutor(at_once, thread_name_prefix="tiles ahead", initializer=_give_way)
    try:
        for thing in things:
            under_way.append(pool.submit(work, thing))
            if len(under_way) >= at_once + WAITING:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _give_way() -> None:
    with contextlib.suppress(OSError):  # of this thread only: Linux knows threads as processes
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
