"""WMTS: its document leads to the picture tiles there are; wrong requests get a sentence."""

from __future__ import annotations

from collections.abc import Callable
from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient

from gisapp.geo.tiles import tile_at
from gisapp.installation import Installation

OWS, WMTS = "{http://www.opengis.net/ows/1.1}", "{http://www.opengis.net/wmts/1.0}"
GOOD = {
    "SERVICE": "WMTS",
    "REQUEST": "GetTile",
    "VERSION": "1.0.0",
    "LAYER": "base.building",
    "STYLE": "default",
    "TILEMATRIXSET": "WebMercatorQuad",
    "FORMAT": "image/png",
}


@pytest.fixture(scope="module")
def middle(installation: Installation) -> tuple[float, float]:
    west, south, east, north = installation.city.bounds
    return (west + east) / 2, (south + north) / 2


@pytest.mark.parametrize(
    "address", ["/wmts?SERVICE=WMTS&REQUEST=GetCapabilities", "/wmts/1.0.0/WMTSCapabilities.xml"]
)
def test_the_document_names_what_the_asker_may_see_and_where(
    client: FlaskClient, signed_in: Callable[[str], FlaskClient], middle: tuple[float, float], address: str
) -> None:
    def layers(who: FlaskClient) -> dict[str, ElementTree.Element]:
        tree = ElementTree.fromstring(who.get(address).get_data())
        assert tree.get("version") == "1.0.0"
        return {str(one.findtext(f"{OWS}Identifier")): one for one in tree.iter(f"{WMTS}Layer")}

    public = layers(client)
    assert (
        "base.building" in public and "tax.parcel" not in public and "tax.parcel" in layers(signed_in("tax"))
    )
    x, y = tile_at(*middle, 17)
    urls = [one.get("template", "") for one in public["base.building"].iter(f"{WMTS}ResourceURL")]
    assert len(urls) == 2
    for url in urls:
        path = url.removeprefix("http://localhost")
        path = path.replace("{TileMatrix}", "17").replace("{TileCol}", str(x)).replace("{TileRow}", str(y))
        assert client.get(path).mimetype.startswith("image/")
    limits = {
        one.findtext(f"{WMTS}TileMatrix"): one
        for one in public["base.building"].iter(f"{WMTS}TileMatrixLimits")
    }
    found = limits["17"]
    assert int(str(found.findtext(f"{WMTS}MinTileRow"))) <= y <= int(str(found.findtext(f"{WMTS}MaxTileRow")))


def test_a_tile_is_the_picture_tile_itself(client: FlaskClient, middle: tuple[float, float]) -> None:
    x, y = tile_at(*middle, 17)
    for mimetype, form in (("image/png", "png"), ("image/webp", "webp")):
        asked = {**GOOD, "TILEMATRIX": "17", "TILEROW": str(y), "TILECOL": str(x), "FORMAT": mimetype}
        answer = client.get("/wmts", query_string=asked)
        same = client.get(f"/tiles/base.building/17/{x}/{y}.{form}")
        assert answer.status_code == 200 and answer.mimetype == mimetype
        assert (answer.get_data(), answer.headers["ETag"]) == (same.get_data(), same.headers["ETag"])


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"LAYER": "tax.parcel"}, 404, "InvalidParameterValue"),
        ({"LAYER": ""}, 400, "InvalidParameterValue"),
        ({"STYLE": "night"}, 400, "InvalidParameterValue"),
        ({"FORMAT": "image/tiff"}, 400, "InvalidParameterValue"),
        ({"TILEMATRIXSET": "EPSG:4326"}, 400, "InvalidParameterValue"),
        ({"TILEMATRIX": "x"}, 400, "InvalidParameterValue"),
        ({"TILEMATRIX": "24"}, 404, "TileOutOfRange"),
        ({"TILEROW": "-1"}, 400, "InvalidParameterValue"),
        ({"TILECOL": "131072"}, 404, "TileOutOfRange"),
        ({"REQUEST": "GetFeatureInfo"}, 400, "InvalidParameterValue"),
        ({"SERVICE": "WMS"}, 400, "InvalidParameterValue"),
        ({"layer": "base.town"}, 400, "InvalidParameterValue"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(
    client: FlaskClient, change: dict[str, str], status: int, code: str
) -> None:
    asked = {**GOOD, "TILEMATRIX": "17", "TILEROW": "1", "TILECOL": "1", **change}
    answer = client.get("/wmts", query_string=asked)
    assert answer.status_code == status and answer.mimetype == "text/xml"
    (one,) = list(ElementTree.fromstring(answer.get_data()))
    assert one.get("exceptionCode") == code and "。" in str(one.findtext(f"{OWS}ExceptionText"))
