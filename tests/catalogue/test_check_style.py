"""Styles may hold what all renderers draw alike, name only fields that all may see, and only codes that
exist.
"""

from __future__ import annotations

from typing import Any

import pytest
from layer_texts import GOOD_LAYER, GOOD_STYLE

WIDTH = ["get", "width"]
SURFACE = ["get", "surface"]


def refused(checkout, **parts: Any) -> dict[str, str]:
    checkout.draw(**parts)
    return checkout.problems()


def line(**paint: Any) -> dict[str, Any]:
    return {f"line-{name}": value for name, value in paint.items()}


@pytest.mark.parametrize(
    "colour",
    ["#abc", "#aabbcc", "#aabbcc80", "rgb(1, 2, 3)", "rgba(1,2,3,0.5)", "hsl(120, 50%, 50%)", "transparent"]
    + [
        ["match", SURFACE, 1, "#111111", [2, 9], "#222222", "#333333"],
        ["match", ["to-string", SURFACE], "1", "#111111", "#333333"],
        ["case", ["<", WIDTH, 4], "#111111", ["==", SURFACE, 9], "#222222", "#333333"],
        ["case", ["get", "lit"], "#111111", "#333333"],
        ["step", WIDTH, "#111111", 4, "#222222", 8, "#333333"],
        ["interpolate", ["linear"], WIDTH, 2, "#111111", 10, "#333333"],
        ["step", ["zoom"], "#111111", 14, ["match", SURFACE, 1, "#222222", "#333333"]],
        ["interpolate", ["exponential", 1.6], ["zoom"], 10, "#111111", 14, "#222222"],
        ["case", ["has", "width"], "#111111", "#333333"],
        ["match", ["coalesce", SURFACE, 9], 9, "#111111", "#333333"],
    ],
)
def test_what_the_contract_allows_is_accepted(checkout, colour: Any):
    assert refused(checkout, paint=line(color=colour)) == {}


@pytest.mark.parametrize(
    "test",
    [
        ["==", SURFACE, 1],
        ["!", ["has", "width"]],
        ["all", [">=", WIDTH, 4], ["<", WIDTH, 8], ["!=", ["get", "lit"], True]],
        ["any", ["in", SURFACE, ["literal", [1, 9]]], ["==", ["get", "name"], "本町通り"]],
        ["match", SURFACE, [1, 2], True, False],
        [">=", ["zoom"], ["case", ["has", "width"], 1, 2]][:2] + [14],
        True,
    ],
)
def test_filters_of_the_contract_are_accepted(checkout, test: Any):
    assert refused(checkout, filter=test) == {}


@pytest.mark.parametrize(
    ("colour", "key"),
    [
        ("red", ""),
        ("#ggg", ""),
        ("rgb(300, 0, 0)", ""),
        ("rgba(1, 2, 3)", ""),
        (3, ""),
        (None, ""),
        (["get", "name"], ""),
        (["rgb", 1, 2, 3], ""),
        (["to-color", ["get", "name"]], ""),
        ({"stops": [[1, "#111111"]]}, ""),
        (["match", SURFACE, 1, "#111111", 2, "nocolour", "#333333"], "[5]"),
        (["match", SURFACE, 1, "#111111"], ""),
        (["match", SURFACE, 1, "#111111", 1, "#222222", "#333333"], "[4]"),
        (["match", SURFACE, 3, "#111111", "#333333"], "[2]"),
        (["match", SURFACE, [1, 3], "#111111", "#333333"], "[2]"),
        (["match", SURFACE, [], "#111111", "#333333"], "[2]"),
        (["match", SURFACE, "1", "#111111", "#333333"], "[2]"),
        (["match", ["to-string", SURFACE], "3", "#111111", "#333333"], "[2]"),
        (["match", ["get", "lit"], True, "#111111", "#333333"], "[2]"),
        (["match", "surface", 1, "#111111", "#333333"], "[1]"),
        (["match", ["get", "pavement"], 1, "#111111", "#333333"], "[1]"),
        (["match", ["get", "price"], 1, "#111111", "#333333"], "[1]"),
        (["match", ["get", "surface", ["properties"]], 1, "#111111", "#333333"], "[1]"),
        (["case", ["==", SURFACE, 7], "#111111", "#333333"], "[1][2]"),
        (["case", WIDTH, "#111111", "#333333"], "[1]"),
        (["case", ["==", "surface", 1], "#111111", "#333333"], "[1]"),
        (["case", ["has", "width"], "#111111"], ""),
        (["step", WIDTH, "#111111", 8, "#222222", 4, "#333333"], ""),
        (["step", ["get", "name"], "#111111", 8, "#222222"], "[1]"),
        (["step", WIDTH, "#111111", "8", "#222222"], "[3]"),
        (["step", WIDTH, "#111111", [8], "#222222"], "[3]"),
        (["interpolate", ["cubic-bezier", 0, 0, 1, 1], WIDTH, 0, "#111111", 1, "#222222"], "[1]"),
        (["interpolate", ["linear"], WIDTH, 0, "#111111", 0, "#222222"], ""),
        (["case", ["<", ["zoom"], 12], "#111111", "#333333"], "[1][1]"),
        (["match", SURFACE, 1, ["step", ["zoom"], "#111111", 12, "#222222"], "#333333"], "[3][1]"),
    ],
)
def test_a_colour_outside_the_subset_is_found_at_its_place(checkout, colour: Any, key: str):
    assert f"line.paint.line-color{key}" in refused(checkout, paint=line(color=colour))


