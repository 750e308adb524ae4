"""One drawing process: `python -m gisapp.rasters.process`, started by `painters`, reading wishes until its input ends.

It is given vector tiles and styles and nothing else: no password, no database, no file but fonts. It ends itself when a
picture takes too long (the alarm is the kernel's, so that it also ends a loop inside Mapnik), when it has had nothing to
do for a while, and when the web process that started it is gone.
"""

from __future__ import annotations

import os
import resource
import select
import signal
import sys
from typing import IO, Any

import mapnik

from gisapp import priority
from gisapp.frames import read_frame, write_frame
from gisapp.rasters import FONTS
from gisapp.rasters.draw import Canvas, Wish
from gisapp.rasters.finish import draw_window
from gisapp.rasters.legend import draw_legend
from gisapp.rasters.symbolizers import FALLBACK_FACES

LONGEST_SECONDS = 10.0  # of the processor's time: a busy machine is no reason to give up
LONGEST_WAIT = 30.0
IDLE_SECONDS = 600.0
MOST_MEMORY = 2**30
"""Bytes of address space; a process that draws holds a tenth of it."""


def main() -> None:
    """Draw until the input ends."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    priority.give_way(priority.COMPUTES)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not get into an answer
    wishes = sys.stdin.buffer
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the web process, whose end ends the input
    for folder in FONTS:
        mapnik.register_fonts(folder)
    canvas = Canvas(list(mapnik.FontEngine.face_names()))
    try:
        _answer_all(canvas, wishes, answers)
    except BrokenPipeError:  # the web process ended meanwhile: nobody is left to say it to
        os._exit(0)


def _answer_all(canvas: Canvas, wishes: IO[bytes], answers: IO[bytes]) -> None:
    write_frame(answers, {"missing_fonts": [f for f in FALLBACK_FACES[:1] if f not in canvas.faces]})
    while select.select([wishes], [], [], IDLE_SECONDS)[0]:
        try:
            head, tiles = read_frame(wishes)
        except EOFError:
            return
        _set_alarms(LONGEST_SECONDS, LONGEST_WAIT)
        _answer(canvas, head, tiles, answers)
        _set_alarms(0, 0)


def _set_alarms(working: float, waiting: float) -> None:
    """After so many seconds of work or of anything the process ends (0: never), by signals that nothing here handles."""
    signal.setitimer(signal.ITIMER_PROF, working)
    signal.setitimer(signal.ITIMER_REAL, waiting)


def _answer(canvas: Canvas, head: dict[str, Any], tiles: list[bytes], answers: IO[bytes]) -> None:
    try:
        drawn = _draw(canvas, head, tiles)
    except Exception as error:  # Mapnik's errors are RuntimeErrors of many kinds
        write_frame(answers, {"error": f"{type(error).__name__}: {error}"[:500]})
        return
    write_frame(answers, {"places": [[x, y] for x, y, _ in drawn]}, [picture for *_, picture in drawn])


def _draw(canvas: Canvas, head: dict[str, Any], tiles: list[bytes]) -> list[tuple[int, int, bytes]]:
    """A metatile's pictures; or one picture of a window, or of a legend."""
    head.pop("sizes", None)
    what = head.pop("do", "metatile")
    if what == "legend":
        return [(0, 0, draw_legend(canvas.faces, **head))]
    placed = zip(head.pop("places"), tiles, strict=True)
    finish = head.pop("finish", None)
    wish = Wish(**head, tiles=[(column, row, tile) for (column, row), tile in placed])
    return [(0, 0, draw_window(canvas, wish, **finish))] if what == "window" else canvas.draw(wish)


if __name__ == "__main__":
    main()
