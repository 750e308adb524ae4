"""OGC API - Features, Part 1: the features of a collection."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import shapely
from flask.testing import FlaskClient
from sqlalchemy import Connection

from gisapp.installation import Installation
from tests.statements import statements

Enter = Callable[[str], FlaskClient]
HOUSES = "/ogc/collections/base.building/items"


@pytest.fixture
def connection(installation: Installation) -> Iterator[Connection]:
    with installation.database.transaction("owner") as connection:
        yield connection


def get(client: FlaskClient, path: str) -> dict[str, Any]:
    answer = client.get(path)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return dict(answer.get_json())


def next_of(page: dict[str, Any]) -> str | None:
    href = next((link["href"] for link in page["links"] if link["rel"] == "next"), None)
    return href and f"{urlsplit(href).path}?{urlsplit(href).query}"


def test_a_collection_is_geojson(client: FlaskClient, connection: Connection) -> None:
    answer = client.get(HOUSES)
    assert answer.mimetype == "application/geo+json"
    page = answer.get_json()
    assert page["type"] == "FeatureCollection"
    assert page["numberReturned"] == len(page["features"]) == 10
    assert (
        page["numberMatched"] == connection.exec_driver_sql("SELECT count(*) FROM base.building").scalar_one()
    )
    for feature in page["features"]:
        assert feature["type"] == "Feature"
        shape = shapely.geometry.shape(feature["geometry"])
        assert 141 < shape.centroid.x < 142 and 35 < shape.centroid.y < 36
        assert all(part.exterior.is_ccw for part in shape.geoms)
        assert "use" in feature["properties"] and "geom" not in feature["properties"]


def test_next_leads_through_every_feature_once(client: FlaskClient, connection: Connection) -> None:
    every = [row.id for row in connection.exec_driver_sql("SELECT id FROM base.town ORDER BY id")]
    found: list[int] = []
    path: str | None = "/ogc/collections/base.town/items?limit=3&lang=en"
    while path:
        page = get(client, path)
        found += [feature["id"] for feature in page["features"]]
        path = next_of(page)
        assert path is None or parse_qs(urlsplit(path).query)["lang"] == ["en"]
    assert found == every and len(every) > 3


@pytest.mark.parametrize("limit", ["10001", "1000000000", "9" * 30])
def test_a_limit_above_the_most_counts_as_the_most(client: FlaskClient, limit: str) -> None:
    assert get(client, f"/ogc/collections/base.boundary/items?limit={limit}")["numberReturned"] >= 1


@pytest.mark.parametrize(
    "query",
    [
        "limit=0", "limit=-1", "limit=x", "limit=1e9", "bbox=1,2,3", "bbox=nan,1,2,3", "bbox=1,2,3,4,5,6",
        "bbox=139,36,140,35", "bbox=x", "datetime=x", "datetime=2026-13-01", "after=x", "after=",
        "after=WzFd.", "offset=10", "limit=1&limit=2", "f=csv", "owner_name=x", "after=" + "W" * 5000,
    ],
)  # fmt: skip
def test_wrong_parameters_get_a_sentence(client: FlaskClient, query: str) -> None:
    answer = client.get(f"{HOUSES}?{query}")
    assert answer.status_code == 400
    assert answer.get_json()["title"] and answer.get_json()["detail_en"]


def test_a_box_holds_only_what_meets_it(client: FlaskClient) -> None:
    whole = get(client, f"{HOUSES}?limit=10000")
    one = shapely.geometry.shape(whole["features"][99]["geometry"])
    west, south, east, north = shapely.box(*one.bounds).buffer(0.001, join_style="mitre").bounds
    page = get(client, f"{HOUSES}?bbox={west},{south},{east},{north}&limit=10000")
    box = shapely.box(west, south, east, north)
    expected = [f["id"] for f in whole["features"] if shapely.geometry.shape(f["geometry"]).intersects(box)]
    assert [feature["id"] for feature in page["features"]] == expected
    assert page["numberMatched"] == len(expected) > 1


def test_a_moment_finds_every_feature_since_features_name_no_time(client: FlaskClient) -> None:
    assert get(client, f"{HOUSES}?datetime=2026-04-01T00:00:00Z/..")["numberMatched"] > 100


def test_one_feature_is_itself_with_its_links(client: FlaskClient) -> None:
    first = get(client, HOUSES)["features"][0]
    answer = client.get(f"{HOUSES}/{first['id']}")
    assert answer.mimetype == "application/geo+json"
    feature = answer.get_json()
    assert {name: feature[name] for name in first} == first
    assert {link["rel"] for link in feature["links"]} == {"self", "alternate", "collection"}


@pytest.mark.parametrize("feature", ["0", "999999999", "9" * 30, "x", "-1"])
def test_a_feature_that_is_not_there_is_404(client: FlaskClient, feature: str) -> None:
    assert client.get(f"{HOUSES}/{feature}").status_code == 404


def test_the_etag_of_a_feature_follows_its_revision_and_what_the_asker_sees(
    client: FlaskClient, signed_in: Enter, installation: Installation
) -> None:
    with installation.database.transaction("owner") as connection:
        feature = connection.exec_driver_sql("SELECT min(id) FROM tax.road_price").scalar_one()
    path = f"/ogc/collections/tax.road_price/items/{feature}"
    tag = client.get(path).headers["ETag"]
    assert client.get(path, headers={"If-None-Match": tag}).status_code == 304
    tax = signed_in("tax")
    assert tax.get(path, headers={"If-None-Match": tag}).status_code == 200
    revise = "UPDATE tax.road_price SET revision = revision + %s WHERE id = %s"
    try:
        with installation.database.transaction("owner") as connection:
            connection.exec_driver_sql(revise, (1, feature))
        assert client.get(path, headers={"If-None-Match": tag}).status_code == 200
    finally:
        with installation.database.transaction("owner") as connection:
            connection.exec_driver_sql(revise, (-1, feature))
    assert client.get(path).headers["ETag"] == tag


def test_a_page_of_features_is_one_statement(client: FlaskClient) -> None:
    get(client, HOUSES)
    with statements() as said:
        get(client, f"{HOUSES}?bbox=141,35,142,36")
    assert len(said) == 1


def test_pages_show_the_same_features_as_a_table(client: FlaskClient) -> None:
    page = client.get(f"{HOUSES}?f=html&limit=3").get_data(as_text=True)
    assert '<th scope="col">建物用途</th>' in page
    assert page.count("<tr>") == 4
    assert 'rel="next"' in page and "limit=3" in page
    assert "Use</th>" in client.get(f"{HOUSES}?f=html&lang=en").get_data(as_text=True)


def test_values_cannot_run_in_a_page(client: FlaskClient, installation: Installation) -> None:
    with installation.database.transaction("owner") as connection:
        row = connection.exec_driver_sql("SELECT id, name FROM roads.bridge ORDER BY id LIMIT 1").one()
        nasty = "<script>alert(1)</script>{{ 7*7 }}"
        connection.exec_driver_sql("UPDATE roads.bridge SET name = %s WHERE id = %s", (nasty, row.id))
    try:
        page = client.get(f"/ogc/collections/roads.bridge/items/{row.id}?f=html").get_data(as_text=True)
        assert "<script>alert" not in page and "&lt;script&gt;alert(1)" in page and "{{ 7*7 }}" in page
    finally:
        with installation.database.transaction("owner") as connection:
            connection.exec_driver_sql("UPDATE roads.bridge SET name = %s WHERE id = %s", (row.name, row.id))


def test_hidden_fields_are_in_no_feature_of_others(
    client: FlaskClient, signed_in: Enter, connection: Connection
) -> None:
    first = "SELECT id, owner_name FROM tax.house WHERE owner_name IS NOT NULL ORDER BY id LIMIT 1"
    house, owner = connection.exec_driver_sql(first).one()
    path = f"/ogc/collections/tax.house/items/{house}"
    assert client.get(path).status_code == 404
    roads, tax = signed_in("roads").get(path), signed_in("tax").get(path)
    assert "owner_name" not in roads.get_data(as_text=True) and owner not in roads.get_data(as_text=True)
    assert tax.get_json()["properties"]["owner_name"] == owner


def test_offset_says_the_beginning_and_nothing_else(client: FlaskClient) -> None:
    assert get(client, f"{HOUSES}?offset=0")["features"] == get(client, HOUSES)["features"]
    for offset in ("1", "1000000000000", "-1", "x"):
        answer = client.get(f"{HOUSES}?offset={offset}")
        assert answer.status_code == 400 and "next" in answer.get_json()["title_en"]
