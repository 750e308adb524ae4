"""Tiles over HTTP: refusals, copies, compression, and one statement a request."""

from __future__ import annotations

import gzip
from collections.abc import Callable

import brotli
import pytest
from flask.testing import FlaskClient

from gisapp.geo.tiles import tile_at
from gisapp.installation import Installation
from tests.statements import statements

Enter = Callable[[str], FlaskClient]


@pytest.fixture
def busy(installation: Installation) -> str:
    """A tile address part with many houses and lots in it: z/x/y at zoom 16."""
    with installation.database.transaction("owner") as connection:
        one = "SELECT ST_Transform(geom, 4326) AS p FROM base.address_point ORDER BY id OFFSET 200 LIMIT 1"
        lon, lat = connection.exec_driver_sql(f"SELECT ST_X(p), ST_Y(p) FROM ({one}) AS f").one()
    x, y = tile_at(lon, lat, 16)
    return f"16/{x}/{y}"


REFUSED = {
    "base.building/12/3642/1621": 404,  # below its first zoom
    "base.building/17/116544/51872": 404,  # above its last
    "base.building/16/65536/1": 404,
    "base.building/16/1/65536": 404,
    "base.building/16/-1/1": 404,
    "base.building/16/" + "9" * 40 + "/1": 404,
    "base.building/" + "9" * 5000 + "/1/1": 404,
    "base.building/16/" + "9" * 5000 + "/1": 404,
    "base.building/16/1/" + "9" * 5000: 404,
    "base.building/1.5/1/1": 404,
    "base.nothing/14/1/1": 404,
    "tax.parcel/16/1/1": 404,
    "base.building,tax.parcel/16/1/1": 404,
    "base.building,/16/1/1": 404,
    "base.building'--/16/1/1": 404,
    "base.building%00/16/1/1": 404,
    "../base.building/16/1/1": 404,
    "base.building,base.building/16/1/1": 400,
    ",".join(f"base.l{n}" for n in range(1000)) + "/16/1/1": 400,
}


@pytest.mark.parametrize("path", REFUSED, ids=[f"{path[:20]}…{path[-20:]}" for path in REFUSED])
def test_what_is_not_there_is_refused_with_a_sentence(client: FlaskClient, path: str) -> None:
    client.get("/tiles/base.building/16/1/1.mvt")  # from now on the thin path reads such addresses
    answer = client.get(f"/tiles/{path}.mvt")
    assert answer.status_code == REFUSED[path]
    said = answer.get_json()
    assert said["title"] and said["title_en"] and said["detail"] and said["detail_en"]
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_refusal_says_which_zooms_there_are(client: FlaskClient) -> None:
    said = client.get("/tiles/base.building/3/1/1.mvt").get_json()
    assert "13" in said["detail"] and "16" in said["detail"]


def test_a_hidden_layer_answers_as_a_missing_one(client: FlaskClient) -> None:
    for form in (
        "/tiles/{}/16/1/1.mvt",
        "/tiles/base.town,{}/16/1/1.mvt",
        "/tiles/{}.json",
        "/tiles/{}/1/1/1.mvt",
    ):
        hidden, missing = client.get(form.format("tax.parcel")), client.get(form.format("tax.nothin"))
        assert hidden.status_code == missing.status_code == 404
        assert hidden.get_data().replace(b"tax.parcel", b"-") == missing.get_data().replace(
            b"tax.nothin", b"-"
        )
        assert dict(hidden.headers) == dict(missing.headers)


