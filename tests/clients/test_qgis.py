"""QGIS, as staff have it: vector tiles, the OGC collection, and the database through an audience's login."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from gisapp.access import people
from gisapp.access.policy import Asker
from gisapp.access.signing import Wanted, make
from gisapp.catalogue.layer import Layer, View, tokens
from gisapp.geo.tiles import web_box
from gisapp.installation import Installation

SCRIPT = Path(__file__).with_name("look_with_qgis.py")
PYTHON = "/usr/bin/python3"


@pytest.fixture(scope="module", autouse=True)
def qgis_is_installed() -> None:
    tried = subprocess.run([PYTHON, "-c", "import qgis.core"], capture_output=True)
    if tried.returncode:
        pytest.skip("QGIS's Python (python3-qgis) is not installed")


def look(*wishes: dict[str, Any]) -> list[dict[str, Any]]:
    done = subprocess.run(
        [PYTHON, SCRIPT], input=json.dumps(wishes), capture_output=True, text=True, timeout=120, cwd="/"
    )
    found = [line for line in done.stdout.splitlines() if line.startswith("FOUND")]
    assert found, done.stdout[-1000:] + done.stderr[-2000:]
    return list(json.loads(found[-1].removeprefix("FOUND")))


def test_qgis_draws_the_tiles(server: str, installation: Installation) -> None:
    with installation.database.transaction("owner") as connection:
        box = "ST_XMin(b), ST_YMin(b), ST_XMax(b), ST_YMax(b)"
        one = "SELECT ST_Expand(geom_web, 150) AS b FROM base.building ORDER BY id OFFSET 150 LIMIT 1"
        houses = list(connection.exec_driver_sql(f"SELECT {box} FROM ({one}) AS f").one())
    nowhere = list(web_box((100.0, 10.0, 100.003, 10.003)))
    url = f"{server}/tiles/base.building,roads.street/%7Bz%7D/%7Bx%7D/%7By%7D.mvt"
    (found,) = look({"do": "tiles", "url": url, "zmin": 11, "zmax": 16, "boxes": [houses, nowhere]})
    assert found["valid"]
    assert found["painted"][0] > 1000
    assert found["painted"][1] == 0  # empty tiles are no error to it


def test_qgis_draws_the_pictures(server: str, installation: Installation) -> None:
    with installation.database.transaction("owner") as connection:
        box = "ST_XMin(b), ST_YMin(b), ST_XMax(b), ST_YMax(b)"
        one = "SELECT ST_Expand(geom_web, 150) AS b FROM base.building ORDER BY id OFFSET 150 LIMIT 1"
        houses = list(connection.exec_driver_sql(f"SELECT {box} FROM ({one}) AS f").one())
    nowhere = list(web_box((100.0, 10.0, 100.003, 10.003)))
    url = f"{server}/tiles/base.building,roads.street/%7Bz%7D/%7Bx%7D/%7By%7D.png"
    (found,) = look({"do": "pictures", "url": url, "zmin": 12, "zmax": 20, "boxes": [houses, nowhere]})
    assert found["valid"]
    assert found["painted"][0] > 1000
    assert found["painted"][1] == 0


def test_qgis_draws_restricted_tiles_over_a_signed_address(
    server: str, installation: Installation, staff: dict[str, str]
) -> None:
    with installation.database.transaction("owner") as connection:
        box = "ST_XMin(b), ST_YMin(b), ST_XMax(b), ST_YMax(b)"
        one = "SELECT ST_Expand(geom_web, 50) AS b FROM tax.parcel ORDER BY id LIMIT 1"
        lots = list(connection.exec_driver_sql(f"SELECT {box} FROM ({one}) AS f").one())
        person = people.find_person(connection, people.id_of(connection, "tax"))
    made = make(installation, Asker(person), Wanted(tiles="tax.parcel"))
    wishes = []
    for do, form in (("tiles", "mvt"), ("pictures", "png")):
        address, signature = made.paths[form].split("?")
        for query in (signature, signature[:-4] + "AAAA"):
            url = quote(f"{server}{address}?{query}", safe=":/")
            wishes.append({"do": do, "url": url, "zmin": 16, "zmax": 16, "boxes": [lots]})
    painted = [found["painted"][0] for found in look(*wishes)]
    assert painted[0] > 1000 and painted[2] > 1000, "the parcels"
    assert painted[1] == painted[3] == 0, "nothing without a signature that fits"


def test_qgis_reads_a_collection(server: str, installation: Installation) -> None:
    (found,) = look({"do": "collection", "url": f"{server}/ogc/", "layer": "base.building"})
    layer = installation.catalogue.layer("base.building")
    with installation.database.transaction("owner") as connection:
        sql = "SELECT count(*) AS n, sum(ST_Area(ST_Transform(geom, 4326))) AS area FROM base.building"
        true = connection.exec_driver_sql(sql).one()
    assert found["valid"] and found["count"] == found["read"] == true.n > 200
    assert {field.name for field in layer.fields} <= set(found["fields"])
    assert found["area"] == pytest.approx(true.area, rel=1e-4)


def test_qgis_draws_the_wms_and_the_wmts_and_asks_what_is_there(
    server: str, installation: Installation
) -> None:
    srid = installation.city.srid
    box = "ST_XMin(b), ST_YMin(b), ST_XMax(b), ST_YMax(b), id, ST_X(p), ST_Y(p)"
    one = "SELECT id, ST_Expand(geom, 60) AS b, ST_PointOnSurface(geom) AS p FROM base.building ORDER BY ST_Area(geom) DESC LIMIT 1"
    with installation.database.transaction("owner") as connection:
        *plane, house, x, y = connection.exec_driver_sql(f"SELECT {box} FROM ({one}) AS f").one()
    wms = f"layers=base.building&styles=&format=image/png&url={server}/wms"
    wmts = f"layers=base.building&styles=default&format=image/png&tileMatrixSet=WebMercatorQuad&crs=EPSG:3857&url={server}/wmts/1.0.0/WMTSCapabilities.xml"
    wish = {"do": "service", "crs": f"EPSG:{srid}", "boxes": [plane], "at": [x, y]}
    in_plane, in_degrees, tiled = look(
        {**wish, "uri": f"crs=EPSG:{srid}&{wms}"},
        {key: value for key, value in wish.items() if key != "at"} | {"uri": f"crs=EPSG:4326&{wms}"},
        {key: value for key, value in wish.items() if key != "at"} | {"uri": wmts},
    )
    assert in_plane["valid"] and in_degrees["valid"] and tiled["valid"], (in_plane, in_degrees, tiled)
    assert in_plane["crs"] == f"EPSG:{srid}" and f"base.building.{house}" in in_plane["info"]
    assert in_plane["painted"][0] > 3000
    for other in (in_degrees, tiled):
        assert other["painted"][0] == pytest.approx(in_plane["painted"][0], rel=0.1)


def views_for(installation: Installation, departments: frozenset[str]) -> list[tuple[Layer, View]]:
    held = tokens(departments)
    layers = installation.catalogue.layers.values()
    return [(layer, view) for layer in layers for view in layer.views() if view.needs <= held]


@pytest.mark.parametrize(
    ("login", "departments"), [("aud_public", frozenset()), ("aud_roads", {"roads"}), ("aud_tax", {"tax"})]
)
def test_qgis_lists_the_views_of_an_audience_and_nothing_else(
    installation: Installation, login: str, departments: frozenset[str]
) -> None:
    database = installation.database
    wish = {
        "do": "database",
        "host": database.address.host,
        "port": database.address.port,
        "database": database.address.database,
        "user": database.role(login),
        "password": database.password(login),
        "schemas": sorted(installation.catalogue.departments),
        "open": ["tax.road_price_for_public", "tax.parcel_for_staff", "tax.parcel_for_tax", "tax.parcel"],
    }
    (found,) = look(wish)
    visible = views_for(installation, frozenset(departments))
    assert found["listed"] == sorted(f"{layer.department}.{view.name}" for layer, view in visible)
    opened = {name: layer for name, layer in found["opened"].items() if layer["valid"]}
    expected = {"tax.road_price_for_public"}
    expected |= {"tax.parcel_for_staff"} if departments else set()
    expected |= (
        {"tax.parcel_for_tax", "tax.parcel"} if "tax" in departments else set()
    )  # every column is theirs
    assert set(opened) == expected
    for name, layer in opened.items():
        assert layer["read"] > 0 and layer["crs"] == f"EPSG:{installation.city.srid}", name
        assert ("owner_name" in layer["fields"]) is (name in ("tax.parcel_for_tax", "tax.parcel"))
