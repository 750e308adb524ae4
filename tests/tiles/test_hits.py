"""The thin path before Flask answers as the route would, only for whom the route answered just now."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from gisapp.geo.tiles import tile_at
from gisapp.installation import Installation
from tests.conftest import visitor
from tests.statements import statements

Enter = Callable[[str], FlaskClient]


@pytest.fixture(scope="module")
def place(installation: Installation) -> str:
    """A tile with lots and houses in it: z/x/y at zoom 16."""
    with installation.database.transaction("owner") as connection:
        one = "SELECT ST_Transform(geom, 4326) AS p FROM base.address_point ORDER BY id OFFSET 300 LIMIT 1"
        lon, lat = connection.exec_driver_sql(f"SELECT ST_X(p), ST_Y(p) FROM ({one}) AS f").one()
    return "16/{}/{}".format(*tile_at(lon, lat, 16))


@pytest.fixture
def passed_on(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The requests that the thin path passed on to Flask."""
    hits, seen = app.extensions["gisapp_hits"], []
    follow = hits._next

    def noted(environ: dict[str, str], start: object) -> object:
        seen.append(environ["PATH_INFO"])
        return follow(environ, start)

    monkeypatch.setattr(hits, "_next", noted)
    yield seen


def test_a_hit_is_answered_before_flask_and_without_a_question(
    client: FlaskClient, place: str, passed_on: list[str]
) -> None:
    path = f"/tiles/base.building/{place}.mvt"
    for _ in range(3):
        client.get(path)
    before = len(passed_on)
    with statements() as said:
        answer = client.get(path)
    assert answer.status_code == 200 and answer.headers["Cache-Status"] == "gisapp; hit"
    assert len(passed_on) == before and said == []


@pytest.mark.parametrize("encoding", ["", "gzip", "gzip, br", "zstd"])
def test_it_answers_as_the_route_does(
    app: Flask, client: FlaskClient, place: str, passed_on: list[str], encoding: str
) -> None:
    path, headers = f"/tiles/base.building,roads.street/{place}.mvt", {"Accept-Encoding": encoding}
    for _ in range(3):
        thin = client.get(path, headers=headers)
    thin_head = client.head(path, headers=headers)
    thin_304 = client.get(path, headers={**headers, "If-None-Match": thin.headers["ETag"]})
    before = len(passed_on)
    app.extensions["gisapp_hits"].forget()
    full = client.get(path, headers=headers)
    assert len(passed_on) == before + 1
    assert dict(thin.headers) == dict(full.headers) and thin.get_data() == full.get_data()
    app.extensions["gisapp_hits"].forget()
    full_head = client.head(path, headers=headers)
    app.extensions["gisapp_hits"].forget()
    full_304 = client.get(path, headers={**headers, "If-None-Match": thin.headers["ETag"]})
    assert dict(thin_head.headers) == dict(full_head.headers) and thin_head.get_data() == b""
    assert (thin_304.status_code, full_304.status_code) == (304, 304)
    assert dict(thin_304.headers) == dict(full_304.headers)


def test_what_staff_have_in_memory_reaches_no_visitor(
    client: FlaskClient, signed_in: Enter, place: str
) -> None:
    tax, path = signed_in("tax"), f"/tiles/tax.parcel/{place}.mvt"
    for _ in range(3):
        assert tax.get(path).status_code == 200
    assert client.get(path).status_code == 404
    assert client.get(path, headers={"Authorization": "Bearer gisapp_no"}).status_code == 401
    assert client.get(path, headers={"Cookie": "gisapp_session=forged"}).status_code == 404


def test_a_cookie_from_another_browser_or_address_is_nobody_there_either(
    app: Flask, signed_in: Enter, place: str
) -> None:
    tax, path = signed_in("tax"), f"/tiles/tax.parcel/{place}.mvt"
    for _ in range(3):
        assert tax.get(path).status_code == 200
    cookie = tax.get_cookie("gisapp_session")
    assert cookie is not None
    thief = visitor(app)
    thief.set_cookie("gisapp_session", cookie.value)
    assert thief.get(path).status_code == 404
    thief.environ_base["REMOTE_ADDR"] = tax.environ_base["REMOTE_ADDR"]
    assert thief.get(path, headers={"User-Agent": "another"}).status_code == 404


def test_a_right_that_was_taken_away_ends_within_five_seconds(
    installation: Installation, signed_in: Enter, place: str
) -> None:
    roads, path = signed_in("roads"), f"/tiles/tax.parcel/{place}.mvt"
    assert roads.get(path).status_code == 200  # all staff may see lots
    take = "UPDATE gisapp.person SET active = %s WHERE login = 'roads'"
    with installation.database.transaction("owner") as connection:
        connection.exec_driver_sql(take, (False,))
    try:
        until, answer = time.monotonic() + 5, roads.get(path)
        while time.monotonic() < until and answer.status_code == 200:
            time.sleep(0.1)
            answer = roads.get(path)
        assert answer.status_code != 200
    finally:
        with installation.database.transaction("owner") as connection:
            connection.exec_driver_sql(take, (True,))


def test_one_of_many_asks_the_route_again_while_the_others_go_on(
    app: Flask, signed_in: Enter, place: str, passed_on: list[str]
) -> None:
    tax, path = signed_in("tax"), f"/tiles/tax.parcel/{place}.mvt"
    for _ in range(3):
        tax.get(path)
    before, until = len(passed_on), time.monotonic() + 4
    answers = 0
    while time.monotonic() < until:
        assert tax.get(path).status_code == 200
        answers += 1
    assert answers > 200
    assert 1 <= len(passed_on) - before < answers / 5


def test_every_opening_of_a_restricted_layer_is_in_the_audit_although_hits_pass_by(
    installation: Installation, signed_in: Enter, place: str
) -> None:
    count = "SELECT count(*) FROM gisapp.audit_entry WHERE what = 'layer_opened' AND layer = 'tax.parcel'"
    with installation.database.transaction("owner") as connection:
        before = connection.exec_driver_sql(count).scalar_one()
    for _ in range(2):
        tax = signed_in("tax")
        for _ in range(5):
            tax.get(f"/tiles/tax.parcel/{place}.mvt")
    with installation.database.transaction("owner") as connection:
        assert connection.exec_driver_sql(count).scalar_one() == before + 2  # one a session
