"""A table with addresses and without coordinates: placed by the search index, blank rather than wrong."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import shapely
from flask.testing import FlaskClient
from sqlalchemy import text

from gisapp import errors
from gisapp.access import tokens
from gisapp.catalogue.load import Catalogue
from gisapp.cli.people import add_person
from gisapp.installation import Installation
from gisapp.intake.addresses import placed_by_address
from gisapp.intake.load import Order, load_file
from gisapp.intake.options import Options
from gisapp.intake.report import Report
from gisapp.intake.source import Source
from gisapp.search.follow import follow
from gisapp.search.towns import LAYER
from tests.conftest import PASSWORD
from tests.intake.conftest import ask, forget_index, load_into
from tests.intake.waiter import Waiting

pytestmark = pytest.mark.usefixtures("empty_layers")
SHELTER = "disaster.shelter"
ASKED_ABOUT = {"address_coarse", "address_unsure", "address_elsewhere", "address_not_found", "no_coordinate"}


@pytest.fixture(scope="session")
def real_list(shared_data: Path) -> list[dict[str, Any]]:
    """Real shelters: name, address, and where they are."""
    file = shared_data / "05_facility" / "gsi_emergency_132233.geojson"
    features = json.loads(file.read_text("utf-8"))["features"]
    return [one["properties"] | {"at": one["geometry"]["coordinates"]} for one in features]


def table(path: Path, rows: list[list[str]], header: tuple[str, ...] = ("ID", "名称", "住所")) -> Path:
    lines = [list(header), *rows]
    if path.suffix == ".xlsx":
        book = openpyxl.Workbook()
        for line in lines:
            book.active.append(line)
        book.save(path)
        return path
    with path.open("w", encoding="cp932" if path.suffix == ".tsv" else "utf-8", newline="") as file:
        csv.writer(file, delimiter="\t" if path.suffix == ".tsv" else ",").writerows(lines)
    return path


def asked(path: Path, installation: Installation, layer: str, **said: Any) -> Report:
    with pytest.raises(errors.FileRefused) as refusal:
        load_into(installation, path, layer, **said)
    report: Report = refusal.value.values["outcome"]  # type: ignore[assignment]
    return report


@pytest.mark.parametrize("name", ["list.csv", "list.tsv", "list.xlsx"])
def test_a_real_list_is_placed_at_the_level_that_a_person_accepts(
    towns: Installation, real_list: list[dict[str, Any]], tmp_path: Path, name: str
) -> None:
    lines = [[one["共通ID"], one["施設・場所名"], one["住所"]] for one in real_list]
    path = table(tmp_path / name, lines)
    report = asked(path, towns, SHELTER)
    assert (report.outcome, report.asks, report.loaded) == ("ask", "places", 0)
    coarse = [p for p in report.findings.of("question") if p.code == "address_coarse"]
    assert {p.column for p in coarse} == {"住所"} and all("レベル" in p.ja and p.rows for p in coarse)
    assert [choice.option for choice in report.choices] == ["places"] * len(report.choices)
    placed = load_into(towns, path, SHELTER, places=report.choices[-1].value)
    assert placed.geocoded is not None and placed.geocoded["column"] == "住所"
    told = next(p for p in placed.findings if p.code == "geocoded")
    assert f"丁目・小字まで {placed.geocoded['levels']['4']} 行" in told.ja
    assert placed.loaded == sum(placed.geocoded["levels"].values()) >= 30
    assert placed.loaded + placed.dropped == len(real_list) == 37
    listed = {row for p in placed.findings if p.code in ASKED_ABOUT for row in p.rows}
    assert len(listed) == placed.dropped and "null_geometry" not in {p.code for p in placed.findings}
    where = {one["共通ID"]: one["at"] for one in real_list}
    rows = ask(
        towns,
        f"SELECT facility_id, ST_X(p), ST_Y(p) FROM (SELECT facility_id, ST_Transform(geom, 6668) AS p FROM {SHELTER}) AS s",
    )
    metres = [shapely.Point(where[one]).distance(shapely.Point(x, y)) * 1e5 for one, x, y in rows]
    assert len(metres) == placed.loaded and max(metres) < 1500, "in the right chome, every one"


def test_an_address_over_several_columns_is_joined(towns: Installation, tmp_path: Path) -> None:
    header = ("ID", "名称", "所在地_市区町村", "所在地_町字", "所在地_番地以下")
    rows = [["1", "甲", "武蔵村山市", "本町一丁目", "1番地の1"], ["2", "乙", "", "架空町", "9"]]
    report = load_into(towns, table(tmp_path / "parts.csv", rows, header), SHELTER, places="4")
    assert (report.loaded, report.dropped) == (1, 1) and report.geocoded is not None
    assert report.geocoded["levels"] == {"4": 1}
    assert report.geocoded["column"] == "所在地_市区町村・所在地_町字・所在地_番地以下"


def test_each_row_without_a_place_says_why(towns: Installation, tmp_path: Path) -> None:
    rows = [
        ["1", "市内", "武蔵村山市本町一丁目"],
        ["2", "丁目なし", "武蔵村山市本町"],
        ["3", "市外", "東京都立川市錦町1-2"],
        ["4", "不明", "架空町9-9-9"],
        ["5", "空欄", ""],
    ]
    report = asked(table(tmp_path / "five.csv", rows), towns, SHELTER, places="6")
    assert report.asks == "", "somebody has answered, and no row is left: that is an error, not a question"
    report = load_into(towns, table(tmp_path / "five.csv", rows), SHELTER, places="4")
    found = {p.code: p for p in report.findings if p.code in ASKED_ABOUT}
    assert {code: p.rows for code, p in found.items()} == {
        "address_unsure": (2,),
        "address_elsewhere": (3,),
        "address_not_found": (4,),
        "no_coordinate": (5,),
    }
    assert "丁目が書かれていません" in found["address_unsure"].ja
    assert "この市の住所ではありません" in found["address_elsewhere"].ja
    assert not any("立川" in p.ja + p.en for p in report.findings), "an address may be somebody's home"
    assert all(p.level == "warning" and p.column == "住所" and p.as_json()["do_ja"] for p in found.values())
    assert (report.loaded, report.dropped) == (1, 4)


def test_a_house_is_placed_where_it_is_without_a_question(installation: Installation, tmp_path: Path) -> None:
    follow(installation)
    houses = ask(
        installation,
        f"SELECT town || block || '番' || house_number || '号', ST_X(p), ST_Y(p) FROM (SELECT *, ST_Transform(geom, 6668) AS p FROM {LAYER} WHERE level = 6 AND town LIKE '%二丁目' ORDER BY id LIMIT 40) AS h",
    )
    path = table(tmp_path / "houses.csv", [[str(n), f"施設{n}", one[0]] for n, one in enumerate(houses)])
    staged: list[Any] = []

    def look(connection: Any, report: Report) -> None:
        point = "SELECT ST_X(p), ST_Y(p) FROM (SELECT row, ST_Transform(geom, 6668) AS p FROM gisapp_staged) AS s ORDER BY row"
        staged.extend(connection.execute(text(point)))

    order = Order(
        path, path.name, installation.catalogue.layer(SHELTER), Options("append"), "test", dry_run=True
    )
    report = load_file(installation, order, before_commit=look)
    assert report.ok and report.loaded == 40 and report.geocoded is not None
    assert report.geocoded["levels"] == {"6": 40} and report.geocoded["not_found"] == 0
    for (_, x, y), (found_x, found_y) in zip(houses, staged, strict=True):
        assert abs(x - found_x) < 2e-6 and abs(y - found_y) < 2e-6


def test_without_an_index_the_table_is_asked_about_with_what_to_do(
    city: Installation, tmp_path: Path
) -> None:
    forget_index(city)
    report = asked(table(tmp_path / "list.csv", [["1", "市役所", "本町一丁目1-1"]]), city, SHELTER)
    assert (report.outcome, report.asks) == ("ask", "position")
    said = report.findings.of("question")[0]
    assert said.code == "no_position" and "gisapp search import" in said.ja and "「住所」" in said.ja


def test_a_file_without_a_layer_is_placed_too(towns: Installation, tmp_path: Path) -> None:
    path = table(tmp_path / "list.csv", [["1", "甲", "本町一丁目"], ["2", "乙", "本町二丁目"]])
    order = Order(path, path.name, None, Options(places="4"), "test")
    report = load_file(towns, order)
    assert report.ok and report.loaded == 2 and report.layer is not None and report.layer.geometry == "Point"


def test_names_of_layers_that_a_sender_may_not_see_place_nothing(towns: Installation, tmp_path: Path) -> None:
    """Otherwise a list of guessed names would tell where hidden things are."""
    secret = replace(towns.catalogue.layer(LAYER), see=frozenset({"tax"}))
    hidden = replace(towns, catalogue=_with(towns.catalogue, secret))
    path = table(tmp_path / "list.csv", [["1", "甲", "本町一丁目"]])
    source = Source("CSV", ("住所",), lambda: iter(()), shapeless=True)  # type: ignore[arg-type, return-value]
    for departments, known in (("roads",), False), (("tax",), True):
        author = _sender(departments)
        order = Order(path, path.name, None, Options(), "someone", author=author)
        assert placed_by_address(source, hidden, order).shapeless is not known


def _with(catalogue: Catalogue, layer: Any) -> Catalogue:
    return replace(catalogue, layers={**catalogue.layers, layer.id: layer})


def _sender(departments: tuple[str, ...]) -> Any:
    from gisapp.audit.record import Who

    return Who("someone", 7, departments, "upload:x")


def test_an_upload_asks_and_goes_on_with_the_answer(
    towns: Installation, waiting: Waiting, waiter_client: FlaskClient, tmp_path: Path
) -> None:
    add_person(towns, "placer", "防災 太郎", PASSWORD, {"disaster": "editor"})
    with towns.database.transaction("owner") as connection:
        token = tokens.issue(connection, "placer", "test", ["*"], ["read", "upload", "publish"], 1)
    sender = Waiting(towns, waiter_client, token)
    rows = [["1", "甲", "本町一丁目"], ["2", "乙", "本町二丁目3-4"], ["3", "丙", "架空町1"]]
    upload = sender.send(table(tmp_path / "list.csv", rows), SHELTER)
    asking = sender.get(upload).json
    assert (asking["state"], asking["report"]["asks"]) == ("asking", "places")
    (choice,) = asking["report"]["choices"]
    assert (
        choice["places"] == "4"
        and len(choice["points"]) == 2
        and "2 行を登録し、1 行を除く" in choice["why_ja"]
    )
    done = sender.post(upload, "check", places="4")
    assert done["state"] == "checked" and done["difference"]["added"] == 2
    assert done["report"]["geocoded"]["levels"] == {"4": 2}
    assert sender.post(upload, "publish")["state"] == "published"
    assert ask(towns, f"SELECT count(*) FROM {SHELTER}") == [(2,)]
