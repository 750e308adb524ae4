"""GDAL's programs (Debian's gdal-bin): copy a collection, read a tile."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pyogrio
import pytest
import shapely

from gisapp.geo.tiles import tile_at
from gisapp.installation import Installation


@pytest.fixture(scope="module", autouse=True)
def gdal_is_installed() -> None:
    if not shutil.which("ogr2ogr"):
        pytest.skip("GDAL's programs (gdal-bin) are not installed")


def run(*command: str | Path) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def test_gdal_lists_the_collections_that_everybody_may_see(server: str, installation: Installation) -> None:
    listed = run("ogrinfo", "-q", "-so", f"OAPIF:{server}/ogc/")
    for layer in installation.catalogue.layers.values():
        public = not layer.views()[0].needs
        assert (f": {layer.id} (" in listed) is public, layer.id


@pytest.mark.parametrize("layer", ["base.building", "roads.street", "disaster.shelter", "base.boundary"])
def test_gdal_copies_a_collection_whole(
    server: str, installation: Installation, tmp_path: Path, layer: str
) -> None:
    out = tmp_path / "copy.gpkg"
    run("ogr2ogr", "-f", "GPKG", out, f"OAPIF:{server}/ogc/", layer, "-nln", "copy", "-oo", "PAGE_SIZE=700")
    copy = pyogrio.read_dataframe(out, layer="copy", fid_as_index=True)
    with installation.database.transaction("owner") as connection:
        sql = f"SELECT id, ST_AsBinary(ST_Transform(geom, 4326)) AS shape FROM {layer} ORDER BY id"
        rows = connection.exec_driver_sql(sql).all()
    assert len(copy) == len(rows)
    true = shapely.from_wkb([bytes(row.shape) for row in rows])
    assert copy.crs.to_epsg() == 4326
    apart = shapely.hausdorff_distance(copy.geometry.to_numpy(), true)
    assert apart.max() <= 1e-7  # seven decimals of a degree
    for field in installation.catalogue.layer(layer).fields:
        assert field.name in copy.columns


def test_gdal_reads_a_tile(server: str, installation: Installation) -> None:
    with installation.database.transaction("owner") as connection:
        one = "SELECT ST_Transform(ST_PointOnSurface(geom), 4326) AS p FROM base.building ORDER BY id LIMIT 1"
        lon, lat = connection.exec_driver_sql(f"SELECT ST_X(p), ST_Y(p) FROM ({one}) AS f").one()
        x, y = tile_at(lon, lat, 16)
        inside = "ST_Intersects(geom_web, ST_TileEnvelope(16, %s, %s))"
        count = connection.exec_driver_sql(
            f"SELECT count(*) FROM base.building WHERE {inside}", (x, y)
        ).scalar_one()
    said = run("ogrinfo", "-al", "-so", f"MVT:{server}/tiles/base.building,roads.street/16/{x}/{y}.mvt")
    assert "Layer name: base.building" in said and "Layer name: roads.street" in said
    found = int(said.partition("Layer name: base.building")[2].partition("Feature Count: ")[2].split()[0])
    assert found >= count > 0
    assert "3857" in said


PICTURES = """<GDAL_WMS><Service name="TMS"><ServerUrl>{server}/tiles/base.building/${{z}}/${{x}}/${{y}}.png</ServerUrl>
</Service><DataWindow><UpperLeftX>-20037508.34</UpperLeftX><UpperLeftY>20037508.34</UpperLeftY>
<LowerRightX>20037508.34</LowerRightX><LowerRightY>-20037508.34</LowerRightY><TileLevel>17</TileLevel>
<TileCountX>1</TileCountX><TileCountY>1</TileCountY><YOrigin>top</YOrigin></DataWindow>
<Projection>EPSG:3857</Projection><BlockSizeX>256</BlockSizeX><BlockSizeY>256</BlockSizeY><BandsCount>4</BandsCount>
</GDAL_WMS>"""


def test_gdal_reads_the_pictures_where_the_houses_are(
    server: str, installation: Installation, tmp_path: Path
) -> None:
    with installation.database.transaction("owner") as connection:
        corners = "ST_XMin(b), ST_YMax(b), ST_XMax(b), ST_YMin(b), ST_Area(g) / ST_Area(b)"
        one = "SELECT ST_Envelope(geom_web) AS b, geom_web AS g FROM base.building ORDER BY ST_Area(geom) DESC LIMIT 1"
        *window, share = connection.exec_driver_sql(f"SELECT {corners} FROM ({one}) AS f").one()
    source, out = tmp_path / "pictures.xml", tmp_path / "house.tif"
    source.write_text(PICTURES.format(server=server))
    run("gdal_translate", "-projwin", *map(str, window), source, out)
    said = run("gdalinfo", "-stats", "-json", out)
    opacity = json.loads(said)["bands"][3]
    assert opacity["maximum"] > 0
    assert opacity["mean"] > 0.5 * share * 0.17 * 255  # the house covers its share, at the style's opacity


def test_gdal_filters_by_a_field_and_by_a_box(server: str, installation: Installation) -> None:
    with installation.database.transaction("owner") as connection:
        count = connection.exec_driver_sql(
            "SELECT count(*) FROM base.building WHERE floors >= 3"
        ).scalar_one()
    said = run(
        "ogrinfo",
        "-q",
        "-so",
        "-al",
        f"OAPIF:{server}/ogc/collections/base.building",
        "-where",
        "floors >= 3",
    )
    assert "base.building" in said
    listed = run(
        "ogrinfo",
        f"OAPIF:{server}/ogc/",
        "base.building",
        "-where",
        "floors >= 3",
        "-oo",
        "PAGE_SIZE=1000",
        "-fields=no",
        "-geom=no",
    )
    assert listed.count("OGRFeature(") == count > 0


def test_gdal_takes_the_plane_system_with_its_axes(
    server: str, installation: Installation, tmp_path: Path
) -> None:
    """GeoJSON of the plane system has X (north) first, as EPSG says: swapped, it is where PostGIS has it."""
    srid = installation.city.srid
    address = f"{server}/ogc/collections/roads.street/items?limit=5&crs=EPSG:{srid}"
    read = pyogrio.read_dataframe(address)
    turned = shapely.transform(read.geometry.to_numpy(), lambda xy: xy[:, ::-1])
    with installation.database.transaction("owner") as connection:
        rows = connection.exec_driver_sql(
            "SELECT ST_AsBinary(geom) AS g FROM roads.street ORDER BY id LIMIT 5"
        ).all()
    true = shapely.from_wkb([bytes(row.g) for row in rows])
    assert shapely.hausdorff_distance(turned, true).max() < 1e-3
