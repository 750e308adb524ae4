"""OGC API - Features, Part 3: its abstract tests (OGC 19-079r2, annex A), one test each, named by its id."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import jsonschema
import pytest
from flask.testing import FlaskClient

CLASSES = (
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/queryables",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/queryables-query-parameters",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/filter",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/features-filter",
)
VALUES = {
    "string": "foo",
    "integer": "1",
    "number": "3.14",
    "boolean": "true",
    "date": "2022-04-14",
    "date-time": "2022-04-14T14:48:46Z",
}
WRONG = {"integer": "x", "number": "x", "boolean": "x", "date": "x", "date-time": "x"}


@pytest.fixture(scope="module")
def queryables(app: Any) -> dict[str, dict[str, Any]]:
    """What the queryables of each collection say."""
    client = app.test_client()
    listed = client.get("/ogc/collections").get_json()["collections"]
    return {
        one["id"]: client.get(f"/ogc/collections/{one['id']}/queryables").get_json(force=True)
        for one in listed
    }


def status(client: FlaskClient, layer: str, query: str) -> int:
    return client.get(f"/ogc/collections/{layer}/items?limit=3&{query}").status_code


def kind(schema: dict[str, Any]) -> str:
    return str(schema.get("format") or schema.get("type"))


def test_conf_queryables_get_conformance(client: FlaskClient) -> None:
    assert set(CLASSES) <= set(client.get("/ogc/conformance").get_json()["conformsTo"])


def test_conf_queryables_get_queryables_uris(client: FlaskClient, queryables: dict[str, Any]) -> None:
    for layer in queryables:
        link = client.head(f"/ogc/collections/{layer}/items").headers["Link"]
        assert (
            link == f'<{queryables[layer]["$id"]}>; rel="http://www.opengis.net/def/rel/ogc/1.0/queryables"'
        )


def test_conf_queryables_get_queryables(client: FlaskClient, queryables: dict[str, Any]) -> None:
    for layer, document in queryables.items():
        answer = client.get(
            f"/ogc/collections/{layer}/queryables", headers={"Accept": "application/schema+json"}
        )
        assert answer.mimetype == "application/schema+json"
        assert document["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        assert document["type"] == "object" and document["properties"]
        for schema in document["properties"].values():
            assert "type" in schema or schema["format"].startswith("geometry-")
        jsonschema.Draft202012Validator.check_schema(document)


def test_conf_queryables_query_parameters_query_param(
    client: FlaskClient, queryables: dict[str, Any]
) -> None:
    for layer, document in queryables.items():
        for name, schema in document["properties"].items():
            if kind(schema) in VALUES:
                value = VALUES[kind(schema)]
                page = client.get(f"/ogc/collections/{layer}/items?{name}={quote(value)}")
                assert page.status_code == 200, (layer, name)
                for feature in page.get_json()["features"]:
                    assert str(feature["properties"].get(name, feature["id"])).lower() == value.lower()
            if kind(schema) in WRONG:
                assert status(client, layer, f"{name}={WRONG[kind(schema)]}") == 400, (layer, name)


def test_conf_filter_filter_param(client: FlaskClient, queryables: dict[str, Any]) -> None:
    for layer, document in queryables.items():
        name = next(name for name, schema in document["properties"].items() if name != "id")
        answer = client.get(
            f"/ogc/collections/{layer}/items?filter-lang=cql2-text&filter={quote(name + ' IS NULL')}"
        )
        assert answer.status_code == 200
        assert all(feature["properties"].get(name) is None for feature in answer.get_json()["features"])
        assert status(client, layer, "filter-lang=cql2-text&filter=THIS%20IS%20NOT%20A%20FILTER") == 400
        assert status(client, layer, f"filter-lang=cql3&filter={name}%20IS%20NULL") == 400


def test_conf_filter_filter_lang_default(client: FlaskClient, queryables: dict[str, Any]) -> None:
    for layer in queryables:
        assert status(client, layer, "filter=id%20IS%20NULL") == 200
        assert status(client, layer, "filter=THIS%20IS%20NOT%20A%20FILTER") == 400


def test_conf_filter_expression_construction(client: FlaskClient, queryables: dict[str, Any]) -> None:
    for layer, document in queryables.items():
        assert document["additionalProperties"] is False
        assert status(client, layer, "filter=this_is_not_a_queryable%20IS%20NULL") == 400


def test_conf_filter_filter_crs_wgs84(client: FlaskClient, queryables: dict[str, Any]) -> None:
    for layer in queryables:
        extent = client.get(f"/ogc/collections/{layer}").get_json()["extent"]["spatial"]["bbox"][0]
        box = quote(f"S_INTERSECTS(geometry,BBOX({','.join(map(str, extent))}))")
        every = client.get(f"/ogc/collections/{layer}/items").get_json()
        inside = client.get(f"/ogc/collections/{layer}/items?filter={box}").get_json()
        assert inside["features"] == every["features"]


def test_conf_filter_filter_crs_param(client: FlaskClient) -> None:
    inside = quote("S_INTERSECTS(geometry,BBOX(35,141,36,142))")
    assert (
        status(
            client, "base.building", f"filter={inside}&filter-crs=http://www.opengis.net/def/crs/EPSG/0/6668"
        )
        == 200
    )
    assert (
        status(client, "base.building", f"filter={inside}&filter-crs=http://www.opengis.net/def/crs/EPSG/0/1")
        == 400
    )


def test_conf_features_filter_mandatory_filter_param(client: FlaskClient) -> None:
    every = client.get("/ogc/collections/base.building/items?limit=1").get_json()["numberMatched"]
    some, rest = (
        client.get(f"/ogc/collections/base.building/items?limit=1&filter={quote(one)}").get_json()[
            "numberMatched"
        ]
        for one in ("floors >= 3", "floors < 3 OR floors IS NULL")
    )
    assert some + rest == every and some > 0


def test_conf_features_filter_with_bbox_and_parameters_all_hold(client: FlaskClient) -> None:
    page = client.get(
        "/ogc/collections/base.building/items?limit=10000&use=411&filter=floors%20%3E%3D%202"
    ).get_json()
    assert page["features"]
    for feature in page["features"]:
        assert feature["properties"]["use"] == 411 and feature["properties"]["floors"] >= 2
