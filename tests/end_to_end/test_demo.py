"""From nothing to a map: what `make demo` runs, started and stopped as a person would."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from gisapp.settings import ROOT
from tests.conftest import free_port

GISAPP = str(Path(sys.executable).with_name("gisapp"))


class Demo:
    """A `gisapp demo` in a home and on a port of its own."""

    def __init__(self, home: Path, city: str = "sample") -> None:
        self.port, self.city = free_port(), city
        self.environment = {
            **os.environ,
            "GISAPP_HOME": str(home),
            "GISAPP_CITY": city,
            "GISAPP_PORT": str(self.port),
            "PYTHONUNBUFFERED": "1",
        }
        self.home = home

    def start(self) -> subprocess.Popen[str]:
        words = [GISAPP, "demo", "--parcels", "1000"]
        return subprocess.Popen(
            words,
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [GISAPP, *words], cwd=ROOT, env=self.environment, capture_output=True, text=True
        )

    def get(self, path: str) -> tuple[int, str]:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()

    def wait(self, child: subprocess.Popen[str], seconds: float = 90) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            assert child.poll() is None, child.stdout.read() if child.stdout else ""
            try:  # (after kill -9 the old children still answer until the new start has ended them)
                note = json.loads((self.home / "run" / f"{self.city}.json").read_text())
                if note["up"] == child.pid and self.get("/readyz")[0] == 200:
                    return
            except OSError:
                time.sleep(0.1)
        raise AssertionError("it did not start in time")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    one = Demo(tmp_path_factory.mktemp("demo"))
    yield one
    one.run("down")


def stop(child: subprocess.Popen[str]) -> str:
    child.send_signal(signal.SIGINT)
    said, _ = child.communicate(timeout=60)
    return said


def test_the_first_start_makes_the_city_and_shows_addresses_and_accounts(demo: Demo) -> None:
    child = demo.start()
    demo.wait(child)
    assert demo.get("/")[0] == demo.get("/maps/hazard")[0] == demo.get("/maps/roads")[0] == 200
    assert json.loads(demo.get("/api/identify?lon=141.3&lat=35.2")[1])["features"]
    audit = json.loads(demo.run("audit", "verify", "--json").stdout)
    assert audit["ok"] and audit["entries"] > 8 and audit["unsealed"] == 0, "the sealer works beside"
    assert (demo.home / "audit-roots" / "sample.head").read_text().split()[3] == audit["root"]
    said = stop(child)
    assert child.returncode == 0, said
    assert "/maps/hazard" in said
    assert len(re.findall(r"^\s+\w+\s+\w{4}-\w{4}-\w{4}-\w{4}$", said, re.M)) == 8, said
    assert demo.run("db", "status").returncode == 0  # (this starts the cluster again)


def test_ctrl_c_leaves_nothing_running(demo: Demo) -> None:
    child = demo.start()
    demo.wait(child)
    stop(child)
    with pytest.raises(OSError):
        demo.get("/healthz")
    left = subprocess.run(["pgrep", "-f", str(demo.home)], capture_output=True, text=True).stdout.split()
    assert not left


def test_the_second_start_takes_seconds_and_shows_no_password_again(demo: Demo) -> None:
    began = time.monotonic()
    child = demo.start()
    demo.wait(child)
    seconds = time.monotonic() - began
    said = stop(child)
    assert not re.search(r"\w{4}-\w{4}-\w{4}-\w{4}", said)
    assert seconds < 30


def test_after_kill_9_the_next_start_recovers_by_itself(demo: Demo) -> None:
    child = demo.start()
    demo.wait(child)
    child.kill()
    child.wait()
    again = demo.start()
    demo.wait(again)
    assert json.loads(demo.get("/api/identify?lon=141.3&lat=35.2")[1])["features"]
    assert stop(again) and again.returncode == 0


def test_ctrl_c_while_preparing_stops_the_database_too(demo: Demo) -> None:
    child = demo.start()
    until = time.monotonic() + 30
    while time.monotonic() < until and "database" not in (child.stdout.readline() if child.stdout else ""):
        pass
    said = stop(child)
    assert child.returncode in (0, 130), said
    assert not subprocess.run(["pgrep", "-f", str(demo.home)], capture_output=True, text=True).stdout


def test_ctrl_c_before_the_server_answers_leaves_nothing_running(demo: Demo) -> None:
    child, note = demo.start(), demo.home / "run" / f"{demo.city}.json"
    until = time.monotonic() + 60
    while time.monotonic() < until and not note.exists():
        time.sleep(0.005)
    began = time.monotonic()
    said = stop(child)
    assert child.returncode in (0, 130), said
    assert not note.exists() and time.monotonic() - began < 40
    assert not subprocess.run(["pgrep", "-f", str(demo.home)], capture_output=True, text=True).stdout


def test_a_taken_port_gets_a_sentence_that_says_what_to_do(demo: Demo) -> None:
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", demo.port))
        taken.listen()
        child = demo.start()
        said, _ = child.communicate(timeout=60)
    assert child.returncode == 1
    assert "別の番号を指定してください" in said and "PORT=" in said and "Traceback" not in said


def test_a_second_one_beside_it_is_told_so(demo: Demo) -> None:
    child = demo.start()
    demo.wait(child)
    beside = demo.start()
    said, _ = beside.communicate(timeout=60)
    assert beside.returncode == 1 and "すでに動いています" in said
    assert demo.get("/healthz")[0] == 200
    stop(child)


def test_the_web_process_does_not_know_the_owners_password(demo: Demo) -> None:
    child = demo.start()
    demo.wait(child)
    try:
        web = json.loads((demo.home / "run" / "sample.json").read_text())["web"]
        owner_url = demo.run("db", "url").stdout.strip()
        password = owner_url.split(":")[2].split("@")[0]
        children = subprocess.run(["pgrep", "-g", str(web)], capture_output=True, text=True).stdout.split()
        assert len(children) >= 2
        for pid in children:
            shown = Path(f"/proc/{pid}/environ").read_bytes() + Path(f"/proc/{pid}/cmdline").read_bytes()
            assert password.encode() not in shown and b"GISAPP_DATABASE_URL" not in shown
    finally:
        stop(child)


def test_a_real_city_starts_empty_and_says_how_to_load_its_data(demo: Demo) -> None:
    real = Demo(demo.home, "yaizu")  # which has layers of its own
    child = real.start()
    real.wait(child)
    assert real.get("/maps/hazard")[0] == real.get("/maps/roads")[0] == 200
    said = stop(child)
    assert "gisapp load boundary.geojson --layer base.boundary" in said and child.returncode == 0, said
