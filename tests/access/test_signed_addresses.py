"""Signed addresses open exactly one thing, for as long as whoever made it may have it, and are never taken for a visitor's."""

from __future__ import annotations

import dataclasses
import gzip
import time
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient

from gisapp.access import signed, tokens
from gisapp.cli import main
from gisapp.geo.tiles import tile_at
from gisapp.installation import Installation
from tests.conftest import visitor

Enter = Callable[[str], FlaskClient]
EXPORT = "layer=tax.parcel&format=csv&properties=lot_number&filter=id<20"


@pytest.fixture(scope="module")
def lot(installation: Installation) -> tuple[float, float]:
    with installation.database.transaction("owner") as connection:
        one = "SELECT ST_Transform(ST_PointOnSurface(geom), 4326) AS p FROM tax.parcel ORDER BY id LIMIT 1"
        return tuple(connection.exec_driver_sql(f"SELECT ST_X(p), ST_Y(p) FROM ({one}) AS f").one())


def bearer(installation: Installation, login: str = "tax") -> dict[str, str]:
    with installation.database.transaction("owner") as connection:
        fresh = tokens.issue(connection, login, "signing", ["tax.*"], ["read"], 1)
    return {"Authorization": f"Bearer {fresh}"}


def ask(client: FlaskClient, headers: dict[str, str], **wanted: Any) -> dict[str, str]:
    answer = client.post("/api/signed-addresses", json=wanted, headers=headers)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert answer.headers["Cache-Control"] == "no-store"
    return {name: value.replace("http://localhost", "") for name, value in answer.get_json().items()}


def signed_in_shell(installation: Installation, login: str, *more: str) -> dict[str, str]:
    """The same from the shell."""
    environment = {"GISAPP_HOME": str(installation.settings.home), "GISAPP_CITY": installation.settings.city}
    words = ["tokens", "sign", login, "--tiles", "tax.parcel", "--server", "http://localhost", *more]
    done = CliRunner().invoke(main, words, env=environment)
    assert done.exit_code == 0, done.output
    return dict(line.replace("http://localhost", "").split(maxsplit=1) for line in done.output.splitlines())


def at(template: str, lot: tuple[float, float], zoom: int) -> str:
    x, y = tile_at(*lot, zoom)
    return template.format(z=zoom, x=x, y=y)


def test_tiles_pictures_and_their_description_open_without_a_header_and_no_cache_may_share_them(
    client: FlaskClient, installation: Installation, staff: dict[str, str], lot: tuple[float, float]
) -> None:
    made = ask(client, bearer(installation), tiles="tax.parcel", zoom="16-17")
    tile = at(made["mvt"], lot, 16)
    assert client.get(tile.split("?")[0]).status_code == 404
    for _ in range(3):  # by the route, and by the thin path before it
        answer = client.get(tile, headers={"Accept-Encoding": "gzip"})
        assert answer.status_code == 200 and "private" in answer.headers["Cache-Control"]
        assert b"land_category" in gzip.decompress(answer.get_data()) or len(answer.get_data()) > 200
    described = client.get(made["tilejson"])
    assert described.json and (described.json["minzoom"], described.json["maxzoom"]) == (16, 16)
    assert described.json["tiles"] == ["http://localhost" + made["mvt"]]
    assert "private" in described.headers["Cache-Control"]
    assert client.get(at(made["png"], lot, 17)).mimetype == "image/png"
    pictures = client.get(made["pictures"]).json
    assert pictures and pictures["tiles"] == ["http://localhost" + made["png"]]


def test_it_opens_nothing_else(
    client: FlaskClient, installation: Installation, staff: dict[str, str], lot: tuple[float, float]
) -> None:
    made = ask(client, bearer(installation), tiles="tax.parcel", zoom="16-17")
    mvt, signature = made["mvt"], made["mvt"].split("?")[1]
    assert client.get(at(mvt, lot, 16)).status_code == 200  # the thin path knows it now
    others = [
        at(mvt, lot, 15),
        at(mvt, lot, 18),
        at(mvt.replace("tax.parcel", "roads.street"), lot, 16),
        at(mvt.replace("tax.parcel", "tax.house"), lot, 16),
        at(mvt.replace("tax.parcel", "tax.nothing"), lot, 16),
        at(mvt.replace("tax.parcel", "tax.parcel,base.building"), lot, 16),
        at(mvt, lot, 16)[:-1],
        at(mvt, lot, 16).replace("signature=", "signature=x"),
        f"/api/export?{EXPORT}&{signature}",
        f"/account?{signature}",
        "/tiles/base.building.json?signature=",
    ]
    said = set()
    for other in others:
        answer = client.get(other, headers={"Accept": "application/json"})
        assert answer.status_code == 403, other
        said.add(answer.get_data())
    for name in ("tax.parcel", "tax.nothing"):  # hidden and missing
        answer = client.get(f"/tiles/{name}.json", headers={"Authorization": "Bearer gisapp_no"})
        assert answer.status_code == 401, name
    assert client.get(f"/api/identify?lon={lot[0]}&lat={lot[1]}&{signature}").status_code == 403
    assert client.get(f"/ogc/collections?{signature}").status_code == 400, "no such parameter"
    assert len(said) == 1 and "tokens sign" in next(iter(said)).decode()
    assert (
        client.post(f"/api/signed-addresses?{signature}", headers={"Authorization": "x"}).status_code == 403
    )


