"""Styles of many folders as one, from the ground up, and the fields that tiles carry for them."""

from __future__ import annotations

from dataclasses import replace

from layer_texts import GOOD_STYLE

from gisapp.catalogue.load import load_catalogue
from gisapp.catalogue.style import compose, style_fields


def styled(name: str, slot: str, **parts: object) -> dict[str, object]:
    return {**GOOD_STYLE[0], "id": name, "metadata": {"slot": slot}, **parts}


def test_layers_of_all_folders_are_drawn_by_slot_then_as_given(checkout):
    checkout.add(style=[styled("name", "label"), styled("casing", "line"), styled("line", "line")])
    checkout.add("layers/disaster/flood", style=[styled("depth", "hazard"), styled("edge", "line")])
    layers = load_catalogue(checkout.city, checkout.root).layers
    sources = {"roads.street": "backdrop", "disaster.flood": "flood"}
    found = compose([layers["disaster.flood"], layers["roads.street"]], sources)
    assert [one["id"] for one in found] == [
        "disaster.flood/depth", "disaster.flood/edge", "roads.street/casing", "roads.street/line",
        "roads.street/name", ]  # fmt: skip
    assert (found[0]["source"], found[0]["source-layer"]) == ("flood", "disaster.flood")
    assert found[0]["metadata"] == {"slot": "hazard", "layer": "disaster.flood"}
    assert found[-1]["source"] == "backdrop"


def test_a_composed_style_may_be_changed_without_changing_the_layer(checkout):
    layer = checkout.layer()
    compose([layer], {layer.id: "city"})[0]["paint"]["line-color"] = "#000000"
    assert layer.style[0]["paint"]["line-color"] == "#808080"


def test_tiles_carry_the_fields_that_the_style_names_and_no_others(checkout):
    checkout.draw(
        filter=["has", "surface"],
        paint={
            "line-color": ["case", ["get", "lit"], "#111111", "#222222"],
            "line-width": ["step", ["get", "width"], 1, 4, 2],
        },
    )
    assert style_fields(checkout.layer()) == ("width", "lit", "surface")
    checkout.draw()
    assert style_fields(checkout.layer()) == ()


def test_names_of_polygons_are_drawn_from_points_of_their_own(checkout):
    name = styled("name", "label", type="symbol", paint={}, layout={"text-field": ["get", "name"]})
    along = styled(
        "along",
        "label",
        type="symbol",
        paint={},
        layout={"text-field": ["get", "name"], "symbol-placement": "line"},
    )
    area = styled("area", "fill", type="fill", paint={})
    layer = checkout.layer()
    polygons = replace(layer, geometry="MultiPolygon", style=(area, name, along))
    found = {one["id"].split("/")[1]: one["source-layer"] for one in compose([polygons], {layer.id: "s"})}
    assert found == {"area": layer.id, "name": f"{layer.id}:label", "along": layer.id}
    lines = replace(layer, style=(name, along))
    assert {one["source-layer"] for one in compose([lines], {layer.id: "s"})} == {layer.id}
