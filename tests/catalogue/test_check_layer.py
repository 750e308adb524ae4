"""Every mistake in layer.toml and departments.toml is named with its file and key, and hides no other."""

from __future__ import annotations

import pytest
from layer_texts import GOOD_LAYER, without

from gisapp.catalogue.check import check


def test_a_good_folder_has_no_problem(checkout):
    assert checkout.problems() == {}


def test_a_problem_names_file_key_and_sentence_in_both_languages(checkout):
    checkout.change('type = "number"', 'type = "double"')
    (problem,) = check(checkout.root)
    assert (problem.file, problem.key) == ("layers/roads/street/layer.toml", "fields.width.type")
    assert "text, integer, number" in problem.sentence.en
    assert problem.line("ja").startswith("layers/roads/street/layer.toml: fields.width.type: 次の")


def test_the_check_goes_on_after_a_mistake(checkout):
    text = GOOD_LAYER.replace('type = "number"', 'type = "double"').replace("min = 10", "min = 99")
    checkout.add(toml=text.replace('see = ["tax"]', 'see = ["taxes"]'), style=[])
    checkout.add("layers/nowhere/street")
    found = {(problem.file, problem.key) for problem in check(checkout.root)}
    assert {
        ("layers/roads/street/layer.toml", "fields.width.type"),
        ("layers/roads/street/layer.toml", "zoom.min"),
        ("layers/roads/street/layer.toml", "zoom"),
        ("layers/roads/street/layer.toml", "fields.price.see[0]"),
        ("layers/roads/street/style.json", ""),
        ("layers/nowhere/street/layer.toml", ""),
    } == found


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('en = "Certified roads"', 'fr = "Routes"', "title.en"),
        ('en = "Certified roads"', 'en = " "', "title.en"),
        ('title = { ja = "幅員", en = "Width" }', 'title = "幅員"', "fields.width.title"),
        ('"MultiLineString"', '"Curve"', "geometry"),
        ('see = "public"', 'see = "tax"', "see"),
        ('see = "public"', "see = []", "see"),
        ('see = "public"', 'see = ["public"]', "see[0]"),
        ('see = "public"', 'see = "public"\ncolour = "red"', "colour"),
        ('see = "public"', 'see = "public"\ndefault = "yes"', "default"),
        ('see = "public"', 'see = "public"\ntime = ["since"]', "time[0]"),
        ('see = "public"', 'see = "public"\ntime = ["width"]', "time[0]"),
        ('see = "public"', 'see = "public"\ntime = []', "time"),
        ("max = 16", "max = 16.5", "zoom.max"),
        ("max = 16", "max = 9", "zoom"),
        ("date = 2026-04-01", 'date = "2026-04-01"', "source.date"),
        ('key = ["number"]', 'key = ["nummer"]', "key[0]"),
        ('key = ["number"]', 'key = ["number", "number"]', "key[1]"),
        ('"{number} {name}"', '"{nummer}"', "label"),
        ('"{number} {name}"', '"{number"', "label"),
        ('"{number} {name}"', '"{number:>5}"', "label"),
        ('"{number} {name}"', '"{price}"', "label"),
        ("[fields.lit]", "[fields.Lit]", "fields.Lit"),
        ("[fields.lit]", "[fields.geom]", "fields.geom"),
        ("[fields.lit]", "[fields.xmin]", "fields.xmin"),
        ("[fields.lit]", f"[fields.{'l' * 64}]", f"fields.{'l' * 64}"),
        ('codes = "surface"', 'codes = "pavement"', "fields.surface.codes"),
        ('unit = "m"', 'codes = "surface"', "fields.width.codes"),
        ("9 = { ja", "x9 = { ja", "codes.surface.values.x9"),
        ("9 = { ja", "09 = { ja", "codes.surface.values.09"),
        ('en = "Gravel"', 'en = ""', "codes.surface.values.9.en"),
        ('see = ["tax"]', 'see = "staff"\npersonal = "no"', "fields.price.personal"),
        ('unit = "m"', "personal = true", "fields.width.personal"),
        ('unit = "m"', 'see = ["public"]', "fields.width.see[0]"),
        ('unit = "m"', 'was = "name"', "fields.width.was"),
        ('unit = "m"', 'alias = ["ﾛｾﾝNO", "路線ＮＯ"]', "fields.width.alias[1]"),
        ('unit = "m"', 'alias = ["NAME"]', "fields.width.alias[0]"),
        ('unit = "m"', 'alias = "幅員"', "fields.width.alias"),
    ],
)
def test_a_mistake_is_found_at_its_key(checkout, old: str, new: str, key: str):
    checkout.change(old, new)
    assert key in checkout.problems()


