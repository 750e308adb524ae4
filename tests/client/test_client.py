"""The upload client and `gisapp upload` against a real server."""

from __future__ import annotations

import ast
import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gisapp.client import Client, ClientError, FileAsked, FileRefused, NotReached, Refused
from gisapp.installation import Installation
from gisapp.settings import ROOT
from tests.client.conftest import streets
from tests.conftest import free_port
from tests.intake.conftest import ask
from tests.intake.files import feature, gdal_file, geojson, line, point


def test_a_file_is_sent_and_its_report_comes_back(client: Client, city: Installation, tmp_path: Path) -> None:
    seen: list[tuple[str, float]] = []
    report = client.upload(
        "roads.street", streets(tmp_path / "道路.geojson"), progress=lambda *step: seen.append(step)
    )
    assert report["state"] == "published" and report["rows"]["loaded"] == 3
    assert ("sending", 1.0) in seen and seen[-1] == ("published", 1)
    assert ask(city, "SELECT count(*) FROM roads.street") == [(3,)]
    again = client.upload("roads.street", streets(tmp_path / "more.geojson", 4), mode="upsert")
    assert again["difference"] == {"added": 1, "changed": 0, "removed": 0, "unchanged": 3}


def test_a_bare_shapefile_is_sent_with_all_its_parts(
    client: Client, city: Installation, tmp_path: Path
) -> None:
    shp = gdal_file(tmp_path / "道路.shp", [line()], {"名称": ["本町線"]}, encoding="cp932")
    report = client.upload("roads.street", shp, constants={"route_number": "7"})
    assert report["encoding"] == "cp932" and report["set"] == {"route_number": "7"}
    assert ask(city, "SELECT route_number, name FROM roads.street") == [("7", "本町線")]


def test_checking_only_publishes_nothing_until_it_is_said(
    client: Client, city: Installation, tmp_path: Path
) -> None:
    report = client.upload("roads.street", streets(tmp_path / "r.geojson"), publish=False)
    assert report["state"] == "checked" and ask(city, "SELECT count(*) FROM roads.street") == [(0,)]
    client.publish(report["id"])
    assert client.wait(report["id"])["state"] == "published"
    second = client.upload("roads.street", streets(tmp_path / "r.geojson"), publish=False, wait=False)
    assert second["state"] == "received"
    client.wait(second["id"])
    assert client.discard(second["id"])["state"] == "discarded"


def test_a_refused_file_is_an_exception_with_the_report(client: Client, tmp_path: Path) -> None:
    with pytest.raises(FileRefused) as refusal:
        client.upload("roads.street", geojson(tmp_path / "p.geojson", [feature(point(), 路線番号="1")]))
    assert refusal.value.report["problems"][0]["rows"] == [1] and "MultiLineString" in str(refusal.value)


def test_what_the_server_does_not_take_is_said_with_its_sentence(
    client: Client, running: str, tmp_path: Path
) -> None:
    path = streets(tmp_path / "r.geojson")
    for status, attempt in (
        (401, lambda: Client(running, "gisapp_wrong").upload("roads.street", path)),
        (404, lambda: client.upload("tax.parcel", path)),
        (400, lambda: client.upload("roads.street", path, mode="merge")),
    ):
        with pytest.raises(Refused) as refusal:
            attempt()
        assert refusal.value.status == status and " / " in str(refusal.value)
    (tmp_path / "r.zip").write_bytes(b"no zip")
    with pytest.raises(Refused) as refusal:
        client.upload("roads.street", tmp_path / "r.zip")
    assert refusal.value.status == 422 and "r.zip" in str(refusal.value)


def test_a_server_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(NotReached):
        Client(f"http://127.0.0.1:{free_port()}", "gisapp_x", patience=0).layers()


def test_the_layers_that_the_token_may_read(client: Client) -> None:
    assert {"roads.street", "base.boundary"} <= {layer["id"] for layer in client.layers()}


def test_a_large_file_is_sent_without_being_held_in_memory(client: Client, tmp_path: Path) -> None:
    """The server refuses it at once; what is measured is this process."""
    path = tmp_path / "large.gpkg"
    with path.open("wb") as file:
        file.write(b"no geopackage at all, but long")
        file.truncate(300 * 2**20)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ClientError):
        client.upload("roads.street", path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 * 1024  # kB


def test_the_client_needs_nothing_else_of_gisapp() -> None:
    tree = ast.parse((ROOT / "gisapp" / "client.py").read_text())
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    outside = {name.split(".")[0] for name in imported} - set(sys.stdlib_module_names)
    assert outside == {"requests"}


def shell(running: str, *words: str, token: str | None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **({"GISAPP_TOKEN": token} if token else {})}
    command = [str(Path(sys.executable).with_name("gisapp")), "upload", *words, "--to", running]
    return subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True)


def test_the_shell_uploads_with_a_token_from_the_environment(
    client: Client, running: str, token: str, tmp_path: Path
) -> None:
    done = shell(
        running, str(streets(tmp_path / "r.geojson")), "--layer", "roads.street", "--json", token=token
    )
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    assert report["state"] == "published" and report["rows"]["loaded"] == 3
    plain = shell(running, str(streets(tmp_path / "r.geojson")), "--layer", "roads.street", token=token)
    assert plain.returncode == 0 and "unchanged 3" in plain.stdout


def test_the_shell_says_what_is_wrong_and_exits_with_one(
    client: Client, running: str, token: str, tmp_path: Path
) -> None:
    bad = geojson(tmp_path / "p.geojson", [feature(point(), 路線番号="1")])
    done = shell(running, str(bad), "--layer", "roads.street", token=token)
    assert done.returncode == 1 and "MultiLineString" in done.stderr and "Traceback" not in done.stderr
    assert shell(running, str(bad), "--layer", "roads.nothing", token=token).returncode == 1
    assert shell(running, str(bad), "--layer", "roads.street", token=None).returncode == 2


def test_a_question_comes_back_with_its_answers_and_one_of_them_settles_it(
    running: str, token: str, tmp_path: Path
) -> None:
    shp = gdal_file(tmp_path / "r.shp", [line()], {"路線番号": ["1"]}, crs=None, encoding="cp932")
    client = Client(running, token)
    with pytest.raises(FileAsked) as asked:
        client.upload("roads.street", shp, timeout=60)
    assert asked.value.choices[0]["crs"] == "EPSG:6668" and asked.value.report["state"] == "asking"
    environment = {**os.environ, "GISAPP_TOKEN": token}
    command = [str(Path(sys.executable).with_name("gisapp")), "upload", str(shp), "--layer", "roads.street"]
    done = subprocess.run([*command, "--to", running], env=environment, capture_output=True, text=True)
    assert done.returncode == 3 and "--crs EPSG:6668" in done.stdout + done.stderr
    assert client.upload("roads.street", shp, crs="EPSG:6668", timeout=60)["state"] == "published"
