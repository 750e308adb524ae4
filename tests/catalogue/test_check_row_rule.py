"""A rule about rows that cannot hold is refused with the key that is wrong."""

from __future__ import annotations

import pytest
from layer_texts import GOOD_LAYER

from gisapp.catalogue.folders import Folder
from gisapp.catalogue.layer import view_for
from gisapp.catalogue.load import read_layer
from gisapp.catalogue.row_rule import RowRule

RULE = '[rows]\ncolumn = "surface"\nopen = [1]\n\n[fields.number]'


def with_rule(text: str = RULE) -> str:
    return GOOD_LAYER.replace("[fields.number]", text)


def test_a_good_rule_gives_outsiders_a_view_of_open_rows_and_the_department_one_of_all(checkout):
    checkout.add(toml=with_rule())
    assert checkout.problems() == {}
    layer = read_layer(Folder(checkout.root / "layers" / "roads" / "street"))
    assert layer.rows == RowRule("surface", (1,), frozenset({"roads"}))
    seen = {
        who: view_for(layer, frozenset(who.split()))
        for who in ("", "disaster", "roads", "tax", "roads tax", "roads disaster")
    }
    assert {who: view and view.whole for who, view in seen.items()} == {
        "": False,
        "disaster": False,
        "roads": True,
        "tax": False,
        "roads tax": True,
        "roads disaster": True,
    }
    more = {who for who, view in seen.items() if view and "price" in view.columns}
    assert more == {"tax", "roads tax"}, "rows and columns are two rights: neither gives the other"


def test_rows_may_be_left_to_all_staff(checkout):
    checkout.add(toml=with_rule(RULE.replace("open = [1]", 'open = [1]\nsee = "staff"')))
    assert checkout.problems() == {}
    layer = read_layer(Folder(checkout.root / "layers" / "roads" / "street"))
    assert [(view.needs, view.whole) for view in layer.views()][:2] == [
        (frozenset(), False),
        (frozenset({"staff"}), True),
    ]


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('column = "surface"', 'column = "pavement"', "rows.column"),
        ('column = "surface"', 'column = "width"', "rows.column"),
        ('column = "surface"', "column = 1", "rows.column"),
        ('column = "surface"\n', "", "rows.column"),
        ("open = [1]", "open = []", "rows.open"),
        ("open = [1]", "open = 1", "rows.open"),
        ("open = [1]\n", "", "rows.open"),
        ("open = [1]", 'open = ["1"]', "rows.open[0]"),
        ("open = [1]", "open = [true]", "rows.open[0]"),
        ("open = [1]", "open = [1, 7]", "rows.open[1]"),
        ("open = [1]", "open = [1, 1]", "rows.open[1]"),
        ("open = [1]", 'open = [1]\nsee = "public"', "rows"),
        ("open = [1]", 'open = [1]\nsee = ["taxes"]', "rows.see[0]"),
        ("open = [1]", 'open = [1]\nsee = ["tax", "disaster", "parks"]', "see"),
        ("open = [1]", 'open = [1]\nwhen = "now"', "rows.when"),
    ],
)
def test_what_is_wrong_with_a_rule_is_found_at_its_key(checkout, old: str, new: str, key: str):
    checkout.add(toml=with_rule(RULE.replace(old, new)))
    assert key in checkout.problems()


def test_a_personal_field_decides_over_no_row(checkout):
    text = with_rule(RULE.replace('"surface"', '"price"')).replace(
        'see = ["tax"]', 'see = ["tax"]\npersonal = true'
    )
    checkout.add(toml=text)
    assert checkout.problems()["rows.column"] == (
        "the field “price” is personal: whether a row is shown would tell of it"
    )
