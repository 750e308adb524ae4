"""Real files of real cities fill the fields they should, by the column names that they came with."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from layer_folders import claims, layer

from gisapp.settings import load_city

FILES = [
    ("base.boundary", "01_boundary/N03_13223.geojson", {"name": "name"}),
    ("base.boundary", "01_boundary/N03_tokyo23ku.geojson", {"N03_004": "name", "N03_007": "code"}),
    (
        "base.town",
        "02_town/r2ka13101.shp",
        {"KEY_CODE": "key_code", "S_NAME": "name", "HCODE": "kind", "AREA": "area"},
    ),
    (
        "base.building",
        "10_bench/bench_nerima_13120_plateau2020.fgb",
        {"tatemono_id": "building_id", "height_m": "height"},
    ),
    ("base.railway", "03_base/N02-18_Station.geojson", {"N02_003": "line_name", "N02_005": "station"}),
    ("statistics.population_town", "02_town/r2ka13103.shp", {"JINKO": "population", "SETAI": "households"}),
    (
        "facilities.public_facility",
        "06_planning/A27P-16_13.geojson",
        {"A27_003": "name", "A27_004": "seat_copulative_spell"},
    ),
    (
        "facilities.school_district",
        "06_planning/小学校区.shp",
        {"SAFIELD000": "district_number", "SAFIELD001": "name"},
    ),
    ("facilities.school_district", "06_planning/中学校区.shp", {"item1": "district_number", "item2": "name"}),
    (
        "city_planning.zoning",
        "06_planning/第一種低層住居専用地域.shp",
        {"SAFIELD000": "name", "SAFIELD001": "floor_area_ratio", "SAFIELD002": "building_coverage"},
    ),
    (
        "disaster.shelter",
        "05_facility/gsi_emergency_132233.geojson",
        {
            "共通ID": "facility_id",
            "施設・場所名": "name",
            "洪水": "hazard_flood",
            "内水氾濫": "hazard_inland_flood",
        },
    ),
    (
        "disaster.flood_history",
        "04_hazard/浸水履歴_平成10年.shp",
        {"日付": "happened_on", "異常気象名": "cause", "地域": "place", "水害地域": "damage"},
    ),
    ("tax.parcel", "06_planning/f_lot_number.shp", {"chiban_id": "parcel_id", "chiban": "lot_number"}),
    (
        "disaster.landslide_zone",
        "04_hazard/523857_lsld_6668_op.gml",
        {"disasterType": "phenomenon", "areaType": "zone_type"},
    ),
]
LISTS = [
    ("facilities.aed", "05_facility/yaizu_222127_aed.csv"),
    ("disaster.hydrant", "05_facility/yaizu_222127_fire_hydrant.csv"),
    ("facilities.public_facility", "05_facility/yaizu_222127_facilities_smartmap.csv"),
]


@pytest.mark.parametrize(("layer_id", "file", "expected"), FILES)
def test_columns_of_real_files_find_their_fields(
    real_columns: dict[str, list[str]], layer_id: str, file: str, expected: dict[str, str]
) -> None:
    columns = real_columns[file]
    found = claims(layer(layer_id, "yaizu"), columns)
    assert {column: found.get(column) for column in expected} == expected
    assert len(set(found.values())) == len(found), f"two columns would fill one field: {found}"


@pytest.mark.parametrize(("layer_id", "file"), LISTS)
def test_published_lists_lose_no_column(shared_data: Path, layer_id: str, file: str) -> None:
    with (shared_data / file).open(encoding="utf-8-sig", newline="") as lines:
        columns = next(csv.reader(lines))
    found = claims(layer(layer_id), columns)
    assert [column for column in columns if column not in found] == []
    assert len(set(found.values())) == len(columns)


def test_past_inundation_is_a_layer_of_the_one_city_that_has_it() -> None:
    folder = load_city("yaizu").folder / "layers" / "disaster" / "flood_history"
    assert layer("disaster.flood_history", "yaizu").folder == folder


READ = """
import json, sys, pyogrio
for path, encoding in json.load(sys.stdin):
    print(json.dumps(list(pyogrio.read_info(path, encoding=encoding)["fields"])))
"""


@pytest.fixture(scope="module")
def real_columns(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """File → its columns as GDAL reads them.

    In a process of its own: the intake leaves this one few drivers, and lets GDAL write the index of a Shapefile anew.
    From a copy where GDAL writes beside what it reads (GML).
    """
    scratch = tmp_path_factory.mktemp("gml")
    files = sorted({file for _, file, _ in FILES})
    paths = [
        shared_data / f if not f.endswith(".gml") else Path(shutil.copy(shared_data / f, scratch))
        for f in files
    ]
    order = json.dumps([(str(path), _encoding(file)) for path, file in zip(paths, files, strict=True)])
    done = subprocess.run(
        [sys.executable, "-c", READ], input=order, capture_output=True, text=True, check=True
    )
    return dict(zip(files, map(json.loads, done.stdout.splitlines()), strict=True))


def _encoding(file: str) -> str | None:
    return "CP932" if file.endswith(".shp") else None
