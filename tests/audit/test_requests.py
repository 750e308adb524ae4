"""What requests leave in the audit, and that nothing restricted is shown without it."""

from __future__ import annotations

import io
import json
import uuid
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from gisapp.cli.people import add_person
from gisapp.geo.tiles import tile_at
from gisapp.installation import Installation
from gisapp.intake.process import process_upload
from tests.audit.conftest import Entries, restricted, superuser
from tests.conftest import PASSWORD, visitor


def test_a_restricted_feature_is_recorded_with_who_and_which(
    signed_in: Callable[[str], FlaskClient], entries: Entries, parcel: tuple[int, float, float]
) -> None:
    client, addresses = signed_in("tax"), restricted(parcel)
    for name in ("identify", "item", "page", "items"):
        before = len(entries())
        assert client.get(addresses[name]).status_code == 200
        row = entries()[-1]
        assert len(entries()) == before + 1
        assert (row.what, row.layer, row.login, row.departments) == (
            "feature_viewed",
            "tax.parcel",
            "tax",
            ["tax"],
        )
        assert parcel[0] in row.features and row.address.startswith("10.0.") and row.written_by.endswith("_app")  # fmt: skip
        assert row.via.startswith("session:") and row.via == entries()[0].via != "session:?"
    assert len(entries()[-1].features) == 3


def test_what_everybody_may_see_is_not_recorded(
    client: FlaskClient, signed_in: Callable[[str], FlaskClient], entries: Entries, parcel: tuple[int, float, float]
) -> None:  # fmt: skip
    one = signed_in("roads")
    before = len(entries())
    _, lon, lat = parcel
    x, y = tile_at(lon, lat, 14)
    for address in (
        f"/api/identify?lon={lon}&lat={lat}&layers=base.boundary",
        "/ogc/collections/base.boundary/items",
        f"/tiles/base.boundary/14/{x}/{y}.mvt",
    ):
        assert client.get(address).status_code == 200
        assert one.get(address).status_code == 200
    assert client.get(f"/api/identify?lon={lon}&lat={lat}").status_code == 200
    assert len(entries()) == before


def test_a_restricted_layer_is_opened_once_a_session_not_once_a_tile(
    signed_in: Callable[[str], FlaskClient], entries: Entries, parcel: tuple[int, float, float]
) -> None:
    client, other = signed_in("tax"), signed_in("tax")
    _, lon, lat = parcel
    x, y = tile_at(lon, lat, 16)
    for dx in range(3):
        assert client.get(f"/tiles/tax.parcel,base.boundary/16/{x + dx}/{y}.mvt").status_code == 200
    opened = [row.layer for row in entries() if row.what == "layer_opened"]
    assert opened == ["tax.parcel"]
    assert other.get(f"/tiles/tax.parcel/16/{x}/{y}.mvt").status_code == 200
    assert len([row for row in entries() if row.what == "layer_opened"]) == 2


def test_signing_in_out_and_failing_is_recorded_without_the_password(
    app: Flask, staff: dict[str, str], signed_in: Callable[[str], FlaskClient], entries: Entries
) -> None:
    client = visitor(app)
    token = client.get("/sign-in").get_data(as_text=True).split('name="csrf_token" value="')[1].split('"')[0]
    typed = {"login": "Tax ", "password": "my wrong password", "csrf_token": token}
    assert client.post("/sign-in", data=typed).status_code == 401
    assert client.post("/sign-in", data={**typed, "login": "tax", "password": "wrong"}).status_code == 401
    client = signed_in("tax")
    page = client.get("/sign-in").get_data(as_text=True)
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    assert client.post("/sign-out", data={"csrf_token": token}).status_code == 302
    rows = entries()
    assert [row.what for row in rows] == ["sign_in_failed", "sign_in_failed", "sign_in", "sign_out"]
    assert rows[0].login.startswith("tax") and rows[1].details["why"] == "sign-in-failed"
    assert rows[2].via == rows[3].via and rows[2].details["how"] == "password"
    assert "wrong" not in json.dumps([row.details for row in rows])


