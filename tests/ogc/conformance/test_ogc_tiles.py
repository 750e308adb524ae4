"""OGC API - Tiles, Part 1: its abstract tests (OGC 20-057, annex A), one test each, named by its id."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import mapbox_vector_tile
import pytest
import shapely
from flask.testing import FlaskClient
from openapi_spec_validator import OpenAPIV30SpecValidator
from PIL import Image

from gisapp.geo.tiles import tile_at
from gisapp.installation import Installation

CLASSES = (
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/tileset",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/tilesets-list",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/dataset-tilesets",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/geodata-tilesets",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/collections-selection",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/mvt",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/png",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/oas30",
)
REL = "http://www.opengis.net/def/rel/ogc/1.0/"
LAYER = "base.building"
BASES = ("tiles", "map/tiles", f"collections/{LAYER}/tiles", f"collections/{LAYER}/map/tiles")
Document = dict[str, Any]


@pytest.fixture(scope="module")
def place(installation: Installation) -> tuple[float, float]:
    one = (
        f"SELECT ST_Transform(ST_PointOnSurface(geom), 4326) AS p FROM {LAYER} ORDER BY md5(id::text) LIMIT 1"
    )
    with installation.database.transaction("owner") as connection:
        lon, lat = connection.exec_driver_sql(f"SELECT ST_X(p), ST_Y(p) FROM ({one}) AS f").one()
    return lon, lat


@pytest.fixture
def template(client: FlaskClient) -> Callable[[str, str], str]:
    """The template of the tiles below a path, in a form."""

    def find(base: str, mimetype: str) -> str:
        said = client.get(f"/ogc/{base}/WebMercatorQuad").get_json()
        (href,) = [one["href"] for one in said["links"] if one.get("templated") and one["type"] == mimetype]
        return str(href.removeprefix("http://localhost"))

    return find


def fill(template: str, z: int, column: int, row: int) -> str:
    return (
        template.replace("{tileMatrix}", str(z))
        .replace("{tileRow}", str(row))
        .replace("{tileCol}", str(column))
    )


def of_type(links: list[Document], rel: str) -> list[str]:
    return [link["href"] for link in links if link["rel"] == rel]


def test_conf_core_conformance_success(client: FlaskClient) -> None:
    assert set(CLASSES) <= set(client.get("/ogc/conformance").get_json()["conformsTo"])


@pytest.mark.parametrize("base", BASES[2:])
def test_conf_core_tc_op(
    client: FlaskClient, template: Callable[[str, str], str], place: tuple[float, float], base: str
) -> None:
    mimetype = "image/png" if "map" in base else "application/vnd.mapbox-vector-tile"
    where = template(base, mimetype)
    assert all(name in where for name in ("{tileMatrix}", "{tileRow}", "{tileCol}"))
    assert client.get(fill(where, 16, *tile_at(*place, 16))).status_code == 200


@pytest.mark.parametrize("variable", ["tilematrix", "tilerow", "tilecol"])
def test_conf_core_tc_definition(client: FlaskClient, place: tuple[float, float], variable: str) -> None:
    """/conf/core/tc-tilematrix-definition, tc-tilerow-definition, tc-tilecol-definition: a value that is none is refused."""
    x, y = tile_at(*place, 16)
    given = {"tilematrix": "16", "tilerow": str(y), "tilecol": str(x)}
    for wrong in ("x", "-1", "1.5", "9" * 400):
        values = {**given, variable: wrong}
        path = "/".join(values[name] for name in ("tilematrix", "tilerow", "tilecol"))
        answer = client.get(f"/ogc/collections/{LAYER}/tiles/WebMercatorQuad/{path}")
        assert answer.status_code == 404 and answer.get_json()["title"]


def test_conf_core_tc_success(
    client: FlaskClient, template: Callable[[str, str], str], place: tuple[float, float]
) -> None:
    x, y = tile_at(*place, 16)
    where = template(BASES[2], "application/vnd.mapbox-vector-tile")
    answer = client.get(fill(where, 16, x, y))
    assert answer.mimetype == "application/vnd.mapbox-vector-tile"
    features = mapbox_vector_tile.decode(answer.get_data())[LAYER]["features"]
    tile = shapely.box(0, 0, 4096, 4096).buffer(70)
    assert features and all(shapely.geometry.shape(one["geometry"]).intersects(tile) for one in features)
    same = client.get(f"/tiles/{LAYER}/16/{x}/{y}.mvt")
    assert (same.get_data(), same.headers["ETag"]) == (answer.get_data(), answer.headers["ETag"])
    again = client.get(fill(where, 16, x, y), headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304 and not again.get_data()


def test_conf_core_tc_error(client: FlaskClient, place: tuple[float, float]) -> None:
    base = f"/ogc/collections/{LAYER}/tiles/WebMercatorQuad"
    for outside in ("1/0/0", "25/0/0", "16/0/0", "16/70000/1"):
        assert client.get(f"{base}/{outside}").status_code == 404
    said = client.get(base).get_json()
    limits = next(one for one in said["tileMatrixSetLimits"] if one["tileMatrix"] == "16")
    corner = client.get(f"{base}/16/{limits['minTileRow']}/{limits['minTileCol']}")
    assert corner.status_code == 200 and not corner.get_data()
    missing = client.get(f"/ogc/collections/{LAYER}/tiles/UTM/16/1/1")
    assert missing.status_code == 404 and "WebMercatorQuad" in missing.get_json()["detail"]


@pytest.mark.parametrize("base", BASES)
def test_conf_tileset_description(client: FlaskClient, base: str) -> None:
    said = client.get(f"/ogc/{base}/WebMercatorQuad").get_json()
    assert said["dataType"] == ("map" if "map" in base else "vector") and said["crs"].endswith("/3857")
    assert said["tileMatrixSetURI"] == "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad"
    (scheme,) = of_type(said["links"], REL + "tiling-scheme")
    matrices = client.get(scheme.removeprefix("http://localhost")).get_json()["tileMatrices"]
    assert len(matrices) == 25 and matrices[0]["scaleDenominator"] == pytest.approx(559082264.0287178)
    assert matrices[10]["cellSize"] == pytest.approx(152.87405657)
    items = [link for link in said["links"] if link["rel"] == "item"]
    assert items and all(link["templated"] is True and link["type"] for link in items)
    assert {one["tileMatrix"] for one in said["tileMatrixSetLimits"]} <= {one["id"] for one in matrices}


@pytest.mark.parametrize("base", BASES)
def test_conf_tilesets_list_tileset_links(client: FlaskClient, base: str) -> None:
    for one in client.get(f"/ogc/{base}").get_json()["tilesets"]:
        assert {"dataType", "crs", "tileMatrixSetURI"} <= set(one)
        (own,) = of_type(one["links"], "self")
        assert own == f"http://localhost/ogc/{base}/WebMercatorQuad"
        assert of_type(one["links"], REL + "tiling-scheme")


def test_conf_dataset_tilesets_landingpage(client: FlaskClient) -> None:
    said = client.get("/ogc/").get_json()["links"]
    for kind, path in (("vector", "tiles"), ("map", "map/tiles")):
        assert of_type(said, f"{REL}tilesets-{kind}") == [f"http://localhost/ogc/{path}"]


def test_conf_dataset_tilesets_operation(client: FlaskClient, installation: Installation) -> None:
    said = client.get("/ogc/tiles/WebMercatorQuad").get_json()
    public = [one.id for one in installation.catalogue.layers.values() if not one.views()[0].needs]
    assert [one["id"] for one in said["layers"]] == public


def test_conf_geodata_tilesets_desc_links(client: FlaskClient) -> None:
    for one in client.get("/ogc/collections").get_json()["collections"]:
        for kind, path in (("vector", "tiles"), ("map", "map/tiles")):
            href = f"http://localhost/ogc/collections/{one['id']}/{path}"
            assert of_type(one["links"], f"{REL}tilesets-{kind}") == [href]


def test_conf_geodata_tilesets_operation(client: FlaskClient) -> None:
    for base in BASES[2:]:
        assert client.get(f"/ogc/{base}").status_code == 200
    hidden, missing = (client.get(f"/ogc/collections/tax.{name}/tiles") for name in ("parcel", "nothin"))
    assert hidden.status_code == missing.status_code == 404
    assert hidden.get_data().replace(b"parcel", b"-") == missing.get_data().replace(b"nothin", b"-")


@pytest.mark.parametrize("chosen", ["tax.parcel", "base.nothing", "", f"{LAYER},{LAYER}"])
def test_conf_collections_selection_query_collections(client: FlaskClient, chosen: str) -> None:
    assert client.get(f"/ogc/tiles/WebMercatorQuad?collections={LAYER},roads.street").status_code == 200
    for path in ("", "/WebMercatorQuad", "/WebMercatorQuad/16/1/1"):
        refused = client.get(f"/ogc/tiles{path}?collections={chosen}")
        assert refused.status_code in (400, 404) and refused.get_json()["detail_en"]


def test_conf_collections_selection_collections_response(
    client: FlaskClient, place: tuple[float, float]
) -> None:
    x, y = tile_at(*place, 16)
    chosen = f"roads.street,{LAYER}"
    said = client.get(f"/ogc/tiles/WebMercatorQuad?collections={chosen}").get_json()
    assert [one["id"] for one in said["layers"]] == chosen.split(",")
    assert all("collections=roads.street" in link["href"] for link in said["links"] if link["rel"] == "item")
    tile = client.get(f"/ogc/tiles/WebMercatorQuad/16/{y}/{x}?collections={chosen}").get_data()
    assert {name.partition(":")[0] for name in mapbox_vector_tile.decode(tile)} <= set(chosen.split(","))
    whole = client.get(f"/ogc/tiles/WebMercatorQuad/16/{y}/{x}").get_data()
    assert len(mapbox_vector_tile.decode(whole)) > 3


def test_conf_mvt_content(client: FlaskClient, place: tuple[float, float]) -> None:
    x, y = tile_at(*place, 16)
    accepting = {"Accept": "application/vnd.mapbox-vector-tile"}
    answer = client.get(f"/ogc/collections/{LAYER}/tiles/WebMercatorQuad/16/{y}/{x}", headers=accepting)
    assert answer.mimetype == accepting["Accept"] and mapbox_vector_tile.decode(answer.get_data())


def test_conf_png_content(client: FlaskClient, place: tuple[float, float]) -> None:
    x, y = tile_at(*place, 17)
    base = f"/ogc/collections/{LAYER}/map/tiles/WebMercatorQuad/17/{y}/{x}"
    for mimetype in ("image/png", "image/webp"):
        answer = client.get(base, headers={"Accept": mimetype})
        picture = Image.open(io.BytesIO(answer.get_data()))
        assert answer.mimetype == mimetype == f"image/{picture.format.lower()}"  # type: ignore[union-attr]
        assert picture.size == (256, 256) and picture.convert("RGBA").getextrema()[3][1] > 0
    assert client.get(f"{base}?f=png").get_data() == client.get(f"/tiles/{LAYER}/17/{x}/{y}.png").get_data()
    assert client.get(f"{base}?f=gif").status_code == 400


def test_conf_oas30_completeness(client: FlaskClient) -> None:
    definition = client.get("/ogc/api").get_json(force=True)
    assert not list(OpenAPIV30SpecValidator(definition).iter_errors())
    for base in ("/tiles", "/map/tiles", "/collections/{collectionId}/tiles"):
        assert f"{base}/{{tileMatrixSetId}}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}" in definition["paths"]


def test_conf_oas30_operation_id(client: FlaskClient) -> None:
    paths = client.get("/ogc/api").get_json(force=True)["paths"].values()
    ids = {one["get"]["operationId"] for one in paths if "get" in one}
    for whose in ("dataset", "collection"):
        for kind in ("vector", "map"):
            assert {f"{whose}.{kind}.{verb}" for verb in ("getTileSetsList", "getTileSet", "getTile")} <= ids


def test_restricted_tiles_are_recorded_as_at_their_own_address(
    client: FlaskClient, signed_in: Callable[[str], FlaskClient], installation: Installation
) -> None:
    app = client.application
    app.extensions.pop("gisapp_opened", None)
    count = "SELECT count(*) FROM gisapp.audit_entry WHERE what = 'layer_opened' AND layer = 'tax.parcel'"
    with installation.database.transaction("owner") as connection:
        before = connection.exec_driver_sql(count).scalar_one()
    west, south, east, north = installation.city.bounds
    x, y = tile_at((west + east) / 2, (south + north) / 2, 16)
    answer = signed_in("tax").get(f"/ogc/collections/tax.parcel/tiles/WebMercatorQuad/16/{y}/{x}")
    assert answer.status_code == 200 and answer.headers["Cache-Control"].startswith("private")
    with installation.database.transaction("owner") as connection:
        assert connection.exec_driver_sql(count).scalar_one() == before + 1
