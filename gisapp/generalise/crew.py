"""Who makes the tiles: threads of this process for a few, child processes for many."""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from types import TracebackType
from typing import TypeVar

from gisapp.children import end_with_the_parent
from gisapp.generalise.queries import Row
from gisapp.generalise.tile import Made, Work, generalise

FEW = 16  # tiles that are not worth starting a process for, which has calculated nothing yet (`mosaic`)
LIGHT = 3_000  # shapes of a tile that is not worth it
Task = tuple[Work, Callable[[list[Made]], list[Row]]]
One = TypeVar("One")


class Crew:
    """Makes tiles on as many processors as the machine has; ends what it started with the `with` block."""

    def __init__(self, size: int | None = None) -> None:
        self._size = size or max(os.cpu_count() or 1, 1)
        self._threads: ThreadPoolExecutor | None = None
        self._processes: ProcessPoolExecutor | None = None

    def __enter__(self) -> Crew:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for pool in (self._threads, self._processes):
            if pool is not None:
                pool.shutdown(cancel_futures=True)
        self._threads = self._processes = None

    def each(self, todo: Sequence[One], work_of: Callable[[One], Task]) -> Iterator[tuple[One, list[Row]]]:
        """The rows of each of `todo`, in its order; no more than twice the crew's number wait in memory.

        `work_of` reads in this thread, which has the transaction, and says how what was made becomes rows.
        """
        waiting: deque[tuple[One, Callable[[list[Made]], list[Row]], Future[list[Made]] | None]] = deque()
        for one in todo:
            work, rows = work_of(one)
            waiting.append((one, rows, self._begin(work, len(todo)) if work.shapes else None))
            while len(waiting) > 2 * self._size:
                yield _next(waiting.popleft())
        while waiting:
            yield _next(waiting.popleft())

    def _begin(self, work: Work, number: int) -> Future[list[Made]]:
        """Threads for a few tiles, or light ones: what calculates lets other threads run, most of the time."""
        if self._processes is None and (number <= FEW or len(work.shapes) < LIGHT):
            self._threads = self._threads or ThreadPoolExecutor(self._size)
            return self._threads.submit(generalise, work)
        if self._processes is None:
            context = multiprocessing.get_context("spawn")
            self._processes = ProcessPoolExecutor(
                self._size, mp_context=context, initializer=end_with_the_parent, initargs=(os.getpid(),)
            )
        return self._processes.submit(generalise, work)


def _next(
    waiting: tuple[One, Callable[[list[Made]], list[Row]], Future[list[Made]] | None],
) -> tuple[One, list[Row]]:
    one, rows, made = waiting
    return one, rows(made.result()) if made is not None else []
