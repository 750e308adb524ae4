"""Hidden columns and closed rows appear in no byte of any answer, per role and channel; and do appear where they may.

A secret of its own is planted in every column that not everybody may see, and in a draft. Channels are the routes of the URL map: a
route without addresses below fails the test, so that a new channel cannot be forgotten.
"""

from __future__ import annotations

import gzip
import math
import uuid
from collections.abc import Callable, Iterator

import mapbox_vector_tile
import pytest
from flask import Flask
from flask.testing import FlaskClient
from psycopg import sql
from sqlalchemy import Connection

from gisapp.access import people
from gisapp.access.policy import Asker
from gisapp.access.signing import Wanted, make
from gisapp.catalogue.layer import Layer, view_for
from gisapp.geo.tiles import tile_at
from gisapp.installation import Installation
from gisapp.intake.difference import compare
from gisapp.intake.raw import raw_connection
from gisapp.intake.stage import create_stage, index_stage, kept_stage
from gisapp.intake.uploads import add_upload, set_state
from gisapp.revisions.apply import columns_of, table_of
from tests.conftest import visitor
from tests.house_rules.channels import Place, addresses
from tests.house_rules.conftest import draft_of, may_see

ROLES = {
    "visitor": frozenset[str](),
    "roads": frozenset({"roads"}),
    "disaster": frozenset({"disaster"}),
    "tax": frozenset({"tax"}),
    "administrator": frozenset[str](),
    "auditor": frozenset[str](),
}


@pytest.fixture(scope="module")
def places(
    installation: Installation, staff: dict[str, str], secrets: dict[tuple[str, str], bytes]
) -> list[Place]:
    """A feature of each layer that holds a secret (a draft where there are such), at a point on it."""
    found = []
    with installation.database.transaction("owner") as connection:
        for layer_id in sorted({layer for layer, _ in secrets}):
            layer = installation.catalogue.layer(layer_id)
            question = f"SELECT id, ST_X(p), ST_Y(p) FROM (SELECT id, ST_Transform(ST_PointOnSurface(geom), 4326) AS p FROM {layer_id} WHERE {draft_of(layer)} ORDER BY id LIMIT 1) AS f"
            upload = staged(installation, connection, layer)
            found.append(Place(layer, *connection.exec_driver_sql(question).one(), upload))
    return found


def staged(installation: Installation, connection: Connection, layer: Layer) -> str:
    """An upload of the layer's own department that changes, adds and removes rows that hold the secrets."""
    upload_id, raw = uuid.uuid4(), raw_connection(connection)
    stage = kept_stage(upload_id)
    create_stage(raw, layer, stage)
    words = {
        "rows": stage.rows,
        "repairs": stage.repairs,
        "columns": columns_of(layer),
        "table": table_of(layer),
    }
    copy = "INSERT INTO {rows} ({columns}, row) SELECT {columns}, id FROM {table} WHERE id % 2 = 1 ORDER BY id LIMIT 90"
    raw.execute(sql.SQL(copy).format(**words))
    raw.execute(sql.SQL("UPDATE {rows} SET geom = ST_Translate(geom, 1, 1)").format(**words))
    index_stage(raw, installation.database, layer, stage)
    compare(raw, layer, stage, "replace")
    person = connection.exec_driver_sql("SELECT id FROM gisapp.person WHERE login = %s", (layer.department,))
    add_upload(
        connection, upload_id, layer.id, "f.csv", {"mode": "replace", "publish": False}, person.scalar_one()
    )
    set_state(connection, upload_id, "checked", difference={"added": 1, "changed": 1, "removed": 1})
    return str(upload_id)


@pytest.fixture
def clients(app: Flask, signed_in: Callable[[str], FlaskClient]) -> dict[str, FlaskClient]:
    return {role: app.test_client() if role == "visitor" else signed_in(role) for role in ROLES}


def get_rules(app: Flask) -> Iterator[str]:
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or set()) and rule.endpoint != "static":
            yield str(rule)


def test_every_channel_is_known_to_this_test(app: Flask, places: list[Place]) -> None:
    unknown = [rule for rule in get_rules(app) if addresses(rule, places[0]) is None]
    assert not unknown, f"say in `addresses` how to ask these about a feature: {unknown}"


def body(client: FlaskClient, address: str, **headers: str) -> bytes:
    answer = client.get(address, headers=headers)
    assert answer.status_code < 500, f"{address}: {answer.get_data(as_text=True)[:300]}"
    data = answer.get_data()
    data = gzip.decompress(data) if answer.headers.get("Content-Encoding") == "gzip" else data
    return (
        data
        + str(answer.headers).encode()
        + (
            in_words(data)
            if answer.status_code == 200 and answer.mimetype == "application/vnd.mapbox-vector-tile"
            else b""
        )
    )


def in_words(tile: bytes) -> bytes:
    """Numbers of a tile in words: there they are written as varints."""
    layers = mapbox_vector_tile.decode(tile).values()
    return str([feature["properties"] for layer in layers for feature in layer["features"]]).encode()


