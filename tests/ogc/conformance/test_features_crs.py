"""OGC API - Features, Part 2: its abstract tests (OGC 18-058r1, annex A), one test each, named by its id."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyproj
import pytest
import shapely
from flask.testing import FlaskClient

CLASS = "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
SOME = ("base.building", "roads.street", "disaster.shelter")


@pytest.fixture
def collections(client: FlaskClient) -> list[dict[str, Any]]:
    return list(client.get("/ogc/collections").get_json()["collections"])


def items(client: FlaskClient, layer: str, more: str = "") -> Any:
    answer = client.get(f"/ogc/collections/{layer}/items?limit=20{more}")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer


def shapes(answer: Any) -> np.ndarray[Any, Any]:
    page = answer.get_json()
    listed = page.get("features", [page])
    return np.array([shapely.geometry.shape(one["geometry"]) for one in listed])


def test_conf_crs_crs_uri(collections: list[dict[str, Any]]) -> None:
    for one in collections:
        for uri in (*one["crs"], one["storageCrs"]):
            assert uri.startswith("http://www.opengis.net/def/crs/") and " " not in uri


def test_conf_crs_storage_crs(collections: list[dict[str, Any]], client: FlaskClient) -> None:
    for one in collections:
        assert one["storageCrs"] in one["crs"]
        assert client.get(f"/ogc/collections/{one['id']}").get_json()["crs"] == one["crs"]


def test_conf_crs_default_crs(collections: list[dict[str, Any]]) -> None:
    assert all(CRS84 in one["crs"] for one in collections)


def test_conf_crs_crs_parameter(client: FlaskClient, collections: list[dict[str, Any]]) -> None:
    for uri in collections[0]["crs"]:
        for layer in SOME:
            answer = items(client, layer, f"&crs={uri}")
            assert answer.headers["Content-Crs"] == f"<{uri}>"
            first = answer.get_json()["features"][0]["id"]
            one = client.get(f"/ogc/collections/{layer}/items/{first}?crs={uri}")
            assert (one.status_code, one.headers["Content-Crs"]) == (200, f"<{uri}>")


def test_conf_crs_crs_parameter_invalid(client: FlaskClient) -> None:
    for wrong in (
        "x",
        "http://www.opengis.net/def/crs/EPSG/0/32654",
        "EPSG:6669",
        "EPSG:0",
        "-",
        CRS84 + "h",
    ):
        assert client.get(f"/ogc/collections/roads.street/items?crs={wrong}").status_code == 400
        assert client.get(f"/ogc/collections/roads.street/items/1?crs={wrong}").status_code == 400


def test_conf_crs_crs_parameter_default(client: FlaskClient) -> None:
    plain, asked = items(client, "roads.street"), items(client, "roads.street", f"&crs={CRS84}")
    assert plain.headers["Content-Crs"] == f"<{CRS84}>"
    assert plain.get_json()["features"] == asked.get_json()["features"]


@pytest.mark.parametrize("layer", SOME)
def test_conf_crs_crs_parameter_transform(
    client: FlaskClient, collections: list[dict[str, Any]], layer: str
) -> None:
    plain = shapes(items(client, layer))
    for uri in collections[0]["crs"][1:]:
        system = pyproj.CRS.from_authority("EPSG", uri.rpartition("/")[2])
        system = system.sub_crs_list[0] if system.is_compound else system
        back = pyproj.Transformer.from_crs(system, "OGC:CRS84")  # axes in the order of the register
        given = shapes(items(client, layer, f"&crs={uri}"))
        turned = shapely.transform(given, lambda x, y, back=back: back.transform(x, y), interleaved=False)
        assert shapely.hausdorff_distance(turned, plain).max() < 2e-7, uri


def boxes(client: FlaskClient, layer: str) -> tuple[np.ndarray[Any, Any], list[float]]:
    found = shapes(items(client, layer))
    return found, list(shapely.box(*found[3].bounds).buffer(0.0005).bounds)


def test_conf_crs_bbox_crs_parameter(client: FlaskClient, collections: list[dict[str, Any]]) -> None:
    for layer in SOME:
        _, (west, south, east, north) = boxes(client, layer)
        plain = {
            f["id"]
            for f in items(client, layer, f"&bbox={west},{south},{east},{north}").get_json()["features"]
        }
        assert plain
        for uri in collections[0]["crs"][1:4]:
            box = f"{south},{west},{north},{east}"
            found = items(client, layer, f"&bbox={box}&bbox-crs={uri}").get_json()["features"]
            assert {f["id"] for f in found} == plain, uri
        for uri in collections[0]["crs"][4:]:
            there = pyproj.Transformer.from_crs(
                "OGC:CRS84", pyproj.CRS.from_authority("EPSG", uri.rpartition("/")[2])
            )
            (a, b), (c, d) = there.transform(west, south), there.transform(east, north)
            found = items(client, layer, f"&bbox={a},{b},{c},{d}&bbox-crs={uri}").get_json()["features"]
            assert plain & {f["id"] for f in found}, uri


def test_conf_crs_bbox_crs_parameter_invalid(client: FlaskClient) -> None:
    for wrong in ("x", "EPSG:9999"):
        answer = client.get(f"/ogc/collections/roads.street/items?bbox=1,2,3,4&bbox-crs={wrong}")
        assert answer.status_code == 400
    for box in ("1,2,3", "nan,1,2,3", "5,5,1,1", "1,2,3,4,5,6", "a,b,c,d", "1,,2,3"):
        for crs in ("EPSG:6668", "EPSG:3857", "EPSG:6677"):
            assert (
                client.get(f"/ogc/collections/roads.street/items?bbox={box}&bbox-crs={crs}").status_code
                == 400
            )


def test_conf_crs_bbox_crs_parameter_default(client: FlaskClient) -> None:
    _, box = boxes(client, "roads.street")
    text = ",".join(map(str, box))
    plain, asked = (
        items(client, "roads.street", f"&bbox={text}{more}") for more in ("", f"&bbox-crs={CRS84}")
    )
    assert plain.get_json()["features"] == asked.get_json()["features"]
