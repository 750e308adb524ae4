"""The legend says what the style draws, in the words of the code lists, in both languages."""

from __future__ import annotations

from gisapp.catalogue.legend import legend

RED, BLUE, GREY, GREEN = "#cc0000", "#0000cc", "#808080", "#00cc00"
SURFACE, WIDTH, NAME, LIT = (["get", name] for name in ("surface", "width", "name", "lit"))


def test_a_plain_layer_is_one_row_titled_by_the_layer(legend_of):
    assert legend_of(RED) == [("認定路線", RED)]
    assert legend_of(RED, "en") == [("Certified roads", RED)]


def test_a_style_layer_may_have_its_own_title(legend_of):
    title = {"ja": "市道", "en": "City road"}
    assert legend_of(RED, "en", metadata={"slot": "line", "legend": True, "title": title}) == [
        ("City road", RED)
    ]


def test_what_does_not_ask_for_a_legend_has_none(legend_of):
    assert legend_of(RED, metadata={"slot": "line"}) == []


def test_a_match_on_codes_gives_a_row_per_code_in_the_order_of_the_list(legend_of):
    assert legend_of(["match", SURFACE, 1, RED, [2, 9], BLUE, BLUE]) == [
        ("コンクリート", BLUE), ("アスファルト", RED), ("砂利", BLUE),
    ]  # fmt: skip


def test_codes_that_are_not_told_apart_share_a_last_row(legend_of):
    assert legend_of(["match", SURFACE, 1, RED, GREY]) == [("アスファルト", RED), ("その他・不明", GREY)]
    assert legend_of(["match", SURFACE, 1, RED, 2, BLUE, GREY], "en") == [
        ("Concrete", BLUE), ("Asphalt", RED), ("Gravel", GREY),
    ]  # fmt: skip


def test_features_without_a_code_have_a_row_when_they_look_like_no_other(legend_of):
    every = ["match", SURFACE, 1, RED, 2, BLUE, 9, GREEN]
    assert legend_of([*every, GREY])[-1] == ("その他・不明", GREY)
    assert len(legend_of([*every, GREEN])) == 3


def test_codes_that_the_filter_keeps_out_are_left_out(legend_of):
    colours = ["match", SURFACE, 1, RED, 2, BLUE, GREY]
    assert legend_of(colours, filter=["in", SURFACE, ["literal", [1, 2]]]) == [
        ("コンクリート", BLUE),
        ("アスファルト", RED),
    ]
    assert len(legend_of(colours, filter=["has", "width"])) == 3, (
        "a filter on another field says nothing of the codes"
    )


def test_a_step_gives_ranges_with_their_unit(legend_of):
    colours = ["step", WIDTH, RED, 4, BLUE, 5.5, GREY]
    assert legend_of(colours) == [("4m未満", RED), ("4〜5.5m", BLUE), ("5.5m以上", GREY)]
    assert [label for label, _ in legend_of(colours, "en")] == ["Below 4 m", "4 to 5.5 m", "At least 5.5 m"]


def test_a_case_of_one_range_after_the_other_gives_ranges(legend_of):
    rising = ["case", ["<", WIDTH, 4], RED, ["<", WIDTH, 8], BLUE, GREY]
    assert legend_of(rising) == [("4m未満", RED), ("4〜8m", BLUE), ("8m以上", GREY)]
    falling = ["case", [">=", WIDTH, 8], GREY, [">=", WIDTH, 4], BLUE, RED]
    assert legend_of(falling) == [("8m以上", GREY), ("4〜8m", BLUE), ("4m未満", RED)]


def test_a_case_over_codes_gives_a_row_per_code(legend_of):
    colours = ["case", ["==", SURFACE, 9], RED, ["in", SURFACE, ["literal", [1, 2]]], BLUE, BLUE]
    assert legend_of(colours) == [("コンクリート", BLUE), ("アスファルト", BLUE), ("砂利", RED)]


