"""What the processes of a node tell each other about their cache: a few numbers in a small file.

Read with one system call, so it is neither a table nor a memory map (a map of a file that somebody
truncates ends the process that reads it). What cannot be read for sure counts as never written.
"""

from __future__ import annotations

import contextlib
import os
import struct
import time
import zlib
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

MOST_BEHIND = 0.15  # seconds: with the time to answer, below the 200 ms after which no stale tile may be seen
RECENT = 0.005  # seconds
_FORM = struct.Struct("<16sddQQ")
_BOOT = Path("/proc/sys/kernel/random/boot_id")


now = partial(time.clock_gettime, time.CLOCK_MONOTONIC)
"""Seconds of a clock that all processes of this machine share and nobody sets."""


@dataclass(frozen=True)
class Notice:
    """The state of a node's cache.

    followed: when the newest look at the database's changes began, on the clock of `now`.
    away: when the database was last found not to answer; 0: it answers.
    generation: which store file counts. sequence: how many looks brought changes; it grows with every forgetting.
    """

    followed: float = 0.0
    away: float = 0.0
    generation: int = 0
    sequence: int = 0


class Board:
    """The file. One process at a time may write it: whoever holds the follower's lock."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = self._opened()
        self._boot = _BOOT.read_bytes().replace(b"-", b"")[:16] if _BOOT.exists() else bytes(16)
        # Each one value, so that threads never see half of it.
        self._last = b"", Notice()
        self._sure = 0.0, -1  # until when, and which sequence

    def _opened(self) -> int:
        return os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def find_again(self) -> None:
        """Where somebody took the file away, use the one that stands in its place. Raises OSError."""
        here = os.fstat(self._file)
        with contextlib.suppress(FileNotFoundError):
            if os.stat(self._path).st_ino == here.st_ino:
                return
        other = self._opened()
        os.dup2(other, self._file, inheritable=False)  # under the same number: others may be reading
        os.close(other)

    def read(self) -> Notice:
        """What was last written since the machine started; an empty notice where that is not certain."""
        raw = os.pread(self._file, _FORM.size + 4, 0)
        last = self._last
        if raw != last[0]:
            last = self._last = raw, self._parse(raw)
        return last[1]

    def in_step(self, at: float) -> int:
        """The sequence at which what is kept is right at `at` (of `now`), the present; -1 where that is not certain.

        Read again after RECENT only (a notice says until when it is true, and stays true): a system call lets another thread have
        the interpreter, and to get it back takes longer than a hit does.
        """
        until, sequence = self._sure
        return sequence if at < until else self._look()

    def _look(self) -> int:
        present, notice = now(), self.read()
        until, sequence = present + RECENT, -1
        if abs(present - notice.followed) <= MOST_BEHIND:  # it may have been written since `present`
            until, sequence = min(until, notice.followed + MOST_BEHIND), notice.sequence
        self._sure = until, sequence
        return sequence

    def _parse(self, raw: bytes) -> Notice:
        body, check = raw[: _FORM.size], raw[_FORM.size :]
        if len(raw) != _FORM.size + 4 or zlib.crc32(body).to_bytes(4, "little") != check:
            return Notice()
        boot, followed, away, generation, sequence = _FORM.unpack(body)
        if boot != self._boot:
            return Notice(generation=generation, sequence=sequence)
        return Notice(followed, away, generation, sequence)

    def write(self, **changed: float) -> Notice:
        """Change some of the numbers."""
        notice = replace(self.read(), **changed)  # type: ignore[arg-type]
        body = _FORM.pack(self._boot, notice.followed, notice.away, notice.generation, notice.sequence)
        os.pwrite(self._file, body + zlib.crc32(body).to_bytes(4, "little"), 0)
        return notice

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)
