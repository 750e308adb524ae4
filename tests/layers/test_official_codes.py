"""Codes mean what the national lists say: moved by one, a hazard map or a city plan becomes a lie."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from layer_folders import catalogue, codes, layer

CODE_LISTS = "03_base/plateau_53392642/codelists"


def test_flood_ranks_are_those_of_a31() -> None:
    assert codes("disaster.flood_depth", "rank") == {
        1: "0.5m未満",
        2: "0.5m以上3m未満",
        3: "3m以上5m未満",
        4: "5m以上10m未満",
        5: "10m以上20m未満",
        6: "20m以上",
    }


def test_the_detailed_flood_classes_divide_the_ranks_at_the_guides_depths() -> None:
    bounds = [
        re.findall(r"([\d.]+)m", title) for title in codes("disaster.flood_depth", "depth_class").values()
    ]
    assert bounds == [
        ["0.3"],
        ["0.3", "0.5"],
        ["0.5", "1"],
        ["1", "3"],
        ["3", "5"],
        ["5", "10"],
        ["10", "20"],
        ["20"],
    ]


def test_a_landslide_zone_says_its_phenomenon_and_kind_as_a33_does() -> None:
    assert codes("disaster.landslide_zone", "phenomenon") == {1: "急傾斜地の崩壊", 2: "土石流", 3: "地滑り"}
    zones = codes("disaster.landslide_zone", "zone_type")
    assert sorted(zones) == [1, 2, 3, 4]
    assert [code for code, title in zones.items() if "特別警戒" in title] == [2, 4]
    assert [code for code, title in zones.items() if "指定済" in title] == [1, 2]


def test_use_districts_have_the_numbers_of_a29() -> None:
    assert codes("city_planning.zoning", "class") == {
        1: "第一種低層住居専用地域",
        2: "第二種低層住居専用地域",
        3: "第一種中高層住居専用地域",
        4: "第二種中高層住居専用地域",
        5: "第一種住居地域",
        6: "第二種住居地域",
        7: "準住居地域",
        8: "近隣商業地域",
        9: "商業地域",
        10: "準工業地域",
        11: "工業地域",
        12: "工業専用地域",
        21: "田園住居地域",
        99: "不明",
    }


def test_a_city_models_number_of_a_use_district_is_not_taken_for_an_a29_code() -> None:
    """There 8 is 田園住居地域 and 9 近隣商業地域: one off from A29 without a word."""
    names = {name.lower() for field in layer("city_planning.zoning").fields for name in field.alias}
    assert "function" not in names


@pytest.mark.parametrize(
    ("layer_id", "field", "published"),
    [
        ("base.building", "kind", "Building_class"),
        ("base.building", "use", "Building_usage"),
        ("base.building", "structure", "Building_buildingStructureType"),
        ("roads.street", "class", "Road_function"),
        ("city_planning.fire_prevention", "class", "Common_districtsAndZonesType"),
        ("land_use.land_use", "class", "Common_landUsePlanType"),
    ],
)
def test_codes_of_the_city_model_agree_with_its_published_lists(
    shared_data: Path, layer_id: str, field: str, published: str
) -> None:
    text = (shared_data / CODE_LISTS / f"{published}.xml").read_text("utf-8")
    entries = re.findall(r"<gml:description>(.*?)</gml:description>\s*<gml:name>(.*?)</gml:name>", text)
    official = {int(code): title for title, code in entries}
    for code, title in codes(layer_id, field).items():
        # What stands in brackets explains the class; the layer shortens it.
        assert title.split("（")[0] == official[code].split("（")[0], f"{layer_id}.{field} {code}"


def test_every_code_list_says_where_it_comes_from() -> None:
    silent = [
        f"{one.id}.{name}" for one in _all_layers() for name, codes in one.codes.items() if not codes.source
    ]
    assert silent == []


def test_every_layer_that_was_compared_names_the_standard() -> None:
    assert [one.id for one in _all_layers() if one.source.confirmed and not one.source.standard] == []


def test_lists_made_here_do_not_pass_for_official_ones() -> None:
    ours = [
        code
        for one in _all_layers()
        for code in one.codes.values()
        if code.source.startswith("gisapp の区分")
    ]
    assert ours and not any(code.confirmed for code in ours)


def _all_layers() -> list:
    return [*catalogue().layers.values(), layer("disaster.flood_history", "yaizu")]
