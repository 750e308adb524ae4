"""The background worker as a process of its own: killed, crashed, started twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gisapp.cli.people import add_person
from gisapp.installation import Installation
from gisapp.intake.jobs import defer
from gisapp.intake.options import Options
from gisapp.intake.uploads import add_upload, file_of, set_state
from gisapp.settings import ROOT
from tests.conftest import PASSWORD
from tests.intake.conftest import ask, forget_jobs
from tests.intake.files import LAT, LON, feature, geojson, line

pytestmark = pytest.mark.usefixtures("empty_layers")
Queue = Callable[..., uuid.UUID]
MANY = 150_000  # rows: enough for a worker to be interrupted


@pytest.fixture(scope="module")
def editor(city: Installation) -> int:
    add_person(city, "worker_editor", "編集者", PASSWORD, {"roads": "editor", "disaster": "editor"})
    return int(ask(city, "SELECT id FROM gisapp.person WHERE login = 'worker_editor'")[0][0])


@pytest.fixture
def queue(city: Installation, editor: int) -> Queue:
    """Puts a file into the queue, which is empty at first, as the web process does."""
    forget_jobs(city)

    def put(path: Path, layer: str) -> uuid.UUID:
        upload_id = uuid.uuid4()
        target = file_of(city.settings, upload_id)
        target.parent.mkdir(parents=True)
        target.write_bytes(path.read_bytes())
        with city.database.transaction("app") as connection:
            add_upload(
                connection, upload_id, layer, path.name, Options().as_json() | {"publish": True}, editor
            )
            defer(connection, upload_id, layer)
        return upload_id

    return put


@pytest.fixture
def start(city: Installation) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Starts the worker as `gisapp up` does; whatever is left of it is ended afterwards."""
    started: list[subprocess.Popen[bytes]] = []

    def go() -> subprocess.Popen[bytes]:
        environment = {**os.environ, "GISAPP_HOME": str(city.settings.home), "GISAPP_CITY": city.city.key}
        command = [sys.executable, "-m", "gisapp.cli.worker"]
        started.append(
            subprocess.Popen(
                command, env=environment, cwd=ROOT, stdin=subprocess.DEVNULL, start_new_session=True
            )
        )
        return started[-1]

    yield go
    for child in started:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def state(city: Installation, upload_id: uuid.UUID) -> str:
    return str(ask(city, "SELECT state FROM gisapp.upload WHERE id = :id", id=upload_id)[0][0])