@pytest.mark.parametrize(
    ("test", "key"),
    [
        (["==", "surface", 1], ""),
        (["in", "surface", 1, 2], ""),
        (["in", "通り", ["get", "name"]], ""),
        (["none", ["has", "width"]], ""),
        (["all"], ""),
        (["all", ["==", SURFACE, 4]], "[1][2]"),
        (["==", SURFACE, "1"], "[2]"),
        (["==", WIDTH, None], "[2]"),
        (["==", SURFACE], ""),
        (["in", SURFACE, ["literal", [1, 5]]], "[2][1][1]"),
        (["==", ["geometry-type"], "Point"], "[1]"),
        (["has", "pavement"], ""),
        (["!", ["get", "name"]], "[1]"),
        ("surface", ""),
        ([], ""),
    ],
)
def test_a_filter_outside_the_subset_is_found_at_its_place(checkout, test: Any, key: str):
    assert f"line.filter{key}" in refused(checkout, filter=test)


@pytest.mark.parametrize(
    ("parts", "key"),
    [
        ({"id": "Line 1"}, "Line 1.id"),
        ({"type": "heatmap"}, "line.type"),
        ({"type": "fill", "paint": {}}, "line.type"),
        ({"type": "circle", "paint": {}}, "line.type"),
        ({"metadata": {"legend": True}}, "line.metadata.slot"),
        ({"metadata": {"slot": "roof"}}, "line.metadata.slot"),
        ({"metadata": {"slot": "line", "legend": 1}}, "line.metadata.legend"),
        ({"metadata": {"slot": "line", "title": "道路"}}, "line.metadata.title"),
        ({"source": "city"}, "line.source"),
        ({"minzoom": 25}, "line.minzoom"),
        ({"minzoom": 14, "maxzoom": 12}, "line.maxzoom"),
        ({"paint": []}, "line.paint"),
        ({"layout": {"visibility": "none"}}, "line.layout.visibility"),
        ({"layout": {"line-cap": "flat"}}, "line.layout.line-cap"),
        ({"paint": {"line-blur": 2}}, "line.paint.line-blur"),
        ({"paint": {"fill-color": "#111111"}}, "line.paint.fill-color"),
        ({"paint": {"line-opacity": 2}}, "line.paint.line-opacity"),
        ({"paint": {"line-width": "2"}}, "line.paint.line-width"),
        ({"paint": {"line-width": True}}, "line.paint.line-width"),
        ({"paint": {"line-width": ["get", "name"]}}, "line.paint.line-width"),
        ({"paint": {"line-dasharray": 2}}, "line.paint.line-dasharray"),
        ({"paint": {"line-dasharray": ["step", WIDTH, [2, 1], 4, [4, 1]]}}, "line.paint.line-dasharray"),
    ],
)
def test_a_style_layer_that_is_not_of_the_contract_is_refused(checkout, parts: dict[str, Any], key: str):
    assert key in refused(checkout, **parts)


@pytest.mark.parametrize(
    ("layout", "problem"),
    [
        (
            {"text-field": ["get", "name"], "text-font": ["Noto Sans CJK JP Regular"], "text-offset": [0, 1]},
            None,
        ),
        ({"text-field": ["concat", ["get", "name"], " ", ["to-string", WIDTH], "m"]}, None),
        ({"text-field": ["match", SURFACE, 1, "舗装", ""], "symbol-placement": "line"}, None),
        ({"text-field": "{name}"}, "text-field"),
        ({"text-field": ["format", ["get", "name"]]}, "text-field"),
        ({"text-offset": [0]}, "text-offset"),
        ({"text-font": "Noto Sans"}, "text-font"),
        ({"symbol-placement": "line-center"}, "symbol-placement"),
        ({"text-padding": ["get", "width"]}, "text-padding"),
        ({"icon-image": "dot"}, "icon-image"),
    ],
)
def test_labels_take_texts_of_visible_fields(checkout, layout: dict[str, Any], problem: str | None):
    found = refused(checkout, id="name", type="symbol", layout=layout, paint={"text-color": "#111111"})
    assert set(found) == ({f"name.layout.{problem}"} if problem else set())


def test_ids_stand_once_in_a_file(checkout):
    checkout.add(style=[*GOOD_STYLE, *GOOD_STYLE])
    assert checkout.problems() == {"[1].id": "the id “line” is there twice"}


def test_a_field_only_some_may_see_may_be_drawn_where_the_whole_layer_is_theirs(checkout):
    checkout.add(
        toml=GOOD_LAYER.replace('see = "public"', 'see = ["tax"]').replace(
            'see = ["tax"]\n\n[codes', "\n[codes"
        ),
        style=[{**GOOD_STYLE[0], "filter": [">", ["get", "price"], 0]}],
    )
    assert checkout.problems() == {}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('[\n{"id": "a",}\n]', "not JSON at line 2"),
        ("", "not JSON at line 1"),
        ("{}", "not a list"),
        ("[]", "it is empty"),
        ('[{"id": "a", "id": "b"}]', "“id” ×2"),
        ('[{"minzoom": NaN}]', "NaN"),
    ],
)
def test_broken_json_is_reported(checkout, text: str, sentence: str):
    checkout.write("layers/roads/street/style.json", text)
    assert sentence in checkout.problems()[""]


@pytest.mark.parametrize(
    "value", [None, 1, "x", [], {}, [[]], [None], ["get"], ["match"], ["in", [], []], ["literal"], ["!"]]
)
def test_no_value_makes_the_check_crash(checkout, value: Any):
    """Also in places where an expression stands inside another one."""
    for colour in (
        value,
        ["match", value, 1, value, value],
        ["case", value, value, value],
        ["step", value, value, value, value],
        ["interpolate", value, value, 1, value, value, 2],
        ["interpolate", ["exponential", value], ["zoom"], 1, value, 2, value],
    ):
        for test in (value, ["all", value], ["==", value, value], ["in", value, value], ["has", value]):
            assert refused(checkout, paint=line(color=colour, width=value), filter=test)
