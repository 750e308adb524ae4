"""The tile maker's end of the line: takes wishes, has each tile made once by a few threads, and answers all who wait.

One thread hears everybody and computes nothing. Who asks for a tile that waits to be made waits with it; who asks while it
is being made gets it too if it still shows all that was followed when it was ready, and else has it made anew.
"""

from __future__ import annotations

import logging
import os
import queue
import selectors
import socket
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gisapp import errors
from gisapp.frames import packed, take_frame
from gisapp.tiles.cache.made import Found, as_kind
from gisapp.tiles.making.line import short_name
from gisapp.tiles.making.wish import Hardening, Wish, described, refused

log = logging.getLogger("gisapp.tiles")
LOOK_EVERY = 0.5  # seconds, whether to end and whether the socket is still where it is looked for
MOST_BYTES = 2**16  # of a wish
MOST_WAITING = 512  # different tiles
MOST_HARDENED = 16  # waiting to be
WAIT_SECONDS = 10.0  # in the queue
SEND_SECONDS = 5
SEND_BYTES = 2**20
REST = 4  # times as long as one hardening took: it never has more than a fifth of a core
Name = tuple[bytes, int, int]


class Caller:
    """One connection: it asks one thing at a time and waits for the answer."""

    def __init__(self, line: socket.socket) -> None:
        self.line, self.received = line, bytearray()
        self._waits, self._gone, self._lock = False, False, threading.Lock()
        line.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", SEND_SECONDS, 0))
        line.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BYTES)

    def answer(self, data: bytes) -> None:
        """Send the answer; one that is not taken in time ends the connection."""
        with self._lock:
            try:
                self.line.sendall(data)
            except OSError:
                with suppress(OSError):
                    self.line.shutdown(socket.SHUT_RDWR)
            self._waits = False
            if self._gone:
                self.line.close()

    def asks(self) -> None:
        """It has asked. Raises ValueError where it waits for an answer already."""
        with self._lock:  # the next question may come before `sendall` has returned
            if self._waits:
                raise ValueError("a second question before the answer")
            self._waits = True

    def leave(self) -> None:
        """Nobody listens any more. Closed only when no answer is on its way: the socket's number would be given to another."""
        with self._lock:
            self._gone = True
            if not self._waits:
                self.line.close()


@dataclass
class _Job:
    wish: Wish
    asked: float
    waiting: list[tuple[Caller, str]] = field(default_factory=list)  # with their kind of client
    late: list[tuple[Caller, str]] = field(default_factory=list)
    begun: bool = False


