"""A drawing process that crashes, hangs or is fed rubbish costs one picture; it holds nothing worth taking."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from gisapp import errors
from gisapp.frames import read_frame, write_frame
from gisapp.installation import Installation
from gisapp.rasters import painters as module
from gisapp.rasters.painters import Painters

HEAD: dict[str, Any] = {
    "styles": [], "zoom": 14, "count": 1, "ratio": 1, "format": "png",
    "origin": [0, 0], "tile_side": 512, "reach": 128, "places": [],
}  # fmt: skip


@pytest.fixture
def own() -> Iterator[Painters]:
    one = Painters(1)
    yield one
    one.close()


def test_a_process_is_started_when_it_is_wanted_and_used_again(own: Painters) -> None:
    assert own.pids() == []
    assert own.draw(HEAD, [])[0, 0].startswith(b"\x89PNG")
    (pid,) = own.pids()
    own.draw(HEAD, [])
    assert own.pids() == [pid]


def test_a_process_that_died_while_idle_is_replaced_unseen(own: Painters) -> None:
    own.draw(HEAD, [])
    (pid,) = own.pids()
    os.kill(pid, signal.SIGKILL)
    time.sleep(0.2)
    assert own.draw(HEAD, [])
    assert own.pids() != [pid]


def test_a_crash_while_drawing_is_a_sentence_and_the_next_picture_is_drawn(own: Painters) -> None:
    own.draw(HEAD, [])
    (pid,) = own.pids()
    os.kill(pid, signal.SIGSTOP)
    crash = threading.Timer(0.3, lambda: (os.kill(pid, signal.SIGSEGV), os.kill(pid, signal.SIGCONT)))
    crash.start()
    with pytest.raises(errors.DrawingFailed):
        own.draw(HEAD, [])
    assert own.draw(HEAD, [])


def test_one_that_hangs_is_ended(own: Painters, monkeypatch: pytest.MonkeyPatch) -> None:
    own.draw(HEAD, [])
    (pid,) = own.pids()
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 0.5)
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(errors.DrawingFailed):
        own.draw(HEAD, [])
    assert not Path(f"/proc/{pid}").exists()


def test_a_picture_that_takes_too_long_ends_its_process_from_inside() -> None:
    """The alarm is the kernel's default: no Python runs, so that it also ends a loop in Mapnik."""
    code = (
        "import sys, gisapp.rasters.process as p, gisapp.rasters.draw as d, re\n"
        "p.LONGEST_SECONDS = 0.3\n"
        "d.Canvas.draw = lambda self, wish: re.match('(a+)+b', 'a' * 40)\n"  # never returns, holds the interpreter
        "p.main()"
    )
    slow = Painters(1, [sys.executable, "-c", code])
    with pytest.raises(errors.DrawingFailed):
        slow.draw(HEAD, [])
    slow.close()


@pytest.mark.parametrize("tile", [b"no tile", b"\x1a\xff\xff\xff\xff\x0f", b"\x00" * 100])
def test_a_broken_tile_is_a_sentence_and_the_process_lives(own: Painters, tile: bytes) -> None:
    own.draw(HEAD, [])
    (pid,) = own.pids()
    with pytest.raises(errors.DrawingFailed):
        own.draw({**HEAD, "places": [[0, 0]]}, [tile])
    assert own.draw(HEAD, []) and own.pids() == [pid]


def test_it_is_replaced_after_its_share(own: Painters, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PICTURES_EACH", 2)
    seen = []
    for _ in range(4):
        own.draw(HEAD, [])
        seen += own.pids()
    assert seen[0] == seen[1] != seen[2] == seen[3]


def test_no_more_than_the_number_draw_at_once(own: Painters, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WAIT_SECONDS", 0.2)
    own.draw(HEAD, [])
    (pid,) = own.pids()
    os.kill(pid, signal.SIGSTOP)
    first = threading.Thread(target=lambda: own.draw(HEAD, []))
    first.start()
    time.sleep(0.1)
    with pytest.raises(errors.Busy):
        own.draw(HEAD, [])
    os.kill(pid, signal.SIGCONT)
    first.join(10)
    assert own.pids() == [pid]


def test_it_holds_no_password_no_connection_and_a_bounded_memory(
    own: Painters, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GISAPP_DATABASE_URL", "postgresql://owner:secret@db/city")
    own.draw(HEAD, [])
    process = Path(f"/proc/{own.pids()[0]}")
    words = (process / "environ").read_bytes() + (process / "cmdline").read_bytes()
    assert b"secret" not in words and b"GISAPP_DATABASE_URL" not in words
    assert not [link for link in (process / "fd").iterdir() if "socket" in os.readlink(link)]
    limits = (process / "limits").read_text()
    assert f"Max address space         {2**30}" in limits
    assert "libpq" not in (process / "maps").read_text()


def test_a_missing_font_is_said_in_the_log_and_names_are_drawn_all_the_same(
    caplog: pytest.LogCaptureFixture,
) -> None:
    code = "import gisapp.rasters.process as p; p.FONTS = ('/nowhere',); p.main()"
    without = Painters(1, [sys.executable, "-c", code])
    assert without.draw(HEAD, [])
    without.close()
    assert "fonts-noto-cjk" in caplog.text and "Noto Sans CJK JP Regular" in caplog.text


def test_it_ends_when_the_web_process_is_killed() -> None:
    code = (
        "import sys, time; from gisapp.rasters.painters import Painters\n"
        f"own = Painters(1); own.draw({HEAD!r}, []); print(own.pids()[0], flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    until = time.monotonic() + 5
    while time.monotonic() < until and _runs(pid):
        time.sleep(0.05)
    assert not _runs(pid)


def _runs(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def test_over_http_a_crash_is_503_with_a_time_to_wait(
    app: Flask, client: FlaskClient, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = Painters(1, [sys.executable, "-c", "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"])
    monkeypatch.setattr(
        "gisapp.rasters.pictures.draw_metatile", lambda _, read, layers, one: broken.draw(HEAD, [])
    )
    address = "/tiles/base.boundary/10/914/404.png"
    answer = client.get(address)
    assert answer.status_code == 503 and answer.headers["Retry-After"] == "5"
    assert answer.get_json()["title"] and answer.headers["Cache-Control"] == "no-store"
    monkeypatch.undo()
    assert client.get(address).status_code == 200, "a failure is not kept"
    assert app.extensions["gisapp_studio"].flight.waiting == 0


def test_a_process_whose_server_ended_meanwhile_says_nothing() -> None:
    command = [sys.executable, "-m", "gisapp.rasters.process"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as one:
        assert one.stdin and one.stdout and one.stderr
        read_frame(one.stdout)
        one.stdout.close()
        write_frame(one.stdin, HEAD, [])
        one.stdin.close()
        assert one.stderr.read() == b""
        assert one.wait(20) == 0
