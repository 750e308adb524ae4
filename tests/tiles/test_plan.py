"""What a layer's tile holds, from its folder alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gisapp.catalogue.layer import Layer
from gisapp.catalogue.load import Catalogue, load_catalogue
from gisapp.settings import load_city
from gisapp.tiles.plan import plan
from gisapp.tiles.statement import statement


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue(load_city("sample"))


def least(layer: Layer):  # type: ignore[no-untyped-def]
    return plan(layer, layer.views()[0])


def test_a_tile_carries_the_fields_that_the_style_names_and_no_other(catalogue: Catalogue) -> None:
    street = catalogue.layer("roads.street")
    assert set(least(street).columns) == {"name", "class", "grade"}
    assert least(catalogue.layer("base.road_edge")).columns == ()


def test_everybody_who_sees_a_layer_gets_the_same_tile_of_it(catalogue: Catalogue) -> None:
    for layer in catalogue.layers.values():
        assert len({plan(layer, view).columns for view in layer.views()}) == 1, layer.id


def test_a_tile_is_public_when_visitors_see_the_layer(catalogue: Catalogue) -> None:
    assert least(catalogue.layer("tax.road_price")).public
    assert not least(catalogue.layer("tax.parcel")).public
    assert not least(catalogue.layer("disaster.damage_report")).public


def test_a_column_that_a_view_lacks_is_not_asked_for(catalogue: Catalogue) -> None:
    parcel = catalogue.layer("tax.parcel")
    label = {
        "id": "x",
        "type": "symbol",
        "metadata": {"slot": "label"},
        "layout": {"text-field": ["get", "owner_name"]},
    }
    careless = replace(parcel, style=(*parcel.style, label))
    staff, tax = careless.views()
    assert "owner_name" not in plan(careless, staff).columns
    assert "owner_name" in plan(careless, tax).columns
    assert '"owner_name"' not in statement((plan(careless, staff),), 16)


@pytest.mark.parametrize("layer_id", ["base.building", "roads.street"])
def test_pieces_too_small_to_see_are_left_out_at_low_zooms_only(catalogue: Catalogue, layer_id: str) -> None:
    layer = catalogue.layer(layer_id)
    assert least(layer).thinned(layer.min_zoom)
    assert not least(layer).thinned(layer.max_zoom)
    assert not least(layer).thinned(layer.max_zoom - 1)


@pytest.mark.parametrize(
    "layer_id",
    [
        "disaster.flood_depth",
        "disaster.landslide_zone",
        "land_use.land_use",
        "city_planning.zoning",
        "roads.road_work",
    ],
)
def test_no_piece_is_left_out_of_an_area_with_a_meaning_nor_where_a_sign_stands_for_it(
    catalogue: Catalogue, layer_id: str
) -> None:
    layer = catalogue.layer(layer_id)
    assert not any(least(layer).thinned(z) for z in range(layer.min_zoom, layer.max_zoom + 1))


def test_points_are_never_simplified_nor_left_out(catalogue: Catalogue) -> None:
    for layer in catalogue.layers.values():
        if layer.geometry.endswith("Point"):
            assert not any(least(layer).simplified(z) or least(layer).thinned(z) for z in range(25)), layer.id


def test_a_statement_is_composed_once_and_binds_its_values(catalogue: Catalogue) -> None:
    street = least(catalogue.layer("roads.street"))
    text = statement((street,), 14)
    assert statement((street,), 14) is text
    assert all(f"%({name})s" in text for name in ("z", "x", "y", "unit"))
    assert "roads.street'" in text and "street_for_public" in text
