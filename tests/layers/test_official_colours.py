"""A hazard has its official colour wherever it is drawn, and nothing lies over it that changes the colour."""

from __future__ import annotations

import pytest
from layer_folders import catalogue, drawn, layer

STANDARD = {1: "#F7F5A9", 2: "#FFD8C0", 3: "#FFB7B7", 4: "#FF9191", 5: "#F285C9", 6: "#DC7ADC"}
"""水害ハザードマップ作成の手引き, 図3-5 and 表3-2: the six standard classes by A31 rank."""

DETAILED = {
    1: (1, "#FFFFB3"),
    2: (1, "#F7F5A9"),
    3: (2, "#F8E1A6"),
    4: (2, "#FFD8C0"),
    5: (3, "#FFB7B7"),
    6: (4, "#FF9191"),
    7: (5, "#F285C9"),
    8: (6, "#DC7ADC"),
}
"""The same table's eight detailed classes: class to (A31 rank, colour)."""

LANDSLIDE = {
    1: ("#FAE600", "#FA2800"),
    2: ("#E6C832", "#A50021"),
    3: ("#FF9900", "#B40028"),
}
"""National hazard map portal: phenomenon to (警戒区域, 特別警戒区域)."""


@pytest.mark.parametrize(("rank", "colour"), STANDARD.items())
def test_each_flood_rank_has_the_guides_colour(rank: int, colour: str) -> None:
    assert _upper(drawn(layer("disaster.flood_depth"), "fill-color", {"rank": rank})) == [colour]


@pytest.mark.parametrize(("depth_class", "expected"), DETAILED.items())
def test_each_detailed_flood_class_has_the_guides_colour_once(
    depth_class: int, expected: tuple[int, str]
) -> None:
    rank, colour = expected
    properties = {"rank": rank, "depth_class": depth_class}
    assert _upper(drawn(layer("disaster.flood_depth"), "fill-color", properties)) == [colour]


@pytest.mark.parametrize("zoom", [9, 12, 16, 20])
def test_flood_depth_covers_the_ground_alike_at_every_zoom(zoom: float) -> None:
    assert drawn(layer("disaster.flood_depth"), "fill-opacity", {"rank": 3}, zoom) == [0.92]


@pytest.mark.parametrize("phenomenon", LANDSLIDE)
@pytest.mark.parametrize("zone_type", [1, 2, 3, 4])
def test_each_landslide_zone_has_the_portals_colour(phenomenon: int, zone_type: int) -> None:
    warning, special = LANDSLIDE[phenomenon]
    properties = {"phenomenon": phenomenon, "zone_type": zone_type}
    expected = special if zone_type in (2, 4) else warning
    assert _upper(drawn(layer("disaster.landslide_zone"), "fill-color", properties)) == [expected]


def test_zones_not_yet_designated_are_told_apart_by_their_outline() -> None:
    zone = layer("disaster.landslide_zone")
    for zone_type, dashed in ((1, False), (2, False), (3, True), (4, True)):
        assert bool(drawn(zone, "line-dasharray", {"phenomenon": 1, "zone_type": zone_type})) is dashed


def test_neighbouring_depths_are_parted_by_a_line_and_named_because_their_colours_are_close() -> None:
    flood = layer("disaster.flood_depth")
    assert drawn(flood, "line-color", {"rank": 2}, zoom=13)
    texts = [style["layout"]["text-field"] for style in flood.style if style["type"] == "symbol"]
    assert texts and texts[0][:2] == ["match", ["get", "rank"]]


def test_hazards_lie_under_roads_buildings_and_names() -> None:
    for layer_id in ("disaster.flood_depth", "disaster.landslide_zone"):
        slots = {style["metadata"]["slot"] for style in layer(layer_id).style}
        assert slots == {"hazard", "label"}, layer_id


def test_every_class_of_zoning_and_land_use_has_a_colour_of_its_own() -> None:
    for layer_id in ("city_planning.zoning", "land_use.land_use"):
        one = layer(layer_id)
        codes = [int(code) for code in one.codes["class"].values]
        colours = {colour for code in codes for colour in drawn(one, "fill-color", {"class": code})}
        assert len(colours) == len(codes), layer_id


def test_every_folder_has_a_legend_and_one_family_of_letters() -> None:
    for one in [*catalogue().layers.values(), layer("disaster.flood_history", "yaizu")]:
        assert any(style["metadata"].get("legend") for style in one.style), one.id
        fonts = [style["layout"]["text-font"] for style in one.style if style["type"] == "symbol"]
        assert all(font == ["Noto Sans CJK JP Regular"] for font in fonts), one.id


def test_streets_have_no_casing_before_zoom_13() -> None:
    for road in ({"class": 4, "grade": 1}, {"class": 3}, {"class": 2}):
        assert len(drawn(layer("roads.street"), "line-width", road, zoom=12.9)) == 1, road
    for road in ({"class": 4}, {"class": 4, "grade": 1}, {"class": 3}, {"class": 2}, {}):
        assert len(drawn(layer("roads.street"), "line-width", road, zoom=13)) == 2, road


def test_local_streets_are_drawn_from_zoom_13_and_the_main_roads_at_every_zoom() -> None:
    for road in ({"class": 4}, {"class": 4, "grade": 3}, {}):
        assert not drawn(layer("roads.street"), "line-width", road, zoom=12.9), road
    for road in ({"class": 4, "grade": 1}, {"class": 3}, {"class": 2}):
        assert len(drawn(layer("roads.street"), "line-width", road, zoom=11)) == 1, road


def _upper(colours: list[str]) -> list[str]:
    return [colour.upper() for colour in colours]
