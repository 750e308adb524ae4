"""The index follows every change by itself, carries the layer's grants, and is built anew beside the old one."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from gisapp.catalogue.search import searchable, table_name
from gisapp.installation import Installation
from gisapp.schema.sync import sync
from gisapp.search.find import find
from gisapp.search.follow import bring_up_to_date, follow

HERE = "ST_SetSRID(ST_MakePoint(%s, %s), 6676)"


@pytest.fixture
def town(city_installation: Callable[[str], Installation]) -> Iterator[Installation]:
    """An installation with an index that is in step; its facilities are removed at the end."""
    one = city_installation("yaizu")
    follow(one)
    yield one
    change(one, "DELETE FROM facilities.public_facility")
    follow(one)


def change(one: Installation, sql: str, *values: object) -> None:
    with one.database.transaction("owner") as connection:
        connection.exec_driver_sql(sql, values)


def add(one: Installation, number: int, name: str, x: float = 0.0, y: float = 0.0) -> None:
    sql = f"INSERT INTO facilities.public_facility (facility_id, name, geom) VALUES (%s, %s, {HERE})"
    change(one, sql, str(number), name, -10_000 + x, -127_000 + y)


def names(one: Installation, query: str) -> list[str]:
    with one.database.transaction("aud_public") as connection:
        layers = [layer for layer in searchable(one.catalogue) if layer.see == {"public"}]
        answer = find(connection, layers, one.city, query, None)
    return [match.label for match in answer.matches if match.level is None]


def keys(one: Installation) -> list[tuple[int, str]]:
    with one.database.transaction("owner") as connection:
        sql = "SELECT feature, key FROM search.facilities__public_facility ORDER BY 1, 2"
        return [tuple(row) for row in connection.exec_driver_sql(sql)]


def test_what_is_added_renamed_moved_and_removed_is_followed(town: Installation) -> None:
    add(town, 1, "焼津公民館")
    assert names(town, "焼津公民館") == []
    assert follow(town) == 1
    assert names(town, "焼津公民館") == ["焼津公民館"]
    change(town, "UPDATE facilities.public_facility SET name = '小川公民館' WHERE facility_id = '1'")
    follow(town)
    assert names(town, "焼津公民館") == [] and names(town, "小川公民館") == ["小川公民館"]
    change(town, f"UPDATE facilities.public_facility SET geom = {HERE}", -10_500, -127_500)
    follow(town)
    assert names(town, "小川公民館") == ["小川公民館"] and len(keys(town)) == 1
    change(town, "DELETE FROM facilities.public_facility")
    follow(town)
    assert keys(town) == []


def test_several_changes_of_one_feature_between_two_looks_leave_nothing_behind(town: Installation) -> None:
    add(town, 1, "一つ目の館")
    follow(town)
    for step in range(1, 4):
        sql = f"UPDATE facilities.public_facility SET name = %s, geom = {HERE}"
        change(town, sql, f"名前{step}の館", -10_000 + 100 * step, -127_000)
    follow(town)
    assert [key for _, key in keys(town)] == ["名前3の館"]


def test_neighbours_in_one_place_keep_their_entries(town: Installation) -> None:
    for number in range(5):
        add(town, number, f"同じ場所の館{number}")
    follow(town)
    change(town, "UPDATE facilities.public_facility SET name = '別の館' WHERE facility_id = '2'")
    follow(town)
    assert sorted(key for _, key in keys(town)) == sorted(
        [*(f"同じ場所の館{n}" for n in (0, 1, 3, 4)), "別の館"]
    )


def test_following_and_building_anew_give_the_same(town: Installation) -> None:
    for number in range(40):
        add(town, number, f"第{number}集会所", x=13.7 * number)
    follow(town)
    change(
        town, "UPDATE facilities.public_facility SET name = name || '別館' WHERE facility_id::int %% 3 = 0"
    )
    change(town, "DELETE FROM facilities.public_facility WHERE facility_id::int %% 5 = 0")
    follow(town)
    followed = keys(town)
    layer = town.catalogue.layer("facilities.public_facility")
    assert bring_up_to_date(town, layer, everything=True) == len(followed) == 32
    assert keys(town) == followed


def test_truncate_and_changes_of_many_rows_are_followed_too(town: Installation) -> None:
    add(town, 1, "消える館")
    follow(town)
    change(town, "TRUNCATE facilities.public_facility")
    follow(town)
    assert keys(town) == []


def test_a_search_table_is_read_by_those_who_read_the_layer_before_and_after_it_is_built(
    town: Installation,
) -> None:
    def grants() -> dict[str, list[str]]:
        with town.database.transaction("owner") as connection:
            sql = (
                "SELECT relname, array_agg(a::text ORDER BY a::text) FROM pg_class, unnest(relacl) AS a "
                "WHERE relnamespace = 'search'::regnamespace AND relkind = 'r' GROUP BY relname"
            )
            return {name: list(acl) for name, acl in connection.exec_driver_sql(sql)}

    before = grants()
    assert set(before) == {table_name(layer) for layer in searchable(town.catalogue)}
    public = town.database.role("aud_public")
    assert any(public in one for one in before["base__town"])
    assert not any(public in one for one in before["tax__parcel"])
    for name in ("base.town", "tax.parcel", "facilities.public_facility"):
        bring_up_to_date(town, town.catalogue.layer(name), everything=True)
    assert grants() == before
    assert [step for step in sync(town) if "search" in step] == []
