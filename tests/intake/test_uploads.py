"""Uploads over HTTP: received, worked on in the background, shown to the layer's department only, purged at the end."""

from __future__ import annotations

import io
import shutil
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from gisapp import create_app
from gisapp import installation as installations
from gisapp.access import tokens
from gisapp.cli.people import add_person
from gisapp.cli.worker import work
from gisapp.installation import Installation
from gisapp.intake.process import process_upload
from tests.conftest import PASSWORD
from tests.intake.conftest import ask, forget_jobs
from tests.intake.files import feature, geojson, line, point
from tests.loops import run_to_end

Send = Callable[..., Any]


@pytest.fixture(scope="module")
def people(city: Installation) -> dict[str, str]:
    """Tokens by name: of an editor of roads (all verbs; upload only; read only), an editor of tax, a viewer of roads."""
    add_person(city, "road_editor", "道路の編集者", PASSWORD, {"roads": "editor"})
    add_person(city, "tax_editor", "課税の編集者", PASSWORD, {"tax": "editor"})
    add_person(city, "road_viewer", "道路の閲覧者", PASSWORD, {"roads": "viewer"})
    wanted = {
        "roads": ("road_editor", ["roads.*"], ["read", "upload", "publish"]),
        "upload only": ("road_editor", ["roads.street"], ["upload"]),
        "read only": ("road_editor", ["*"], ["read"]),
        "tax": ("tax_editor", ["*"], ["read", "upload", "publish"]),
        "viewer": ("road_viewer", ["*"], ["read", "upload", "publish"]),
    }
    with city.database.transaction("owner") as connection:
        return {
            name: tokens.issue(connection, login, "test", layers, verbs, 1)
            for name, (login, layers, verbs) in wanted.items()
        }


@pytest.fixture(scope="module")
def web(city: Installation, people: dict[str, str]) -> Flask:
    return create_app(installations.open_for_web(city.settings))


@pytest.fixture
def client(web: Flask) -> FlaskClient:
    return web.test_client()


@pytest.fixture
def send(
    city: Installation, client: FlaskClient, people: dict[str, str], empty_layers: None
) -> Iterator[Send]:
    """Posts a file; `token` is one of `people`; `called`: its name and kind, as the sender says. Afterwards nothing waits any more."""

    def post(
        path: Path,
        layer: str = "roads.street",
        token: str | None = "roads",
        called: tuple[str, ...] = (),
        **fields: Any,
    ) -> Any:
        headers = {"Authorization": f"Bearer {people[token]}"} if token else {}
        data = {"file": (io.BytesIO(path.read_bytes()), *(called or (path.name,))), **fields}
        return client.post(
            f"/api/layers/{layer}/uploads", data=data, headers=headers, content_type="multipart/form-data"
        )

    yield post
    shutil.rmtree(city.settings.home / "uploads", ignore_errors=True)
    forget_jobs(city)


@pytest.fixture
def state(client: FlaskClient, people: dict[str, str]) -> Callable[..., Any]:
    return lambda upload_id, token="roads": client.get(
        f"/api/uploads/{upload_id}", headers={"Authorization": f"Bearer {people[token]}"}
    )


def streets(path: Path, count: int = 3) -> Path:
    return geojson(path, [feature(line(n), 路線番号=str(n)) for n in range(count)])


def kept_files(city: Installation) -> list[Path]:
    return [p for p in (city.settings.home / "uploads").rglob("*") if p.is_file()]


def test_a_file_is_taken_and_published_in_the_background(
    city: Installation, send: Send, state: Callable[..., Any], tmp_path: Path
) -> None:
    answer = send(streets(tmp_path / "道路.geojson"))
    assert answer.status_code == 202 and answer.json["state"] == "received"
    assert answer.headers["Location"] == answer.json["url"] == f"/api/uploads/{answer.json['id']}"
    before = state(answer.json["id"]).json
    assert (before["state"], before["done"], before["report"], before["file"]) == (
        "received",
        0,
        None,
        "道路.geojson",
    )
    run_to_end(work(city, wait=False))
    after = state(answer.json["id"]).json
    assert after["state"] == "published" and after["done"] == 1
    assert after["report"]["rows"]["loaded"] == 3 and after["report"]["difference"]["added"] == 3
    who = ask(city, "SELECT who FROM gisapp.revision WHERE id = :id", id=after["report"]["revision"])
    assert who == [("road_editor",)] and ask(city, "SELECT count(*) FROM roads.street") == [(3,)]
    assert kept_files(city) == []


