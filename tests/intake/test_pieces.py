"""Large files in pieces: what arrived before a connection broke counts, and nothing is taken twice."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gisapp.installation import Installation
from gisapp.intake.process import process_upload
from gisapp.intake.uploads import file_of
from tests.intake.conftest import ask
from tests.intake.waiter import Waiting, streets

pytestmark = pytest.mark.usefixtures("empty_layers")


@pytest.fixture
def whole(tmp_path: Path) -> Iterator[bytes]:
    yield streets(tmp_path / "r.geojson", a=1.0, b=2.0, c=3.0).read_bytes()


def begin(waiting: Waiting, whole: bytes, **fields: Any) -> Any:
    data = {"size": str(len(whole)), "name": "r.geojson", "publish": "0", **fields}
    return waiting.client.post("/api/layers/roads.street/uploads", data=data, headers=waiting.headers)


def piece(waiting: Waiting, upload_id: str, offset: int, content: bytes) -> Any:
    headers = {**waiting.headers, "Upload-Offset": str(offset)}
    return waiting.client.patch(f"/api/uploads/{upload_id}", data=content, headers=headers)


def test_pieces_make_the_file_and_a_break_is_gone_on_from(
    city: Installation, waiting: Waiting, whole: bytes
) -> None:
    begun = begin(waiting, whole, sha256=hashlib.sha256(whole).hexdigest())
    assert begun.status_code == 201 and begun.json["offset"] == 0
    upload_id = begun.json["id"]
    assert piece(waiting, upload_id, 0, whole[:100]).json["offset"] == 100
    again = piece(waiting, upload_id, 0, whole[:100])
    assert again.status_code == 409 and "100" in again.json["title"]
    found = waiting.get(upload_id).json
    assert (found["state"], found["offset"], found["size"]) == ("receiving", 100, len(whole))
    done = piece(waiting, upload_id, 100, whole[100:])
    assert done.status_code == 200 and done.json["state"] == "received"
    assert file_of(city.settings, uuid.UUID(upload_id)).read_bytes() == whole
    process_upload(city, uuid.UUID(upload_id))
    assert waiting.get(upload_id).json["difference"]["added"] == 3
    assert piece(waiting, upload_id, len(whole), b"x").status_code == 409


def test_announcing_twice_under_one_id_is_one_upload(
    city: Installation, waiting: Waiting, whole: bytes
) -> None:
    own = str(uuid.uuid4())
    assert begin(waiting, whole, id=own).json["id"] == own
    piece(waiting, own, 0, whole[:10])
    assert begin(waiting, whole, id=own).json["offset"] == 10
    assert begin(waiting, whole + b" ", id=own).status_code == 404
    assert ask(city, "SELECT count(*) FROM gisapp.upload WHERE id = :id", id=own) == [(1,)]


def test_a_file_that_changed_on_the_way_is_refused(waiting: Waiting, whole: bytes) -> None:
    upload_id = begin(waiting, whole, sha256="0" * 64).json["id"]
    assert piece(waiting, upload_id, 0, whole).status_code == 422
    assert waiting.get(upload_id).json["state"] == "discarded"


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"size": "0"}, 400),
        ({"size": "x"}, 400),
        ({"name": ""}, 400),
        ({"id": "x"}, 400),
        ({"size": str(2**40)}, 413),
    ],
)
def test_what_makes_no_sense_is_said(
    waiting: Waiting, whole: bytes, fields: dict[str, str], status: int
) -> None:
    assert begin(waiting, whole, **fields).status_code == status


def test_more_than_was_announced_is_refused(waiting: Waiting, whole: bytes) -> None:
    upload_id = begin(waiting, whole[:50]).json["id"]
    assert piece(waiting, upload_id, 0, whole).status_code == 400


def test_nobody_else_sends_pieces(waiting: Waiting, whole: bytes) -> None:
    upload_id = begin(waiting, whole).json["id"]
    answer = waiting.client.patch(
        f"/api/uploads/{upload_id}",
        data=whole,
        headers={"Upload-Offset": "0", "Authorization": "Bearer gisapp_x"},
    )
    assert answer.status_code == 401


def test_what_arrived_before_a_connection_broke_is_told(
    city: Installation, waiting: Waiting, whole: bytes
) -> None:
    """The bytes are on the disk, but the request never came to its end."""
    upload_id = begin(waiting, whole).json["id"]
    file_of(city.settings, uuid.UUID(upload_id)).write_bytes(whole[:70])
    assert waiting.get(upload_id).json["offset"] == 70
    assert piece(waiting, upload_id, 70, whole[70:]).json["state"] == "received"
    process_upload(city, uuid.UUID(upload_id))
    again = begin(waiting, whole, id=upload_id).json
    assert (again["state"], again["offset"]) == ("checked", len(whole))
