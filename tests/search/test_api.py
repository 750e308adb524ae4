"""/api/search, /api/suggest and /api/reverse: what they answer, to whom, and what they refuse."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from gisapp.installation import Installation
from gisapp.search.follow import follow


def ask(client: FlaskClient, path: str, query: str, more: str = "") -> dict[str, Any]:
    answer = client.get(f"{path}?q={quote(query)}{more}")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert answer.mimetype == "application/geo+json"
    found: dict[str, Any] = answer.get_json(force=True)
    assert found["type"] == "FeatureCollection"
    return found


def labels(found: dict[str, Any]) -> list[str]:
    return [feature["properties"]["label"] for feature in found["features"]]


@pytest.fixture(scope="module", autouse=True)
def _in_step(installation: Installation) -> None:
    """The index shows what tests before these have changed and put back: no worker does it for them."""
    follow(installation)


@pytest.fixture(scope="module")
def house(installation: Installation) -> Any:
    """A house of the city: label parts and where it is."""
    with installation.database.transaction("owner") as connection:
        return connection.exec_driver_sql(
            "SELECT town, block, house_number, ST_X(p) AS lon, ST_Y(p) AS lat FROM (SELECT *, ST_Transform(geom, 4326) AS p "
            "FROM base.address_point WHERE level = 6 AND town LIKE '%%二丁目' ORDER BY id LIMIT 1 OFFSET 20) AS f"
        ).one()


def test_a_house_is_found_in_every_form_where_it_is(client: FlaskClient, house: Any) -> None:
    town, block, number = house.town, house.block, house.house_number
    short = town.replace("二丁目", "2")
    for query in (
        f"{town}{block}番{number}号",
        f"架空県青葉野市{short}-{block}-{number}",
        f"{short}ー{block}ー{number}　コーポ青葉２０１",
        f"{town}{block}-{number}-201",
    ):
        found = ask(client, "/api/search", query)
        assert found["status"] == "found", query
        first = found["features"][0]
        assert first["properties"]["match_level"] == 6 and first["properties"]["sure"] is True
        lon, lat = first["geometry"]["coordinates"]
        assert abs(lon - house.lon) < 1e-6 and abs(lat - house.lat) < 1e-6
        west, south, east, north = first["bbox"]
        assert west <= lon + 1e-6 and lon - 1e-6 <= east and south <= lat + 1e-6 and lat - 1e-6 <= north


def test_the_level_falls_with_what_is_not_known(client: FlaskClient, house: Any) -> None:
    block = ask(client, "/api/search", f"{house.town}{house.block}番999号")
    assert block["features"][0]["properties"]["match_level"] == 5
    assert block["features"][0]["properties"]["left_over"] == "999" and "街区" in block["reason"]
    town = ask(client, "/api/search", f"{house.town}9876番5号")
    assert town["features"][0]["properties"]["match_level"] == 4
    assert town["features"][0]["properties"]["left_over"] == "9876-5" and "町" in town["reason"]
    city = ask(client, "/api/search", "架空県青葉野市")
    assert city["features"][0]["properties"]["match_level"] == 2


def test_a_missing_chome_is_a_question(client: FlaskClient, house: Any) -> None:
    base = house.town.removesuffix("二丁目")
    for query, reason in ((base, "書かれていません"), (f"{base}99丁目", "ありません")):
        found = ask(client, "/api/search", query)
        assert found["status"] == "unsure" and reason in found["reason"]
        assert house.town in labels(found) and not any(f["properties"]["sure"] for f in found["features"])


def test_what_is_elsewhere_or_nowhere_is_said(client: FlaskClient) -> None:
    other = ask(client, "/api/search", "東京都立川市錦町1-2-3")
    assert (
        other["status"] == "not_in_city"
        and other["features"] == []
        and "この市の中ではありません" in other["reason"]
    )
    assert "not in this city" in ask(client, "/api/search", "立川市錦町", "&lang=en")["reason"]
    for query in ("ぬるぽっぽ商店街", "😀", "'; DROP TABLE base.town; --", "100%", "a_b_c", "（x）[y]{z}"):
        nothing = ask(client, "/api/search", query)
        assert nothing["status"] == "not_found" and nothing["features"] == [] and nothing["reason"], query


@pytest.mark.parametrize(
    "query",
    [
        "35.2,141.3",
        "141.3 , 35.2",
        "３５．２，１４１．３",
        "北緯35度12分0秒 東経141度18分0秒",
        "35°12'00\"N 141°18'00\"E",
        "北緯35.2 東経141.3",
        "N35.2 E141.3",
        "E141.3, N35.2",
        "lat=35.2 lon=141.3",
        "(35.2, 141.3)",
        "geo:35.2,141.3",
        "35.2/141.3",
        "３５°１２′００″Ｎ　１４１°１８′００″Ｅ",
        "東経141度18分 北緯35度12分",
        "35 12 0 141 18 0",
        "35-12-00 141-18-00",
        "N35.12.00.000 E141.18.00.000",
        "141.3E35.2N",
        "+35.2+141.3/",
    ],
)
def test_coordinates_are_read_in_any_notation(client: FlaskClient, query: str) -> None:
    found = ask(client, "/api/search", query)
    assert found["status"] == "found", query
    assert found["features"][0]["geometry"]["coordinates"] == pytest.approx([141.3, 35.2], abs=1e-6)


def test_plane_metres_are_north_first_as_surveyors_write(
    client: FlaskClient, installation: Installation
) -> None:
    with installation.database.transaction("owner") as connection:
        sql = "SELECT ST_X(p), ST_Y(p) FROM ST_Transform(ST_SetSRID(ST_MakePoint(133000, -88000), 6677), 6668) AS p"
        place = tuple(connection.exec_driver_sql(sql).one())
    for query in (
        "X=-88000 Y=133000",
        "-88000, 133000",
        "Y=133000 X=-88000",
        "X -88000 Y 133000",
        "X=-88,000 Y=133,000",
        "Ｘ＝－８８０００　Ｙ＝１３３０００",
        "-88000 133000",
        "9系 X=-88000 Y=133000",
    ):
        found = ask(client, "/api/search", query)
        assert found["status"] == "found", query
        assert found["features"][0]["geometry"]["coordinates"] == pytest.approx(place, abs=1e-7)
    swapped = ask(client, "/api/search", "133000, -88000")
    assert swapped["status"] == "unsure" and "順" in swapped["reason"]


def test_coordinates_elsewhere_out_of_range_and_impossible_meshes_have_a_sentence(
    client: FlaskClient,
) -> None:
    for query, status in (
        ("35.68,139.76", "not_in_city"),
        ("999.5,999.5", "not_in_city"),
        ("S35.2 E141.3", "not_in_city"),
        ("8系 X=-88000 Y=133000", "not_in_city"),
        ("95.5,190.5", "not_found"),
        ("9999999,8888888", "not_found"),
        ("53398811", "not_found"),
        ("533946995", "not_found"),
    ):
        found = ask(client, "/api/search", query)
        assert found["status"] in (status, "not_in_city") and found["features"] == [] and found["reason"], (
            query
        )


def test_a_mesh_code_is_a_box(client: FlaskClient) -> None:
    for query in ("5241-6240", "５２４１－６２－４０", "メッシュ 52416240", "5241624011", "5241"):
        found = ask(client, "/api/search", query)
        assert found["status"] == "found" and found["features"][0]["properties"]["kind"] == "mesh", query


def test_kinds_of_facilities_come_nearest_first(client: FlaskClient) -> None:
    found = ask(client, "/api/search", "ﾄｲﾚ", "&lon=141.29&lat=35.19")
    assert found["status"] == "found" and len(found["features"]) > 3
    away = [
        (f["geometry"]["coordinates"][0] - 141.29) ** 2 * 0.667
        + (f["geometry"]["coordinates"][1] - 35.19) ** 2
        for f in found["features"]
    ]
    assert away == sorted(away)
    assert {f["properties"]["layer"] for f in ask(client, "/api/search", "ＡＥＤ")["features"]} == {
        "facilities.aed"
    }


def test_a_part_of_a_name_and_several_words_give_a_list_to_choose_from(client: FlaskClient) -> None:
    for query, part in (
        ("図書館", "図書館"),
        ("市役所", "市役所"),
        ("青葉野市立図書館", "図書館"),
        ("公園 トイレ", "公園"),
        ("公園のトイレ", "公園"),
        ("小学校 避難所", "小学校"),
        ("公園", "公園"),
    ):
        found = ask(client, "/api/search", query)
        assert found["status"] == "unsure" and "選んで" in found["reason"], query
        assert labels(found) and all(part in label for label in labels(found)), (query, labels(found))
    assert labels(ask(client, "/api/search", "近くのトイレ")) == labels(ask(client, "/api/search", "トイレ"))
    assert ask(client, "/api/search", "架空の図書館の裏の図書館")["status"] == "not_found"


def test_suggestions_begin_like_what_was_typed_and_towns_come_first(client: FlaskClient, house: Any) -> None:
    base = house.town.removesuffix("二丁目")
    found = ask(client, "/api/suggest", base[:1])
    assert 0 < len(found["features"]) <= 8
    assert house.town in labels(ask(client, "/api/suggest", f"{base}2"))
    numbers = labels(ask(client, "/api/suggest", f"{base}2-{house.block}"))
    assert any(label.startswith(f"{house.town}{house.block}番") for label in numbers), numbers
    assert "トイレ" in labels(ask(client, "/api/suggest", "トイ"))
    assert ask(client, "/api/suggest", "立川市錦")["features"] == []


def test_reverse_names_town_block_and_nearest_address(client: FlaskClient, house: Any) -> None:
    answer = client.get(f"/api/reverse?lon={house.lon:.7f}&lat={house.lat:.7f}").get_json(force=True)
    found = {f["properties"]["kind"]: f["properties"] for f in answer["features"]}
    assert found["town"]["label"] == house.town and found["town"]["match_level"] == 4
    assert found["address"]["distance"] < 0.5 and found["address"]["match_level"] == 6
    assert found["block"]["label"] == f"{house.town}{house.block}番"
    assert client.get("/api/reverse?lon=10&lat=10").get_json(force=True)["features"] == []
    for bad in ("lon=x&lat=1", "lon=141.3", "lon=181&lat=35", "lon=141&lat=35&x=1"):
        assert client.get(f"/api/reverse?{bad}").status_code == 400


@pytest.mark.parametrize(
    "query", ["", " ", "　　", "あ" * 201, "あ" * 10_000, "本町\x00", "本\x1b町", "--", "・・"]
)
@pytest.mark.parametrize("path", ["/api/search", "/api/suggest"])
def test_bad_input_is_refused_with_a_sentence(client: FlaskClient, path: str, query: str) -> None:
    answer = client.get(f"{path}?q={quote(query)}")
    assert answer.status_code == 400 and "q" in answer.get_json()["title"]


def test_a_layer_of_the_staff_is_not_searched_by_a_visitor(
    client: FlaskClient, signed_in: Callable[[str], FlaskClient], installation: Installation
) -> None:
    with installation.database.transaction("owner") as connection:
        town, lot = connection.exec_driver_sql(
            "SELECT town, lot_number FROM tax.parcel ORDER BY id LIMIT 1"
        ).one()
    query = f"{town}{lot.replace('-', '番地')}"
    there = ask(signed_in("roads"), "/api/search", query)
    assert (
        there["features"][0]["properties"]["layer"] == "tax.parcel"
        and there["features"][0]["properties"]["match_level"] == 7
    )
    nothing, missing = ask(client, "/api/search", query), ask(client, "/api/search", f"{town}987654番地3")
    assert [f["properties"]["layer"] for f in nothing["features"]] == ["base.town"]
    assert nothing["status"] == missing["status"] and nothing["reason"] == missing["reason"]
    assert not any("parcel" in str(f) for f in ask(client, "/api/suggest", query)["features"])
    with (
        pytest.raises(Exception, match="permission denied"),
        installation.database.transaction("aud_public") as connection,
    ):
        connection.exec_driver_sql("SELECT count(*) FROM search.tax__parcel")


def test_words_searched_in_restricted_layers_are_recorded(
    signed_in: Callable[[str], FlaskClient], client: FlaskClient, installation: Installation
) -> None:
    def entries(word: str) -> list[tuple[Any, ...]]:
        with installation.database.transaction("owner") as connection:
            sql = "SELECT what, login FROM gisapp.audit_entry WHERE details->>'q' = %s ORDER BY id"
            return [tuple(row) for row in connection.exec_driver_sql(sql, (word,))]

    ask(client, "/api/search", "誰でも探せる言葉")
    assert entries("誰でも探せる言葉") == []
    ask(signed_in("tax"), "/api/search", "記録される言葉")
    assert entries("記録される言葉") == [("searched", "tax")]


def test_long_and_odd_words_take_no_longer_than_others(client: FlaskClient) -> None:
    odd = [
        "1-" * 99,
        "一" * 200,
        "丁目" * 100,
        "(x" * 100,
        "東京都" * 60,
        "99999999999999999999",
        "ー" * 199 + "あ",
        "1 " * 100,
    ]
    for query in odd:
        began = time.perf_counter()
        ask(client, "/api/search", query)
        assert time.perf_counter() - began < 2.0, query[:20]