@pytest.mark.parametrize("role", ROLES)
def test_no_answer_holds_a_column_that_the_role_may_not_see(
    app: Flask,
    clients: dict[str, FlaskClient],
    secrets: dict[tuple[str, str], bytes],
    places: list[Place],
    role: str,
) -> None:
    shown: set[tuple[str, str]] = set()
    asked = (
        address for place in places for rule in get_rules(app) for address in addresses(rule, place) or []
    )
    for address in dict.fromkeys(asked):
        said = body(clients[role], address)
        for (layer_id, field), secret in secrets.items():
            if secret not in said:
                continue
            layer = app.extensions["gisapp"].catalogue.layer(layer_id)
            assert may_see(layer, field, ROLES[role]), f"{role} sees {layer_id}.{field} at {address}"
            shown.add((layer_id, field))
    layers = app.extensions["gisapp"].catalogue.layers
    may = {key for key in secrets if may_see(layers[key[0]], key[1], ROLES[role])}
    assert shown == may, f"{role} may see but is never shown: {may - shown}"


@pytest.mark.parametrize("role", ["roads", "tax"])
def test_a_signed_address_shows_nothing_more_than_its_maker_may_see(
    app: Flask,
    clients: dict[str, FlaskClient],
    secrets: dict[tuple[str, str], bytes],
    places: list[Place],
    role: str,
) -> None:
    """A channel by itself: asked by a visitor, without cookie and token."""
    here, nobody = app.extensions["gisapp"], visitor(app)
    with here.database.transaction("app") as connection:
        number = connection.exec_driver_sql(
            "SELECT id FROM gisapp.person WHERE login = %s", (role,)
        ).scalar_one()
        maker = Asker(people.find_person(connection, number))
    place = next(
        place for place in places if place.layer.id == "tax.parcel"
    )  # each export is a process: one layer
    layer, view = place.layer, view_for(place.layer, ROLES[role])
    assert view is not None
    tiles = make(here, maker, Wanted(tiles=layer.id)).paths
    export = make(here, maker, Wanted(export=f"layer={layer.id}&format=csv")).paths["export"]
    z, x, y = place.tile(layer.max_zoom).split("/")
    tile = tiles["mvt"].format(z=z, x=x, y=y)
    said = {address: body(nobody, address) for address in (export, tile, tiles["tilejson"])}
    for (layer_id, field), secret in secrets.items():
        if layer_id != layer.id or field not in view.columns:
            assert not any(secret in one for one in said.values()), f"{role}: {layer_id}.{field}"
        else:
            assert secret in said[export], f"{role}: {layer_id}.{field}"


@pytest.mark.parametrize("role", ["visitor", "roads"])
def test_the_names_of_hidden_columns_are_not_told_either(
    app: Flask,
    clients: dict[str, FlaskClient],
    places: list[Place],
    secrets: dict[tuple[str, str], bytes],
    role: str,
) -> None:
    parcel = next(place for place in places if place.layer.id == "tax.parcel")
    for rule in get_rules(app):
        for address in addresses(rule, parcel) or []:
            if "owner_name" not in address:
                assert b"owner_name" not in body(clients[role], address), (
                    f"{role} reads owner_name at {address}"
                )


def test_hidden_and_missing_answer_alike(client: FlaskClient, places: list[Place]) -> None:
    parcel = next(place for place in places if place.layer.id == "tax.parcel")
    gone = Layer(**{**parcel.layer.__dict__, "id": "tax.nothing"})
    missing = Place(gone, parcel.feature, parcel.lon, parcel.lat, str(uuid.uuid4()))
    for rule in get_rules(client.application):
        for hidden_at, missing_at in zip(
            addresses(rule, parcel) or [], addresses(rule, missing) or [], strict=True
        ):
            hidden, nothing = client.get(hidden_at), client.get(missing_at)
            if hidden_at == missing_at:
                continue
            assert hidden.status_code == nothing.status_code, hidden_at
            same = (
                hidden.get_data().replace(b"tax.parcel", b"L"),
                nothing.get_data().replace(b"tax.nothing", b"L"),
            )
            assert same[0] == same[1], hidden_at


def test_a_conditional_request_with_anothers_etag_gets_no_304(
    clients: dict[str, FlaskClient], places: list[Place]
) -> None:
    parcel = next(place for place in places if place.layer.id == "tax.parcel")
    address = f"/ogc/collections/tax.parcel/items/{parcel.feature}"
    etag = clients["tax"].get(address).headers.get("ETag")
    assert etag
    assert clients["visitor"].get(address, headers={"If-None-Match": etag}).status_code == 404
    assert clients["roads"].get(address, headers={"If-None-Match": etag}).status_code == 200
    assert clients["visitor"].head(address).status_code == 404


def test_the_tile_arithmetic_of_this_test_is_right() -> None:
    assert tile_at(139.7671, 35.6812, 14) == (14552, 6451)
    assert math.isclose(2**14, 16384)
