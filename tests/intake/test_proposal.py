"""A file sent without a layer: it asks for one, is its sender's alone until then, and goes on when it is named."""

from __future__ import annotations

import io
import uuid
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from gisapp.cli.people import add_person
from gisapp.installation import Installation
from gisapp.intake.process import process_upload
from tests.conftest import PASSWORD, visitor
from tests.intake.files import feature, geojson, line, square
from tests.intake.waiter import Waiting, streets

pytestmark = pytest.mark.usefixtures("empty_layers")


def signed(client: FlaskClient, login: str) -> tuple[FlaskClient, str]:
    """Somebody who signed in through the form, and the token of their forms."""
    one = visitor(client.application)
    form = one.get("/sign-in").get_data(as_text=True).split('name="csrf_token" value="')[1].split('"')[0]
    one.post("/sign-in", data={"login": login, "password": PASSWORD, "csrf_token": form})
    return one, one.get("/account").get_data(as_text=True).split('name="csrf_token" value="')[1].split('"')[0]


class Sender:
    """Sends files without a layer, in person."""

    def __init__(self, waiting: Waiting, login: str) -> None:
        self.city = waiting.city
        self.client, self.token = signed(waiting.client, login)

    def post(self, address: str, path: Path | None = None, **fields: Any) -> Any:
        data = {"csrf_token": self.token, **fields}
        if path is not None:
            data["file"] = (io.BytesIO(path.read_bytes()), path.name)
        return self.client.post(address, data=data)

    def send(self, path: Path) -> dict[str, Any]:
        upload = self.post("/api/uploads", path).json["id"]
        process_upload(self.city, uuid.UUID(upload))
        return dict(self.client.get(f"/api/uploads/{upload}").json)


@pytest.fixture
def sender(waiting: Waiting) -> Sender:
    return Sender(waiting, "waiter")


def test_the_layers_that_fit_are_proposed_and_the_one_that_is_named_gets_the_rows(
    sender: Sender, city: Installation, tmp_path: Path
) -> None:
    asking = sender.send(streets(tmp_path / "r.geojson", a=1.0, b=2.0))
    report = asking["report"]
    assert (asking["state"], report["asks"], asking["layer"]) == ("asking", "layer", "")
    assert report["choices"][0]["layer"] == "roads.street" and "[fields." in report["draft"]
    assert asking["can"] == ["check", "discard"]
    address = f"/api/uploads/{asking['id']}"
    assert sender.client.get(f"{address}/difference").status_code == 409
    assert sender.post(f"{address}/check", layer="disaster.shelter").status_code == 403
    assert sender.post(f"{address}/check", layer="roads.street").status_code == 202
    process_upload(city, uuid.UUID(asking["id"]))
    checked = sender.client.get(address).json
    assert (checked["state"], checked["layer"]) == ("checked", "roads.street")
    assert checked["difference"]["added"] == 2


def test_only_layers_that_the_sender_may_change_are_proposed(sender: Sender, tmp_path: Path) -> None:
    rows = [feature(square(n), 用途地域="第一種住居地域", 建ぺい率=60, 容積率=200) for n in range(3)]
    there = sender.send(geojson(tmp_path / "z.geojson", rows))["report"]["choices"]
    assert [choice["layer"] for choice in there] == ["city_planning.zoning"]
    rows = [feature(line(), 管理番号="1", 設置日="2026-04-01", 謎="x")]
    nothing = sender.send(geojson(tmp_path / "x.geojson", rows))
    assert nothing["state"] == "asking" and nothing["report"]["choices"] == []


def test_it_is_nobody_elses_and_no_scripts(sender: Sender, waiting: Waiting, tmp_path: Path) -> None:
    path = streets(tmp_path / "r.geojson", a=1.0)
    asking = sender.send(path)
    assert asking["id"] in str(sender.client.get("/api/uploads").json)
    assert waiting.get(asking["id"]).status_code == 404  # the same person's token
    data = {"file": (io.BytesIO(path.read_bytes()), path.name)}
    assert waiting.client.post("/api/uploads", data=data, headers=waiting.headers).status_code == 401
    assert sender.post(f"/api/uploads/{asking['id']}/discard").json["state"] == "discarded"


def test_a_file_that_cannot_be_read_is_refused_before_anybody_is_asked(
    sender: Sender, tmp_path: Path
) -> None:
    refused = sender.send(geojson(tmp_path / "empty.geojson", []))
    assert refused["state"] == "refused" and refused["report"]["problems"][0]["code"] == "empty_file"


def test_who_may_change_nothing_finds_no_page_and_no_way_to_it(waiting: Waiting, city: Installation) -> None:
    add_person(city, "onlooker", "見る人", PASSWORD, {"roads": "viewer"})
    onlooker, _ = signed(waiting.client, "onlooker")
    editor, _ = signed(waiting.client, "waiter")
    nobody = visitor(waiting.client.application)
    assert [one.get("/uploads").status_code for one in (nobody, onlooker, editor)] == [401, 404, 200]
    assert nobody.get("/uploads", headers=waiting.headers).status_code == 401  # a token is no person
    for address in ("/maps/roads", "/", "/account"):
        assert 'href="/uploads"' not in onlooker.get(address).get_data(as_text=True)
        assert 'href="/uploads"' in editor.get(address).get_data(as_text=True)
    page = editor.get("/uploads").get_data(as_text=True)
    assert "roads.street" in page and "tax.parcel" not in page and "disaster.shelter" not in page
