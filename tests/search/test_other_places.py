"""Addresses as other parts of the country write them, in a city that has them: found, or left blank, never another's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from gisapp.catalogue.search import searchable
from gisapp.installation import Installation
from gisapp.search.answer import Answer
from gisapp.search.find import find
from gisapp.search.follow import follow
from gisapp.search.geocode import Geocoder
from gisapp.search.suggest import suggest

# Town, small part of it, block or lot, house, level.
PLACES = [
    ("北一条西五丁目", None, None, None, 4),
    ("北一条西五丁目", None, "2", "10", 6),
    ("北十一条西五丁目", None, None, None, 4),
    ("中央区大通西八丁目", None, None, None, 4),
    ("今江町", None, None, None, 3),
    ("今江町", None, "イ12-3", None, 7),
    ("今江町", None, "12-3", None, 7),
    ("符津町", None, None, None, 3),
    ("符津町", None, "甲", None, 7),
    ("符津町", None, "甲12", None, 7),
    ("符津町", None, "番外1", None, 7),
    ("符津町", None, "無番地", None, 7),
    ("矢田野町", "ト", "26-1", None, 7),
    ("大字飯坂町湯野", "字上川原", None, None, 4),
    ("大字飯坂町湯野", "字上川原", "6-2", None, 7),
    ("字山下町", None, "5-1", None, 7),
    ("大字二十三日町", None, None, None, 3),
    ("大字十日市", "字天摩", None, None, 4),
    ("大字四日市", None, None, None, 3),
    ("二番町", None, "3", "4", 6),
]


@pytest.fixture(scope="module")
def elsewhere(city_installation: Callable[[str], Installation]) -> Iterator[Installation]:
    """A city of that name in the north, whose towns are those above."""
    lent = city_installation("yaizu")
    insert = (
        "INSERT INTO base.address_point (town, koaza, block, house_number, level, geom) VALUES (%s, %s, %s, %s, %s, "
        "ST_Transform(ST_SetSRID(ST_MakePoint(138.3 + %s * 0.003, 34.87), 4326), %s))"
    )
    west, south = lent.city.bounds[:2]
    insert = insert.replace("138.3", f"{west}").replace("34.87", f"{south}")
    with lent.database.transaction("owner") as connection:
        for number, place in enumerate(PLACES):
            connection.exec_driver_sql(insert, (*place, number, lent.city.srid))
    follow(lent)
    yield replace(lent, city=replace(lent.city, code="022039", name_ja="八戸市", former_names=("旧湊村",)))
    with lent.database.transaction("owner") as connection:
        connection.exec_driver_sql("DELETE FROM base.address_point")
    follow(lent)


def both(one: Installation, queries: list[str]) -> list[tuple[Answer, Answer]]:
    """What is answered to each question alone, and to all of them as a table."""
    with one.database.transaction("owner") as connection:
        layers = searchable(one.catalogue)
        alone = [find(connection, layers, one.city, query, None) for query in queries]
        return list(zip(alone, Geocoder(one.city, layers).answers(connection, queries), strict=True))


FOUND = {
    "北1条西5丁目2番10号": "北一条西五丁目2番10号",
    "北１条西５－２－１０　北海道ビル３Ｆ": "北一条西五丁目2番10号",
    "北11条西5": "北十一条西五丁目",
    "八戸市中央区大通西8": "中央区大通西八丁目",
    "中央区大通西８丁目": "中央区大通西八丁目",
    "青森県八戸市今江町イ12番地3": "今江町イ12-3",
    "今江町イの12番地の3": "今江町イ12-3",
    "今江町12-3": "今江町12番地3",
    "符津町甲": "符津町甲",
    "符津町甲１２番地": "符津町甲12",
    "符津町番外1番地": "符津町番外1",
    "八戸市符津町無番地": "符津町無番地",
    "矢田野町ト２６番地１": "矢田野町ト26番地1",
    "飯坂町湯野上川原6番地の2": "大字飯坂町湯野字上川原6番地2",
    "〒031-0001 八戸市大字飯坂町湯野字上川原６－２": "大字飯坂町湯野字上川原6番地2",
    "山下町5番地1": "字山下町5番地1",
    "旧湊村二十三日町": "大字二十三日町",
    "23日町": "大字二十三日町",
    "十日市天摩": "大字十日市字天摩",
    "二番町3番4号": "二番町3番4号",
}


def test_addresses_of_every_manner_are_found_alone_and_in_a_table(elsewhere: Installation) -> None:
    for (query, label), answers in zip(FOUND.items(), both(elsewhere, list(FOUND)), strict=True):
        for answer in answers:
            assert answer.status == "found" and answer.matches[0].label == label, (query, answer)


def test_what_is_not_there_is_never_the_nearest_lookalike(elsewhere: Installation) -> None:
    asked = {
        "今江町ロ12-3": "unsure",  # another letter's lot
        "符津町乙12": "unsure",
        "四日市市諏訪町1": "not_in_city",  # a city, though a town here is called 四日市
        "十日町市本町1": "not_in_city",
        "三戸郡南部町大字二十三日町": "not_in_city",
        "北海道旭川市北1条西5丁目": "not_in_city",
        "京都府京都市下京区烏丸通五条上る松原町123": "not_in_city",
        "河原町通四条上る": "not_found",
        "北1西5": "not_found",  # no coordinates either
    }
    for (query, status), answers in zip(asked.items(), both(elsewhere, list(asked)), strict=True):
        for answer in answers:
            assert answer.status == status, (query, answer)
            assert all(match.level == 3 for match in answer.matches), query


def test_a_town_whose_name_looks_like_a_citys_is_suggested(elsewhere: Installation) -> None:
    with elsewhere.database.transaction("owner") as connection:
        layers = searchable(elsewhere.catalogue)
        found = [suggest(connection, layers, elsewhere.city, typed) for typed in ("十日市", "立川市")]
    assert [match.label for match in found[0]] == ["大字十日市字天摩"] and found[1] == []