@pytest.fixture
def unwritable(installation: Installation) -> Iterator[None]:
    """The audit takes no entries."""
    name = installation.database.address.database
    with superuser(installation, name) as connection:
        connection.execute(
            "ALTER TABLE gisapp.audit_entry ADD CONSTRAINT full_disk CHECK (what = '') NOT VALID"
        )
    yield
    with superuser(installation, name) as connection:
        connection.execute("ALTER TABLE gisapp.audit_entry DROP CONSTRAINT full_disk")


def test_what_cannot_be_recorded_is_not_shown(
    app: Flask,
    client: FlaskClient,
    signed_in: Callable[[str], FlaskClient],
    parcel: tuple[int, float, float],
    request: pytest.FixtureRequest,
) -> None:
    one = signed_in("tax")
    addresses = restricted(parcel)
    normal = one.get(addresses["item"])
    etag = {"If-None-Match": normal.headers["ETag"]}
    request.getfixturevalue("unwritable")
    for name, address in addresses.items():
        answer = one.get(address)
        assert answer.status_code == 503, name
        said = answer.get_data(as_text=True)
        assert "記録" in said and normal.get_json()["id"] and "owner" not in said
    assert one.get(addresses["item"], headers=etag).status_code == 503
    assert "audit-unavailable" in one.get(addresses["identify"]).get_json()["type"]
    _, lon, lat = parcel
    assert client.get(f"/api/identify?lon={lon}&lat={lat}").status_code == 200, "public maps go on"
    token = client.get("/sign-in").get_data(as_text=True).split('name="csrf_token" value="')[1].split('"')[0]
    entered = client.post("/sign-in", data={"login": "tax", "password": PASSWORD, "csrf_token": token})
    assert entered.status_code == 503
    listed = client.get("/ogc/collections?f=json").get_json()["collections"]
    assert "tax.parcel" not in {each["id"] for each in listed}, "nobody is signed in unrecorded"


def test_an_upload_and_its_publishing_are_recorded(
    signed_in: Callable[[str], FlaskClient], installation: Installation, entries: Entries, parcel: tuple[int, float, float]
) -> None:  # fmt: skip
    client = signed_in("roads")
    token = client.get("/sign-in").get_data(as_text=True).split('name="csrf_token" value="')[1].split('"')[0]
    _, lon, lat = parcel
    line = {"type": "LineString", "coordinates": [[lon, lat], [lon + 0.0005, lat + 0.0005]]}
    one = {"type": "Feature", "geometry": line, "properties": {"路線番号": "監査試験"}}
    file = json.dumps({"type": "FeatureCollection", "features": [one]}).encode()
    layer = installation.catalogue.layer("roads.street")
    answer = client.post(
        f"/api/layers/{layer.id}/uploads",
        data={
            "file": (io.BytesIO(file), "=a.geojson"),
            "mode": "append",
            "publish": "0",
            "csrf_token": token,
        },
    )
    assert answer.status_code == 202, answer.get_json()
    upload_id = answer.get_json()["id"]
    process_upload(installation, uuid.UUID(upload_id))
    asked = client.post(f"/api/uploads/{upload_id}/publish", data={"csrf_token": token})
    assert asked.status_code == 202, asked.get_json()
    process_upload(installation, uuid.UUID(upload_id))
    rows = [row for row in entries() if row.layer == layer.id]
    with installation.database.transaction("owner") as connection:  # other tests count the city's streets
        connection.exec_driver_sql("DELETE FROM roads.street WHERE route_number = '監査試験'")
    assert [row.what for row in rows] == ["uploaded", "publish_asked", "published"]
    assert rows[2].details["difference"]["added"] == 1 and rows[2].via == f"upload:{upload_id}"
    assert {row.login for row in rows} == {"roads"}


def test_changed_rights_are_recorded_with_the_account_of_the_shell(
    installation: Installation, entries: Entries
) -> None:
    add_person(installation, "audited", "試験", PASSWORD, {"roads": "viewer"})
    row = entries()[-1]
    assert row.what == "person_added" and row.login.startswith("shell:")
    assert row.details == {"person": "audited", "posts": {"roads": "viewer"}} and PASSWORD not in str(row)
