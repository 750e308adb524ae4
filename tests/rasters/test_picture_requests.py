"""Pictures over HTTP: forms, refusals, copies, one drawing a metatile, the audit."""

from __future__ import annotations

import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image

from gisapp.installation import Installation
from tests.rasters.asking import PlaceOf
from tests.statements import statements

Enter = Callable[[str], FlaskClient]
BASE = "base.boundary,base.building,roads.street,base.town"


def picture(client: FlaskClient, address: str) -> Image.Image:
    answer = client.get(address)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return Image.open(io.BytesIO(answer.get_data()))


def test_png_and_webp_at_256_and_512_pixels_show_the_same(client: FlaskClient, place_of: PlaceOf) -> None:
    x, y = place_of("base.building", 17)
    found = {}
    for form in ("png", "webp"):
        for size in (256, 512):
            one = picture(client, f"/tiles/{BASE}/17/{x}/{y}.{form}?size={size}")
            assert one.format == form.upper() and one.size == (size, size)
            found[form, size] = np.asarray(one.convert("RGBA").resize((32, 32), Image.Resampling.BOX), float)
    for other in found.values():
        assert np.abs(other - found["png", 256]).mean() < 3
    assert found["png", 256].std() > 5


def test_nothing_there_is_a_transparent_picture(client: FlaskClient) -> None:
    one = picture(client, "/tiles/base.building/17/1/1.png")
    assert one.convert("RGBA").getextrema()[3] == (0, 0)


def test_the_first_zoom_is_one_more_than_the_tiles_and_the_last_is_20(
    client: FlaskClient, installation: Installation, place_of: PlaceOf
) -> None:
    first = installation.catalogue.layer("base.building").min_zoom + 1
    for z in (first, 20):
        x, y = place_of("base.building", z)
        assert picture(client, f"/tiles/base.building/{z}/{x}/{y}.png").convert("RGBA").getextrema()[3][1] > 0
    for z in (first - 1, 21):
        answer = client.get(f"/tiles/base.building/{z}/1/1.png")
        assert answer.status_code == 404 and str(first) in answer.get_json()["detail"]


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("base.building/17/131072/1.png", 404),
        ("base.building/17/1/-1.png", 404),
        (f"base.building/{'9' * 5000}/1/1.png", 404),
        ("base.nothing/17/1/1.png", 404),
        ("tax.parcel/17/1/1.png", 404),
        ("base.building,tax.parcel/17/1/1.webp", 404),
        ("base.building,base.building/17/1/1.png", 400),
        ("base.building/17/1/1.png?size=1024", 400),
        ("base.building/17/1/1.jpg", 404),
        ("base.building/pictures.json?format=gif", 400),
        ("tax.parcel/pictures.json", 404),
    ],
)
def test_what_is_not_there_is_refused_with_a_sentence(client: FlaskClient, address: str, status: int) -> None:
    answer = client.get(f"/tiles/{address}")
    assert answer.status_code == status
    assert answer.get_json()["title"] and answer.get_json()["detail_en"]


