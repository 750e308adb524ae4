"""The drawing processes of one web process: a bounded number, started when a picture is wanted, replaced when they end.

The web process itself never loads Mapnik. A process that crashes, hangs or runs out of memory costs the one picture it
was drawing; after PICTURES_EACH metatiles it is replaced anyway.
"""

from __future__ import annotations

import atexit
import logging
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import Any

from gisapp import errors
from gisapp.frames import read_frame, write_frame

log = logging.getLogger("gisapp.rasters")
PICTURES_EACH = 1000
PATIENCE_SECONDS = 35.0  # its own alarms ring before; this is for one that was stopped from outside
WAIT_SECONDS = 10.0
PASSED_ON = ("PATH", "LANG", "LC_ALL", "TMPDIR", "PYTHONPATH", "GISAPP_ROOT", "LD_LIBRARY_PATH")
COMMAND = [sys.executable, "-m", "gisapp.rasters.process"]


class Painters:
    """At most `count` drawing processes. Safe to use from several threads."""

    def __init__(self, count: int, command: Sequence[str] = tuple(COMMAND)) -> None:
        self.count = count
        self._command = list(command)
        self._free: queue.LifoQueue[_Painter | None] = queue.LifoQueue()
        for _ in range(count):
            self._free.put(None)  # a place without a process yet
        atexit.register(self.close)

    def draw(self, head: dict[str, Any], tiles: Sequence[bytes]) -> dict[tuple[int, int], bytes]:
        """Pictures by column and row of the metatile that `head` and `tiles` describe (see `process`).

        Raises errors.Busy when no process gets free in time, errors.DrawingFailed when this picture cannot be drawn.
        """
        try:
            painter = self._free.get(timeout=WAIT_SECONDS)
        except queue.Empty:
            raise errors.Busy(seconds=2) from None
        try:
            if painter is None or not painter.usable:
                if painter is not None:
                    painter.end()
                painter = None  # if starting fails, the place stays
                painter = _Painter(self._command)
            return painter.draw(head, tiles)
        finally:
            self._free.put(painter)

    def pids(self) -> list[int]:
        """The processes that are waiting for work."""
        return [painter.pid for painter in list(self._free.queue) if painter is not None]

    def close(self) -> None:
        """End the processes that are waiting for work."""
        atexit.unregister(self.close)
        for _ in range(self._free.qsize()):
            painter = self._free.get()
            if painter is not None:
                painter.end()
            self._free.put(None)


class _Painter:
    """One drawing process."""

    def __init__(self, command: list[str]) -> None:
        environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, cwd="/"
        )
        self._drawn = 0
        said, _ = self._talk(None, ())
        for font in said.get("missing_fonts", []):
            log.warning(
                "フォント「%s」がないため、地図の文字が正しく出ません。fonts-noto-cjk を入れてください。"
                " The font “%s” is missing and names on picture tiles will look wrong: install fonts-noto-cjk.",
                font,
                font,
            )

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def usable(self) -> bool:
        """Whether it lives and has not drawn its share."""
        return self._process.poll() is None and self._drawn < PICTURES_EACH

    def draw(self, head: dict[str, Any], tiles: Sequence[bytes]) -> dict[tuple[int, int], bytes]:
        """Raises errors.DrawingFailed."""
        self._drawn += 1
        said, pictures = self._talk(head, tiles)
        if "error" in said:
            log.error("a picture could not be drawn: %s", said["error"])
            raise errors.DrawingFailed(seconds=60)
        return {(x, y): picture for (x, y), picture in zip(said["places"], pictures, strict=True)}

    def _talk(
        self, head: dict[str, Any] | None, tiles: Sequence[bytes]
    ) -> tuple[dict[str, Any], list[bytes]]:
        """Say something and hear the answer. A process that gives none in time is ended."""
        pipes = self._process.stdin, self._process.stdout
        assert pipes[0] is not None and pipes[1] is not None
        watch = threading.Timer(PATIENCE_SECONDS, self._process.kill)
        watch.start()
        try:
            if head is not None:
                write_frame(pipes[0], head, tiles)
            return read_frame(pipes[1])
        except (EOFError, OSError, ValueError) as error:
            self.end()
            log.error("a drawing process ended with %s", self._process.returncode)
            raise errors.DrawingFailed(seconds=5) from error
        finally:
            watch.cancel()

    def end(self) -> None:
        """End it: without input it has nothing to do."""
        for pipe in (self._process.stdin, self._process.stdout):
            try:
                if pipe is not None:
                    pipe.close()
            except OSError:
                pass  # what was still to be written has nobody to read it
        try:
            self._process.wait(1)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
