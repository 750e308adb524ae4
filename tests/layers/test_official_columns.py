"""The published lists of the standard open data set load as they are: same columns, same order, same names.

`official_columns/` holds the column names of each list, one a line, in the list's order. Those of toilets,
shelters and hydrants were read in published schemas; that of public facilities was put together from files.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from layer_folders import claims, layer, official_name

LISTS = Path(__file__).parent / "official_columns"


@pytest.mark.parametrize(
    ("layer_id", "published", "count"),
    [
        ("disaster.shelter", "shelter", 39),
        ("disaster.hydrant", "hydrant", 16),
        ("facilities.public_toilet", "public_toilet", 39),
    ],
)
def test_a_confirmed_list_has_exactly_the_official_columns_in_order(
    layer_id: str, published: str, count: int
) -> None:
    columns = official(published)
    assert len(columns) == count
    assert [official_name(field) for field in layer(layer_id).fields] == columns
    assert layer(layer_id).source.confirmed


def test_the_toilet_list_loads_by_its_physical_names_too() -> None:
    physical = official("public_toilet_physical")
    toilet = layer("facilities.public_toilet")
    fields = [field.name for field in toilet.fields]
    assert list(claims(toilet, physical).values()) == fields
    renamed = {name: field for name, field in zip(physical, fields, strict=True) if name != field}
    assert renamed == {"id": "facility_id", "buillding_name_etc": "building_name_etc"}


@pytest.mark.parametrize(
    ("layer_id", "published"),
    [
        ("facilities.public_facility", "public_facility"),
        ("facilities.public_facility", "public_facility_old"),
        ("facilities.aed", "aed_old"),
        ("disaster.shelter", "shelter_national"),
    ],
)
def test_older_and_sister_lists_find_a_field_for_every_column(layer_id: str, published: str) -> None:
    columns = official(published)
    found = claims(layer(layer_id), columns)
    assert [column for column in columns if column not in found] == []
    assert len(set(found.values())) == len(columns), "two columns of one file would fill the same field"


def test_codes_that_begin_with_zero_are_text() -> None:
    for layer_id in ("disaster.shelter", "disaster.hydrant", "facilities.public_toilet", "facilities.aed"):
        for name in ("localgov_code", "seat_localgov_code", "choaza_id", "facility_id"):
            assert layer(layer_id).field(name).type == "text", f"{layer_id}.{name}"
    assert layer("statistics.population_mesh").field("mesh_code").type == "text"


def test_a_list_may_lack_all_but_the_name() -> None:
    for layer_id in (
        "disaster.shelter",
        "facilities.public_toilet",
        "facilities.aed",
        "facilities.public_facility",
    ):
        assert [field.name for field in layer(layer_id).fields if field.required] == ["name"], layer_id


def official(published: str) -> list[str]:
    """The column names of a published list, in its order."""
    return (LISTS / f"{published}.txt").read_text("utf-8").splitlines()
