"""What a layer's tile holds, from its folder alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gisapp.catalogue.generalised import relation
from gisapp.catalogue.layer import POINT_COUNT, Layer
from gisapp.catalogue.load import Catalogue, load_catalogue
from gisapp.settings import load_city
from gisapp.tiles.maker import drawn_at
from gisapp.tiles.plan import plan
from gisapp.tiles.statement import statement


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue(load_city("sample"))


def least(layer: Layer):  # type: ignore[no-untyped-def]
    return plan(layer, layer.views()[0])


def parts(layer: Layer, z: int) -> dict[str, tuple[tuple[str, ...], str]]:
    """Columns and condition of each layer inside a tile."""
    return {part.name: (part.columns, part.where) for part in least(layer).at(z).parts}


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
    assert least(layer).at(layer.min_zoom).thinned
    assert not least(layer).at(layer.max_zoom).thinned
    assert not least(layer).at(layer.max_zoom - 1).thinned


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
    assert not any(least(layer).at(z).thinned for z in range(layer.min_zoom, layer.max_zoom + 1))


def test_points_are_never_simplified_nor_left_out(catalogue: Catalogue) -> None:
    for layer in catalogue.layers.values():
        if layer.geometry.endswith("Point"):
            assert not any(least(layer).at(z).simplified or least(layer).at(z).thinned for z in range(25)), (
                layer.id
            )


def test_a_statement_is_composed_once_and_binds_its_values(catalogue: Catalogue) -> None:
    street = least(catalogue.layer("roads.street"))
    text = statement((street,), 14)
    assert statement((street,), 14) is text
    assert all(f"%({name})s" in text for name in ("z", "x", "y", "unit"))
    assert "roads.street'" in text and "street_for_public" in text


def test_a_tile_holds_at_each_zoom_the_columns_that_the_style_needs_there(catalogue: Catalogue) -> None:
    street, building = catalogue.layer("roads.street"), catalogue.layer("base.building")
    assert least(street).at(12).columns == ("class", "grade")
    assert least(street).at(13).columns == ("name", "class", "grade")  # main-name is drawn from 13 on
    assert least(building).at(15).columns == ()
    assert least(building).at(16).columns == ("name",)


def test_the_last_zoom_holds_what_is_drawn_at_any_zoom_above(catalogue: Catalogue) -> None:
    parcel = catalogue.layer("tax.parcel")  # tiles to 16, numbers from 17
    assert least(parcel).at(15).columns == ()
    assert least(parcel).at(16).columns == ("lot_number",)
    town = catalogue.layer("base.town")  # to 14; a joined tile asks further
    assert least(town).at(16) == least(town).at(14)


def test_what_is_no_longer_drawn_is_no_longer_in_the_tile(catalogue: Catalogue) -> None:
    street = catalogue.layer("roads.street")
    one = {
        **street.style[0],
        "id": "far",
        "filter": ["==", ["get", "class"], 3],
        "minzoom": 11,
        "maxzoom": 13,
    }
    two = {**street.style[0], "id": "near", "filter": ["has", "name"], "minzoom": 12.5}
    layer = replace(street, style=(one, two))
    assert least(layer).at(11).columns == ("class",)
    assert least(layer).at(12).columns == ("name", "class")
    assert least(layer).at(13).columns == ("name",)


def test_a_name_of_a_polygon_is_a_point_with_what_the_name_needs_and_the_polygon_lacks_it(
    catalogue: Catalogue,
) -> None:
    town = catalogue.layer("base.town")
    assert parts(town, 12) == {
        "base.town": ((), ""),
        "base.town:label": (("name",), """(("name" <> '') IS TRUE)"""),
    }
    zoning = catalogue.layer("city_planning.zoning")
    assert set(parts(zoning, 13)) == {"city_planning.zoning"}
    assert parts(zoning, 14)["city_planning.zoning"] == (("class",), "")
    columns, where = parts(zoning, 14)["city_planning.zoning:label"]
    assert columns == ("class", "floor_area_ratio", "building_coverage")
    assert where == '("floor_area_ratio" IS NOT NULL)'
    assert least(zoning).at(14).columns == columns


def test_lines_and_points_carry_their_names_themselves(catalogue: Catalogue) -> None:
    for layer in catalogue.layers.values():
        if not layer.geometry.endswith("Polygon"):
            names = {name for z in range(layer.min_zoom, layer.max_zoom + 1) for name in parts(layer, z)}
            assert names == {layer.id}


def test_features_that_no_style_layer_draws_are_left_out(catalogue: Catalogue) -> None:
    street = catalogue.layer("roads.street")
    assert (
        '"class" IN (1, 2, 3)' in parts(street, 11)["roads.street"][1]
    )  # local streets are drawn from 12 on
    railway = catalogue.layer("base.railway")
    assert parts(railway, 9)["base.railway"][1] == '(NOT ("station" IS NOT NULL))'
    assert parts(railway, 12)["base.railway"][1] == ""  # with stations and without: everything


def test_one_style_layer_without_a_filter_draws_everything_unless_it_is_not_seen(
    catalogue: Catalogue,
) -> None:
    depth = catalogue.layer("disaster.flood_depth")
    fill = {**depth.style[0], "filter": ["==", ["get", "rank"], 1]}
    rest = {key: value for key, value in depth.style[0].items() if key != "filter"} | {"id": "rest"}
    hidden = {**rest, "paint": {**rest["paint"], "fill-opacity": 0}}
    assert parts(replace(depth, style=(fill, rest)), 12)[depth.id][1] == ""
    assert parts(replace(depth, style=(fill, hidden)), 12)[depth.id][1] == '(("rank" = 1) IS TRUE)'


def test_where_the_style_draws_nothing_there_is_nothing_to_ask(catalogue: Catalogue) -> None:
    town = least(catalogue.layer("base.town"))  # drawn from 12, in tiles from 11
    assert town.at(11).parts == ()
    street = least(catalogue.layer("roads.street"))
    assert drawn_at((town, street), 11) == (street,)
    assert drawn_at((town, street), 12) == (town, street)


def test_a_percent_sign_in_a_style_is_no_parameter(catalogue: Catalogue) -> None:
    street = catalogue.layer("roads.street")
    odd = replace(street, style=({**street.style[0], "filter": ["==", ["get", "name"], "50%(z)s"]},))
    assert "'50%%(z)s'" in statement((least(odd),), 14)


def test_a_slice_says_whose_rows_it_depends_on(catalogue: Catalogue) -> None:
    for layer in catalogue.layers.values():
        for view in layer.views():
            for z in range(layer.min_zoom, layer.max_zoom + 1):
                found = plan(layer, view).at(z)
                assert found.relation == (layer.department, view.name)
                own = layer.id if view.whole else f"open_rows.{layer.department}__{layer.name}"
                assert found.depends == (relation(layer) if layer.generalised_at(z) else own)
                assert {name for part in found.parts for name in part.columns} <= set(found.columns)
                assert set(found.columns) - {POINT_COUNT} <= set(plan(layer, view).columns)
                assert hash(found) == hash(plan(layer, view).at(z))
