"""What a reader may use. They are meant to stop what runs away, and leave ten times the room that real files need."""

from __future__ import annotations

import contextlib
import ctypes
import resource
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

SECONDS_PER_BYTE = 1 / 4e6  # time in which every reader gets through a byte of its file, many times over


@dataclass(frozen=True)
class Limits:
    """`memory`: bytes of address space beyond what a reader begins with; `silence`: seconds without a word from it,
    before the size of its file is added; `cpu`: seconds altogether; `written`: bytes of one file it writes."""

    memory: int = 2 * 2**30
    silence: float = 20.0
    cpu: int = 3600
    written: int = 4 * 2**30


USUAL = Limits()


def silence_for(size: int, limits: Limits) -> float:
    """Seconds after which a reader of a file of `size` bytes is taken for hung."""
    return limits.silence + size * SECONDS_PER_BYTE


def apply(limits: Limits) -> None:
    """Limit this process, for good. It also ends when the process that forked it does."""
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    for what, most in (
        (resource.RLIMIT_AS, used + limits.memory),
        (resource.RLIMIT_CPU, limits.cpu),
        (resource.RLIMIT_FSIZE, limits.written),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(what)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (most, most))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # an OSError, not the end
    ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG
    with contextlib.suppress(
        OSError
    ):  # where memory runs out all the same, the reader shall go and not the database
        Path("/proc/self/oom_score_adj").write_text("1000")


_teller: Callable[[int], None] = lambda size: None  # noqa: E731


def allow(size: int) -> None:
    """Called by a reader that has unpacked a file: `size` bytes are to be read, which may take their time."""
    _teller(size)


def tell_through(teller: Callable[[int], None]) -> None:
    """Let `allow` call `teller`."""
    global _teller
    _teller = teller
