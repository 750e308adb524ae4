"""OGC API - Features, Part 4: its requirements (OGC 20-002, whose abstract tests are not written yet), one test each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyproj
import pytest
import shapely
from flask.testing import FlaskClient
from openapi_spec_validator import OpenAPIV30SpecValidator
from werkzeug.test import TestResponse

from gisapp.installation import Installation
from tests.edits.conftest import (
    TOILETS,
    Editor,
)
from tests.edits.conftest import (
    _put_back as _put_back,
)
from tests.edits.conftest import (
    editor as editor,
)
from tests.edits.conftest import (
    facilities as facilities,
)
from tests.edits.conftest import (
    middle as middle,
)
from tests.edits.conftest import (
    toilet as toilet,
)

CLASSES = {
    "http://www.opengis.net/spec/ogcapi-features-4/1.0/conf/create-replace-delete",
    "http://www.opengis.net/spec/ogcapi-features-4/1.0/conf/update",
    "http://www.opengis.net/spec/ogcapi-features-4/1.0/req/optimistic-locking-etags",
    "http://www.opengis.net/spec/ogcapi-features-4/1.0/conf/features",
}
MERGE = "application/merge-patch+json"


@pytest.fixture
def made(facilities: Editor, toilet: dict[str, Any]) -> TestResponse:
    return facilities.send("POST", TOILETS, toilet)


@pytest.fixture
def where(made: TestResponse) -> str:
    return str(made.headers["Location"]).removeprefix("http://localhost")


def test_conf_classes_are_named(client: FlaskClient) -> None:
    assert set(client.get("/ogc/conformance").get_json()["conformsTo"]) >= CLASSES


def test_conf_the_definition_is_valid_and_has_the_operations(client: FlaskClient) -> None:
    definition = client.get("/ogc/api").get_json(force=True)
    OpenAPIV30SpecValidator(definition).validate()
    items, item = "/collections/{collectionId}/items", "/collections/{collectionId}/items/{featureId}"
    assert "post" in definition["paths"][items] and {"put", "patch", "delete"} <= set(
        definition["paths"][item]
    )


def test_req_create_replace_delete_post_op(made: TestResponse, where: str, toilet: dict[str, Any]) -> None:
    assert made.status_code == 201 and where.startswith(TOILETS + "/")
    sent = {name: value for name, value in made.get_json()["properties"].items() if value is not None}
    assert sent == toilet["properties"]


def test_req_create_replace_delete_create_response_rid(
    client: FlaskClient, made: TestResponse, where: str, toilet: dict[str, Any]
) -> None:
    found = client.get(where)
    assert found.status_code == 200 and found.headers["ETag"] == made.headers["ETag"]
    assert found.get_json()["geometry"]["coordinates"] == pytest.approx(
        toilet["geometry"]["coordinates"], abs=1e-7
    )


def test_req_create_replace_delete_create_content_type(facilities: Editor, toilet: dict[str, Any]) -> None:
    assert facilities.send("POST", TOILETS, toilet, "application/json").status_code == 201
    for kind in ("text/plain", "application/gml+xml", "multipart/form-data"):
        assert facilities.send("POST", TOILETS, toilet, kind).status_code == 415


def test_req_create_replace_delete_replace_put_op(
    client: FlaskClient, facilities: Editor, where: str, toilet: dict[str, Any]
) -> None:
    del toilet["properties"]["name_english"]
    toilet["properties"]["name"] = "編集試験"
    answer = facilities.send("PUT", where, toilet)
    assert answer.status_code == 200
    now = client.get(where).get_json()["properties"]
    assert (now["name"], now["name_english"]) == ("編集試験", None)


def test_req_create_replace_delete_replace_rid(
    facilities: Editor, where: str, toilet: dict[str, Any]
) -> None:
    assert facilities.send("PUT", where, {**toilet, "id": 999_999}).status_code == 400
    assert facilities.send("PUT", where, {**toilet, "id": int(where.rsplit("/", 1)[1])}).status_code == 200


def test_req_create_replace_delete_replace_rid_exception(facilities: Editor, toilet: dict[str, Any]) -> None:
    for number in (999_999_999, 2**70):
        assert facilities.send("PUT", f"{TOILETS}/{number}", toilet).status_code == 404


def test_req_create_replace_delete_delete_op(client: FlaskClient, facilities: Editor, where: str) -> None:
    assert facilities.send("DELETE", where).status_code == 204
    assert client.get(where).status_code == 404
    assert facilities.send("DELETE", where).status_code == 404


def test_req_create_replace_delete_options_op(client: FlaskClient, facilities: Editor, where: str) -> None:
    assert "POST" in facilities.send("OPTIONS", TOILETS).headers["Allow"]
    allowed = facilities.send("OPTIONS", where).headers
    assert {"GET", "PUT", "PATCH", "DELETE"} <= set(allowed["Allow"].split(", ")) and allowed[
        "Accept-Patch"
    ] == MERGE
    visitor = client.options(where).headers["Allow"]
    assert set(visitor.split(", ")) == {"GET", "HEAD", "OPTIONS"}


def test_req_update_patch_op(client: FlaskClient, facilities: Editor, where: str) -> None:
    answer = facilities.send(
        "PATCH", where, {"properties": {"name": "編集試験", "name_english": None}}, MERGE
    )
    assert answer.status_code == 200
    now = client.get(where).get_json()["properties"]
    assert (now["name"], now["name_english"], now["facility_id"]) == ("編集試験", None, "EDIT-1")


def test_req_features_update_json_merge_patch_of_the_shape(
    client: FlaskClient, facilities: Editor, where: str, middle: tuple[float, float]
) -> None:
    moved = [middle[0] + 0.001, middle[1]]
    facilities.send("PATCH", where, {"geometry": {"type": "Point", "coordinates": moved}}, MERGE)
    found = client.get(where).get_json()
    assert found["geometry"]["coordinates"] == pytest.approx(moved, abs=1e-7)
    assert found["properties"]["name"] == "中央公園トイレ"


def test_req_optimistic_locking_etags(facilities: Editor, where: str, toilet: dict[str, Any]) -> None:
    first = facilities.send("GET", where).headers["ETag"]
    packed = facilities.send("GET", where, Accept_Encoding="gzip").headers["ETag"]
    toilet["properties"]["name"] = "編集試験一"
    replaced = facilities.send("PUT", where, toilet, If_Match=packed)
    assert replaced.status_code == 200 and replaced.headers["ETag"] not in (first, packed)
    assert replaced.headers["ETag"] == facilities.send("GET", where).headers["ETag"]
    change = {"properties": {"name": "編集試験二"}}
    for stale in (first, '"x"', "W/" + replaced.headers["ETag"], first + ", nonsense"):
        assert facilities.send("PATCH", where, change, MERGE, If_Match=stale).status_code == 412, stale
        assert facilities.send("DELETE", where, If_Match=stale).status_code == 412, stale
    both = f"{first}, {replaced.headers['ETag']}"
    assert facilities.send("PATCH", where, change, MERGE, If_Match=both).status_code == 200
    assert facilities.send("DELETE", where, If_Match="*").status_code == 204


@pytest.mark.parametrize("system", ["EPSG/0/4326", "EPSG/0/6668", "EPSG/0/3857", "plane"])
def test_req_features_content_crs_header(
    client: FlaskClient,
    installation: Installation,
    facilities: Editor,
    toilet: dict[str, Any],
    middle: tuple[float, float],
    system: str,
) -> None:
    code = installation.city.srid if system == "plane" else int(system.rsplit("/", 1)[1])
    x, y = pyproj.Transformer.from_crs("OGC:CRS84", code).transform(
        *middle
    )  # in the order of the system's axes
    toilet["geometry"]["coordinates"] = [x, y]
    uri = f"http://www.opengis.net/def/crs/EPSG/0/{code}"
    answer = facilities.send("POST", TOILETS, toilet, Content_Crs=f"<{uri}>")
    assert answer.status_code == 201, answer.get_data(as_text=True)
    there = client.get(answer.headers["Location"]).get_json()["geometry"]["coordinates"]
    assert shapely.Point(there).distance(shapely.Point(middle)) < 1e-6


def test_req_features_other_crs_is_refused(
    facilities: Editor, toilet: dict[str, Any], editor: Callable[..., Editor]
) -> None:
    answer = facilities.send(
        "POST", TOILETS, toilet, Content_Crs="<http://www.opengis.net/def/crs/EPSG/0/2193>"
    )
    assert answer.status_code == 400 and "Content-Crs" in answer.get_json()["title"]