class Desk:
    """make: the tile of a wish, or an error. harden: the strong form of a kept tile (none where it is no smaller).
    at_once: how many are made at a time."""

    def __init__(
        self,
        folder: Path,
        make: Callable[[Wish], Found],
        harden: Callable[[Hardening], bytes],
        at_once: int,
    ) -> None:
        self._folder, self._make, self._harden = folder, make, harden
        self._jobs: dict[Name, _Job] = {}
        self._lock = threading.Lock()
        self._queue: queue.SimpleQueue[_Job] = queue.SimpleQueue()
        self._to_harden: queue.Queue[tuple[Caller, Hardening]] = queue.Queue(MOST_HARDENED)
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(at_once)]
        self._threads.append(threading.Thread(target=self._work_hard, daemon=True))
        self._selector = selectors.DefaultSelector()

    def run(self, stop: threading.Event) -> None:
        """Serve until told to stop, or until another maker has taken this one's place. Raises OSError where there can be no
        socket."""
        for thread in self._threads:
            thread.start()
        listening, number = self._listen()
        while not stop.is_set():
            for key, _ in self._selector.select(LOOK_EVERY):
                if key.data is None:
                    self._accept(listening)
                else:
                    self._hear(key.data)
            found = self._number()
            if found not in (0, number):
                log.warning("tile maker: another one has taken its place")
                break
            if not found:  # somebody has removed the file
                self._selector.unregister(listening)
                listening.close()
                listening, number = self._listen()
        listening.close()

    def _listen(self) -> tuple[socket.socket, int]:
        """A new socket in the place of an old one, and the number of its file."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder.chmod(0o700)  # nobody else may ask
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with short_name(self._folder) as path:
            Path(path).unlink(missing_ok=True)
            listening.bind(path)
        listening.listen(1024)
        listening.setblocking(False)
        self._selector.register(listening, selectors.EVENT_READ)
        return listening, self._number()

    def _number(self) -> int:
        try:
            with short_name(self._folder) as path:
                return os.stat(path).st_ino
        except OSError:
            return 0

    def _accept(self, listening: socket.socket) -> None:
        with suppress(OSError):
            line, _ = listening.accept()
            line.setblocking(True)
            self._selector.register(line, selectors.EVENT_READ, Caller(line))

    def _hear(self, caller: Caller) -> None:
        try:
            heard = caller.line.recv(MOST_BYTES, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except OSError:
            heard = b""
        caller.received += heard
        try:
            head = take_frame(caller.received, MOST_BYTES) if heard else None
            if not heard:
                raise ValueError("the end")
            if head is not None:
                self._take(caller, head)
        except ValueError:
            self._selector.unregister(caller.line)
            caller.leave()

    def _take(self, caller: Caller, head: dict[str, Any]) -> None:
        """Raises ValueError for what cannot be understood."""
        if "harden" in head:
            wanted = Hardening.from_head(head)
            caller.asks()
            try:
                self._to_harden.put_nowait((caller, wanted))
            except queue.Full:
                caller.answer(packed({"later": True}))
            return
        wish = Wish.from_head(head)
        caller.asks()
        name = wish.key, wish.x, wish.y
        with self._lock:
            job = self._jobs.get(name)
            full = job is None and len(self._jobs) >= MOST_WAITING
            if job is None and not full:
                job = self._jobs[name] = _Job(wish, time.monotonic())
                self._queue.put(job)
            if job is not None:
                (job.late if job.begun else job.waiting).append((caller, wish.kind))
        if full:
            caller.answer(packed(refused(errors.Busy(seconds=1))))

    def _work(self) -> None:
        while True:
            job = self._queue.get()
            with self._lock:
                job.begun = True
            try:
                if time.monotonic() - job.asked > WAIT_SECONDS:
                    raise errors.Busy(seconds=5)
                found: Found | Exception = self._make(job.wish)
            except errors.GisappError as error:
                found = error
            except (
                Exception
            ) as error:  # a mistake of ours: the askers make it themselves, and hear what it is
                log.exception("tile maker: %s", type(error).__name__)
                found = error
            for caller, kind in self._done(job, found):
                caller.answer(_answer(found, kind))

    def _done(self, job: _Job, found: Found | Exception) -> list[tuple[Caller, str]]:
        """Who is to be answered. Those who came after it was begun wait on where it may not show all that they may expect."""
        name = job.wish.key, job.wish.x, job.wish.y
        with self._lock:
            del self._jobs[name]
            if not job.late or isinstance(found, Exception) or found.current:
                return job.waiting + job.late
            again = self._jobs[name] = _Job(job.wish, time.monotonic(), job.late)
            self._queue.put(again)
        return job.waiting

    def _work_hard(self) -> None:
        while True:
            caller, wanted = self._to_harden.get()
            began = time.monotonic()
            try:
                body = self._harden(wanted)
            except Exception as error:
                log.warning("tile maker: not hardened (%s)", type(error).__name__)
                caller.answer(packed({"later": True}))
            else:
                caller.answer(packed({}, [body] if body else []))
            time.sleep(REST * (time.monotonic() - began))


def _answer(found: Found | Exception, kind: str) -> bytes:
    if isinstance(found, Exception):
        return packed(refused(found))
    try:
        return packed(*described(as_kind(found, kind)))
    except ValueError as error:  # what was kept is damaged
        return packed(refused(error))
