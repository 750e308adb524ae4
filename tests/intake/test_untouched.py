"""What is read stays as it was: a file, its companions, and the folder they lie in."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import geopandas
import pytest
from shapely.geometry import Point

from gisapp import errors
from gisapp.installation import Installation
from gisapp.intake.load import Order, load_file
from gisapp.intake.options import Options
from tests.intake.reading import read

FORMATS = {"shp": "ESRI Shapefile", "gpkg": "GPKG", "geojson": "GeoJSON", "fgb": "FlatGeobuf"}


def state(folder: Path) -> dict[str, tuple[int, str]]:
    files = sorted(folder.rglob("*"))
    return {f.name: (f.stat().st_mtime_ns, hashlib.sha256(f.read_bytes()).hexdigest()) for f in files}


@pytest.mark.parametrize("suffix", FORMATS)
def test_loading_changes_neither_the_file_nor_its_folder(
    installation: Installation, tmp_path: Path, suffix: str
) -> None:
    frame = geopandas.GeoDataFrame(
        {"name": ["a", "b"]}, geometry=[Point(141.3, 35.2), Point(141.301, 35.2)], crs=6668
    )
    frame.to_file(tmp_path / f"points.{suffix}", driver=FORMATS[suffix])
    before = state(tmp_path)
    file, layer = tmp_path / f"points.{suffix}", installation.catalogue.layer("facilities.aed")
    load_file(installation, Order(file, file.name, layer, Options(mode="append"), "test", dry_run=True))
    assert state(tmp_path) == before


REAL = [
    "03_base/fgd_gml/BldA.xml",
    "03_base/46505-3411-1.zip",
    "03_base/chofu_fude_import.osm",
    "03_base/plateau_53392642/udx/tran/533925_tran_6697_op.gml",
    "02_town/h27ka13204.topojson",
    "04_hazard/BP001_00000m.SHP",
    "06_planning/桜位置.shp",
    "09_nasty/gml/bom.gml",
    "09_nasty/gpkg/curve.gpkg",
    "09_nasty/gpkg/mixed_crs.gpkg",
    "09_nasty/kml/Albania.kmz",
    "09_nasty/kml/samples.kml",
    "09_nasty/mapinfo/utf8.mif",
    "09_nasty/gdb/testopenfilegdb.gdb.zip",
    "09_nasty/gdal_dbf/chinese.dbf",
    "09_nasty/nts/UnifiedChecksMaterialNullAtStart.shp",
    "09_nasty/shp_html_sidecar/htmlprj.shp",
]


@pytest.mark.parametrize("name", REAL)
def test_reading_leaves_every_folder_as_it_was(shared_data: Path, tmp_path: Path, name: str) -> None:
    """No .gfs, .shx, .aux.xml, -wal or -journal beside a file, whatever its format."""
    original = shared_data / name
    for beside in original.parent.iterdir():
        if beside.is_file() and beside.stem == original.stem:
            shutil.copyfile(beside, tmp_path / beside.name)
    path = tmp_path / original.name
    before = state(tmp_path)
    try:
        read(path)
    except errors.FileRefused as refusal:
        for choice in refusal.values["choices"][:3]:  # type: ignore[index]
            read(path, part=choice.value)
    assert state(tmp_path) == before
