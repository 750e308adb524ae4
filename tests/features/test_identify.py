"""What lies at a place."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
import shapely
from flask.testing import FlaskClient
from sqlalchemy import Connection

from gisapp import create_app
from gisapp import installation as installations
from gisapp.catalogue.load import Catalogue
from gisapp.installation import Installation
from tests.statements import statements

Enter = Callable[[str], FlaskClient]


@dataclass(frozen=True)
class Spot:
    """A point on a feature."""

    id: int
    lon: float
    lat: float

    def __str__(self) -> str:
        return f"lon={self.lon:.7f}&lat={self.lat:.7f}"


@pytest.fixture
def connection(installation: Installation) -> Iterator[Connection]:
    with installation.database.transaction("owner") as connection:
        yield connection


def spot(connection: Connection, layer: str, where: str = "true") -> Spot:
    sql = (
        f"SELECT id, ST_X(p), ST_Y(p) FROM (SELECT id, ST_Transform(ST_PointOnSurface(geom), 4326) AS p "
        f"FROM {layer} WHERE {where} ORDER BY id LIMIT 1) AS f"
    )
    return Spot(*connection.exec_driver_sql(sql).one())


def asked(client: FlaskClient, query: str) -> list[dict[str, Any]]:
    answer = client.get(f"/api/identify?{query}")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return list(answer.get_json()["features"])


def test_a_house_is_found_where_it_stands(client: FlaskClient, connection: Connection) -> None:
    at = spot(connection, "base.building", "use IS NOT NULL AND floors IS NOT NULL")
    house = next(
        f for f in asked(client, f"{at}&zoom=18") if (f["layer"], f["id"]) == ("base.building", at.id)
    )
    assert house["layer_title"] == "建物"
    shape = shapely.geometry.shape(house["geometry"])
    assert shape.contains(shapely.Point(at.lon, at.lat))
    assert shape.geoms[0].exterior.is_ccw  # RFC 7946
    use = next(p for p in house["properties"] if p["name"] == "use")
    titles = client.application.extensions["gisapp"].catalogue.layer("base.building").code_list("use")
    assert use["title"] == "建物用途"
    assert use["text"] == titles.title(use["value"]).ja
    assert len(str(house["geometry"]["coordinates"][0][0][0][0]).partition(".")[2]) <= 7


def test_fields_come_in_the_layers_order_with_titles_and_units(
    client: FlaskClient, connection: Connection
) -> None:
    at = spot(connection, "roads.street")
    layer = client.application.extensions["gisapp"].catalogue.layer("roads.street")
    for lang in ("ja", "en"):
        street = next(f for f in asked(client, f"{at}&layers=roads.street&lang={lang}") if f["id"] == at.id)
        assert [p["name"] for p in street["properties"]] == [field.name for field in layer.fields]
        assert [p["title"] for p in street["properties"]] == [field.title.get(lang) for field in layer.fields]
        assert {p["name"]: p["unit"] for p in street["properties"]}["width"] == "m"
        assert street["layer_title"] == layer.title.get(lang)


def test_small_things_come_first(client: FlaskClient, connection: Connection) -> None:
    at = spot(connection, "base.building")
    found = asked(client, f"{at}&zoom=16")
    rank = {
        "Point": 0,
        "MultiPoint": 0,
        "LineString": 1,
        "MultiLineString": 1,
        "Polygon": 2,
        "MultiPolygon": 2,
    }
    ranks = [rank[f["geometry"]["type"]] for f in found]
    assert ranks == sorted(ranks)
    assert len(set(ranks)) == 3
    areas = [shapely.geometry.shape(f["geometry"]).area for f in found if rank[f["geometry"]["type"]] == 2]
    assert areas == pytest.approx(sorted(areas), rel=1e-9)  # the same outline may be told from another corner
    city = next(f for f in found if f["layer"] == "base.boundary")
    assert areas[-1] == pytest.approx(shapely.geometry.shape(city["geometry"]).area)


def test_points_and_lines_are_found_within_eight_pixels(client: FlaskClient, connection: Connection) -> None:
    at = spot(connection, "base.address_point")
    pixel = 156543.034 * math.cos(math.radians(at.lat)) / 2**18 / 111_320
    for pixels, found in ((7, True), (9, False)):
        query = f"lon={at.lon}&lat={at.lat + pixels * pixel}&zoom=18&layers=base.address_point"
        assert (at.id in [f["id"] for f in asked(client, query)]) is found, pixels


def test_the_nearest_ten_of_a_layer_are_told_at_a_low_zoom(
    client: FlaskClient, connection: Connection
) -> None:
    at = spot(connection, "base.address_point")
    found = asked(client, f"{at}&zoom=12&layers=base.address_point")
    assert len(found) == 10 and found[0]["id"] == at.id
    here = shapely.Point(at.lon, at.lat)
    far = [here.distance(shapely.geometry.shape(f["geometry"])) for f in found]
    assert far == pytest.approx(sorted(far), rel=0.3)  # degrees are not square


def test_a_large_shape_is_told_around_the_place_as_it_is_drawn_there(
    client: FlaskClient, connection: Connection
) -> None:
    at = spot(connection, "base.boundary")
    whole = shapely.geometry.shape(
        client.get(f"/ogc/collections/base.boundary/items/{at.id}").json["geometry"]
    )
    assert shapely.get_num_coordinates(whole) > 100
    answers = [asked(client, f"{at}&zoom={zoom}&layers=base.boundary")[0] for zoom in (21, 13)]
    near, far = (shapely.geometry.shape(each["geometry"]) for each in answers)
    assert all(each["geometry_is_part"] for each in answers)
    assert near.contains(shapely.Point(at.lon, at.lat)) and shapely.get_num_coordinates(near) < 100
    assert far.symmetric_difference(whole).area < 0.01 * whole.area
    small = spot(connection, "base.building")
    assert all("geometry_is_part" not in each for each in asked(client, f"{small}&layers=base.building"))


def test_it_is_one_statement(client: FlaskClient, connection: Connection) -> None:
    at = spot(connection, "base.building")
    asked(client, str(at))
    with statements() as said:
        assert len({f["layer"] for f in asked(client, str(at))}) > 2
    assert len(said) == 1
    with statements() as said:
        asked(client, f"{at}&layers=")
        asked(client, "lon=0&lat=0")  # the city's plane system does not reach there
        asked(client, "lon=50&lat=0")
    assert said == []


def test_asking_no_layer_finds_nothing_and_asking_some_finds_only_theirs(
    client: FlaskClient, connection: Connection
) -> None:
    at = spot(connection, "base.building")
    assert asked(client, f"{at}&layers=") == []
    found = asked(client, f"{at}&layers=base.town,base.building,base.town")
    assert {f["layer"] for f in found} <= {"base.town", "base.building"}
    assert len({(f["layer"], f["id"]) for f in found}) == len(found)


@pytest.mark.parametrize(
    "query",
    [
        "", "lon=139", "lat=35", "lon=x&lat=35", "lon=nan&lat=35", "lon=139&lat=95", "lon=1e9&lat=35",
        "lon=&lat=35",
        "lon=141&lat=35&zoom=x", "lon=141&lat=35&zoom=-1", "lon=141&lat=35&zoom=99", "lon=141&lat=35&layer=x",
        "lon=141&lon=142&lat=35", "lon=141&lat=35%00",
    ],
)  # fmt: skip
def test_wrong_parameters_get_a_sentence(client: FlaskClient, query: str) -> None:
    answer = client.get(f"/api/identify?{query}")
    assert answer.status_code == 400
    assert answer.get_json()["title"] and answer.get_json()["detail_en"]


@pytest.mark.parametrize("lon", ["-180", "180", "139.6", "141.3"])
@pytest.mark.parametrize("lat", ["-90", "90", "0", "35.2", "45"])
def test_every_place_on_earth_may_be_asked(client: FlaskClient, lon: str, lat: str) -> None:
    for zoom in ("0", "30"):
        assert client.get(f"/api/identify?lon={lon}&lat={lat}&zoom={zoom}").status_code == 200


def test_a_hidden_layer_answers_as_a_missing_one(client: FlaskClient) -> None:
    hidden = client.get("/api/identify?lon=141.3&lat=35.2&layers=tax.parcel")
    missing = client.get("/api/identify?lon=141.3&lat=35.2&layers=tax.nothin")
    assert hidden.status_code == missing.status_code == 404
    assert hidden.get_data().replace(b"tax.parcel", b"-") == missing.get_data().replace(b"tax.nothin", b"-")


def test_each_sees_the_fields_that_are_theirs(
    client: FlaskClient, signed_in: Enter, connection: Connection, installation: Installation
) -> None:
    at = spot(connection, "tax.parcel", "owner_name IS NOT NULL")
    owner = connection.exec_driver_sql(
        "SELECT owner_name FROM tax.parcel WHERE id = %s", (at.id,)
    ).scalar_one()
    assert all(f["layer"] != "tax.parcel" for f in asked(client, str(at)))
    staff_fields = installation.catalogue.layer("tax.parcel").views()[0].columns
    roads = signed_in("roads").get(f"/api/identify?{at}")
    lot = next(f for f in roads.get_json()["features"] if (f["layer"], f["id"]) == ("tax.parcel", at.id))
    assert {p["name"] for p in lot["properties"]} == set(staff_fields) - {
        "id",
        "geom",
        "geom_web",
        "revision",
    }
    assert owner not in roads.get_data(as_text=True)
    assert "owner_name" not in roads.get_data(as_text=True)
    assert roads.headers["Cache-Control"] == "private, no-cache"
    lot = next(f for f in asked(signed_in("tax"), str(at)) if (f["layer"], f["id"]) == ("tax.parcel", at.id))
    owners = next(p for p in lot["properties"] if p["name"] == "owner_name")
    assert owners["personal"] is owners["covered"] is True and owners["value"] is None


def test_a_personal_value_is_shown_one_at_a_time_and_recorded(
    client: FlaskClient, signed_in: Enter, connection: Connection
) -> None:
    at = spot(connection, "tax.parcel", "owner_name IS NOT NULL")
    owner = connection.exec_driver_sql(
        "SELECT owner_name FROM tax.parcel WHERE id = %s", (at.id,)
    ).scalar_one()
    tax, roads = signed_in("tax"), signed_in("roads")
    assert owner not in tax.get(f"/api/identify?{at}").get_data(as_text=True)
    form = {"layer": "tax.parcel", "id": str(at.id), "field": "owner_name"}

    def reveal(who: FlaskClient, **more: str) -> Any:
        page = who.get("/maps/tax" if who is tax else "/maps/roads").get_data(as_text=True)
        token = json.loads(page.split('id="config">')[1].split("</script>")[0])["csrf"]
        return who.post("/api/reveal", data=form | more, headers={"X-CSRFToken": token})

    assert reveal(tax).get_json() == {"value": owner, "text": owner, "unit": ""}
    rows = connection.exec_driver_sql(
        "SELECT login, layer, features, details FROM gisapp.audit_entry WHERE what = 'masked_shown' ORDER BY id DESC"
    ).all()
    assert rows[0].login == "tax" and rows[0].layer == "tax.parcel" and list(rows[0].features) == [at.id]
    assert rows[0].details == {"field": "owner_name"} and owner not in str(rows[0])
    assert reveal(roads).status_code == reveal(tax, field="lot_number").status_code == 400
    assert reveal(tax, id=str(2**62)).status_code == 404
    assert tax.post("/api/reveal", data=form).status_code == 400, "without the form's token"
    assert client.post("/api/reveal", data=form).status_code in (400, 401)


def test_a_label_of_a_hidden_field_neither_leaks_nor_fails(
    installation: Installation, signed_in: Enter, connection: Connection, staff: dict[str, str]
) -> None:
    parcel = installation.catalogue.layer("tax.parcel")
    careless = replace(parcel, label="{owner_name} {lot_number}")
    only_hidden = replace(installation.catalogue.layer("tax.house"), label="{owner_name}")
    layers = {**installation.catalogue.layers, careless.id: careless, only_hidden.id: only_hidden}
    web = installations.open_for_web(installation.settings)
    app = create_app(replace(web, catalogue=Catalogue(installation.catalogue.departments, layers)))
    at = spot(connection, "tax.parcel", "owner_name IS NOT NULL")
    owner, lot = connection.exec_driver_sql(
        "SELECT owner_name, lot_number FROM tax.parcel WHERE id = %s", (at.id,)
    ).one()
    client = app.test_client()
    page = client.get("/sign-in").get_data(as_text=True)
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    client.post("/sign-in", data={"login": "roads", "password": staff["roads"], "csrf_token": token})
    answer = client.get(f"/api/identify?{at}&layers=tax.parcel")
    assert owner not in answer.get_data(as_text=True)
    assert next(f for f in answer.get_json()["features"] if f["id"] == at.id)["label"] == lot
    at = spot(connection, "tax.house", "owner_name IS NOT NULL")
    house = next(f for f in asked(client, f"{at}&layers=tax.house") if f["id"] == at.id)
    assert house["label"] == only_hidden.title.ja
    web.database.close()
