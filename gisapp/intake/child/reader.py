"""Open a file in a process of its own. The asking side: starts the server, orders a reader, takes its rows."""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import weakref
from collections.abc import Generator
from dataclasses import asdict
from pathlib import Path
from typing import Any, NoReturn

from gisapp import errors
from gisapp.intake.child import wire
from gisapp.intake.child.limits import USUAL, Limits, silence_for
from gisapp.intake.options import Options
from gisapp.intake.problem import refuse
from gisapp.intake.source import Batch, Source

log = logging.getLogger("gisapp.intake")
OPENER = "gisapp.intake.readers.opening:open_here"
PIPE = 2**20  # bytes the reader may be ahead
KEPT = (
    "PATH",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "TMPDIR",
    "PYTHONPATH",
    "PYTHONDONTWRITEBYTECODE",
    "LD_LIBRARY_PATH",
)
"""Variables a reader is given. Passwords of the installation are none of its business."""

_lock = threading.Lock()
_servers: dict[
    int, tuple[socket.socket, subprocess.Popen[bytes]]
] = {}  # by process: a forked one must not share


def open_apart(
    path: Path, name: str, options: Options, scratch: Path, limits: Limits = USUAL, opener: str = OPENER
) -> Source:
    """`opener` ("module:function") run in a child process with `limits`; the source it returns gives rows as they come.

    Raises errors.FileRefused: whatever the reader refuses, and a reader that crashed, hung or used too much.
    """
    order = {
        "path": str(path.absolute()), "name": name, "options": options.as_json(), "scratch": str(scratch.absolute()),
        "limits": asdict(limits), "opener": opener,
    }  # fmt: skip
    reader = _Reader(order, silence_for(path.stat().st_size, limits), limits)
    try:
        kind, said, _ = reader.next()
        if kind != wire.OPENED:
            raise wire.Ended
        return wire.unpack_source(said, reader.batches)
    except (wire.Ended, KeyError, TypeError, ValueError):
        reader.close()
        refuse_crashed()
    except errors.FileRefused:
        reader.close()
        raise


class _Reader:
    """A child process that reads. Closing ends it, whatever it is doing."""

    def __init__(self, order: dict[str, Any], silence: float, limits: Limits) -> None:
        self._silence, self._limits = silence, limits
        self._pipe, far = os.pipe()
        with contextlib.suppress(OSError):  # more than an administrator allows: the default does
            fcntl.fcntl(far, fcntl.F_SETPIPE_SZ, PIPE)
        handle = _order(json.dumps(order).encode(), far)
        self.close = weakref.finalize(self, _end, self._pipe, handle)

    def next(self) -> tuple[bytes, Any, memoryview]:
        """The next frame that is for the asker. Raises wire.Ended, errors.FileRefused."""
        while True:
            try:
                kind, said, body = wire.receive(self._pipe, self._silence)
            except wire.Silent:
                refuse_slow()
            if kind == wire.ALLOW:
                self._silence = max(self._silence, silence_for(int(said), self._limits))
            elif kind == wire.FAILED:
                log.error("a reader failed:\n%s", said)
                raise wire.Ended
            elif kind == wire.REFUSED:
                raise wire.unpack_refusal(said)
            else:
                return kind, said, body

    def batches(self) -> Generator[Batch, None, None]:
        """Rows, as they are read. Raises errors.FileRefused."""
        try:
            while True:
                kind, said, body = self.next()
                if kind == wire.END:
                    return
                yield wire.unpack_rows(said, body)
        except wire.Ended:
            refuse_crashed()
        finally:
            self.close()


def _end(pipe: int, handle: int | None) -> None:
    if handle is not None:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(handle, signal.SIGKILL)
        os.close(handle)
    os.close(pipe)


def _order(message: bytes, far: int) -> int | None:
    """Have the server fork a reader that writes to `far`, which is closed here; returns a handle of its process."""
    near, reply = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with near:
        try:
            with reply:
                _send(message, [far, reply.fileno()])
        finally:
            os.close(far)
        _, handles, _, _ = socket.recv_fds(near, 1, 1)
    return handles[0] if handles else None


def _send(message: bytes, descriptors: list[int]) -> None:
    with _lock:
        for first in (True, False):
            if os.getpid() not in _servers:
                _start()
            try:
                socket.send_fds(_servers[os.getpid()][0], [message], descriptors)
                return
            except OSError:  # it has ended: a new one
                control, process = _servers.pop(os.getpid())
                control.close()
                process.wait()
                if not first:
                    raise


def _start() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    command = [sys.executable, "-m", "gisapp.intake.child.server", str(theirs.fileno())]
    environment = {name: os.environ[name] for name in KEPT if name in os.environ}
    with theirs:
        process = subprocess.Popen(
            command,
            env=environment,
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    _servers[os.getpid()] = (ours, process)


def start_early() -> None:
    """Start the server now, so that it is there when the first file comes; it takes about a second by itself."""
    with _lock:
        if os.getpid() not in _servers:
            _start()


def refuse_slow() -> NoReturn:
    """Raises errors.FileRefused for a reader that says nothing any more."""
    why = ("読み取りが終わらないため、中止しました", "reading it did not come to an end and was stopped")
    do = ("別の形式で書き出すか、範囲を分けてください。", "Export it in another format, or split it.")
    refuse("too_slow", why, do)


def refuse_crashed() -> NoReturn:
    """Raises errors.FileRefused for a reader that ended without a word."""
    why = (
        "読み取りの途中で読み取り処理が異常終了しました（壊れているか、大きすぎます）",
        "its reader came to a sudden end: the file is broken or too large",
    )
    refuse(
        "reader_crashed",
        why,
        ("もう一度、または別の形式で書き出してください。", "Export it again, or in another format."),
    )
