"""A web process's end of the line to the tile maker: a few connections to a socket in a closed folder."""

from __future__ import annotations

import os
import queue
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from gisapp.frames import Frame, packed, receive_frame

SOCKET = "socket"
PATIENCE_SECONDS = 15  # longer than a statement may take
ASK_AGAIN = 0.5  # seconds after nobody was there
HUNG_SECONDS = 30.0  # after which one that gave no answer is asked again
MOST_IDLE = 16


class Line:
    """To the maker whose socket is in `folder`. Threads may share it; each question has a connection of its own meanwhile."""

    def __init__(self, folder: Path, patience: int = PATIENCE_SECONDS) -> None:
        self._folder, self._patience = folder, patience
        self._idle: queue.LifoQueue[socket.socket] = queue.LifoQueue()
        self._not_before = 0.0
        self.there = False  # whether the last question was answered

    def ask(self, head: dict[str, Any]) -> Frame | None:
        """The answer; None where nobody is there to give one, or ended before it did. Waits without the interpreter.

        Raises TimeoutError where somebody is there and does not answer.
        """
        if time.monotonic() < self._not_before:
            return None
        message = packed(head)
        try:
            try:
                return self._asked(self._idle.get_nowait(), message)
            except TimeoutError:
                raise
            except (queue.Empty, OSError, EOFError):  # none, or that of a maker that has ended meanwhile
                self._close_idle()
                return self._asked(self._connected(), message)
        except TimeoutError:
            self._gone(HUNG_SECONDS)
            raise
        except (OSError, EOFError, ValueError):
            self._gone(ASK_AGAIN)
            return None

    def _gone(self, seconds: float) -> None:
        self._not_before, self.there = time.monotonic() + seconds, False

    def _asked(self, line: socket.socket, message: bytes) -> Frame:
        try:
            line.sendall(message)
            found = receive_frame(line)
        except BaseException:
            line.close()
            raise
        self.there = True
        if self._idle.qsize() < MOST_IDLE:
            self._idle.put(line)
        else:
            line.close()
        return found

    def _connected(self) -> socket.socket:
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", self._patience, 0))
            line.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", self._patience, 0))
            with short_name(self._folder) as path:
                line.connect(path)
        except BaseException:
            line.close()
            raise
        return line

    def _close_idle(self) -> None:
        with suppress(queue.Empty):
            while True:
                self._idle.get_nowait().close()

    def close(self) -> None:
        """Give back the connections."""
        self._close_idle()


@contextmanager
def short_name(folder: Path) -> Iterator[str]:
    """The socket's path in a folder, whose own may be longer than a socket's may be (about 100 bytes). Raises OSError."""
    opened = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{opened}/{SOCKET}"
    finally:
        os.close(opened)
