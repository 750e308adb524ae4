"""A table of addresses, answered on as many processors as the machine has: chunk by chunk, in the order of the table."""

from __future__ import annotations

import gc
import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import chain, islice
from typing import Any, TypeVar

from gisapp.catalogue.search import searchable
from gisapp.children import end_with_the_parent
from gisapp.installation import Installation, open_for_shell
from gisapp.search.answer import Answer
from gisapp.search.geocode import Geocoder
from gisapp.settings import Settings

AT_ONCE = 2_000  # rows of a chunk
FEW = 5  # chunks that are not worth starting a process for
MOST_PROCESSES = 8
Row = TypeVar("Row")
Told = TypeVar("Told")
Chunk = tuple[list[Row], list[str]]


def answered(
    installation: Installation,
    rows: Iterable[tuple[Row, str]],
    tell: Callable[[Answer], Told],
    *,
    guess: bool = False,
) -> Iterator[tuple[list[Row], list[Told]]]:
    """The rows (each with its address) in chunks, beside what `tell` says of each answer; `tell` is a module's function.

    No more chunks wait in memory than twice the number of processes. Raises errors.DatabaseAway.
    """
    chunks = _chunks(rows)
    first: list[Chunk[Row]] = list(islice(chunks, FEW))
    processes = min(os.cpu_count() or 1, MOST_PROCESSES)
    if len(first) < FEW or processes == 1:
        worker = _Worker(installation, tell, guess=guess)
        for held, texts in chain(first, chunks):
            yield held, worker.chunk(texts)
        return
    pool = ProcessPoolExecutor(
        processes,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_begin,
        initargs=(os.getpid(), installation.settings, tell, guess),
    )
    waiting: deque[tuple[list[Row], Future[list[Told]]]] = deque()
    try:
        for held, texts in chain(first, chunks):
            waiting.append((held, pool.submit(_chunk, texts)))
            if len(waiting) > 2 * processes:
                yield _next(waiting)
        while waiting:
            yield _next(waiting)
    finally:
        pool.shutdown(cancel_futures=True)


def _next(waiting: deque[tuple[list[Row], Future[list[Told]]]]) -> tuple[list[Row], list[Told]]:
    held, made = waiting.popleft()
    return held, made.result()


def _chunks(rows: Iterable[tuple[Row, str]]) -> Iterator[Chunk[Row]]:
    source = iter(rows)
    while chunk := list(islice(source, AT_ONCE)):
        yield [row for row, _ in chunk], [text for _, text in chunk]


class _Worker:
    def __init__(self, installation: Installation, tell: Callable[[Answer], Any], *, guess: bool) -> None:
        self._database, self._tell = installation.database, tell
        self._geocoder = Geocoder(installation.city, searchable(installation.catalogue), guess=guess)

    def chunk(self, texts: list[str]) -> list[Any]:
        with self._database.reading("owner") as connection:
            return [self._tell(answer) for answer in self._geocoder.answers(connection, texts)]


_workers: list[_Worker] = []
"""In a child: its one worker, with its own connection and its own list of towns."""


def _begin(parent: int, settings: Settings, tell: Callable[[Answer], Any], guess: bool) -> None:
    end_with_the_parent(parent)
    _workers.append(_Worker(open_for_shell(settings), tell, guess=guess))
    # Answers live until the end of their chunk: looking for garbage every 700 of them is a quarter of the time.
    gc.set_threshold(100_000, 20, 20)


def _chunk(texts: list[str]) -> list[Any]:
    return _workers[0].chunk(texts)
