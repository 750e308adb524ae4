"""The definition of the API: valid OpenAPI 3.0, and true."""

from __future__ import annotations

import re
import uuid
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
    rules = [str(r) for r in client.application.url_map.iter_rules()]
    ours = {re.sub(r"<[^>]+>", "{}", rule.removeprefix("/ogc")) for rule in rules if rule[:5] == "/ogc/"}
    paths = {path: one for path, one in definition["paths"].items() if "servers" not in one}
    assert {re.sub(r"\{\w+\}", "{}", path) for path in paths} == ours
    elsewhere = {path: one for path, one in definition["paths"].items() if "servers" in one}
    theirs = {re.sub(r"<[^>]+>", "{}", rule) for rule in rules if rule[:5] == "/api/"}
    assert {re.sub(r"\{\w+\}", "{}", path) for path in elsewhere} == theirs
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
        return list(one["components"]["schemas"]["layerId"]["enum"])

    assert "tax.parcel" not in layers(definition)
    assert "tax.parcel" in layers(signed_in("tax").get("/ogc/api").get_json(force=True))


PAGES = {
    *(
        "/",
        "/maps/hazard",
        "/maps/{}",
        "/uploads",
        "/audit",
        "/audit.csv",
        "/people",
        "/people/{}",
        "/account",
    ),
    *("/people/{}/activate", "/people/{}/deactivate", "/people/{}/link", "/one-time/{}"),
    *("/account/password", "/account/tokens", "/account/tokens/{}/revoke"),
    *("/sign-in", "/sign-in/oidc", "/sign-in/oidc/callback", "/sign-out"),
}
"""For people: forms and pages."""
DESCRIBE_THEMSELVES = {
    *("/wms", "/wmts", "/wmts/1.0.0/WMTSCapabilities.xml", "/healthz", "/readyz", "/metrics", "/static/{}"),
    *("/tiles/{}.json", "/tiles/{}/pictures.json"),
    *(f"/tiles/{{}}/{{}}/{{}}/{{}}.{form}" for form in ("mvt", "png", "webp")),
}
"""By capabilities, TileJSON, Prometheus."""


def test_every_route_is_defined_or_named_here(client: FlaskClient, definition: dict[str, Any]) -> None:
    rules = {re.sub(r"<[^>]+>", "{}", str(rule)) for rule in client.application.url_map.iter_rules()}
    defined = {
        ("" if "servers" in one else "/ogc") + re.sub(r"\{\w+\}", "{}", path)
        for path, one in definition["paths"].items()
    }
    assert rules == defined | PAGES | DESCRIBE_THEMSELVES
    assert not defined & (PAGES | DESCRIBE_THEMSELVES)


def test_it_names_exactly_the_methods_there_are(client: FlaskClient, definition: dict[str, Any]) -> None:
    ours: dict[str, set[str]] = {}
    for rule in client.application.url_map.iter_rules():
        path = re.sub(r"<[^>]+>", "{}", str(rule))
        ours.setdefault(path, set()).update(
            m.lower() for m in rule.methods or () if m not in ("HEAD", "OPTIONS")
        )
    for path, one in definition["paths"].items():
        where = ("" if "servers" in one else "/ogc") + re.sub(r"\{\w+\}", "{}", path)
        assert set(one) - {"servers"} == ours[where], where


def test_what_needs_somebody_says_so(client: FlaskClient, definition: dict[str, Any]) -> None:
    assert {} in definition["security"]
    for path, one in definition["paths"].items():
        base = "" if "servers" in one else "/ogc"
        path = path.replace("{collectionId}", "base.building").replace("{uploadId}", str(uuid.UUID(int=0)))
        address = base + re.sub(r"\{\w+\}", "1", path)
        for method, operation in one.items():
            if method == "get":
                asked = client.get(address).status_code
                assert (asked == 401) == ({} not in operation.get("security", [{}])), address
            elif method != "servers":
                assert operation["security"] and {} not in operation["security"], address
