"""What peers are given is what gisapp's own tile holds."""

from __future__ import annotations

import mapbox_vector_tile
from flask.testing import FlaskClient

from bench.beside import _missing, count
from bench.contents import contents
from bench.peers import View, name_of
from bench.places import filled_tiles, path_of
from bench.server import PLAIN
from gisapp.installation import Installation


def encoded(**layers: int) -> bytes:
    point = {"geometry": "POINT(1 1)", "properties": {}}
    return bytes(mapbox_vector_tile.encode([{"name": n, "features": [point] * k} for n, k in layers.items()]))


def test_only_the_layer_itself_is_counted_whatever_a_peer_calls_it() -> None:
    assert count(encoded(building=3, building_label=2), "building") == 3
    assert count(encoded(default=4), "building") == 4
    assert count(b"", "building") == 0


def test_only_tiles_that_both_gave_are_compared() -> None:
    ours = {(16, 1, 1): 10, (16, 1, 2): 20}
    assert _missing(ours, {(16, 1, 1): 7}) == {"features": 7, "fewer_than_gisapp": 3}
    assert _missing(ours, ours) == {"features": 30, "fewer_than_gisapp": 0}


def test_a_view_is_found_by_the_tile_that_is_asked_for() -> None:
    assert (
        name_of("base.building", (16, 3, 4))
        == View("base.building", 16, ("name",)).name
        == "base_building_z16"
    )


def test_peers_get_the_columns_that_the_tile_has(installation: Installation, client: FlaskClient) -> None:
    compared = 0
    for layer in installation.catalogue.layers.values():
        if any(not view.needs for view in layer.views()):
            held = contents(layer, layer.max_zoom)
            for tile in filled_tiles(installation, layer, layer.max_zoom, 2) if held else []:
                body = client.get(path_of(layer.id, tile), headers=PLAIN).get_data()
                shown = mapbox_vector_tile.decode(body).get(layer.id, {"features": []})["features"]
                assert {name for one in shown for name in one["properties"]} <= set(held.columns), layer.id
                compared += bool(shown)
    assert compared > 20


def test_the_last_zoom_of_every_layer_reads_its_table(installation: Installation) -> None:
    for layer in installation.catalogue.layers.values():
        held = contents(layer, layer.max_zoom)
        assert held is not None and held.of_table, layer.id
        assert set(held.columns) <= {field.name for field in layer.fields}
