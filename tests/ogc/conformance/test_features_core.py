"""OGC API - Features, Part 1: its abstract tests (OGC 17-069r4, annex A), one test each, named by its id."""

from __future__ import annotations

import datetime
from typing import Any

import jsonschema
import pytest
import shapely
from flask.testing import FlaskClient
from openapi_spec_validator import OpenAPIV30SpecValidator

CLASSES = (
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/oas30",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/html",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
)
PAGES = (
    "",
    "conformance",
    "collections",
    "collections/{}",
    "collections/{}/items",
    "collections/{}/items/{}",
)


@pytest.fixture(scope="module")
def collections(app: Any) -> list[dict[str, Any]]:
    return list(app.test_client().get("/ogc/collections").get_json()["collections"])


@pytest.fixture(scope="module")
def pages(app: Any, collections: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The first features of each collection."""
    client = app.test_client()
    return {one["id"]: client.get(f"/ogc/collections/{one['id']}/items").get_json() for one in collections}


@pytest.fixture
def definition(client: FlaskClient) -> dict[str, Any]:
    return dict(client.get("/ogc/api").get_json(force=True))


def rels(document: dict[str, Any]) -> set[str]:
    return {link["rel"] for link in document["links"]}


def test_conf_core_http(client: FlaskClient) -> None:
    assert client.get("/ogc/nothing").status_code == 404
    assert client.head("/ogc/collections").status_code == 200


def test_conf_core_root_success(client: FlaskClient) -> None:
    assert {"service-desc", "conformance", "data", "self"} <= rels(client.get("/ogc/").get_json())


def test_conf_core_api_definition_success(client: FlaskClient, definition: dict[str, Any]) -> None:
    link = next(link for link in client.get("/ogc/").get_json()["links"] if link["rel"] == "service-desc")
    assert link["type"] == "application/vnd.oai.openapi+json;version=3.0"
    assert not list(OpenAPIV30SpecValidator(definition).iter_errors())


def test_conf_core_conformance_success(client: FlaskClient) -> None:
    assert set(CLASSES) <= set(client.get("/ogc/conformance").get_json()["conformsTo"])


@pytest.mark.parametrize("page", PAGES)
def test_conf_core_query_param_unknown(client: FlaskClient, pages: dict[str, Any], page: str) -> None:
    path = page.format("roads.street", pages["roads.street"]["features"][0]["id"])
    assert client.get(f"/ogc/{path}?unknown-parameter=1").status_code == 400


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=x",
        "bbox=1,2,3",
        "bbox=a,b,c,d",
        "datetime=yesterday",
        "datetime=2026-01-02/2026-01-01",
    ],
)
def test_conf_core_query_param_invalid(client: FlaskClient, query: str) -> None:
    assert client.get(f"/ogc/collections/roads.street/items?{query}").status_code == 400


def test_conf_core_crs84(pages: dict[str, Any]) -> None:
    for page in pages.values():
        for feature in page["features"]:
            x, y = shapely.geometry.shape(feature["geometry"]).representative_point().coords[0]
            assert 122 < x < 154 and 20 < y < 46


def test_conf_core_fc_md_success(client: FlaskClient) -> None:
    assert {"self", "alternate"} <= rels(client.get("/ogc/collections").get_json())


def test_conf_core_fc_md_items(client: FlaskClient, collections: list[dict[str, Any]]) -> None:
    for one in collections:
        assert client.get(f"/ogc/collections/{one['id']}/items?limit=1").status_code == 200


def test_conf_core_fc_md_items_links(collections: list[dict[str, Any]]) -> None:
    for one in collections:
        assert {"application/geo+json", "text/html"} == {
            link["type"] for link in one["links"] if link["rel"] == "items"
        }


def test_conf_core_fc_md_extent(collections: list[dict[str, Any]], pages: dict[str, Any]) -> None:
    for one in collections:
        west, south, east, north = one["extent"]["spatial"]["bbox"][0]
        for feature in pages[one["id"]]["features"]:
            x1, y1, x2, y2 = shapely.geometry.shape(feature["geometry"]).bounds
            assert x1 <= east and x2 >= west and y1 <= north and y2 >= south


def test_conf_core_sfc_md_success(client: FlaskClient, collections: list[dict[str, Any]]) -> None:
    for one in collections:
        said = client.get(f"/ogc/collections/{one['id']}").get_json()
        assert {name: said[name] for name in said if name != "links"} == {
            name: one[name] for name in one if name != "links"
        }


def test_conf_core_fc_bbox_response(client: FlaskClient, pages: dict[str, Any]) -> None:
    for layer, page in pages.items():
        if page["features"]:
            box = ",".join(
                map(str, shapely.geometry.shape(page["features"][0]["geometry"]).buffer(1e-6).bounds)
            )
            inside = client.get(f"/ogc/collections/{layer}/items?bbox={box}&limit=10000").get_json()[
                "features"
            ]
            assert page["features"][0]["id"] in {feature["id"] for feature in inside}


@pytest.mark.parametrize("limit", [1, 10, 10_000, 100_000])
def test_conf_core_fc_limit_response(client: FlaskClient, limit: int) -> None:
    page = client.get(f"/ogc/collections/base.building/items?limit={limit}").get_json()
    assert len(page["features"]) <= min(limit, 10_000)
    assert page["numberReturned"] == len(page["features"])


def test_conf_core_fc_definitions(definition: dict[str, Any]) -> None:
    said = definition["components"]["parameters"]
    assert said["bbox"]["schema"]["type"] == "array" and said["bbox"]["explode"] is False
    assert said["limit"]["schema"] == {"type": "integer", "minimum": 1, "maximum": 10_000, "default": 10}
    assert said["datetime"]["schema"] == {"type": "string"}


@pytest.mark.parametrize(
    "when", ["2026-04-01T00:00:00Z", "2026-04-01T00:00:00Z/..", "../2026-04-01", "2026-01-01/2026-02-01"]
)
def test_conf_core_fc_time_response(client: FlaskClient, pages: dict[str, Any], when: str) -> None:
    page = client.get(f"/ogc/collections/roads.street/items?datetime={when}").get_json()
    assert page["features"] == pages["roads.street"]["features"]  # without a time of their own, all match


def test_conf_core_fc_links(pages: dict[str, Any]) -> None:
    for page in pages.values():
        assert {"self", "alternate"} <= rels(page)
        assert ("next" in rels(page)) is (page["numberMatched"] > page["numberReturned"])


def test_conf_core_fc_time_stamp(client: FlaskClient) -> None:
    page = client.get("/ogc/collections/roads.street/items").get_json()
    said = datetime.datetime.fromisoformat(page["timeStamp"])
    assert abs((datetime.datetime.now(datetime.UTC) - said).total_seconds()) < 5


def test_conf_core_fc_number_matched_and_returned(pages: dict[str, Any]) -> None:
    for page in pages.values():
        assert page["numberReturned"] == len(page["features"]) <= page["numberMatched"]


def test_conf_core_f_success_and_links(client: FlaskClient, pages: dict[str, Any]) -> None:
    for layer, page in pages.items():
        for feature in page["features"][:1]:
            said = client.get(f"/ogc/collections/{layer}/items/{feature['id']}").get_json()
            assert {"self", "alternate", "collection"} <= rels(said)
            assert said["geometry"] == feature["geometry"]


def test_conf_geojson_content(client: FlaskClient, definition: dict[str, Any]) -> None:
    answer = client.get("/ogc/collections/roads.street/items", headers={"Accept": "application/geo+json"})
    assert answer.mimetype == "application/geo+json"
    schema = {"$ref": "#/components/schemas/featureCollectionGeoJSON", "components": definition["components"]}
    jsonschema.validate(answer.get_json(), schema)


def test_conf_html_content(client: FlaskClient, pages: dict[str, Any]) -> None:
    for page in PAGES:
        path = page.format("roads.street", pages["roads.street"]["features"][0]["id"])
        answer = client.get(f"/ogc/{path}", headers={"Accept": "text/html"})
        assert answer.mimetype == "text/html" and answer.get_data(as_text=True).startswith("<!doctype html>")


def test_conf_oas30_exception_codes(client: FlaskClient, definition: dict[str, Any]) -> None:
    of_the_standard = [path for path in definition["paths"].values() if "servers" not in path]
    assert len(of_the_standard) >= 6
    for path in of_the_standard:
        assert {"200", "400", "404", "500"} <= set(path["get"]["responses"])