def test_a_tile_is_one_statement(client: FlaskClient, busy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    maker = client.application.extensions["gisapp_maker"]
    monkeypatch.setattr(
        maker, "line", None
    )  # another test's server may run a tile maker, which would make it
    maker.cache.follower.begin_anew()
    client.get(
        f"/tiles/base.building/{busy}.mvt"
    )  # the first use of a connection asks the server for its version
    with statements() as said:
        assert (
            client.get(f"/tiles/base.building,roads.street,base.town,base.water/{busy}.mvt").status_code
            == 200
        )
    assert len(said) == 1


def test_a_tile_that_its_layers_do_not_reach_is_empty_and_found(client: FlaskClient) -> None:
    answer = client.get("/tiles/base.building/16/1/1.mvt")
    assert (answer.status_code, answer.get_data()) == (200, b"")
    assert answer.mimetype == "application/vnd.mapbox-vector-tile"


def test_a_tile_is_compressed_for_those_who_take_it(client: FlaskClient, busy: str) -> None:
    path = f"/tiles/base.building,base.address_point/{busy}.mvt"
    plain = client.get(path)
    packed = client.get(path, headers={"Accept-Encoding": "br, gzip"})
    refused = client.get(path, headers={"Accept-Encoding": "gzip;q=0"})
    assert "Content-Encoding" not in plain.headers and "Content-Encoding" not in refused.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert len(packed.get_data()) < 0.8 * len(plain.get_data())
    assert gzip.decompress(packed.get_data()) == plain.get_data() == refused.get_data()
    assert packed.get_data() == client.get(path, headers={"Accept-Encoding": "gzip"}).get_data()


def test_who_takes_brotli_and_no_gzip_gets_brotli(client: FlaskClient, busy: str) -> None:
    path = f"/tiles/base.building,base.road_edge/{busy}.mvt"
    plain = client.get(path)
    for asked in ("br", "br;q=0.5, gzip;q=0", "br"):
        packed = client.get(path, headers={"Accept-Encoding": asked})
        assert packed.headers["Content-Encoding"] == "br" and packed.headers["ETag"] != plain.headers["ETag"]
        assert brotli.decompress(packed.get_data()) == plain.get_data()


def test_an_unchanged_tile_is_not_sent_again(client: FlaskClient, busy: str) -> None:
    path = f"/tiles/base.building/{busy}.mvt"
    tags = set()
    for encoding in ("identity", "gzip"):
        headers = {"Accept-Encoding": encoding}
        tag = client.get(path, headers=headers).headers["ETag"]
        assert tag.startswith('"')  # strong: the bytes are the same
        again = client.get(path, headers={**headers, "If-None-Match": tag})
        assert (again.status_code, again.get_data(), again.headers["ETag"]) == (304, b"", tag)
        assert again.headers["Vary"] and again.headers["Cache-Control"]
        assert client.get(path, headers={**headers, "If-None-Match": '"other"'}).status_code == 200
        tags.add(tag)
    assert len(tags) == 2  # two forms of the same content are not the same bytes
    head = client.head(path)
    assert head.status_code == 200 and head.get_data() == b"" and head.headers["ETag"] in tags


def test_only_what_visitors_ask_for_may_be_kept_by_others(
    client: FlaskClient, signed_in: Enter, busy: str
) -> None:
    public, mixed = f"/tiles/base.building/{busy}.mvt", f"/tiles/base.building,tax.parcel/{busy}.mvt"
    answer = client.get(public)
    assert answer.headers["Cache-Control"] == "public, max-age=0, must-revalidate"
    assert {"Accept-Encoding", "Cookie", "Authorization"} <= set(
        answer.headers["Vary"].replace(" ", "").split(",")
    )
    assert "Set-Cookie" not in answer.headers
    tax = signed_in("tax")
    for path in (public, mixed):
        answer = tax.get(path)
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "private, no-cache"


def test_signing_in_opens_the_staff_layers_and_signing_out_closes_them(
    signed_in: Enter, client: FlaskClient, busy: str
) -> None:
    path = f"/tiles/tax.parcel/{busy}.mvt"
    assert client.get(path).status_code == 404
    roads = signed_in("roads")
    assert len(roads.get(path).get_data()) > 0
    assert (
        roads.get(path).get_data() == signed_in("tax").get(path).get_data()
    )  # the style needs nothing that is hidden
    token = roads.get("/").get_data(as_text=True).split('name="csrf_token" value="')[1].split('"')[0]
    roads.post("/sign-out", data={"csrf_token": token})
    assert roads.get(path).status_code == 404


def test_a_false_token_is_not_taken_for_a_visitor(client: FlaskClient, busy: str) -> None:
    answer = client.get(f"/tiles/base.building/{busy}.mvt", headers={"Authorization": "Bearer gisapp_x"})
    assert answer.status_code == 401
