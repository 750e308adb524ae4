"""Copying a folder and editing it adds a layer, with no Python touched: table, views, tiles, legend, viewer entry."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import mapbox_vector_tile
from pyproj import Transformer

from gisapp import create_app
from gisapp import installation as installations
from gisapp.catalogue.check import check
from gisapp.catalogue.load import load_catalogue
from gisapp.geo.tiles import tile_at
from gisapp.installation import Installation
from gisapp.schema.sync import sync
from gisapp.settings import ROOT, load_city


def test_a_copied_and_edited_folder_is_a_new_layer_everywhere(
    city_installation: Callable[[str], Installation], tmp_path: Path
) -> None:
    base = city_installation("nerima")
    shutil.copytree(ROOT / "layers", tmp_path / "layers")
    shutil.copytree(ROOT / "cities", tmp_path / "cities")
    new = tmp_path / "layers" / "roads" / "mirror"
    shutil.copytree(tmp_path / "layers" / "roads" / "streetlight", new)
    toml = (new / "layer.toml").read_text()
    title = next(line for line in toml.splitlines() if line.startswith("title"))
    (new / "layer.toml").write_text(toml.replace(title, 'title = { ja = "道路反射鏡", en = "Road mirrors" }'))
    assert list(check(tmp_path, load_city("nerima", tmp_path))) == []

    city = load_city("nerima", tmp_path)
    one = replace(base, city=city, catalogue=load_catalogue(city, tmp_path))
    assert "create table roads.mirror" in sync(one)
    layer = one.catalogue.layer("roads.mirror")
    lon, lat = 139.62, 35.74
    x, y = Transformer.from_crs(4326, city.srid, always_xy=True).transform(lon, lat)
    with one.database.transaction("owner") as connection:
        sql = "INSERT INTO roads.mirror (geom) VALUES (ST_SetSRID(ST_MakePoint(%s, %s), %s))"
        connection.exec_driver_sql(sql, (x, y, city.srid))

    web = installations.open_for_web(one.settings)
    client = create_app(replace(web, city=city, catalogue=one.catalogue)).test_client()
    z = layer.max_zoom
    column, row = tile_at(lon, lat, z)
    tile = mapbox_vector_tile.decode(client.get(f"/tiles/roads.mirror/{z}/{column}/{row}.mvt").get_data())
    assert len(tile["roads.mirror"]["features"]) == 1
    assert client.get("/tiles/roads.mirror.json").get_json()["vector_layers"][0]["id"] == "roads.mirror"
    page = client.get("/maps/roads").get_data(as_text=True)
    assert "道路反射鏡" in page
    assert "roads.mirror" in json.dumps(client.get("/ogc/collections?f=json").get_json())
    sync(base, allow_drop=True)
