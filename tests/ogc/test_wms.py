"""WMS: what it says of itself, pictures that lie where the features are, what lies at a pixel, legends."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image

from gisapp.geo.tiles import tile_at, tile_box
from gisapp.installation import Installation

Enter = Callable[[str], FlaskClient]
NEW = "{http://www.opengis.net/wms}"
LAYER = "base.building"
SIDE = 300


def picture(client: FlaskClient, query: str) -> Image.Image:
    answer = client.get(f"/wms?SERVICE=WMS&REQUEST=GetMap&STYLES=&{query}")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    found = Image.open(io.BytesIO(answer.get_data()))
    assert answer.mimetype == f"image/{str(found.format).lower()}"
    return found


def asking(version: str, system: str, box: Any, side: int = SIDE, layers: str = LAYER, more: str = "") -> str:
    name = "SRS" if version == "1.1.1" else "CRS"
    listed = ",".join(f"{n:.9f}" for n in box)
    return f"VERSION={version}&{name}={system}&BBOX={listed}&WIDTH={side}&HEIGHT={side}&LAYERS={layers}&TRANSPARENT=TRUE{more}"


@pytest.fixture(scope="module")
def houses(installation: Installation) -> Callable[[int], tuple[float, ...]]:
    """A box of 200 m around some houses, in a system: x before y."""

    def box(srid: int) -> tuple[float, ...]:
        one = (
            f"SELECT ST_Expand(ST_Centroid(geom), 100) AS b FROM {LAYER} ORDER BY ST_Area(geom) DESC LIMIT 1"
        )
        corners = "ST_XMin(g), ST_YMin(g), ST_XMax(g), ST_YMax(g)"
        with installation.database.transaction("owner") as connection:
            sql = f"SELECT {corners} FROM (SELECT ST_Transform(b, {srid}) AS g FROM ({one}) AS e) AS f"
            return tuple(connection.exec_driver_sql(sql).one())

    return box


def within(installation: Installation, srid: int, box: tuple[float, ...]) -> np.ndarray[Any, Any]:
    """Whether the middles of every tenth pixel lie in a house, as PostGIS has it in that system."""
    step = 10 * (box[2] - box[0]) / SIDE, 10 * (box[3] - box[1]) / SIDE
    sql = f"""SELECT r, c, EXISTS (SELECT 1 FROM {LAYER} AS h WHERE ST_Intersects(h.geom, ST_Transform(
        ST_SetSRID(ST_MakePoint(%(w)s + (c + 0.55) * %(x)s, %(n)s - (r + 0.55) * %(y)s), {srid}), {installation.city.srid})))
        FROM generate_series(0, 29) AS r, generate_series(0, 29) AS c ORDER BY 1, 2"""
    with installation.database.transaction("owner") as connection:
        values = {"w": box[0], "n": box[3], "x": step[0], "y": step[1]}
        rows = connection.exec_driver_sql(sql, values).all()
    return np.array([row[2] for row in rows]).reshape(30, 30)


@pytest.mark.parametrize(
    ("version", "system", "swapped"),
    [
        ("1.3.0", "EPSG:3857", False),
        ("1.3.0", "EPSG:4326", True),
        ("1.3.0", "CRS:84", False),
        ("1.3.0", "EPSG:6668", True),
        ("1.3.0", "EPSG:6677", True),
        ("1.1.1", "EPSG:4326", False),
        ("1.1.1", "EPSG:6677", False),
    ],
)
def test_a_map_shows_houses_where_postgis_has_them(
    client: FlaskClient,
    installation: Installation,
    houses: Callable[[int], tuple[float, ...]],
    version: str,
    system: str,
    swapped: bool,
) -> None:
    srid = 4326 if system == "CRS:84" else int(system.removeprefix("EPSG:"))
    box = houses(srid)
    said = (box[1], box[0], box[3], box[2]) if swapped else box
    drawn = picture(client, asking(version, system, said))
    assert drawn.size == (SIDE, SIDE)
    painted = np.asarray(drawn.convert("RGBA"))[5::10, 5::10, 3] > 25
    true = within(installation, srid, box)
    assert 0.1 < true.mean() < 0.9
    assert (painted == true).mean() > 0.97, "edges are a hairline wide"


def test_the_same_ground_is_the_same_picture_in_every_order_of_axes(
    client: FlaskClient, houses: Callable[[int], tuple[float, ...]]
) -> None:
    box = houses(4326)
    turned = box[1], box[0], box[3], box[2]
    asked = (("1.3.0", "EPSG:4326", turned), ("1.3.0", "CRS:84", box), ("1.1.1", "EPSG:4326", box))
    assert len({picture(client, asking(*one)).tobytes() for one in asked}) == 1


def test_a_map_over_a_picture_tile_is_that_tile(
    client: FlaskClient, houses: Callable[[int], tuple[float, ...]]
) -> None:
    box = houses(4326)
    x, y = tile_at(box[0], box[1], 17)
    tile = Image.open(io.BytesIO(client.get(f"/tiles/{LAYER}/17/{x}/{y}.png").get_data())).convert("RGBA")
    drawn = picture(client, asking("1.3.0", "EPSG:3857", tile_box(17, x, y), 256)).convert("RGBA")
    assert np.abs(np.asarray(drawn, float) - np.asarray(tile, float)).mean() < 1


def test_formats_paper_and_transparency(
    client: FlaskClient, houses: Callable[[int], tuple[float, ...]]
) -> None:
    ask = asking("1.3.0", "EPSG:3857", houses(3857), 64)
    clear = picture(client, ask)
    assert clear.convert("RGBA").getextrema()[3][0] == 0
    green = picture(client, ask.replace("TRANSPARENT=TRUE", "TRANSPARENT=FALSE") + "&BGCOLOR=0x00ff00")
    assert green.mode == "RGB" and green.getcolors(5000)
    assert (0, 255, 0) in {colour for _, colour in green.getcolors(5000) or []}
    for form in ("image/jpeg", "image/webp", "image/png; mode=8bit"):
        found = picture(client, f"{ask}&FORMAT={form}")
        assert found.format == form.split(";")[0].removeprefix("image/").upper()


def test_layers_are_drawn_from_the_first_to_the_last(
    client: FlaskClient, houses: Callable[[int], tuple[float, ...]]
) -> None:
    def drawn(layers: str) -> bytes:
        return picture(
            client, asking("1.3.0", "EPSG:3857", houses(3857), 128, f"{layers}&BGCOLOR=0xFFFFFF")
        ).tobytes()

    one, other = drawn("land_use.land_use,base.building"), drawn("base.building,land_use.land_use")
    assert one != other


def test_far_away_and_far_out_there_is_nothing(client: FlaskClient) -> None:
    flat = (15_510_000, 5_000_000, 15_610_000, 5_000_001)
    for box in ((0, 0, 1000, 1000), (-2e7, -2e7, 2e7, 2e7), (1e7, 1e7, 9e7, 9e7), flat):
        drawn = picture(client, asking("1.3.0", "EPSG:3857", box, 64, more="&FORMAT=image/png"))
        assert drawn.convert("RGBA").getextrema()[3] == (0, 0)


@pytest.mark.parametrize("version", ["1.1.1", "1.3.0"])
def test_capabilities_name_the_layers_that_the_asker_may_see(
    client: FlaskClient, signed_in: Enter, installation: Installation, version: str
) -> None:
    def layers(who: FlaskClient) -> list[ElementTree.Element]:
        answer = who.get(f"/wms?service=wms&request=GetCapabilities&version={version}")
        assert answer.status_code == 200
        tree = ElementTree.fromstring(answer.get_data())
        assert tree.get("version") == version
        prefix = NEW if version == "1.3.0" else ""
        return [one for one in tree.iter(f"{prefix}Layer") if one.find(f"{prefix}Name") is not None]

    prefix = NEW if version == "1.3.0" else ""
    public = [one.findtext(f"{prefix}Name") for one in layers(client)]
    assert public == [one.id for one in installation.catalogue.layers.values() if not one.views()[0].needs]
    assert "tax.parcel" in [one.findtext(f"{prefix}Name") for one in layers(signed_in("tax"))]
    one = layers(client)[0]
    boxes = {
        box.get("CRS" if version == "1.3.0" else "SRS"): float(box.get("minx", "nan"))
        for box in one.iter(f"{prefix}BoundingBox")
    }
    south, west = installation.city.bounds[1], installation.city.bounds[0]
    assert boxes["EPSG:4326"] == pytest.approx(south if version == "1.3.0" else west, abs=1e-5)
    assert {"EPSG:3857", "EPSG:6668", f"EPSG:{installation.city.srid}"} <= set(boxes)
    assert one.find(f"{prefix}Style/{prefix}LegendURL") is not None


@pytest.mark.parametrize("version", ["1.1.1", "1.3.0"])
def test_a_pixel_tells_the_house_that_is_there(
    client: FlaskClient, installation: Installation, houses: Callable[[int], tuple[float, ...]], version: str
) -> None:
    system = "EPSG:6677"
    box = houses(6677)
    said = box if version == "1.1.1" else (box[1], box[0], box[3], box[2])
    sql = f"SELECT id, ST_X(p), ST_Y(p) FROM (SELECT id, ST_PointOnSurface(geom) AS p FROM {LAYER} ORDER BY ST_Area(geom) DESC LIMIT 1) AS f"
    with installation.database.transaction("owner") as connection:
        house, x, y = connection.exec_driver_sql(sql).one()
    column, row = int((x - box[0]) / (box[2] - box[0]) * SIDE), int((box[3] - y) / (box[3] - box[1]) * SIDE)
    at = f"&X={column}&Y={row}" if version == "1.1.1" else f"&I={column}&J={row}"
    ask = "/wms?REQUEST=GetFeatureInfo&" + asking(version, system, said) + f"&QUERY_LAYERS={LAYER}{at}"
    said_json = client.get(f"{ask}&INFO_FORMAT=application/json").get_json()
    assert [one["id"] for one in said_json["features"]] == [f"{LAYER}.{house}"]
    assert said_json["features"][0]["geometry"]["type"] in ("Polygon", "MultiPolygon")
    text = client.get(ask)
    assert text.mimetype == "text/plain" and f"{LAYER}.{house}" in text.get_data(as_text=True)
    page = client.get(f"{ask}&INFO_FORMAT=text/html")
    assert page.mimetype == "text/html" and "<table>" in page.get_data(as_text=True)
    empty = client.get(ask.replace(at, at.replace(f"={column}", "=0").replace(f"={row}", "=0")))
    assert empty.status_code == 200


def test_what_is_seen_of_restricted_layers_is_recorded(
    app: Flask, signed_in: Enter, installation: Installation
) -> None:
    app.extensions.pop("gisapp_opened", None)
    sql = "SELECT ST_X(p), ST_Y(p) FROM (SELECT ST_Transform(ST_PointOnSurface(geom), 3857) AS p FROM tax.parcel ORDER BY id LIMIT 1) AS f"
    count = "SELECT what, count(*) FROM gisapp.audit_entry WHERE layer = 'tax.parcel' GROUP BY what"
    with installation.database.transaction("owner") as connection:
        x, y = connection.exec_driver_sql(sql).one()
        before = dict(connection.exec_driver_sql(count).all())  # type: ignore[arg-type]
    ask = asking(
        "1.3.0", "EPSG:3857", (x - 50, y - 50, x + 50, y + 50), 100, "tax.parcel&QUERY_LAYERS=tax.parcel"
    )
    tax = signed_in("tax")
    answer = tax.get(f"/wms?REQUEST=GetMap&{ask}")
    assert answer.status_code == 200 and answer.headers["Cache-Control"].startswith("private")
    found = tax.get(f"/wms?REQUEST=GetFeatureInfo&{ask}&I=50&J=50&INFO_FORMAT=application/json").get_json()
    assert found["features"][0]["properties"]["owner_name"]
    with installation.database.transaction("owner") as connection:
        after = dict(connection.exec_driver_sql(count).all())  # type: ignore[arg-type]
    for what in ("layer_opened", "feature_viewed"):
        assert after[what] == before.get(what, 0) + 1
    roads = signed_in("roads").get(
        f"/wms?REQUEST=GetFeatureInfo&{ask}&I=50&J=50&INFO_FORMAT=application/json"
    )
    assert "owner_name" not in roads.get_data(as_text=True)


def test_a_legend_is_a_picture_with_a_row_for_each_class(client: FlaskClient) -> None:
    sizes = {}
    for layer in ("disaster.flood_depth", "roads.street", "disaster.shelter"):
        answer = client.get(f"/wms?REQUEST=GetLegendGraphic&VERSION=1.3.0&LAYER={layer}&FORMAT=image/png")
        drawn = Image.open(io.BytesIO(answer.get_data())).convert("RGBA")
        sizes[layer] = drawn.size
        assert len(drawn.getcolors(100_000) or []) > 20
    assert sizes["disaster.flood_depth"][1] >= 5 * 22
    known = answer.headers["ETag"]
    again = client.get(
        f"/wms?REQUEST=GetLegendGraphic&VERSION=1.3.0&LAYER={layer}&FORMAT=image/png",
        headers={"If-None-Match": known},
    )
    assert again.status_code == 304
