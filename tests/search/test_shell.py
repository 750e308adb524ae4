"""`gisapp geocode` and `gisapp search import`: what they write, refuse and leave out."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from gisapp import errors
from gisapp.cli.geocode import geocode_command, safe
from gisapp.cli.search import search
from gisapp.installation import Installation
from gisapp.search import spread
from gisapp.search.towns import Town, join, read_towns
from gisapp.settings import load_city

ROWS = [
    ["1", "架空県青葉野市本町二丁目1番1号", "=1+1"],
    ["2", "本町", "-5"],
    ["3", "東京都立川市錦町1-2", "@x"],
    ["4", "=HYPERLINK(1)", "-x"],
]


@pytest.fixture
def shell(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setenv("GISAPP_HOME", str(installation.settings.home))
    monkeypatch.setenv("GISAPP_CITY", "sample")
    return CliRunner()


def read(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp932"])
def test_geocode_places_what_is_certain_and_lists_the_rest(
    shell: CliRunner, tmp_path: Path, encoding: str
) -> None:
    file = tmp_path / "list.csv"
    with file.open("w", encoding=encoding, newline="") as made:
        csv.writer(made).writerows([["番号", "住所", "備考"], *ROWS])
    done = shell.invoke(geocode_command, [str(file)])
    assert done.exit_code == 0, done.output
    header, *rows = read(tmp_path / "list-geocoded.csv")
    found = [dict(zip(header, row, strict=True)) for row in rows]
    assert [row["判定"] for row in found] == ["一致", "要確認", "市外", "不明"]
    assert found[0]["一致レベル"] == "6" and abs(float(found[0]["経度"]) - 141.3) < 0.05
    assert all(row["経度"] == "" and row["緯度"] == "" for row in found[1:]), "blank rather than wrong"
    assert [row["備考"] for row in found] == ["'=1+1", "-5", "'@x", "'-x"]
    review = read(tmp_path / "list-geocoded-review.csv")[1:]
    assert [row[0] for row in review] == ["3", "4", "5"] and "本町" in review[0][4]
    assert review[2][1] == "'=HYPERLINK(1)"


def test_geocode_asks_for_the_column_that_it_cannot_tell(shell: CliRunner, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text("町,番\n本町二丁目,1番1号\n")
    refused = shell.invoke(geocode_command, [str(file)])
    assert isinstance(refused.exception, errors.ColumnNotFound)
    done = shell.invoke(geocode_command, [str(file), "--column", "町", "--column", "番"])
    assert done.exit_code == 0 and "一致 1" in done.output


def test_a_long_table_is_spread_over_processes_and_keeps_its_order(
    shell: CliRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spread, "AT_ONCE", 60)
    wanted = [ROWS[number % 3][1] for number in range(60 * (spread.FEW + 4) + 7)]
    file = tmp_path / "long.csv"
    file.write_text("番号,住所\n" + "".join(f"{n},{text}\n" for n, text in enumerate(wanted)), "cp932")
    begun: list[int] = []
    monkeypatch.setattr(spread._Worker, "__init__", lambda *words, **more: begun.append(1))
    done = shell.invoke(geocode_command, [str(file), "--encoding", "cp932"])
    assert done.exit_code == 0 and not begun, "this process answers nothing itself"
    header, *rows = list(csv.reader((tmp_path / "long-geocoded.csv").open(encoding="cp932", newline="")))
    assert [(row[0], row[1]) for row in rows] == [(str(n), text) for n, text in enumerate(wanted)]
    said = {text: row[header.index("判定")] for text, row in zip(wanted, rows, strict=True)}
    assert said == {ROWS[0][1]: "一致", ROWS[1][1]: "要確認", ROWS[2][1]: "市外"}
    assert all(row[header.index("判定")] == said[row[1]] for row in rows)


def test_a_table_is_not_written_over_itself_and_a_broken_one_has_a_sentence(
    shell: CliRunner, tmp_path: Path
) -> None:
    file = tmp_path / "list.csv"
    file.write_text("住所\n本町二丁目1番1号\n")
    refused = shell.invoke(geocode_command, [str(file), "--out", str(file)])
    assert isinstance(refused.exception, errors.TableRefused) and "本町" in file.read_text()
    file.write_text('住所\n"' + "あ" * 200_000 + "\n")
    refused = shell.invoke(geocode_command, [str(file)])
    assert isinstance(refused.exception, errors.TableRefused) and "line 2" in refused.exception.sentence("en")


def test_no_cell_is_taken_for_a_formula() -> None:
    assert [safe(cell) for cell in ("=A1", "+A1", "-A1", "@A1", "\tx", "＝A1", "-12.5", "+3", "本町", "")] == [
        "'=A1", "'+A1", "'-A1", "'@A1", "'\tx", "'＝A1", "-12.5", "+3", "本町", "",
    ]  # fmt: skip


def test_the_shell_says_where_and_how_certain(shell: CliRunner) -> None:
    found = shell.invoke(search, ["本町2-1-1"])
    assert found.exit_code == 0 and "本町二丁目1番1号" in found.output and "level 6" in found.output
    as_json = shell.invoke(search, ["for", "本町2-1-1", "--json"])
    assert json.loads(as_json.output)["matches"][0]["level"] == 6
    assert shell.invoke(search, ["本町"]).exit_code == 3
    assert shell.invoke(search, ["立川市錦町"]).exit_code == 1


def test_lists_of_towns_are_joined_and_those_of_other_cities_refused(shared_data: Path) -> None:
    city, folder = load_city("musashimurayama"), shared_data / "07_address"
    registry = read_towns(folder / "abr_town_132233.csv", city)
    placed = read_towns(folder / "geolonia_武蔵村山市.json", city)
    assert (len(registry), len(placed)) == (66, 65)
    joined = {town.name: town for town in join([registry, placed])}
    enoki = joined["榎一丁目"]
    assert enoki.kana and enoki.machiaza_id and enoki.lon is not None and enoki.lat is not None
    assert [name for name, town in joined.items() if town.lon is None] == ["大字中藤"]
    with pytest.raises(errors.TownsRefused, match="132209"):
        read_towns(folder / "abr_town_132209.csv", city)
    assert read_towns(next(folder.glob("isj_*.zip")), city) == [], "towns of Okinawa"
    with pytest.raises(errors.TownsRefused, match="no column of towns"):
        read_towns(folder / "localgovjp-utf8.csv", city)


def test_the_earlier_list_counts_where_both_know() -> None:
    one, other = Town("榎一丁目", kana="エノキ"), Town("榎1丁目", kana="x", lon=139.0, lat=35.0)
    assert join([[one], [other]]) == [Town("榎一丁目", kana="エノキ", lon=139.0, lat=35.0)]
