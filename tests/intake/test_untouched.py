"""What is read stays as it was: a file, its companions, and the folder they lie in."""

from __future__ import annotations

import hashlib
from pathlib import Path

import geopandas
import pytest
from shapely.geometry import Point

from gisapp.installation import Installation
from gisapp.intake.load import Order, load_file
from gisapp.intake.options import Options

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