def test_a_bad_file_is_refused_with_its_problems_and_purged(
    city: Installation, send: Send, state: Callable[..., Any], tmp_path: Path
) -> None:
    answer = send(geojson(tmp_path / "r.geojson", [feature(point(), 路線番号="1")]))
    process_upload(city, uuid.UUID(answer.json["id"]))
    after = state(answer.json["id"]).json
    assert after["state"] == "refused" and after["finished_at"]
    (problem,) = after["report"]["problems"]
    assert (problem["level"], problem["code"], problem["rows"]) == ("error", "mixed_geometry", [1])
    assert ask(city, "SELECT count(*) FROM roads.street") == [(0,)] and kept_files(city) == []


def test_what_a_glance_shows_to_be_wrong_is_refused_at_once(
    city: Installation, send: Send, tmp_path: Path
) -> None:
    (tmp_path / "r.zip").write_bytes(b"no zip")
    (tmp_path / "r.geojson").write_bytes(b"")
    for name in ("r.zip", "r.geojson"):
        answer = send(tmp_path / name)
        assert answer.status_code == 422 and name in answer.json["title"] and answer.json["detail"]
    assert kept_files(city) == []


def test_an_upload_may_be_checked_first_and_published_later(
    city: Installation,
    send: Send,
    state: Callable[..., Any],
    client: FlaskClient,
    people: dict[str, str],
    tmp_path: Path,
) -> None:
    upload_id = send(streets(tmp_path / "r.geojson"), publish="0").json["id"]
    process_upload(city, uuid.UUID(upload_id))
    checked = state(upload_id).json
    assert checked["state"] == "checked" and checked["report"]["difference"]["added"] == 3
    assert ask(city, "SELECT count(*) FROM roads.street") == [(0,)] and len(kept_files(city)) == 1
    allowed = {"Authorization": f"Bearer {people['roads']}"}
    forbidden = {"Authorization": f"Bearer {people['upload only']}"}
    assert client.post(f"/api/uploads/{upload_id}/publish", headers=forbidden).status_code == 403
    assert client.post(f"/api/uploads/{upload_id}/publish", headers=allowed).status_code == 202
    assert client.post(f"/api/uploads/{upload_id}/publish", headers=allowed).status_code == 409
    process_upload(city, uuid.UUID(upload_id))
    assert state(upload_id).json["state"] == "published" and kept_files(city) == []
    assert ask(city, "SELECT count(*) FROM roads.street") == [(3,)]


def test_an_upload_may_be_discarded(
    city: Installation,
    send: Send,
    state: Callable[..., Any],
    client: FlaskClient,
    people: dict[str, str],
    tmp_path: Path,
) -> None:
    upload_id = send(streets(tmp_path / "r.geojson"), publish="0").json["id"]
    process_upload(city, uuid.UUID(upload_id))
    headers = {"Authorization": f"Bearer {people['roads']}"}
    assert client.post(f"/api/uploads/{upload_id}/discard", headers=headers).json["state"] == "discarded"
    assert client.post(f"/api/uploads/{upload_id}/discard", headers=headers).status_code == 409
    assert kept_files(city) == [] and ask(city, "SELECT count(*) FROM roads.street") == [(0,)]


def test_only_editors_of_the_department_may_upload(send: Send, tmp_path: Path) -> None:
    path = streets(tmp_path / "r.geojson")
    assert send(path, token=None).status_code in (400, 401)
    assert send(path, token="tax").status_code == 403
    assert send(path, token="viewer").status_code == 403
    assert send(path, token="read only").status_code == 403
    assert send(path, token="upload only").status_code == 403  # publishing is asked for
    assert send(path, token="upload only", publish="0").status_code == 202
    assert send(path, layer="roads.nothing").status_code == 404
    assert send(path, layer="tax.parcel").status_code == 404  # hidden from roads


def test_nobody_else_sees_an_upload(
    send: Send, state: Callable[..., Any], client: FlaskClient, tmp_path: Path
) -> None:
    upload_id = send(streets(tmp_path / "r.geojson"), publish="0").json["id"]
    assert state(upload_id).status_code == 200
    for token in ("tax", "viewer", "read only"):
        hidden, missing = state(upload_id, token), state(uuid.uuid4(), token)
        assert hidden.status_code == missing.status_code == 404
    assert client.get(f"/api/uploads/{upload_id}").status_code == 401
    assert client.get("/api/uploads/not-a-number").status_code == 404


