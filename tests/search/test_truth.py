"""Real towns are found by their names in every spelling; a mistake never leads to another place without saying so."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path

import pytest
import shapely

from gisapp.search.answer import FOUND, NOT_IN_CITY, Answer
from gisapp.search.find import find
from gisapp.text.matching import match_key
from tests.search.conftest import Listed, RealCity
from tests.search.spelling import OTHER_CITIES, mutate, spellings

SEED = 20261125


def is_place(answer: Answer, town: Listed) -> bool:
    found = answer.matches[0]
    return abs(found.lon - town.lon) < 2e-6 and abs(found.lat - town.lat) < 2e-6


def says(query: str, label: str, city: str) -> bool:
    """Whether the query, as it stands after the mistakes, is an address in the town of that label."""
    town, number = re.fullmatch(r"(.*?)([0-9]+)?(?:丁目)?", match_key(label)).groups()  # type: ignore[union-attr]
    rest = match_key(query).removeprefix("東京都").removeprefix(match_key(city))
    divided = rf"-?{number}(丁目|-|の|$)" if number else r"($|[0-9]+番地)"
    return re.match(re.escape(town) + divided, rest) is not None


def test_every_town_is_found_by_its_own_name_inside_the_boundary(real_city: RealCity) -> None:
    city = real_city.installation.city.name_ja
    assert len(real_city.towns) == {"武蔵村山市": 65, "東大和市": 76}[city]
    for prefix in ("", city, f"東京都{city}"):
        answers = real_city.ask([prefix + town.name for town in real_city.towns])
        for town, answer in zip(real_city.towns, answers, strict=True):
            assert answer.status == FOUND and is_place(answer, town), (prefix, town.name, answer)
            found = answer.matches[0]
            assert shapely.contains_xy(real_city.boundary, found.lon, found.lat), town.name
            assert found.label == town.name and found.level == (4 if town.name.endswith("丁目") else 3)


def test_every_town_is_found_in_every_spelling(real_city: RealCity) -> None:
    asked = [
        (town, spelt)
        for town in real_city.towns
        for spelt in spellings(town.name, real_city.installation.city.name_ja)
    ]
    assert len(asked) > 800
    answers = real_city.ask([spelt for _, spelt in asked])
    for (town, spelt), answer in zip(asked, answers, strict=True):
        assert answer.matches and is_place(answer, town), (town.name, spelt, answer.status, answer.reason.ja)


def test_the_names_of_the_registry_are_found_or_known_to_have_no_place(
    real_city: RealCity, shared_data: Path
) -> None:
    city = real_city.installation.city
    text = (shared_data / "07_address" / f"abr_town_{city.code}.csv").read_text("utf-8-sig").splitlines()
    header = text[0].split(",")
    rows = [dict(zip(header, line.split(","), strict=True)) for line in text[1:]]
    assert len(rows) == {"132233": 66, "132209": 76}[city.code]
    names = [row["大字・町名"] + row["丁目名"] for row in rows]
    readings = [row["大字・町名_カナ"] + row["丁目名_カナ"] for row in rows]
    placed = {match_key(town.name) for town in real_city.towns}
    for name, reading, by_name, by_reading in zip(
        names, readings, real_city.ask(names), real_city.ask(readings), strict=True
    ):
        if match_key(name) in placed:
            assert by_name.status == FOUND and by_name.matches[0].label == name, name
            labels = [match.label for match in by_reading.matches]
            assert name in labels or name.removeprefix("大字") in labels, (reading, by_reading)
        else:
            assert name == "大字中藤" and by_name.status != FOUND, "the list gives it no place"


def test_towns_of_other_cities_are_not_in_this_one(real_city: RealCity, shared_data: Path) -> None:
    asked = []
    for city in {"八王子市", "東大和市", "武蔵村山市", "福生市", "西多摩郡瑞穂町"} - {
        real_city.installation.city.name_ja
    }:
        listed = json.loads((shared_data / "07_address" / f"geolonia_{city}.json").read_text())
        asked += [f"{prefix}{city}{town['town']}" for town in listed for prefix in ("", "東京都")]
    assert len(asked) > 500
    for query, answer in zip(asked, real_city.ask(asked, guess=True), strict=True):
        assert answer.status == NOT_IN_CITY and not answer.matches, (query, answer.status, answer.reason)


def test_two_thousand_mistakes_give_a_wrong_place_in_no_more_than_one_of_a_thousand(
    real_city: RealCity,
) -> None:
    chance, city = random.Random(SEED), real_city.installation.city.name_ja
    known = {match_key(town.name): town for town in real_city.towns}
    cases = [mutate(chance, chance.choice(real_city.towns).name, city) for _ in range(2000)]
    answers = real_city.ask([case.query for case in cases])
    wrong, found, elsewhere = [], 0, 0
    for case, answer in zip(cases, answers, strict=True):
        if answer.status != FOUND:
            continue
        town = known[match_key(case.town)]
        if case.other_city:
            wrong.append((case, answer.matches[0].label))
        elif is_place(answer, town):
            found += 1
        elif says(case.query, answer.matches[0].label, city):
            elsewhere += 1  # the mistake made the name of another town: nobody can know
        else:
            wrong.append((case, answer.matches[0].label))
    assert len(wrong) <= 2, [(case.query, label) for case, label in wrong]
    assert found > 1000, (found, elsewhere, len(wrong))
    others = [answer for case, answer in zip(cases, answers, strict=True) if case.other_city]
    assert len(others) > 100 and all(answer.status == NOT_IN_CITY for answer in others)


@pytest.mark.parametrize("city", OTHER_CITIES)
def test_the_single_question_says_the_same_as_the_many(real_city: RealCity, city: str) -> None:
    installation = real_city.installation
    names = [town.name for town in real_city.towns[::15]]
    queries = [
        f"{city}本町1-1",
        *names,
        *(name + "12番地" for name in names),
        names[-1].replace("丁目", "9丁目"),
    ]
    with installation.database.transaction("owner") as connection:
        layers = [layer for layer in installation.catalogue.layers.values() if layer.search]
        one_by_one = [find(connection, layers, installation.city, query, None) for query in queries]
    for single, many in zip(one_by_one, real_city.ask(queries, guess=True), strict=True):
        assert (single.status, single.reason) == (many.status, many.reason)
        assert [m.label for m in single.matches] == [m.label for m in many.matches]
