"""Readers that do what a hostile file might make a reader do. They run in the child process only."""

from __future__ import annotations

import ctypes
import os
import signal
import time
from collections.abc import Callable, Generator
from pathlib import Path

import numpy as np
import pyarrow as pa
import shapely

from gisapp.intake.options import Options
from gisapp.intake.source import Batch, Source


def _after_rows(what: Callable[[], object]) -> Source:
    def read() -> Generator[Batch, None, None]:
        yield batch(1)
        what()
        yield batch(2)

    return Source("test", ("n",), read, crs="EPSG:6668")


def batch(first: int, count: int = 1) -> Batch:
    numbers = np.arange(first, first + count)
    return Batch(numbers, {"n": pa.array(numbers)}, shapely.points(numbers, numbers))


def segfault(path: Path, name: str, options: Options, scratch: Path) -> Source:
    return _after_rows(lambda: ctypes.string_at(0))


def segfault_at_once(path: Path, name: str, options: Options, scratch: Path) -> Source:
    ctypes.string_at(0)
    return segfault(path, name, options, scratch)


def killed(path: Path, name: str, options: Options, scratch: Path) -> Source:
    return _after_rows(lambda: os.kill(os.getpid(), signal.SIGKILL))


def hang(path: Path, name: str, options: Options, scratch: Path) -> Source:
    return _after_rows(lambda: time.sleep(600))


def spin(path: Path, name: str, options: Options, scratch: Path) -> Source:
    while True:
        pass


def too_much_memory(path: Path, name: str, options: Options, scratch: Path) -> Source:
    return _after_rows(lambda: bytes(2**40))


def too_much_memory_in_c(path: Path, name: str, options: Options, scratch: Path) -> Source:
    return _after_rows(lambda: [np.ones(2**25) for _ in range(100)])


def too_deep(path: Path, name: str, options: Options, scratch: Path) -> Source:
    def down(n: int) -> int:
        return down(n + 1)

    return _after_rows(lambda: down(0))


def mistake(path: Path, name: str, options: Options, scratch: Path) -> Source:
    return _after_rows(lambda: {}["missing"])


def nonsense(path: Path, name: str, options: Options, scratch: Path) -> Source:
    """Writes what is no frame to every descriptor that is open."""
    for descriptor in range(3, 64):
        try:
            os.write(descriptor, b"\xff" * 1000)
        except OSError:
            continue
    os._exit(0)


def fills_the_disk(path: Path, name: str, options: Options, scratch: Path) -> Source:
    with (scratch / "large").open("wb") as file:
        file.truncate(2**40)
    return segfault(path, name, options, scratch)


def two_million(path: Path, name: str, options: Options, scratch: Path) -> Source:
    def read() -> Generator[Batch, None, None]:
        for first in range(1, 2_000_001, 50_000):
            yield batch(first, 50_000)

    return Source("test", ("n",), read, count=2_000_000)


def environment(path: Path, name: str, options: Options, scratch: Path) -> Source:
    return Source("test", tuple(sorted(os.environ)), lambda: iter(()), crs=str(os.getpid()))  # type: ignore[arg-type,return-value]
