"""The catalogue of a city: shared folders, the city's own in their place, and layers as plain values."""

from __future__ import annotations

from datetime import date

import pytest
from layer_texts import GOOD_LAYER

from gisapp import errors
from gisapp.catalogue.check import check
from gisapp.catalogue.layer import PUBLIC, Text
from gisapp.catalogue.load import load_catalogue


def test_a_layer_is_what_its_folder_says(checkout):
    layer = checkout.layer()
    assert (layer.id, layer.department, layer.name) == ("roads.street", "roads", "street")
    assert layer.title == Text("認定路線", "Certified roads") and str(layer.title) == "認定路線"
    assert (layer.geometry, layer.key, layer.see) == ("MultiLineString", ("number",), PUBLIC)
    assert (layer.min_zoom, layer.max_zoom, layer.default) == (10, 16, False)
    assert layer.source.date == date(2026, 4, 1) and layer.source.licence == "CC BY 4.0"
    assert [field.name for field in layer.fields] == ["number", "name", "width", "lit", "surface", "price"]
    assert layer.field("number").required and layer.field("number").alias == ("路線番号", "路線No")
    assert layer.field("width").unit == "m"
    assert layer.folder == checkout.root / "layers/roads/street"
    with pytest.raises(KeyError):
        layer.field("weight")


def test_a_field_is_seen_by_whom_its_layer_is_seen_by_unless_it_says_less(checkout):
    layer = checkout.layer()
    assert layer.field("name").see == PUBLIC
    assert layer.field("price").see == frozenset({"tax"})


def test_codes_keep_the_order_of_the_file_and_take_numbers_and_texts(checkout):
    codes = checkout.layer().code_list("surface")
    assert codes is not None and codes.confirmed
    assert list(codes.values) == ["2", "1", "9"]
    assert codes.title(1) == codes.title("1") == Text("アスファルト", "Asphalt")
    assert codes.title(4) is None and codes.title(None) is None


def test_a_feature_is_called_by_its_label(checkout):
    checkout.change('"{number} {name}"', '"{name}（{surface}）"')
    layer = checkout.layer()
    assert layer.label_of({"name": "本町通り", "surface": 9}) == "本町通り（砂利）"
    assert layer.label_of({"name": "本町通り", "surface": 9}, "en") == "本町通り（Gravel）"
    assert layer.label_of({"name": None}) == "認定路線", "with nothing to say it is called as its layer"


def test_a_city_s_folder_replaces_the_shared_one_and_adds_its_own(checkout):
    checkout.add("layers/parks/pond")
    checkout.add("cities/sample/layers/roads/street", GOOD_LAYER.replace("認定路線", "見本市の道路"))
    checkout.add("cities/sample/layers/disaster/siren")
    checkout.add("cities/elsewhere/layers/tax/parcel")
    catalogue = load_catalogue(checkout.city, checkout.root)
    assert list(catalogue.layers) == ["roads.street", "disaster.siren", "parks.pond"], (
        "as departments.toml orders them"
    )
    assert catalogue.layer("roads.street").title.ja == "見本市の道路"
    assert [layer.id for layer in catalogue.layers_of("parks")] == ["parks.pond"]
    assert list(catalogue.departments) == ["roads", "tax", "disaster", "parks"]


def test_what_is_not_there_is_refused_by_name(checkout):
    catalogue = load_catalogue(checkout.city, checkout.root)
    with pytest.raises(errors.LayerNotFound, match=r"roads\.bridge"):
        catalogue.layer("roads.bridge")
    with pytest.raises(errors.DepartmentNotFound, match="harbour"):
        catalogue.department("harbour")


def test_a_catalogue_with_mistakes_is_refused_with_all_of_them(checkout):
    checkout.add(
        toml=GOOD_LAYER.replace('"number"\ntitle', '"double"\ntitle').replace("max = 16", "max = 99")
    )
    with pytest.raises(errors.CatalogueInvalid) as refusal:
        load_catalogue(checkout.city, checkout.root)
    assert refusal.value.values["found"] == tuple(check(checkout.root))
    for sentence in (refusal.value.sentence("ja"), refusal.value.sentence("en")):
        assert "2 件" in sentence or "2 mistakes" in sentence
        assert "fields.width.type" in sentence and "zoom.max" in sentence


def test_mistakes_of_another_city_do_not_stop_this_one(checkout):
    checkout.write("cities/elsewhere/layers/tax/parcel/layer.toml", "title = 1")
    assert load_catalogue(checkout.city, checkout.root).layers
    assert list(check(checkout.root, checkout.city)) == []
    assert list(check(checkout.root)), "without a city, every city's folders are judged"


def test_a_renamed_layer_and_field_say_what_they_were(checkout):
    text = GOOD_LAYER.replace('key = ["number"]', 'key = ["number"]\nwas = "road"').replace(
        'unit = "m"', 'was = "breadth"'
    )
    checkout.add(toml=text)
    assert checkout.problems() == {}
    assert checkout.layer().was == "road" and checkout.layer().field("width").was == "breadth"
