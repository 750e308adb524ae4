"""The definition of the API: valid OpenAPI 3.0, and true."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import jsonschema
import pytest
from flask.testing import FlaskClient
from openapi_spec_validator import OpenAPIV30SpecValidator


@pytest.fixture
def definition(client: FlaskClient) -> dict[str, Any]:
    answer = client.get("/ogc/api")
    assert answer.headers["Content-Type"] == "application/vnd.oai.openapi+json;version=3.0"
    return dict(answer.get_json(force=True))


def test_it_is_valid(definition: dict[str, Any]) -> None:
    assert list(OpenAPIV30SpecValidator(definition).iter_errors()) == []


def test_it_names_exactly_the_addresses_there_are(client: FlaskClient, definition: dict[str, Any]) -> None:
    rules = [str(r) for r in client.application.url_map.iter_rules() if str(r).startswith("/ogc")]
    ours = {re.sub(r"<[^>]+>", "{}", rule.removeprefix("/ogc")) for rule in rules}
    paths = {path: one for path, one in definition["paths"].items() if "servers" not in one}
    assert {re.sub(r"\{\w+\}", "{}", path) for path in paths} == ours
    elsewhere = {path: one for path, one in definition["paths"].items() if "servers" in one}
    assert set(elsewhere) == {"/api/search", "/api/suggest", "/api/reverse"}
    assert all(one["servers"] == [{"url": "http://localhost"}] for one in elsewhere.values())
    assert definition["servers"] == [{"url": "http://localhost/ogc"}]


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("/", ""),
        ("/conformance", ""),
        ("/collections", ""),
        ("/collections/{collectionId}", "base.building"),
        ("/collections/{collectionId}/items", "base.building"),
        ("/collections/{collectionId}/items/{featureId}", "base.building"),
    ],
)
def test_answers_are_as_it_says(
    client: FlaskClient, definition: dict[str, Any], path: str, values: str
) -> None:
    first = client.get("/ogc/collections/base.building/items?limit=1").get_json()["features"][0]["id"]
    address = "/ogc" + path.format(collectionId=values, featureId=first)
    answer = client.get(address)
    content = definition["paths"][path]["get"]["responses"]["200"]["content"]
    schema = {**content[answer.mimetype]["schema"], "components": definition["components"]}
    jsonschema.validate(answer.get_json(), schema)


def test_a_refusal_is_as_it_says(client: FlaskClient, definition: dict[str, Any]) -> None:
    schema = {"$ref": "#/components/schemas/problem", "components": definition["components"]}
    for address in ("/ogc/?x=1", "/ogc/collections/x", "/ogc/collections/base.building/items?limit=0"):
        answer = client.get(address)
        assert answer.mimetype == "application/problem+json"
        jsonschema.validate(answer.get_json(), schema)


def test_it_names_only_the_layers_that_the_asker_may_see(
    definition: dict[str, Any], signed_in: Callable[[str], FlaskClient]
) -> None:
    def layers(one: dict[str, Any]) -> list[str]:
        return list(one["components"]["parameters"]["collectionId"]["schema"]["enum"])

    assert "tax.parcel" not in layers(definition)
    assert "tax.parcel" in layers(signed_in("tax").get("/ogc/api").get_json(force=True))
