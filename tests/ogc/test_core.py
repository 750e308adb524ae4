"""OGC API - Features, Part 1: the documents and their links."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient

Enter = Callable[[str], FlaskClient]
DOCUMENTS = (
    "/ogc/",
    "/ogc/conformance",
    "/ogc/collections",
    "/ogc/collections/base.building",
    "/ogc/collections/base.building/items",
    "/ogc/collections/base.building/items/{id}",
)


@pytest.fixture
def house(client: FlaskClient) -> int:
    return int(client.get("/ogc/collections/base.building/items?limit=1").get_json()["features"][0]["id"])


def every_link(document: Any) -> Iterator[dict[str, str]]:
    if isinstance(document, dict):
        if isinstance(document.get("href"), str):
            yield document
        for value in document.values():
            yield from every_link(value)
    elif isinstance(document, list):
        for value in document:
            yield from every_link(value)


def test_every_link_leads_to_what_it_says(client: FlaskClient, house: int) -> None:
    seen: dict[str, str] = {}
    waiting = ["/ogc/"]
    while waiting and len(seen) < 700:
        answer = client.get(waiting.pop())
        assert answer.status_code == 200
        for link in every_link(answer.get_json()):
            if link.get("templated"):
                continue
            assert set(link) >= {"href", "rel", "type", "title"}
            parts = urlsplit(link["href"])
            assert (parts.scheme, parts.netloc) == ("http", "localhost")
            address = parts.path + (f"?{parts.query}" if parts.query else "")
            if address in seen or link["rel"] == "next":
                continue
            seen[address] = link["type"]
            found = client.get(address)
            assert found.status_code == 200, address
            assert found.headers["Content-Type"].partition("; charset")[0] == link["type"], address
            if "json" in link["type"]:
                waiting.append(address)
    assert len(seen) > 60
    assert any(mimetype == "application/geo+json" for mimetype in seen.values())


@pytest.mark.parametrize("path", DOCUMENTS)
def test_every_document_links_to_itself_and_its_other_form(
    client: FlaskClient, house: int, path: str
) -> None:
    path = path.format(id=house)
    links = {link["rel"]: link for link in client.get(path).get_json()["links"]}
    assert links["self"]["href"] == f"http://localhost{path}"
    assert links["alternate"]["type"] == "text/html"


@pytest.mark.parametrize("path", DOCUMENTS)
def test_a_browser_gets_a_page_and_a_program_json(client: FlaskClient, house: int, path: str) -> None:
    path = path.format(id=house)
    browser = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
    page = client.get(path, headers=browser)
    assert page.mimetype == "text/html" and "<h1>" in page.get_data(as_text=True)
    assert client.get(path).is_json
    assert client.get(path, headers={"Accept": "*/*"}).is_json
    assert client.get(f"{path}?f=html").mimetype == "text/html"
    assert client.get(f"{path}?f=json", headers=browser).is_json
    assert client.get(f"{path}?f=xml").status_code == 400


@pytest.mark.parametrize("path", (*DOCUMENTS, "/ogc/api"))
def test_a_parameter_that_is_not_there_is_refused(client: FlaskClient, house: int, path: str) -> None:
    answer = client.get(f"{path.format(id=house)}?colour=red")
    assert answer.status_code == 400
    assert "colour" in answer.get_json()["title_en"]


def test_the_landing_page_leads_to_all_else(client: FlaskClient) -> None:
    links = {link["rel"]: link["href"] for link in client.get("/ogc/").get_json()["links"]}
    assert {"service-desc", "conformance", "data", "self"} <= set(links)
    assert client.get("/ogc").headers["Location"].endswith("/ogc/")


def test_conformance_names_only_classes_with_tests(client: FlaskClient) -> None:
    said = client.get("/ogc/conformance").get_json()["conformsTo"]
    tested = {
        name
        for file in Path(__file__).parent.glob("conformance/*.py")
        for name in re.findall(r'"(http://www.opengis.net/spec/[^"]+/(?:conf|req)/[^"]+)"', file.read_text())
    }
    assert set(said) == tested and len(said) == len(tested)


def test_the_collections_are_the_layers_that_the_asker_may_see(client: FlaskClient, signed_in: Enter) -> None:
    def ids(who: FlaskClient) -> set[str]:
        return {each["id"] for each in who.get("/ogc/collections").get_json()["collections"]}

    public, roads = ids(client), ids(signed_in("roads"))
    assert "base.building" in public and "tax.parcel" not in public
    assert roads - public == {"tax.parcel", "tax.house", "disaster.damage_report"}


def test_a_collection_says_what_it_is(client: FlaskClient) -> None:
    said = client.get("/ogc/collections/disaster.shelter?lang=en").get_json()
    assert said["id"] == "disaster.shelter"
    assert "helter" in said["title"]
    assert said["itemType"] == "feature"
    assert said["crs"][0] == "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
    assert said["storageCrs"] in said["crs"]
    west, south, east, north = said["extent"]["spatial"]["bbox"][0]
    assert 122 < west < east < 154 and 20 < south < north < 46
    items = [link for link in said["links"] if link["rel"] == "items"]
    assert {link["type"] for link in items} == {"application/geo+json", "text/html"}
    assert all("lang=en" in link["href"] for link in items)  # the language stays on the way


def test_a_hidden_collection_answers_as_a_missing_one(client: FlaskClient) -> None:
    for form in ("{}", "{}/items", "{}/items/1", "{}/items?limit=x", "{}?f=html", "{}/items?f=html"):
        path = "/ogc/collections/" + form
        hidden, missing = client.get(path.format("tax.parcel")), client.get(path.format("tax.nothin"))
        assert hidden.status_code == missing.status_code == (404 if "=x" not in form else missing.status_code)
        assert hidden.get_data().replace(b"tax.parcel", b"-") == missing.get_data().replace(
            b"tax.nothin", b"-"
        )


def test_no_document_may_be_kept_for_somebody_else(client: FlaskClient, signed_in: Enter, house: int) -> None:
    for path in DOCUMENTS:
        for who in (client, signed_in("tax")):
            answer = who.get(path.format(id=house))
            assert answer.headers["Cache-Control"] == "private, no-cache"
            assert "Cookie" in answer.headers["Vary"]
