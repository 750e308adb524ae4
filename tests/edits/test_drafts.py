"""Drafts: rows that a layer keeps for its own department are missing to everybody else, whatever is asked or sent."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from gisapp.geo.tiles import tile_at
from gisapp.installation import Installation
from tests.edits.conftest import Editor
from tests.tiles.decoding import decode

MERGE = "application/merge-patch+json"
WORKS = "/ogc/collections/roads.road_work/items"
LATE = 0.2  # seconds after which nobody is shown what was so before


@pytest.fixture
def work(middle: tuple[float, float]) -> dict[str, Any]:
    lon, lat = middle
    line = [[lon, lat], [lon + 0.0005, lat + 0.0005]]
    return {
        "type": "Feature",
        "geometry": {"type": "MultiLineString", "coordinates": [line]},
        "properties": {"work_number": "DRAFT-1", "name": "秘密工事", "status": 0},
    }


@pytest.fixture
def roads(installation: Installation, editor: Callable[..., Editor]) -> Iterator[Editor]:
    yield editor("roads")
    with installation.database.transaction("owner") as connection:
        connection.exec_driver_sql("DELETE FROM roads.road_work WHERE work_number LIKE 'DRAFT%%'")


@pytest.fixture
def draft(roads: Editor, work: dict[str, Any]) -> str:
    """The address of a draft."""
    answer = roads.send("POST", WORKS, work)
    assert answer.status_code == 201 and answer.get_json()["properties"]["status"] == 0, answer.get_json()
    return str(answer.headers["Location"]).split("http://localhost")[1]


def state(roads: Editor, draft: str, status: int | None) -> None:
    assert roads.send("PATCH", draft, {"properties": {"status": status}}, MERGE).status_code == 200


def alike(one: TestResponse, other: TestResponse, ids: tuple[str, str]) -> bool:
    """Whether two answers are the same but for the number that was asked for."""
    said = [answer.get_data(as_text=True).replace(id_, "N") for answer, id_ in zip((one, other), ids, strict=True)]  # fmt: skip
    return one.status_code == other.status_code and said[0] == said[1]


def test_a_closed_row_answers_others_like_a_missing_one(
    client: FlaskClient, editor: Callable[..., Editor], roads: Editor, draft: str, work: dict[str, Any]
) -> None:
    id_, missing = draft.rsplit("/", 1)[1], "987654321"
    gone = f"{WORKS}/{missing}"
    etag = roads.send("GET", draft).headers["ETag"]
    change = {"properties": {"name": "x"}}
    taken = {**work, "properties": {**work["properties"], "status": 1}}
    for who in (
        editor("disaster"),
        editor("roads", ("edit",)),
        editor("roads", ("upload",)),
    ):
        assert alike(who.send("GET", draft), who.send("GET", gone), (id_, missing))
        assert alike(who.send("GET", draft, If_None_Match=etag), who.send("GET", gone), (id_, missing))
        for more in ({}, {"If_Match": etag}, {"If_Match": '"1-1-x"'}, {"If_Match": "*"}):
            for verb, body, kind in (("PATCH", change, MERGE), ("DELETE", None, MERGE), ("PUT", work, "application/geo+json")):  # fmt: skip
                answers = [who.send(verb, at, body, kind, **more) for at in (draft, gone)]
                assert alike(answers[0], answers[1], (id_, missing)), (verb, more)
                assert answers[0].status_code == 403, answers[0].get_data(as_text=True)
        free = {**taken, "properties": {**taken["properties"], "work_number": "DRAFT-2"}}
        assert alike(who.send("POST", WORKS, taken), who.send("POST", WORKS, free), ("DRAFT-1", "DRAFT-2"))
    assert roads.send("GET", draft, If_None_Match=etag).status_code == 304


def test_no_question_of_others_counts_a_draft(client: FlaskClient, roads: Editor, draft: str) -> None:
    (lon, lat), *_ = roads.send("GET", draft).get_json()["geometry"]["coordinates"][0]
    named = "filter=work_number='DRAFT-1'"
    assert roads.send("GET", f"{WORKS}?{named}").get_json()["numberMatched"] == 1
    for question in (named, "filter=status=0", "filter=status%20IS%20NULL", "status=0"):
        assert client.get(f"{WORKS}?{question}").get_json()["numberMatched"] == 0, question
    box = f"bbox={lon - 1e-4},{lat - 1e-4},{lon + 1e-4},{lat + 1e-4}"
    for address in (
        f"/api/summary?layer=roads.road_work&{named}",
        f"/api/summary?layer=roads.road_work&{box}",
        f"/api/identify?lon={lon}&lat={lat}&zoom=18&layers=roads.road_work",
        f"/api/nearest?layer=roads.road_work&lon={lon}&lat={lat}",
        f"/api/identify?{box}&limit=50",
    ):
        assert "秘密工事" not in client.get(address).get_data(as_text=True), address
    nearest = f"/api/nearest?layer=roads.road_work&lon={lon}&lat={lat}&limit=1"
    (near,), (own,) = (who.get_json()["nearest"] for who in (client.get(nearest), roads.send("GET", nearest)))
    assert near["feature"]["id"] != own["feature"]["id"], "the draft is the nearest, to those who see it"


def test_a_draft_that_is_published_and_taken_back_is_in_others_tiles_no_later_than_it_should(
    client: FlaskClient, roads: Editor, draft: str, middle: tuple[float, float]
) -> None:
    x, y = tile_at(*middle, 16)
    number = int(draft.rsplit("/", 1)[1])

    def tile() -> TestResponse:
        return client.get(f"/tiles/roads.road_work/16/{x}/{y}.mvt", headers={"Accept-Encoding": "identity"})

    def shown() -> bool:
        drawn = decode(tile().get_data(), 16, x, y)
        return any(one.id == number for layer in drawn.values() for one in layer)

    assert not shown()
    for status in (1, 0, 3, None, 2, 0):
        state(roads, draft, status)
        time.sleep(LATE)
        assert shown() == bool(status), status
    assert roads.send("PATCH", draft, {"properties": {"name": "別の秘密"}}, MERGE).status_code == 200
    time.sleep(LATE)
    assert tile().headers["Cache-Status"] == "gisapp; hit", "others learn nothing of an edit of a draft"
    before = roads.send("GET", f"/tiles/roads.road_work/16/{x}/{y}.mvt", Accept_Encoding="identity").get_data()  # fmt: skip
    assert "別の秘密".encode() in before
    state(roads, draft, 1)
    assert client.get(draft).status_code == 200
    assert roads.send("DELETE", draft).status_code == 204
    time.sleep(LATE)
    assert not shown() and client.get(draft).status_code == 404
