"""Owner, value and tax stay inside the taxation division (地方税法第22条); what cities publish is public."""

from __future__ import annotations

import pytest
from layer_folders import catalogue, layer

from gisapp.catalogue.layer import PUBLIC, STAFF, view_for

TAX_ONLY = {
    "tax.parcel": ["owner_name", "owner_address", "owner_number", "assessed_value", "tax_base", "tax_amount"],
    "tax.house": ["owner_name", "owner_address", "owner_number", "assessed_value", "tax_base", "tax_amount"],
    "tax.road_price": ["standard_price", "width_correction", "station_correction", "price_ratio"],
}
NOT_PUBLIC = {"tax.parcel", "tax.house", "disaster.damage_report"}


def test_only_these_layers_are_hidden_from_visitors() -> None:
    hidden = {one.id for one in catalogue().layers.values() if view_for(one, frozenset()) is None}
    assert hidden == NOT_PUBLIC


@pytest.mark.parametrize("layer_id", TAX_ONLY)
def test_tax_columns_are_for_the_taxation_division_alone(layer_id: str) -> None:
    one = layer(layer_id)
    for department in catalogue().departments:
        view = view_for(one, frozenset({department}))
        assert view is not None
        seen = set(TAX_ONLY[layer_id]) & set(view.columns)
        assert seen == (set(TAX_ONLY[layer_id]) if department == "tax" else set()), department


def test_every_department_sees_shape_and_lot_number_of_a_parcel() -> None:
    parcel = layer("tax.parcel")
    assert parcel.see == STAFF
    view = view_for(parcel, frozenset({"roads"}))
    assert view is not None and {"lot_number", "geom"} <= set(view.columns)


def test_the_road_price_itself_is_public() -> None:
    view = view_for(layer("tax.road_price"), frozenset())
    assert view is not None and "price" in view.columns


def test_whoever_reports_damage_is_known_to_the_disaster_division_alone() -> None:
    for name in ("reporter_name", "reporter_phone"):
        field = layer("disaster.damage_report").field(name)
        assert field.see == frozenset({"disaster"}) and field.personal


def test_what_names_a_person_is_marked_personal_and_never_public() -> None:
    personal = {
        f"{one.id}.{field.name}"
        for one in catalogue().layers.values()
        for field in one.fields
        if field.personal
    }
    assert {
        "tax.parcel.owner_name",
        "tax.house.owner_address",
        "disaster.damage_report.reporter_name",
    } <= personal
    for one in catalogue().layers.values():
        for field in one.fields:
            named = any(word in field.title.ja for word in ("氏名", "所有者", "宛名"))
            assert not named or (field.personal and field.see != PUBLIC), f"{one.id}.{field.name}"