def test_copies_are_confirmed_by_etag_and_public_only_for_visitors(
    client: FlaskClient, signed_in: Enter, place_of: PlaceOf
) -> None:
    x, y = place_of("base.building", 17)
    address = f"/tiles/base.building/17/{x}/{y}.png"
    first = client.get(address, headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in first.headers
    assert first.headers["Cache-Control"].startswith("public") and "Cookie" in first.headers["Vary"]
    again = client.get(address, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304 and not again.get_data()
    assert signed_in("tax").get(address).headers["Cache-Control"].startswith("private")
    x, y = place_of("tax.parcel", 17)
    restricted = signed_in("tax").get(f"/tiles/tax.parcel/17/{x}/{y}.png")
    assert restricted.status_code == 200 and restricted.headers["Cache-Control"].startswith("private")


def test_a_metatile_is_drawn_once_for_all_who_ask(app: Flask, client: FlaskClient, place_of: PlaceOf) -> None:
    x, y = (n // 4 * 4 for n in place_of("roads.street", 16))
    tiles = [f"/tiles/roads.street/16/{x + i}/{y + j}.webp" for i in range(4) for j in range(2)]
    with statements() as said, ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda address: app.test_client().get(address), tiles))
    assert {answer.status_code for answer in answers} == {200}
    asked = [one for one in said if "ST_AsMVT" in one]
    assert len(asked) <= 16, "the four vector tiles under it and the twelve around, each once"


def test_a_restricted_layer_that_is_drawn_is_recorded(
    app: Flask, signed_in: Enter, installation: Installation, place_of: PlaceOf
) -> None:
    app.extensions.pop("gisapp_opened", None)
    x, y = place_of("tax.parcel", 16)
    count = "SELECT count(*) FROM gisapp.audit_entry WHERE what = 'layer_opened' AND layer = 'tax.parcel'"
    with installation.database.transaction("owner") as connection:
        before = connection.exec_driver_sql(count).scalar_one()
    client = signed_in("tax")
    assert {client.get(f"/tiles/tax.parcel/16/{x}/{y}.{form}").status_code for form in ("png", "webp")} == {
        200
    }
    with installation.database.transaction("owner") as connection:
        assert connection.exec_driver_sql(count).scalar_one() == before + 1


def test_the_order_in_the_address_says_nothing(client: FlaskClient, place_of: PlaceOf) -> None:
    x, y = place_of("base.building", 17)
    one = client.get(f"/tiles/base.building,roads.street/17/{x}/{y}.png")
    two = client.get(f"/tiles/roads.street,base.building/17/{x}/{y}.png")
    assert one.headers["ETag"] == two.headers["ETag"]


def test_the_tilejson_of_pictures(client: FlaskClient, installation: Installation) -> None:
    said = client.get("/tiles/base.building,roads.street/pictures.json?format=webp&size=512").get_json()
    assert said["tilejson"] == "2.2.0" and "vector_layers" not in said
    assert said["tiles"] == ["http://localhost/tiles/base.building,roads.street/{z}/{x}/{y}.webp?size=512"]
    layers = [installation.catalogue.layer(one) for one in ("base.building", "roads.street")]
    assert (said["minzoom"], said["maxzoom"]) == (min(layer.min_zoom for layer in layers) + 1, 20)
    assert said["tileSize"] == 256 and said["bounds"] == list(installation.city.bounds)
    assert client.get("/tiles/base.building/pictures.json").get_json()["format"] == "png"


def test_the_thin_path_gives_a_kept_picture_only_to_whom_the_route_gave_the_like(
    app: Flask, client: FlaskClient, signed_in: Enter, place_of: PlaceOf
) -> None:
    x, y = place_of("tax.parcel", 18)
    public, restricted = f"/tiles/base.building/18/{x}/{y}.webp", f"/tiles/tax.parcel/18/{x}/{y}.webp"
    tax = signed_in("tax")
    for path in (public, restricted):
        first, second = tax.get(path), tax.get(path)
        assert second.headers["Cache-Status"] == "gisapp; hit" and second.get_data() == first.get_data()
        assert second.headers["Content-Type"] == "image/webp" and "Content-Encoding" not in second.headers
        assert second.headers["Cache-Control"].startswith("private")
    for _ in range(2):
        assert client.get(restricted).status_code == 404
        answer = client.get(public, headers={"Accept-Encoding": "gzip, br"})
        assert answer.headers["Cache-Control"].startswith("public")
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert client.get(public + "?size=1024").status_code == 400
    small, large = picture(client, public), picture(client, public + "?size=512")
    assert (small.size, large.size) == ((256, 256), (512, 512))
    known = client.get(public, headers={"If-None-Match": answer.headers["ETag"]})
    assert known.status_code == 304 and not known.get_data()