def test_an_export_opens_with_its_very_question_only(
    client: FlaskClient, installation: Installation, staff: dict[str, str]
) -> None:
    made = ask(client, bearer(installation), export=EXPORT, hours=1)
    answer = client.get(made["export"])
    assert answer.status_code == 200 and answer.headers["Export-Rows"] == "19"
    assert client.get(made["export"].replace("20", "21")).status_code == 403
    assert client.get(made["export"] + "&lang=en").status_code == 403
    assert client.get(made["export"].split("&signature")[0]).status_code == 404
    with installation.database.transaction("owner") as connection:
        row = connection.exec_driver_sql(
            "SELECT via, login FROM gisapp.audit_entry WHERE what = 'exported' ORDER BY id DESC LIMIT 1"
        ).one()
        signing = (
            "SELECT details FROM gisapp.audit_entry WHERE what = 'address_signed' ORDER BY id DESC LIMIT 1"
        )
        details = connection.exec_driver_sql(signing).scalar_one()
    assert row == (f"address:{made['name']}", "tax") and details["address"] == made["name"]
    assert made["export"].split("signature=")[1] not in str(details)


def test_nobody_signs_beyond_their_own_rights(
    app: Flask, client: FlaskClient, signed_in: Enter, installation: Installation, staff: dict[str, str]
) -> None:
    wanted = {"tiles": "tax.parcel"}
    headers = bearer(installation)
    assert (
        client.post("/api/signed-addresses", json=wanted, headers={"Authorization": "Bearer x"}).status_code
        == 401
    )
    assert client.post("/api/signed-addresses", json=wanted).status_code == 400  # no CSRF token
    assert signed_in("tax").post("/api/signed-addresses", json=wanted).status_code == 400
    for bad, status in (
        ({"tiles": "tax.nothing"}, 404),
        ({}, 400),
        ({**wanted, "hours": 99999}, 400),
        ({**wanted, "zoom": "17-16"}, 400),
        ({**wanted, "zoom": "x"}, 400),
        ({**wanted, "person": "roads"}, 400),
        ({"export": "format=csv"}, 400),
    ):
        answer = client.post("/api/signed-addresses", json=bad, headers=headers)
        assert answer.status_code == status and answer.get_json()["detail"], bad


@pytest.mark.parametrize(
    "question",
    [
        "layer=tax.nothing&format=csv",
        "layer=tax.parcel&format=docx",
        "layer=tax.parcel&properties=lot_number,nothing",
        "layer=tax.parcel&filter=nothing=1",
        "layer=tax.parcel&nothing=1",
        "layer=tax.parcel&lot_number=1&lot_number=2",
        "layer=roads.street&meets=tax.nothing",
        "layer=tax.parcel&bbox=1,2,3",
        "layer=tax.parcel&crs=EPSG:1",
    ],
)
def test_what_the_export_refuses_is_not_signed_either(
    client: FlaskClient, installation: Installation, staff: dict[str, str], question: str
) -> None:
    with installation.database.transaction("owner") as connection:
        fresh = tokens.issue(connection, "tax", "trying", ["*"], ["read"], 1)
    headers = {"Authorization": f"Bearer {fresh}"}
    refused = client.get(f"/api/export?{question}", headers=headers)
    answer = client.post("/api/signed-addresses", json={"export": question}, headers=headers)
    assert 400 <= answer.status_code == refused.status_code < 500
    assert answer.get_json() == refused.get_json()


