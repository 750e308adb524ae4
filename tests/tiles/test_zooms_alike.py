"""The thin path may answer only the zooms that show no restricted layer whose opening was not recorded yet."""

from __future__ import annotations

from dataclasses import replace

from gisapp.catalogue.layer import view_for
from gisapp.catalogue.load import load_catalogue
from gisapp.settings import load_city
from gisapp.tiles.plan import Plan, plan
from gisapp.tiles.routes import zooms_alike

CATALOGUE = load_catalogue(load_city("sample"))


def planned(layer_id: str) -> Plan:
    layer = CATALOGUE.layer(layer_id)
    view = view_for(layer, frozenset({layer.department}))
    assert view is not None
    return plan(layer, view)


def test_zooms_of_public_layers_are_all_alike() -> None:
    building = planned("base.building")
    assert zooms_alike([building], building.min_zoom, 16) == range(building.min_zoom, 17)


def test_a_restricted_layer_that_begins_later_is_not_opened_by_a_tile_before_it() -> None:
    building, parcel = planned("base.building"), replace(planned("tax.parcel"), min_zoom=15)
    assert building.min_zoom < parcel.min_zoom and not parcel.public
    assert zooms_alike([building, parcel], building.min_zoom, 16) == range(building.min_zoom, parcel.min_zoom)
    assert zooms_alike([building, parcel], parcel.min_zoom, 16) == range(building.min_zoom, 17)