@pytest.mark.parametrize("name", ["title", "geometry", "key", "label", "see", "[zoom]", "[source]"])
def test_what_is_missing_is_named(checkout, name: str):
    checkout.add(toml=without(name))
    assert checkout.problems()[name.strip("[]")] == "this key is missing"


def test_a_field_may_not_claim_to_be_more_open_than_its_layer(checkout):
    text = GOOD_LAYER.replace('see = "public"', 'see = "staff"').replace('unit = "m"', 'see = "public"')
    checkout.add(toml=text)
    assert checkout.problems() == {
        "fields.width.see": "it is not narrower than the layer's own `see`: leave it out"
    }


def test_more_than_three_departments_in_a_layer_are_refused(checkout):
    checkout.change('see = "public"', 'see = ["roads", "tax", "disaster", "parks"]')
    assert "3 departments" in checkout.problems()["see"]


def test_a_view_name_that_postgresql_would_cut_is_refused(checkout):
    checkout.add(f"layers/roads/{'l' * 50}")
    assert checkout.problems() == {}, "50 and 11 bytes of _for_public fit into 63"
    checkout.add(f"layers/roads/{'l' * 50}", toml=GOOD_LAYER.replace('unit = "m"', 'see = ["disaster"]'))
    assert checkout.problems()["see"].endswith("_for_disaster_tax")


@pytest.mark.parametrize(
    "name", ["Street", "2street", "street-1", "street_for_public", "street_idx", "l" * 60]
)
def test_a_layer_name_that_cannot_be_a_table_is_refused(checkout, name: str):
    checkout.add(f"layers/roads/{name}")
    assert any(f"/{name}/layer.toml" in problem.file and not problem.key for problem in check(checkout.root))


@pytest.mark.parametrize(
    ("text", "line"),
    [("title = {\n", 1), ("a = 1\nb = = 2\n", 2), ("a = 1\na = 2\n", 2), ("a = 1\n\nb =", 3)],
)
def test_broken_toml_is_reported_with_its_line(checkout, text: str, line: int):
    checkout.write("layers/roads/street/layer.toml", text)
    (problem,) = check(checkout.root)
    assert (
        problem.key == "" and f"line {line}" in problem.sentence.en and f"{line} 行目" in problem.sentence.ja
    )


def test_a_file_that_is_not_utf8_is_reported_with_its_line(checkout):
    (checkout.root / "layers/roads/street/layer.toml").write_bytes("# ok\n# 道路\n".encode("cp932"))
    assert "line 2 is not UTF-8" in checkout.problems()[""]


def test_a_folder_without_its_files_is_reported(checkout):
    (checkout.root / "layers/roads/bridge").mkdir()
    found = [(problem.file, problem.sentence.en) for problem in check(checkout.root)]
    assert found == [
        ("layers/roads/bridge/layer.toml", "the file is missing"),
        ("layers/roads/bridge/style.json", "the file is missing"),
    ]


def test_the_style_is_still_judged_when_layer_toml_is_broken(checkout):
    checkout.write("layers/roads/street/layer.toml", "title = {")
    checkout.write("layers/roads/street/style.json", '[{"id": "line", "type": "raster"}]')
    files = [problem.file.rsplit("/", 1)[1] for problem in check(checkout.root)]
    assert files[0] == "layer.toml" and "style.json" in files


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('[roads]\ntitle = { ja = "道路" }', "roads.title.en"),
        ('[staff]\ntitle = { ja = "職員", en = "Staff" }', "staff"),
        ('[pg_roads]\ntitle = { ja = "道路", en = "Roads" }', "pg_roads"),
        ('[Roads]\ntitle = { ja = "道路", en = "Roads" }', "Roads"),
        ('[roads]\ntitle = { ja = "道路", en = "Roads" }\nphone = "1"', "roads.phone"),
    ],
)
def test_mistakes_in_departments_are_found(checkout, text: str, key: str):
    checkout.write("layers/departments.toml", text)
    assert ("layers/departments.toml", key) in {
        (problem.file, problem.key) for problem in check(checkout.root)
    }


@pytest.mark.parametrize(
    "text", ["title = 1", "fields = 3", "[fields]\nwidth = 2", "codes = []", "[codes]\nx = 1", "key = {}"]
)
def test_values_of_another_shape_are_problems_not_crashes(checkout, text: str):
    checkout.write("layers/roads/street/layer.toml", text)
    assert checkout.problems()
