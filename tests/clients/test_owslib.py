"""OWSLib, as Python scripts have it: WMS, WMTS and the OGC API."""

from __future__ import annotations

import io
import json

import pytest
from owslib.ogcapi.features import Features
from owslib.util import ServiceException
from owslib.wms import WebMapService
from owslib.wmts import WebMapTileService
from PIL import Image

from gisapp.access import tokens
from gisapp.geo.tiles import tile_at
from gisapp.installation import Installation

LAYER = "base.building"


@pytest.fixture(scope="module")
def house(installation: Installation) -> tuple[int, float, float]:
    """A house, and the longitude and latitude of its inside."""
    sql = f"SELECT id, ST_X(p), ST_Y(p) FROM (SELECT id, ST_Transform(ST_PointOnSurface(geom), 4326) AS p FROM {LAYER} ORDER BY ST_Area(geom) DESC LIMIT 1) AS f"
    with installation.database.transaction("owner") as connection:
        found, lon, lat = connection.exec_driver_sql(sql).one()
    return found, lon, lat


@pytest.mark.parametrize("version", ["1.1.1", "1.3.0"])
def test_owslib_draws_a_map_and_asks_about_its_middle(
    server: str, installation: Installation, house: tuple[int, float, float], version: str
) -> None:
    service = WebMapService(f"{server}/wms", version=version)
    public = {one.id for one in installation.catalogue.layers.values() if not one.views()[0].needs}
    assert {name for name in service.contents if service[name].queryable} == public
    layer, (number, lon, lat) = service[LAYER], house
    assert layer.title == installation.catalogue.layer(LAYER).title.ja
    west, south, east, north = installation.city.bounds
    assert layer.boundingBoxWGS84 == pytest.approx((west, south, east, north))
    box = (lon - 0.0003, lat - 0.0003, lon + 0.0003, lat + 0.0003)  # OWSLib turns the axes itself
    asked = {"layers": [LAYER], "srs": "EPSG:4326", "bbox": box, "size": (101, 101), "format": "image/png"}
    picture = Image.open(io.BytesIO(service.getmap(**asked, transparent=True).read())).convert("RGBA")
    assert picture.size == (101, 101) and picture.getpixel((50, 50))[3] > 25  # type: ignore[index]
    info = service.getfeatureinfo(
        **asked, query_layers=[LAYER], info_format="text/plain", xy=(50, 50), feature_count=1
    )
    assert f"{LAYER}.{number}" in info.read().decode()
    with pytest.raises((ServiceException, OSError, Exception), match=r"4096|400"):
        service.getmap(**{**asked, "size": (20_000, 20_000)})


def test_owslib_reads_a_picture_tile(server: str, house: tuple[int, float, float]) -> None:
    service = WebMapTileService(f"{server}/wmts")
    assert LAYER in service.contents and "tax.parcel" not in service.contents
    x, y = tile_at(house[1], house[2], 18)
    answer = service.gettile(
        layer=LAYER, tilematrixset="WebMercatorQuad", tilematrix="18", row=y, column=x, format="image/png"
    )
    assert Image.open(io.BytesIO(answer.read())).convert("RGBA").getextrema()[3][1] > 25


def test_owslib_finds_the_collections_and_their_conformance(server: str) -> None:
    api = Features(f"{server}/ogc/")
    assert LAYER in api.feature_collections() and "tax.parcel" not in api.feature_collections()
    assert any("ogcapi-tiles-1" in one for one in api.conformance()["conformsTo"])


def test_owslib_creates_replaces_and_deletes_a_feature(
    server: str, installation: Installation, staff: dict[str, str], house: tuple[int, float, float]
) -> None:
    with installation.database.transaction("owner") as connection:
        token = tokens.issue(connection, "facilities", "OWSLib", ["*"], list(tokens.VERBS), 1)
    service = Features(f"{server}/ogc", headers={"Authorization": f"Bearer {token}"})
    of = "facilities.public_toilet"
    toilet = {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": house[1:]},
        "properties": {"facility_id": "OWSLIB-1", "name": "駅前トイレ"},
    }
    assert service.collection_item_create(of, toilet)
    (made,) = service.collection_items(of, facility_id="OWSLIB-1")["features"]
    assert made["properties"]["name"] == "駅前トイレ"
    read = service.collection_item(of, made["id"])
    service.headers |= {"If-Match": service.response_headers["ETag"], "Content-Type": "application/geo+json"}
    read["properties"]["name"] = "駅北口トイレ"
    assert service.collection_item_update(of, made["id"], json.dumps(read))
    with pytest.raises(RuntimeError, match="412"):  # somebody else's change, as far as this one knows
        service.collection_item_update(of, made["id"], json.dumps(read))
    assert service.collection_item(of, made["id"])["properties"]["name"] == "駅北口トイレ"
    service.headers["If-Match"] = service.response_headers["ETag"]
    assert service.collection_item_delete(of, made["id"])
    assert service.collection_items(of, facility_id="OWSLIB-1")["features"] == []
