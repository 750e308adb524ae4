"""TileJSON 3.0 says what the tiles hold."""

from __future__ import annotations

from collections.abc import Callable

import mapbox_vector_tile
from flask.testing import FlaskClient

from gisapp.geo.tiles import tile_at
from gisapp.installation import Installation


def test_a_layers_tilejson_says_where_its_tiles_are_and_what_they_hold(
    client: FlaskClient, installation: Installation
) -> None:
    said = client.get("/tiles/roads.street.json").get_json()
    layer = installation.catalogue.layer("roads.street")
    assert said["tilejson"] == "3.0.0"
    assert said["tiles"] == ["http://localhost/tiles/roads.street/{z}/{x}/{y}.mvt"]
    assert (said["minzoom"], said["maxzoom"]) == (layer.min_zoom, layer.max_zoom)
    assert said["bounds"] == list(installation.city.bounds)
    assert "CC BY 4.0" in said["attribution"]
    (vector_layer,) = said["vector_layers"]
    assert vector_layer["id"] == "roads.street"
    assert set(vector_layer["fields"]) == {"name", "class", "grade"}


def test_no_tile_holds_a_field_that_its_tilejson_does_not_name(
    client: FlaskClient, installation: Installation
) -> None:
    layers = [layer for layer in installation.catalogue.layers.values() if not layer.views()[0].needs]
    held = 0
    for layer in layers:
        said = {one["id"]: one for one in client.get(f"/tiles/{layer.id}.json").get_json()["vector_layers"]}
        with installation.database.transaction("owner") as connection:
            seen = f"{layer.department}.{layer.views()[0].name}"
            point = f"SELECT ST_Transform(ST_PointOnSurface(geom), 4326) AS p FROM {seen} ORDER BY id LIMIT 1"
            lon, lat = connection.exec_driver_sql(f"SELECT ST_X(p), ST_Y(p) FROM ({point}) AS f").one()
        x, y = tile_at(lon, lat, layer.max_zoom)
        tile = mapbox_vector_tile.decode(
            client.get(f"/tiles/{layer.id}/{layer.max_zoom}/{x}/{y}.mvt").get_data()
        )
        assert layer.id in tile and set(tile) <= set(said)
        for each, content in tile.items():
            names = {name for feature in content["features"] for name in feature["properties"]}
            assert names <= set(said[each]["fields"]), each
            held += len(names)
    assert held > 10


def test_the_points_of_polygons_names_are_a_layer_of_their_own(client: FlaskClient) -> None:
    town, names = client.get("/tiles/base.town.json").get_json()["vector_layers"]
    assert (town["id"], town["fields"], town["minzoom"]) == ("base.town", {}, 11)
    assert (names["id"], set(names["fields"]), names["minzoom"]) == ("base.town:label", {"name"}, 12)


def test_several_layers_are_one_source(client: FlaskClient) -> None:
    said = client.get("/tiles/base.boundary,base.building.json").get_json()
    assert (said["minzoom"], said["maxzoom"]) == (5, 16)
    ids = [each["id"] for each in said["vector_layers"]]
    assert ids == ["base.boundary", "base.building", "base.building:label"]
    assert said["tiles"] == ["http://localhost/tiles/base.boundary,base.building/{z}/{x}/{y}.mvt"]


def test_it_speaks_both_languages(client: FlaskClient) -> None:
    assert client.get("/tiles/base.building.json").get_json()["name"] == "建物"
    assert client.get("/tiles/base.building.json?lang=en").get_json()["name"] == "Buildings"


def test_it_is_for_those_who_see_the_layer(
    client: FlaskClient, signed_in: Callable[[str], FlaskClient]
) -> None:
    assert client.get("/tiles/tax.house.json").status_code == 404
    said = signed_in("tax").get("/tiles/tax.house.json")
    assert said.status_code == 200
    assert said.headers["Cache-Control"] == "private, no-cache"
    assert "owner" not in said.get_data(as_text=True)
