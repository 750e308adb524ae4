"""The layer folders of this repository are valid, the shared ones and every city's own."""

from __future__ import annotations

import pytest

from gisapp.catalogue.check import check
from gisapp.catalogue.legend import legend
from gisapp.catalogue.load import load_catalogue
from gisapp.catalogue.style import compose
from gisapp.catalogue.style_rules import SLOTS
from gisapp.settings import ROOT, load_city

CITIES = sorted(path.parent.name for path in (ROOT / "cities").glob("*/city.toml"))


def test_no_folder_holds_a_mistake():
    assert [problem.line("en") for problem in check(ROOT)] == []


@pytest.mark.parametrize("city", CITIES)
def test_every_layer_of_a_city_is_drawn_and_has_a_legend(city: str):
    layers = load_catalogue(load_city(city)).layers.values()
    assert layers
    for layer in layers:
        rows = legend(layer, "en")
        assert rows, f"{layer.id}: no style layer says legend: true"
        assert all(row["label"] and row["color"] for row in rows)
    slots = [one["metadata"]["slot"] for one in compose(layers, {layer.id: "city" for layer in layers})]
    assert slots == sorted(slots, key=SLOTS.index)
