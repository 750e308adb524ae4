"""GDAL's programs (Debian's gdal-bin) over WMS, WMTS and OGC API - Tiles."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from gisapp.geo.tiles import tile_at
from gisapp.installation import Installation

LAYER = "base.building"


@pytest.fixture(scope="module", autouse=True)
def gdal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """GDAL's programs, with what they keep of a WMS in a folder that goes, not where the tests run."""
    if not shutil.which("gdal_translate"):
        pytest.skip("GDAL's programs (gdal-bin) are not installed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GDAL_DEFAULT_WMS_CACHE_PATH", str(tmp_path_factory.mktemp("wms")))
        yield


def run(*command: str | Path) -> str:
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.fixture(scope="module")
def house(installation: Installation) -> tuple[list[float], float]:
    """The largest house's box in Web Mercator (west, north, east, south), and the share of it that the house covers."""
    corners = "ST_XMin(b), ST_YMax(b), ST_XMax(b), ST_YMin(b), ST_Area(g) / ST_Area(b)"
    one = f"SELECT ST_Envelope(geom_web) AS b, geom_web AS g FROM {LAYER} ORDER BY ST_Area(geom) DESC LIMIT 1"
    with installation.database.transaction("owner") as connection:
        *window, share = connection.exec_driver_sql(f"SELECT {corners} FROM ({one}) AS f").one()
    return list(window), share


def opacity(picture: Path) -> float:
    """Mean of the last band, 0 to 255."""
    bands = json.loads(run("gdalinfo", "-stats", "-json", picture))["bands"]
    return float(bands[-1]["mean"])


@pytest.mark.parametrize(
    ("version", "system"), [("1.1.1", "EPSG:3857"), ("1.3.0", "EPSG:3857"), ("1.3.0", "EPSG:4326")]
)
def test_gdal_reads_the_wms_where_the_house_is(
    server: str,
    installation: Installation,
    house: tuple[list[float], float],
    tmp_path: Path,
    version: str,
    system: str,
) -> None:
    window, share = house
    name = "CRS" if version == "1.3.0" else "SRS"
    out = tmp_path / "house.tif"
    west, north, east, south = window
    if system == "EPSG:4326":
        sql = "SELECT ST_XMin(g), ST_YMin(g), ST_XMax(g), ST_YMax(g) FROM (SELECT ST_Transform(ST_MakeEnvelope(%s, %s, %s, %s, 3857), 4326) AS g) AS f"
        with installation.database.transaction("owner") as connection:
            west, south, east, north = connection.exec_driver_sql(sql, (west, south, east, north)).one()
    source = (
        f"<GDAL_WMS><Service name='WMS'><Version>{version}</Version><ServerUrl>{server}/wms?</ServerUrl>"
        f"<Layers>{LAYER}</Layers><{name}>{system}</{name}><ImageFormat>image/png</ImageFormat><Transparent>TRUE</Transparent>"
        f"<BBoxOrder>{'yxYX' if (version, system) == ('1.3.0', 'EPSG:4326') else 'xyXY'}</BBoxOrder></Service>"
        f"<DataWindow><UpperLeftX>{west}</UpperLeftX><UpperLeftY>{north}</UpperLeftY><LowerRightX>{east}</LowerRightX>"
        f"<LowerRightY>{south}</LowerRightY><SizeX>200</SizeX><SizeY>200</SizeY></DataWindow>"
        f"<Projection>{system}</Projection><BandsCount>4</BandsCount></GDAL_WMS>"
    )
    run("gdal_translate", source, out)
    assert opacity(out) == pytest.approx(share * 43, rel=0.15)  # the style's opacity


def test_gdal_lists_the_layers_of_the_wms(server: str, installation: Installation) -> None:
    listed = run("gdalinfo", f"WMS:{server}/wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetCapabilities")
    for layer in installation.catalogue.layers.values():
        assert (f"LAYERS={layer.id}&" in listed) is (not layer.views()[0].needs), layer.id


def test_gdal_reads_the_wmts(server: str, house: tuple[list[float], float], tmp_path: Path) -> None:
    window, share = house
    source = f"WMTS:{server}/wmts/1.0.0/WMTSCapabilities.xml,layer={LAYER}"
    said = json.loads(run("gdalinfo", "-json", source))
    assert len(said["bands"]) == 4
    out = tmp_path / "house.tif"
    run("gdal_translate", "-projwin", *window, source, out)
    assert opacity(out) > 0.5 * share * 43


def test_gdal_reads_vector_tiles_of_a_collection_over_the_ogc_api(
    server: str, installation: Installation
) -> None:
    one = f"SELECT ST_Transform(ST_PointOnSurface(geom), 4326) AS p FROM {LAYER} ORDER BY id LIMIT 1"
    with installation.database.transaction("owner") as connection:
        lon, lat = connection.exec_driver_sql(f"SELECT ST_X(p), ST_Y(p) FROM ({one}) AS f").one()
    x, y = tile_at(lon, lat, 16)
    path = f"ogc/collections/{LAYER}/tiles/WebMercatorQuad/16/{y}/{x}?f=mvt"
    said = run(
        "ogrinfo", "-al", "-so", "-oo", f"X={x}", "-oo", f"Y={y}", "-oo", "Z=16", f"MVT:{server}/{path}"
    )
    assert f"Layer name: {LAYER}" in said