@pytest.mark.parametrize(
    "fields",
    [
        {"mode": "merge"},
        {"crs": "Tokyo"},
        {"crs": "6677; DROP TABLE x"},
        {"encoding": "rot13"},
        {"set": "class"},
        {"publish": "maybe"},
    ],
)
def test_options_that_make_no_sense_are_refused_by_name(
    city: Installation, send: Send, tmp_path: Path, fields: dict[str, str]
) -> None:
    answer = send(streets(tmp_path / "r.geojson"), **fields)
    assert answer.status_code == 400 and next(iter(fields)) in answer.json["title"]
    assert kept_files(city) == []


def test_a_file_that_is_too_large_is_told_the_limit(
    city: Installation, people: dict[str, str], tmp_path: Path
) -> None:
    small = replace(
        installations.open_for_web(city.settings), settings=replace(city.settings, upload_limit_mb=1)
    )
    headers = {"Authorization": f"Bearer {people['roads']}"}
    data = {"file": (io.BytesIO(bytes(2 * 2**20)), "large.gpkg")}
    answer = (
        create_app(small).test_client().post("/api/layers/roads.street/uploads", data=data, headers=headers)
    )
    assert answer.status_code == 413 and "1 MB" in answer.json["title"]


def test_a_request_without_a_file_is_told_so(client: FlaskClient, people: dict[str, str]) -> None:
    headers = {"Authorization": f"Bearer {people['roads']}"}
    answer = client.post("/api/layers/roads.street/uploads", data={"mode": "append"}, headers=headers)
    assert answer.status_code == 400 and "file" in answer.json["title"]


def test_a_file_name_leads_nowhere(
    city: Installation, send: Send, state: Callable[..., Any], tmp_path: Path
) -> None:
    answer = send(streets(tmp_path / "r.geojson"), called=("../../../evil\u202e.geojson",), publish="0")
    assert answer.status_code == 202 and state(answer.json["id"]).json["file"] == "evil.geojson"
    (kept,) = [p for p in kept_files(city) if answer.json["id"] in str(p)]
    assert kept.name == "file" and kept.parent.parent == city.settings.home / "uploads"


def test_what_the_sender_calls_a_file_decides_nothing(
    city: Installation, send: Send, state: Callable[..., Any], tmp_path: Path
) -> None:
    file = streets(tmp_path / "r.geojson")
    answer = send(file, called=("r.geojson", "image/png"))
    process_upload(city, uuid.UUID(answer.json["id"]))
    assert state(answer.json["id"]).json["state"] == "published"
    file.write_bytes(b"<html><script>x</script>")
    assert send(file, called=("r.geojson", "application/geo+json")).status_code == 422


def test_an_option_that_does_not_fit_the_layer_refuses_the_upload(
    city: Installation, send: Send, state: Callable[..., Any], tmp_path: Path
) -> None:
    upload_id = send(streets(tmp_path / "r.geojson"), set="colour=red").json["id"]
    process_upload(city, uuid.UUID(upload_id))
    after = state(upload_id).json
    assert after["state"] == "refused" and "colour" in after["report"]["problems"][0]["ja"]


def test_somebody_who_lost_the_right_meanwhile_changes_nothing(
    city: Installation, send: Send, state: Callable[..., Any], tmp_path: Path
) -> None:
    upload_id = send(streets(tmp_path / "r.geojson")).json["id"]
    person = "(SELECT id FROM gisapp.person WHERE login = 'road_editor')"
    ask(city, f"UPDATE gisapp.membership SET role = 'viewer' WHERE person_id = {person} RETURNING 1")
    process_upload(city, uuid.UUID(upload_id))
    ask(city, f"UPDATE gisapp.membership SET role = 'editor' WHERE person_id = {person} RETURNING 1")
    assert state(upload_id).json["state"] == "refused"
    assert ask(city, "SELECT count(*) FROM roads.street") == [(0,)]


def test_an_upload_that_was_published_is_not_published_twice(
    city: Installation, send: Send, tmp_path: Path
) -> None:
    upload_id = uuid.UUID(send(streets(tmp_path / "r.geojson"), mode="append").json["id"])
    process_upload(city, upload_id)
    process_upload(city, upload_id)
    assert ask(city, "SELECT count(*) FROM roads.street") == [(3,)]
