"""One computes, all who ask for the same get the result: within a process, and between the processes of a node.

Within a process the others wait for the first one's result. Between processes a lock on one byte of a file stands for the
thing that is computed; it is let go by the system when a process ends, however it ends.
"""

from __future__ import annotations

import fcntl
import os
import struct
import threading
import time
import zlib
from collections.abc import Callable, Hashable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Generic, TypeVar

from gisapp import errors

T = TypeVar("T")
WAIT_SECONDS = 15.0  # longer than a statement may take
LOOK_AGAIN = 0.003
_LOCK = struct.Struct("hhqqi4x")  # struct flock: type, whence, start, length, pid


class Flight(Generic[T]):
    """Computations under way, by what names them. `folder`: shared by the processes of the node.

    patience: seconds after which who waits for another's result is told to come again.
    """

    def __init__(self, folder: Path, most_waiting: int, patience: float = WAIT_SECONDS) -> None:
        self._path, self._patience = folder / "flight.lock", patience
        self._under_way: dict[Hashable, Future[T]] = {}
        self._lock = threading.Lock()
        self._most_waiting, self._waiting = most_waiting, 0

    @property
    def waiting(self) -> int:
        """How many compute or wait."""
        return self._waiting

    def do(
        self,
        name: Hashable,
        find: Callable[[], T | None],
        compute: Callable[[], T],
        ask: Callable[[], T | None] = lambda: None,
    ) -> tuple[T, bool]:
        """The result of `compute`, by whoever computes it now, or what `find` finds once another process has it.

        ask: for a process that computes for others, where there is one; it keeps its own from computing twice.

        Also says whether it was computed for this caller alone: another's may have begun before this one asked.
        Raises errors.Busy where too many wait already.
        """
        with self._lock:
            future = self._under_way.get(name)
            first = future is None
            if self._waiting >= self._most_waiting:
                raise errors.Busy(seconds=1)
            self._waiting += 1
            if future is None:
                future = self._under_way[name] = Future()
        try:
            return (
                self._compute(name, future, find, compute, ask) if first else future.result(self._patience)
            ), first
        except TimeoutError as error:
            raise errors.Busy(seconds=5) from error
        finally:
            with self._lock:
                self._waiting -= 1

    def _compute(
        self,
        name: Hashable,
        future: Future[T],
        find: Callable[[], T | None],
        compute: Callable[[], T],
        ask: Callable[[], T | None],
    ) -> T:
        try:
            result = ask()
            if result is None:
                result = self._compute_alone(name, find, compute)
        except BaseException as error:
            with self._lock:
                del self._under_way[name]
            future.set_exception(error)
            raise
        with self._lock:
            del self._under_way[name]
        future.set_result(result)
        return result

    def _compute_alone(self, name: Hashable, find: Callable[[], T | None], compute: Callable[[], T]) -> T:
        with self._alone(name):
            found = find()  # another process may have had it done before we came to hold the lock
            return found if found is not None else compute()

    @contextmanager
    def _alone(self, name: Hashable) -> Iterator[None]:
        """Hold the name's byte of the file."""
        byte = zlib.crc32(repr(name).encode())
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            until = time.monotonic() + self._patience
            while not _try_lock(file, byte):
                if time.monotonic() > until:
                    raise errors.Busy(seconds=5)
                time.sleep(LOOK_AGAIN)
            yield
        finally:
            os.close(file)


def _try_lock(file: int, byte: int) -> bool:
    """A lock of this opening of the file: unlike a process's lock it also keeps its own threads apart."""
    try:
        fcntl.fcntl(file, fcntl.F_OFD_SETLK, _LOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, byte, 1, 0))
    except BlockingIOError:
        return False
    return True
