"""Who sees which columns: one view for every way of seeing more."""

from __future__ import annotations

from gisapp.catalogue.layer import PUBLIC, STAFF, View, view_for, visibility_classes

TAX, DISASTER = frozenset({"tax"}), frozenset({"disaster"})


def shown(view: View) -> set[str]:
    return set(view.columns) - {"id", "revision", "geom", "geom_web"}


def named(*views: View) -> dict[str, set[str]]:
    return {view.name: shown(view) for view in views}


def test_a_public_layer_with_a_field_for_tax_has_a_view_for_each():
    views = visibility_classes("street", PUBLIC, [("name", PUBLIC), ("price", TAX)])
    assert named(*views) == {"street_for_public": {"name"}, "street_for_tax": {"name", "price"}}
    assert [view.needs for view in views] == [frozenset(), TAX]


def test_staff_without_more_to_see_use_the_view_of_the_public():
    assert len(visibility_classes("street", PUBLIC, [("name", PUBLIC)])) == 1


def test_every_view_holds_the_standard_columns():
    for view in visibility_classes("street", PUBLIC, [("name", PUBLIC), ("note", STAFF), ("price", TAX)]):
        assert {"id", "revision", "geom", "geom_web"} <= set(view.columns)


def test_two_departments_that_see_different_fields_have_a_view_together():
    views = visibility_classes("site", STAFF, [("name", STAFF), ("price", TAX), ("risk", DISASTER)])
    assert named(*views) == {
        "site_for_staff": {"name"},
        "site_for_disaster": {"name", "risk"},
        "site_for_tax": {"name", "price"},
        "site_for_disaster_tax": {"name", "risk", "price"},
    }
    assert views[-1].needs == TAX | DISASTER


def test_two_departments_that_see_the_same_have_a_view_each_and_none_together():
    both = TAX | DISASTER
    views = visibility_classes("site", both, [("name", both)])
    assert [(view.name, view.needs) for view in views] == [
        ("site_for_disaster", DISASTER),
        ("site_for_tax", TAX),
    ]


def test_a_field_for_another_department_needs_the_layer_as_well():
    views = visibility_classes("site", TAX, [("name", TAX), ("risk", DISASTER)])
    assert named(*views) == {"site_for_tax": {"name"}, "site_for_disaster_tax": {"name", "risk"}}


def test_a_person_gets_the_view_with_all_that_is_theirs(checkout):
    layer = checkout.layer()
    assert view_for(layer, frozenset()).name == "street_for_public"
    assert view_for(layer, frozenset({"roads", "parks"})).name == "street_for_public"
    assert view_for(layer, frozenset({"roads", "tax"})).name == "street_for_tax"
    assert "price" not in view_for(layer, frozenset({"roads"})).columns


def test_a_hidden_layer_has_no_view_for_those_outside(checkout):
    checkout.change('see = "public"', 'see = ["tax", "disaster"]')
    layer = checkout.layer()
    assert view_for(layer, frozenset()) is None
    assert view_for(layer, frozenset({"roads"})) is None
    assert view_for(layer, frozenset({"roads", "disaster"})).name == "street_for_disaster"
    assert view_for(layer, frozenset({"tax"})).name == "street_for_tax"
    assert "price" in view_for(layer, frozenset({"disaster", "tax"})).columns


def test_nobody_gets_a_view_whose_needs_they_do_not_meet(checkout):
    """Every combination of departments against every view: the columns are exactly the visible fields."""
    checkout.change('see = "public"', 'see = "staff"')
    layer = checkout.layer()
    for departments in [{"roads"}, {"tax"}, {"tax", "parks"}, {"disaster", "parks"}]:
        held = frozenset(departments) | PUBLIC | STAFF
        expected = {field.name for field in layer.fields if field.see & held}
        assert shown(view_for(layer, frozenset(departments))) == expected
