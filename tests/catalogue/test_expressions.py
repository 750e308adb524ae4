"""Expressions give what the MapLibre style specification says, and tell which fields they read."""

from __future__ import annotations

from typing import Any

import pytest

from gisapp.catalogue.colour import parse_colour
from gisapp.catalogue.expression import evaluate, fields_of

ROAD = {"name": "本町通り", "width": 6.0, "surface": 1, "lit": True}
GET = {name: ["get", name] for name in (*ROAD, "nothing")}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("#fff", "#fff"),
        ([4, 2], [4, 2]),
        (["literal", ["get", "x"]], ["get", "x"]),
        (GET["name"], "本町通り"),
        (GET["nothing"], None),
        (["has", "nothing"], False),
        (["==", GET["surface"], 1.0], True),
        (["==", GET["surface"], "1"], False),
        (["==", GET["surface"], True], False),
        (["!=", GET["nothing"], 1], True),
        (["<", GET["nothing"], 1], None),
        (["<", GET["name"], 1], None),
        ([">=", GET["width"], 6], True),
        (["!", ["==", GET["lit"], True]], False),
        (["all", True, ["has", "width"]], True),
        (["any", False, ["has", "nothing"]], False),
        (["in", GET["surface"], ["literal", [2, 1]]], True),
        (["in", GET["surface"], ["literal", ["1"]]], False),
        (["match", GET["surface"], [1, 2], "a", "b"], "a"),
        (["match", GET["nothing"], [1, 2], "a", "b"], "b"),
        (["case", ["<", GET["nothing"], 5], "a", GET["lit"], "b", "c"], "b"),
        (["step", GET["width"], "a", 6, "b", 8, "c"], "b"),
        (["step", GET["nothing"], "a", 6, "b"], None),
        (["interpolate", ["linear"], GET["width"], 4, 0, 8, 10], 5),
        (["interpolate", ["linear"], ["zoom"], 10, 1, 14, 3], 2.0),
        (["interpolate", ["exponential", 2], ["zoom"], 10, 0, 14, 15], 3.0),
        (["interpolate", ["linear"], ["zoom"], 13, 1, 14, 3], 1),
        (["interpolate", ["linear"], ["zoom"], 8, 1, 9, 3], 3),
        (["interpolate", ["linear"], ["zoom"], 10, "#000000", 14, "#ff8000"], "#804000"),
        (["interpolate", ["linear"], ["zoom"], 10, "transparent", 14, "#ff0000"], "rgba(255, 0, 0, 0.5)"),
        (["concat", GET["name"], " ", GET["width"], GET["nothing"], GET["lit"]], "本町通り 6true"),
        (["to-string", GET["width"]], "6"),
        (["coalesce", GET["nothing"], GET["surface"]], 1),
    ],
)
def test_an_expression_gives(expression: Any, expected: Any):
    assert evaluate(expression, 12.0, ROAD) == expected


def test_fields_are_found_at_any_depth_but_not_in_literals():
    expression = [
        "case",
        ["all", ["has", "a"], ["in", ["get", "b"], ["literal", ["get", "x"]]]],
        ["concat", ["to-string", ["coalesce", ["get", "c"], ["get", "d"]]]],
        ["match", ["get", "e"], ["get", "y"], "z", ["get", "f"]],
    ]
    assert fields_of(expression) == {"a", "b", "c", "d", "e", "f"}


@pytest.mark.parametrize(
    ("text", "colour"),
    [
        ("#f00", (255, 0, 0, 1)),
        ("#ff000080", (255, 0, 0, 128 / 255)),
        ("rgb(1, 2, 3)", (1, 2, 3, 1)),
        ("rgba(1,2,3,.5)", (1, 2, 3, 0.5)),
        ("hsl(120, 100%, 50%)", (0, 255, 0, 1)),
        ("hsla(240, 100%, 50%, 0.25)", (0, 0, 255, 0.25)),
        ("transparent", (0, 0, 0, 0)),
        ("#ff00f", None),
        ("rgb(1, 2)", None),
        ("rgb(1, 2, 3, 0.5)", None),
        ("rgba(1, 2, 3, 2)", None),
        ("hsl(120, 100, 50)", None),
        ("rgb(10%, 2, 3)", None),
        ("tomato", None),
        (7, None),
    ],
)
def test_a_colour_is_read(text: Any, colour: tuple[float, ...] | None):
    found = parse_colour(text)
    assert found == (None if colour is None else pytest.approx(colour))