def test_a_case_over_conditions_gives_a_row_per_branch(legend_of):
    assert legend_of(["case", LIT, RED, GREY]) == [("照明", RED), ("その他・不明", GREY)]
    assert legend_of(["case", ["==", NAME, "本町通り"], RED, GREY], "en") == [
        ("本町通り", RED),
        ("Other or unknown", GREY),
    ]
    both = ["all", [">=", WIDTH, 4], ["<", WIDTH, 8]]
    assert legend_of(["case", both, RED, GREY])[0] == ("4m以上8m未満", RED)
    assert legend_of(["case", both, RED, GREY], "en")[0] == ("At least 4 m and below 8 m", RED)
    assert legend_of(["case", ["!", ["==", NAME, "橋"]], RED, GREY]) == [
        ("橋以外", RED),
        ("その他・不明", GREY),
    ]


def test_values_without_a_code_list_speak_for_themselves(legend_of):
    assert legend_of(["match", NAME, ["国道", "県道"], RED, "市道", BLUE, BLUE]) == [
        ("国道・県道", RED),
        ("市道", BLUE),
    ]


def test_colours_that_depend_on_several_fields_are_one_row(legend_of):
    assert legend_of(["case", ["all", LIT, ["<", WIDTH, 4]], RED, GREY]) == [("認定路線", GREY)]


def test_classes_are_found_inside_an_expression_of_the_zoom(legend_of):
    colours = ["step", ["zoom"], GREY, 14, ["match", SURFACE, 1, RED, BLUE]]
    assert legend_of(colours) == [("アスファルト", RED), ("その他・不明", BLUE)]


def test_rows_hold_field_and_value_for_highlighting(checkout):
    checkout.draw(paint={"line-color": ["match", SURFACE, 1, RED, 2, BLUE, BLUE]})
    rows = legend(checkout.layer(), "ja")
    assert [(row["field"], row["value"]) for row in rows] == [("surface", 2), ("surface", 1), ("surface", 9)]


def test_widths_and_dashes_are_those_of_a_street_level_zoom(checkout):
    width = ["interpolate", ["linear"], ["zoom"], 14, 1, 16, 3]
    checkout.draw(
        paint={"line-color": RED, "line-width": width, "line-opacity": 0.5, "line-dasharray": [2, 1]}
    )
    (row,) = legend(checkout.layer(), "ja")
    assert (row["kind"], row["width"], row["opacity"], row["dash"], row["outline"]) == (
        "line",
        2.0,
        0.5,
        [2, 1],
        None,
    )
    checkout.draw(paint={"line-color": RED, "line-width": width}, minzoom=16)
    assert legend(checkout.layer(), "ja")[0]["width"] == 3


def test_a_line_shows_the_casing_below_it(checkout):
    casing = {
        "id": "casing",
        "type": "line",
        "metadata": {"slot": "line"},
        "paint": {"line-color": GREY, "line-width": 6},
    }
    inner = {**casing, "id": "inner", "metadata": {"slot": "line", "legend": True}}
    inner["paint"] = {"line-color": "#ffffff", "line-width": 4}
    checkout.add(style=[casing, inner])
    assert [(row["color"], row["outline"]) for row in legend(checkout.layer(), "ja")] == [("#ffffff", GREY)]


def test_fills_circles_and_symbols_have_their_own_outline(checkout, tmp_path):
    area = {"id": "area", "type": "fill", "metadata": {"slot": "fill", "legend": True}}
    area["paint"] = {"fill-color": RED, "fill-opacity": 0.4, "fill-outline-color": GREY}
    dot = {"id": "dot", "type": "circle", "metadata": {"slot": "point", "legend": True}}
    dot["paint"] = {
        "circle-color": RED,
        "circle-radius": 4,
        "circle-stroke-color": BLUE,
        "circle-stroke-width": 1,
    }
    name = {"id": "name", "type": "symbol", "metadata": {"slot": "label", "legend": True}}
    name |= {"layout": {"text-field": NAME, "text-size": 12}, "paint": {"text-color": RED}}
    rows = {}
    for geometry, style in (("Polygon", area), ("Point", dot), ("Point", name)):
        checkout.change('"MultiLineString"', f'"{geometry}"')
        toml = (checkout.root / "layers/roads/street/layer.toml").read_text("utf-8")
        checkout.add(toml=toml, style=[style])
        (rows[style["type"]],) = legend(checkout.layer(), "ja")
    assert (rows["fill"]["outline"], rows["fill"]["opacity"]) == (GREY, 0.4)
    assert (rows["circle"]["outline"], rows["circle"]["width"]) == (BLUE, 8.0)
    assert (rows["symbol"]["color"], rows["symbol"]["width"]) == (RED, 12.0)
