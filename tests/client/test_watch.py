"""`gisapp upload --watch`, and the curl version in the docs, against a real server."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gisapp.cli.watch import (
    ASKED,
    AWAY,
    FILES_FAILED,
    LOADED,
    WATCHED,
    Watch,
    only_watcher,
)
from gisapp.client import Client
from gisapp.installation import Installation
from gisapp.settings import ROOT
from tests.client.conftest import streets
from tests.conftest import free_port
from tests.intake.conftest import ask
from tests.intake.files import feature, gdal_file, geojson, line, parts, point

COUNT = "SELECT count(*) FROM roads.street"
UPLOADS = "SELECT count(*) FROM gisapp.upload WHERE file_name = :name"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


@pytest.fixture
def watch(client: Client, folder: Path) -> Callable[..., Watch]:
    """A watcher of `folder`, quick to take a file."""

    def make(server: Client = client, mode: str = "upsert", settle: float = 0.0) -> Watch:
        return Watch(server, folder, "roads.street", {"mode": mode}, settle)

    return make


def there(folder: Path) -> list[str]:
    found = (path for path in folder.rglob("*") if path.is_file() and path.name[0] != ".")
    return sorted(str(path.relative_to(folder)) for path in found)


def report(folder: Path, name: str) -> dict[str, Any]:
    return dict(json.loads((folder / f"{name}.report.json").read_text("utf-8")))


def test_files_go_to_done_or_failed_with_a_report_beside(
    watch: Callable[..., Watch], folder: Path, city: Installation
) -> None:
    streets(folder / "a 道路.geojson")
    shp = gdal_file(folder / "b.shp", [line(7)], {"路線番号": ["7"]}, encoding="cp932")
    geojson(folder / "c.geojson", [feature(point(), 路線番号="1")])
    (folder / ".hidden.geojson").write_text("{}")
    (folder / "half.geojson.part").write_text("{")
    companions = [f"done/{path.name}" for path in parts(shp)]
    assert watch().once() == FILES_FAILED
    expected = {
        "done/a 道路.geojson",
        "done/a 道路.geojson.report.json",
        *companions,
        "done/b.shp.report.json",
    }
    expected |= {"failed/c.geojson", "failed/c.geojson.report.json", "half.geojson.part"}
    assert set(there(folder)) == expected
    assert report(folder, "done/a 道路.geojson")["state"] == "published"
    assert report(folder, "failed/c.geojson")["problems"][0]["rows"] == [1]
    assert ask(city, COUNT) == [(4,)]
    assert watch().once() == LOADED


def test_a_question_is_told_apart_and_its_answers_are_in_the_report(
    watch: Callable[..., Watch], folder: Path
) -> None:
    gdal_file(folder / "q.shp", [line()], {"路線番号": ["1"]}, crs=None, encoding="cp932")
    assert watch().once() == ASKED
    assert report(folder, "failed/q.shp")["choices"][0]["crs"] == "EPSG:6668"


def test_a_file_is_never_loaded_twice(
    watch: Callable[..., Watch], folder: Path, tmp_path: Path, city: Installation
) -> None:
    """The watcher was killed after its upload and before the file was put away; later somebody hands the rows in again."""
    path = streets(tmp_path / "twice.geojson")
    for copy in ("twice.geojson", "twice.geojson", "of another night.geojson"):
        shutil.copyfile(path, folder / copy)  # another time each
        assert watch(mode="append").once() == LOADED
    assert ask(city, COUNT) == [(3,)] and ask(city, UPLOADS, name="twice.geojson") == [(1,)]
    assert report(folder, "done/twice-2.geojson")["sent_before"]
    assert "sent_before" not in report(folder, "done/twice.geojson")


def test_a_file_that_failed_may_be_put_back(
    watch: Callable[..., Watch], folder: Path, city: Installation
) -> None:
    geojson(folder / "again.geojson", [feature(point(), 路線番号="1")])
    assert watch().once() == FILES_FAILED
    os.replace(folder / "failed" / "again.geojson", folder / "again.geojson")
    assert watch().once() == FILES_FAILED
    assert ask(city, UPLOADS, name="again.geojson") == [(2,)]


def test_while_the_server_is_away_files_stay(watch: Callable[..., Watch], folder: Path) -> None:
    streets(folder / "a.geojson")
    nobody = Client(f"http://127.0.0.1:{free_port()}", "gisapp_x", patience=0)
    assert watch(nobody).once() == AWAY
    assert there(folder) == ["a.geojson"]
    assert watch().once() == LOADED


def test_a_wrong_token_is_not_the_files_fault(
    watch: Callable[..., Watch], folder: Path, running: str
) -> None:
    streets(folder / "a.geojson")
    assert watch(Client(running, "gisapp_wrong")).once() == FILES_FAILED
    assert watch(Client(running, "gisapp_wrong")).always(0.01) == FILES_FAILED
    assert there(folder) == ["a.geojson"]


def test_a_file_that_is_still_being_written_waits(
    watch: Callable[..., Watch], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr("gisapp.cli.watch.time.monotonic", lambda: now[0])
    path, watcher = streets(folder / "slow.geojson"), watch(settle=10)
    assert not watcher.settled(path)
    now[0] = 9
    path.write_text(path.read_text("utf-8") + " ", "utf-8")
    assert not watcher.settled(path)
    now[0] = 18
    assert not watcher.settled(path)
    now[0] = 19
    assert watcher.settled(path)


def test_the_shell_watches_once_and_one_at_a_time(
    client: Client, folder: Path, running: str, token: str
) -> None:
    streets(folder / "a.geojson")
    command = [str(Path(sys.executable).with_name("gisapp")), "upload", "--watch", str(folder), "--once"]
    command += ["--settle", "0.1", "--layer", "roads.street", "--to", running]
    environment = {**os.environ, "GISAPP_TOKEN": token}
    with only_watcher(folder):
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        assert done.returncode == WATCHED and there(folder) == ["a.geojson"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == LOADED and "a.geojson → done/ published" in done.stdout, done.stderr


def test_the_curl_version_of_the_docs_works(
    client: Client, running: str, token: str, city: Installation, tmp_path: Path
) -> None:
    page = (ROOT / "docs" / "uploading.md").read_text("utf-8")
    script = next(block for block in re.findall(r"```bash\n(.*?)```", page, re.S) if "curl" in block)
    assert len(script.strip().splitlines()) <= 10
    good = streets(tmp_path / "good.geojson")
    bad = geojson(tmp_path / "bad.geojson", [feature(point(), 路線番号="1")])
    for file, code, said in ((good, 0, '"state":"published"'), (bad, 1, "MultiLineString")):
        environment = {**os.environ, "GISAPP_TOKEN": token, "SERVER": running}
        environment |= {"LAYER": "roads.street", "FILE": str(file)}
        done = subprocess.run(["bash", "-c", script], env=environment, capture_output=True, text=True)
        assert (done.returncode, said in done.stdout) == (code, True), done.stdout + done.stderr
    assert ask(city, COUNT) == [(3,)]
