"""@camptocamp/ogc-client, as portals such as geOrchestra have it: the OGC API, WMS and WMTS, read through node."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
from typing import Any

import pytest
import requests
from PIL import Image

from gisapp.installation import Installation
from gisapp.settings import ROOT

NPM = ROOT / "tests" / "npm"
LAYER = "base.building"


@pytest.fixture(scope="module")
def read(server: str, installation: Installation) -> dict[str, Any]:
    """Everything that the client reads of the server and the addresses that it makes, about a place on a house."""
    node = shutil.which("node")
    if node is None or not (NPM / "node_modules" / "@camptocamp").is_dir():
        pytest.skip("npm's ogc-client is not here: install node with npm and run `make test-environment`")
    sql = f"SELECT ST_X(p), ST_Y(p) FROM (SELECT ST_Transform(ST_PointOnSurface(geom), 4326) AS p FROM {LAYER} ORDER BY ST_Area(geom) DESC LIMIT 1) AS f"
    with installation.database.transaction("owner") as connection:
        lon, lat = connection.exec_driver_sql(sql).one()
    words = [node, "ogc-client.mjs", server, LAYER, str(lon), str(lat)]
    done = subprocess.run(words, cwd=NPM, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return dict(json.loads(done.stdout))


@pytest.fixture(scope="module")
def public(installation: Installation) -> set[str]:
    return {one.id for one in installation.catalogue.layers.values() if not one.views()[0].needs}


def picture(address: str) -> Image.Image:
    answer = requests.get(address, timeout=30)
    assert answer.status_code == 200, answer.text[:300]
    return Image.open(io.BytesIO(answer.content)).convert("RGBA")


def test_it_finds_the_collections_with_their_features_and_tiles(
    read: dict[str, Any], public: set[str], installation: Installation
) -> None:
    api = read["api"]
    assert api["has"] == {"features": True, "tiles": True, "styles": True, "records": False}
    assert set(api["features"]) == set(api["vectorTiles"]) == set(api["mapTiles"]) == public
    assert api["matrixSets"] == ["WebMercatorQuad"] and set(api["styles"]) == public
    assert api["collection"]["title"] == installation.catalogue.layer(LAYER).title.ja
    assert len(api["items"]) == 3 and api["items"][0]["geometry"]["type"] == "MultiPolygon"


def test_the_addresses_that_it_makes_of_the_api_answer(read: dict[str, Any]) -> None:
    api = read["api"]
    found = requests.get(api["itemsUrl"], timeout=30)
    assert found.status_code == 200 and 1 <= found.json()["numberReturned"] <= 5, found.text[:300]
    assert found.headers["Content-Crs"] == "<http://www.opengis.net/def/crs/EPSG/0/6668>"
    for name, kind in (("vectorTileset", "vector"), ("mapTileset", "map")):
        assert requests.get(api[name], timeout=30).json()["dataType"] == kind
    assert requests.get(api["stylesheet"], timeout=30).json()["version"] == 8


def test_it_reads_both_versions_of_wms_and_draws(
    read: dict[str, Any], public: set[str], installation: Installation
) -> None:
    west, south, east, north = installation.city.bounds
    for wms, version in zip(read["wms"], ("1.1.1", "1.3.0"), strict=True):
        assert (
            wms["version"] == version and set(wms["layers"]) >= public and "tax.parcel" not in wms["layers"]
        )
        box = wms["layer"]["boundingBoxes"]["EPSG:4326"]
        assert [float(one) for one in box] == pytest.approx([west, south, east, north], abs=1e-6)
        drawn = picture(wms["map"])
        assert drawn.size == (101, 101) and drawn.getpixel((50, 50)) != (255, 255, 255, 255)


def test_it_reads_wmts_and_a_tile_of_it(read: dict[str, Any], public: set[str]) -> None:
    wmts = read["wmts"]
    assert set(wmts["layers"]) == public and wmts["sets"] == ["WebMercatorQuad"]
    assert picture(wmts["tile"]).getextrema()[3][1] > 25
