"""Pages of features and single features, below HTTP."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import Connection

from gisapp import errors
from gisapp.features import search as module
from gisapp.features.counted import SECONDS, Large
from gisapp.features.references import CRS84
from gisapp.features.search import Search, find_one, search
from gisapp.features.selection import everything, read_selection
from gisapp.geo.tiles import Box
from gisapp.installation import Installation
from gisapp.roles import PUBLIC_AUDIENCE
from gisapp.settings import load_city
from tests.statements import statements

EVERYWHERE = (-180.0, -90.0, 180.0, 90.0)


@pytest.fixture
def houses(installation: Installation) -> Search:
    layer = installation.catalogue.layer("base.building")
    return Search(everything(layer, layer.views()[0]))


@pytest.fixture
def connection(installation: Installation) -> Iterator[Connection]:
    with installation.database.transaction("owner") as connection:
        yield connection


def within(asked: Search, box: Box) -> Search:
    chosen = asked.selection
    values = {"bbox": ",".join(map(str, box))}
    found = read_selection(chosen.layer, chosen.view, load_city("sample"), values)
    return replace(asked, selection=found)


def ids(features: str) -> list[int]:
    return [feature["id"] for feature in json.loads(f"[{features}]")]


def test_pages_hold_every_feature_once_in_the_order_of_ids(
    installation: Installation, connection: Connection, houses: Search
) -> None:
    every = [row.id for row in connection.exec_driver_sql("SELECT id FROM base.building ORDER BY id")]
    found: list[int] = []
    after: int | None = 0
    while after is not None:
        page = search(installation.database, PUBLIC_AUDIENCE, replace(houses, limit=700, after=after))
        assert page.matched == len(every)
        assert page.returned == len(ids(page.features)) <= 700
        found += ids(page.features)
        after = page.last
    assert found == every


def test_a_page_that_ends_with_the_last_feature_has_no_next(
    installation: Installation, connection: Connection, houses: Search
) -> None:
    count = connection.exec_driver_sql("SELECT count(*) FROM base.building").scalar_one()
    page = search(installation.database, PUBLIC_AUDIENCE, replace(houses, limit=count))
    assert page.returned == count and page.last is None
    page = search(installation.database, PUBLIC_AUDIENCE, replace(houses, limit=count - 1))
    assert page.last is not None


def test_a_box_finds_what_meets_it(
    installation: Installation, connection: Connection, houses: Search
) -> None:
    corner = "ST_XMin(p), ST_YMin(p), ST_XMax(p), ST_YMax(p)"
    grown = "ST_Expand(ST_Transform(geom, 4326), 0.002) AS p FROM base.building ORDER BY id OFFSET 99 LIMIT 1"
    row = connection.exec_driver_sql(f"SELECT {corner} FROM (SELECT {grown}) AS f").one()
    box: Box = (row[0], row[1], row[2], row[3])
    envelope = f"ST_MakeEnvelope({','.join(map(str, box))}, 4326)"
    sql = (
        f"SELECT id FROM base.building WHERE ST_Intersects(ST_Transform(geom, 4326), {envelope}) ORDER BY id"
    )
    expected = [row.id for row in connection.exec_driver_sql(sql)]
    page = search(installation.database, PUBLIC_AUDIENCE, replace(within(houses, box), limit=10_000))
    assert ids(page.features) == expected
    assert 3 < len(expected) < connection.exec_driver_sql("SELECT count(*) FROM base.building").scalar_one()
    assert page.matched == len(expected)


@pytest.mark.parametrize(
    ("box", "some"),
    [
        (EVERYWHERE, True),
        ((-500.0, -95.0, 500.0, 95.0), True),
        ((0.0, 0.0, 1.0, 1.0), False),
        ((179.0, -90.0, -179.0, 90.0), False),  # across 180 degrees
        ((100.0, -90.0, -100.0, 90.0), True),
        ((-10.0, 86.0, 10.0, 90.0), False),
    ],
)
def test_boxes_of_any_size_are_answered(
    installation: Installation, houses: Search, box: Box, some: bool
) -> None:
    page = search(installation.database, PUBLIC_AUDIENCE, replace(within(houses, box), limit=1))
    assert bool(page.returned) is some
    assert bool(page.matched) is some


def test_what_is_too_many_to_count_is_not_counted(
    installation: Installation, houses: Search, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_COUNTED", 50)
    monkeypatch.setattr(module, "LARGE", Large())
    module._page.cache_clear()
    here, nowhere = within(houses, EVERYWHERE), within(houses, (0.0, 0.0, 1.0, 1.0))
    with statements() as said:
        first, again = (search(installation.database, PUBLIC_AUDIENCE, here) for _ in range(2))
        exact = [search(installation.database, PUBLIC_AUDIENCE, nowhere).matched for _ in range(2)]
    assert first.matched is again.matched is None and first.features == again.features
    assert exact == [0, 0]
    assert ["count(*) FROM (" in one for one in said] == [True, False, True, True]
    module._page.cache_clear()


def test_that_it_is_too_many_is_true_for_a_moment_only(monkeypatch: pytest.MonkeyPatch) -> None:
    large = Large()
    large.add("a")
    assert "a" in large and "b" not in large
    later = time.monotonic() + SECONDS + 0.1
    monkeypatch.setattr("gisapp.features.counted.time.monotonic", lambda: later)
    assert "a" not in large


def test_a_page_is_one_statement(installation: Installation, houses: Search) -> None:
    search(installation.database, PUBLIC_AUDIENCE, houses)
    with statements() as said:
        search(installation.database, PUBLIC_AUDIENCE, within(houses, EVERYWHERE))
    assert len(said) == 1


def test_a_feature_that_is_not_there_is_said_to_be_missing(
    installation: Installation, houses: Search
) -> None:
    layer, view = houses.selection.layer, houses.selection.view
    for missing in (0, 2**62, 2**63, 10**30):
        with pytest.raises(errors.FeatureNotFound):
            find_one(installation.database, PUBLIC_AUDIENCE, layer, view, missing)


def test_values_that_json_has_no_number_for_come_as_words(
    installation: Installation, connection: Connection
) -> None:
    layer = installation.catalogue.layer("roads.street")
    with connection.begin_nested() as savepoint:
        first = "(SELECT min(id) FROM roads.street)"
        sql = f"UPDATE roads.street SET width = 'NaN', name = %s WHERE id = {first} RETURNING id"
        feature = connection.exec_driver_sql(sql, ('"\\\n本町</script>',)).scalar_one()
        text = (
            connection.exec_driver_sql(module._one(layer, layer.views()[0], CRS84), {"id": feature})
            .one()
            .feature
        )
        savepoint.rollback()
    assert json.loads(text)["properties"]["width"] == "NaN"
    assert json.loads(text)["properties"]["name"] == '"\\\n本町</script>'