def wait_until(condition: Callable[[], Any], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "took too long"
        time.sleep(0.05)


def many_shelters(path: Path, count: int = MANY) -> Path:
    cells = (f"地点{n},{LAT + (n % 500) * 1e-5},{LON + (n // 500) * 1e-5}" for n in range(count))
    path.write_text("名称,緯度,経度\n" + "\n".join(cells) + "\n", "utf-8")
    return path


def test_a_worker_does_what_is_in_the_queue(
    city: Installation, queue: Queue, start: Callable[[], Any], tmp_path: Path
) -> None:
    first = queue(geojson(tmp_path / "a.geojson", [feature(line(), 路線番号="1")]), "roads.street")
    worker = start()
    wait_until(lambda: state(city, first) == "published")
    second = queue(geojson(tmp_path / "b.geojson", [feature(line(), 路線番号="2")]), "roads.street")
    wait_until(lambda: state(city, second) == "published", 20)
    worker.terminate()
    assert worker.wait(10) == 0
    assert ask(city, "SELECT route_number FROM roads.street") == [("2",)]


def test_a_killed_worker_leaves_nothing_half_done_and_the_next_one_finishes(
    city: Installation, queue: Queue, start: Callable[[], subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    upload_id = queue(many_shelters(tmp_path / "many.csv"), "disaster.shelter")
    worker = start()
    wait_until(lambda: ask(city, "SELECT done FROM gisapp.upload WHERE id = :id", id=upload_id)[0][0] > 0)
    children = [int(p) for p in Path(f"/proc/{worker.pid}/task/{worker.pid}/children").read_text().split()]
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    wait_until(lambda: not any(Path(f"/proc/{child}").exists() for child in children), 10)
    assert (
        ask(city, "SELECT count(*) FROM disaster.shelter") == [(0,)] and state(city, upload_id) == "checking"
    )
    start()
    wait_until(lambda: state(city, upload_id) == "published")
    assert ask(city, "SELECT count(*) FROM disaster.shelter") == [(MANY,)]
    wait_until(lambda: not file_of(city.settings, upload_id).exists(), 10)


def test_a_reader_that_crashes_is_a_sentence_and_the_worker_goes_on(
    city: Installation, queue: Queue, start: Callable[[], subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    upload_id = queue(many_shelters(tmp_path / "many.csv"), "disaster.shelter")
    worker = start()
    wait_until(lambda: ask(city, "SELECT done FROM gisapp.upload WHERE id = :id", id=upload_id)[0][0] > 0)
    (child,) = (int(p) for p in Path(f"/proc/{worker.pid}/task/{worker.pid}/children").read_text().split())
    os.kill(child, signal.SIGSEGV)
    wait_until(lambda: state(city, upload_id) == "failed", 20)
    ((report,),) = ask(city, "SELECT report FROM gisapp.upload WHERE id = :id", id=upload_id)
    assert report["problems"][0]["ja"] and ask(city, "SELECT count(*) FROM disaster.shelter") == [(0,)]
    after = queue(geojson(tmp_path / "a.geojson", [feature(line(), 路線番号="1")]), "roads.street")
    wait_until(lambda: state(city, after) == "published", 20)


def test_a_worker_that_is_stopped_puts_its_job_back(
    city: Installation, queue: Queue, start: Callable[[], subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    upload_id = queue(many_shelters(tmp_path / "many.csv"), "disaster.shelter")
    worker = start()
    wait_until(lambda: ask(city, "SELECT done FROM gisapp.upload WHERE id = :id", id=upload_id)[0][0] > 0)
    worker.terminate()
    worker.wait(8)  # `gisapp up` waits this long before it kills
    assert state(city, upload_id) in {"checking", "published"}
    start()
    wait_until(lambda: state(city, upload_id) == "published")
    assert ask(city, "SELECT count(*) FROM disaster.shelter") == [(MANY,)]


def test_a_second_worker_waits_for_its_place(
    city: Installation, queue: Queue, start: Callable[[], subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    first = start()
    holders = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    wait_until(lambda: ask(city, holders) == [(1,)])
    second = start()
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    upload_id = queue(geojson(tmp_path / "a.geojson", [feature(line(), 路線番号="1")]), "roads.street")
    wait_until(lambda: state(city, upload_id) == "published", 30)
    assert second.poll() is None


def test_an_upload_that_nobody_will_finish_is_said_to_have_failed(
    city: Installation, queue: Queue, start: Callable[[], subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    upload_id = queue(geojson(tmp_path / "a.geojson", [feature(line(), 路線番号="1")]), "roads.street")
    forget_jobs(city)
    start()
    wait_until(lambda: state(city, upload_id) == "failed", 20)
    assert not file_of(city.settings, upload_id).exists()


def test_a_worker_killed_while_it_publishes_leaves_the_rows_staged_and_the_next_one_publishes_them(
    city: Installation, queue: Queue, start: Callable[[], subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    upload_id = queue(many_shelters(tmp_path / "many.csv"), "disaster.shelter")
    ask(
        city,
        "UPDATE gisapp.upload SET options = options || '{\"publish\": false}' WHERE id = :id RETURNING 1",
        id=upload_id,
    )
    worker = start()
    wait_until(lambda: state(city, upload_id) == "checked")
    with city.database.transaction("app") as connection:
        set_state(connection, upload_id, "publishing")
        defer(connection, upload_id, "disaster.shelter")
    writing = "SELECT count(*) FROM pg_locks WHERE relation = 'disaster.shelter'::regclass AND mode = 'ShareRowExclusiveLock' AND granted"
    wait_until(lambda: ask(city, writing) == [(1,)])
    children = [int(p) for p in Path(f"/proc/{worker.pid}/task/{worker.pid}/children").read_text().split()]
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    wait_until(lambda: not any(Path(f"/proc/{child}").exists() for child in children), 10)
    assert ask(city, "SELECT count(*) FROM disaster.shelter") == [(0,)]
    assert state(city, upload_id) == "publishing"
    start()
    wait_until(lambda: state(city, upload_id) == "published")
    assert ask(city, "SELECT count(*) FROM disaster.shelter") == [(MANY,)]