def test_the_shell_refuses_it_in_the_same_words(installation: Installation, staff: dict[str, str]) -> None:
    environment = {"GISAPP_HOME": str(installation.settings.home), "GISAPP_CITY": installation.settings.city}
    asked = "layer=tax.parcel&properties=lot_number,nothing"
    done = CliRunner().invoke(main, ["tokens", "sign", "tax", "--export", asked], env=environment)
    assert done.exit_code == 1 and "signature=" not in done.output
    assert "properties の値が正しくありません：項目は parcel_id" in done.output, done.output


def test_a_column_hidden_from_the_signer_is_refused_as_a_missing_one(
    client: FlaskClient, installation: Installation, staff: dict[str, str]
) -> None:
    with installation.database.transaction("owner") as connection:
        fresh = tokens.issue(connection, "roads", "trying", ["*"], ["read"], 1)
    said = set()
    for column in ("owner_name", "nothing"):
        asked = {"export": f"layer=tax.parcel&properties={column}"}
        answer = client.post(
            "/api/signed-addresses", json=asked, headers={"Authorization": f"Bearer {fresh}"}
        )
        assert answer.status_code == 400
        said.add(answer.get_data())
    assert len(said) == 1 and b"owner_name" not in said.pop()


def test_it_ends_within_five_seconds_with_the_right_that_made_it(
    app: Flask, installation: Installation, staff: dict[str, str], lot: tuple[float, float]
) -> None:
    client = visitor(app)
    this = "person_id = (SELECT id FROM gisapp.person WHERE login = '{}')"
    ends = {  # whose address → what ends it, and what puts it right again for other tests
        "roads": ("UPDATE gisapp.token SET revoked_at = now() WHERE name = 'signing' AND " + this, "SELECT 1"),
        "base": tuple(f"UPDATE gisapp.person SET active = {so} WHERE login = '{{}}'" for so in (False, True)),
        "facilities": tuple(f"UPDATE gisapp.membership SET department = '{to}' WHERE {this}" for to in ("tax", "facilities")),
        "land_use": tuple(f"UPDATE gisapp.person SET session_number = session_number {n} 1 WHERE login = '{{}}'" for n in "+-"),
    }  # fmt: skip
    tiles = {
        login: at(ask(client, bearer(installation, login), tiles="tax.parcel")["mvt"], lot, 16)
        for login in ends
        if login != "land_use"
    }
    tiles["land_use"] = at(signed_in_shell(installation, "land_use")["mvt"], lot, 16)
    for tile in tiles.values():
        assert client.get(tile).status_code == client.get(tile).status_code == 200
    with installation.database.transaction("owner") as connection:
        for login, (change, _) in ends.items():
            assert connection.exec_driver_sql(change.format(login)).rowcount >= 1
    try:
        until, answers = time.monotonic() + 5, {}
        while len(answers) < len(tiles) and time.monotonic() < until:
            for login, tile in tiles.items():
                if (answer := client.get(tile)).status_code != 200:
                    answers[login] = answer
            time.sleep(0.1)
    finally:
        with installation.database.transaction("owner") as connection:
            for login, (_, back) in ends.items():
                connection.exec_driver_sql(back.format(login))
        app.extensions["gisapp_people"].clear()
        app.extensions["gisapp_hits"].forget()
    assert answers.keys() == tiles.keys()
    for answer in answers.values():
        assert answer.status_code == 403
        assert answer.get_json()["title"].startswith("この署名付きアドレスは使えません：作った人の")


def test_an_expired_one_says_so_and_the_thin_path_lets_it_pass_no_longer_either(
    app: Flask,
    client: FlaskClient,
    installation: Installation,
    staff: dict[str, str],
    lot: tuple[float, float],
) -> None:
    made = ask(client, bearer(installation), tiles="tax.parcel")
    here = app.extensions["gisapp"]
    address = signed.read(here.settings, here.city, made["mvt"].split("signature=")[1])
    soon = dataclasses.replace(address, ends=int(time.time()) + 2)
    tile = (
        at(made["mvt"].split("?")[0], lot, 16) + "?signature=" + signed.sign(here.settings, here.city, soon)
    )
    assert client.get(tile).status_code == client.get(tile).status_code == 200
    time.sleep(soon.seconds_left() + 0.02)
    answer = client.get(tile)
    assert answer.status_code == 403 and "期限" in answer.get_json()["title"]
    early = dataclasses.replace(address, made=int(time.time()) + 3000, ends=int(time.time()) + 6000)
    tile = tile.split("?")[0] + "?signature=" + signed.sign(here.settings, here.city, early)
    assert "時計" in client.get(tile).get_json()["title"]
