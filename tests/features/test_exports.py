"""Exports: each format read back by somebody else's reader, and what is on record."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import geopandas
import openpyxl
import pyogrio
import pytest
import shapely
from flask.testing import FlaskClient
from sqlalchemy import Connection

from gisapp.features.exports.formats import Column
from gisapp.features.exports.gis import short_names
from gisapp.installation import Installation

Enter = Callable[[str], FlaskClient]
SOME = "layer=base.building&filter=floors%3E%3D2"


@pytest.fixture
def connection(installation: Installation) -> Iterator[Connection]:
    with installation.database.transaction("owner") as connection:
        yield connection


def export(client: FlaskClient, query: str) -> Any:
    answer = client.get(f"/api/export?{query}")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert int(answer.headers["Content-Length"]) == len(answer.get_data())
    return answer


def count(connection: Connection) -> int:
    return int(
        connection.exec_driver_sql("SELECT count(*) FROM base.building WHERE floors >= 2").scalar_one()
    )


def test_geojson_holds_the_features_of_items(client: FlaskClient, connection: Connection) -> None:
    answer = export(client, SOME)
    found = json.loads(answer.get_data())["features"]
    items = client.get("/ogc/collections/base.building/items?filter=floors%3E%3D2&limit=10000").get_json()[
        "features"
    ]
    assert found == items and len(found) == count(connection) == int(answer.headers["Export-Rows"])


@pytest.mark.parametrize(
    ("format", "crs"),
    [("gpkg", "plane"), ("shp", "plane"), ("fgb", "EPSG:6668"), ("parquet", "EPSG:6668"), ("kml", "plane")],
)
def test_gis_formats_hold_every_row_in_its_place(
    client: FlaskClient,
    installation: Installation,
    connection: Connection,
    tmp_path: Path,
    format: str,
    crs: str,
) -> None:
    srid = {"EPSG:6668": 6668, "plane": installation.city.srid}[crs]
    answer = export(client, f"{SOME}&format={format}&crs=EPSG:{srid}")
    path = tmp_path / f"out.{'zip' if format == 'shp' else format}"
    path.write_bytes(answer.get_data())
    if (
        format == "shp"
    ):  # named outright: where the intake was at work in this process, GDAL looks into no folder
        zipfile.ZipFile(path).extractall(tmp_path)
        path = next(tmp_path.glob("*.shp"))
    read = geopandas.read_parquet(path) if format == "parquet" else pyogrio.read_dataframe(path)
    assert len(read) == count(connection) == int(answer.headers["Export-Rows"])
    srid = 4326 if format == "kml" else srid
    assert read.crs.to_epsg() == srid
    rows = connection.exec_driver_sql(
        f"SELECT ST_AsBinary(ST_Transform(geom, {srid})) AS g, use FROM base.building WHERE floors >= 2 ORDER BY id"
    ).all()
    true = shapely.from_wkb([bytes(row.g) for row in rows])
    apart = shapely.hausdorff_distance(shapely.force_2d(read.geometry.to_numpy()), true)
    assert apart.max() < 1e-3
    if format != "kml":
        assert [int(use) for use in read["use"].dropna()] == [row.use for row in rows if row.use is not None]


def test_a_shapefile_has_unique_short_names_and_says_what_they_mean(
    client: FlaskClient, tmp_path: Path
) -> None:
    packed = zipfile.ZipFile(io.BytesIO(export(client, f"{SOME}&format=shp").get_data()))
    names = {Path(name).suffix for name in packed.namelist()}
    assert {".shp", ".dbf", ".prj", ".cpg", ".shx", ".csv"} <= names
    table = list(csv.DictReader(io.StringIO(packed.read("fields.csv").decode("utf-8-sig"))))
    assert len({row["shapefile"].lower() for row in table}) == len(table)
    columns = tuple(Column(f"same_beginning_{n}", "", "text") for n in range(12))
    short = short_names(columns)
    assert len(set(short)) == 12 and all(len(name) <= 10 for name in short)


def test_csv_is_utf8_with_bom_or_cp932_with_a_report(client: FlaskClient, installation: Installation) -> None:
    change = "UPDATE roads.bridge SET name = %s WHERE id = %s"
    with installation.database.transaction("owner") as connection:
        row = connection.exec_driver_sql("SELECT id, name FROM roads.bridge ORDER BY id LIMIT 1").one()
        connection.exec_driver_sql(change, ("=𠮷野髙﨑①\u301c橋☃☃", row.id))
    try:
        plain = export(client, "layer=roads.bridge&format=csv").get_data()
        assert plain.startswith(b"\xef\xbb\xbf") and "'=𠮷野髙﨑①\u301c橋☃☃" in plain.decode()
        answer = export(client, "layer=roads.bridge&format=csv&encoding=cp932")
        assert "'=〓野髙﨑①\uff5e橋〓〓" in answer.get_data().decode("cp932")
        assert json.loads(answer.headers["Export-Unheld"]) == {"☃": 2, "𠮷": 1}
        rows = list(csv.reader(io.StringIO(plain.decode("utf-8-sig"))))
        assert rows[0][0] == "番号" and rows[0][-2:] == ["経度", "緯度"] and 141 < float(rows[1][-2]) < 142
    finally:
        with installation.database.transaction("owner") as connection:
            connection.exec_driver_sql(change, (row.name, row.id))


def test_a_spreadsheet_keeps_texts_and_numbers(
    client: FlaskClient, installation: Installation, connection: Connection
) -> None:
    answer = export(client, f"{SOME}&format=xlsx&properties=building_id,floors")
    sheet = openpyxl.load_workbook(io.BytesIO(answer.get_data())).active
    assert [cell.value for cell in sheet[1]] == ["番号", "建物ID", "地上階数", "経度", "緯度"]
    assert sheet.max_row == count(connection) + 1
    assert isinstance(sheet["B2"].value, str) and isinstance(sheet["C2"].value, int)


@pytest.mark.parametrize("query", ["", "layer=base.building&format=exe", "layer=base.building&encoding=utf-7", f"{SOME}&properties=owner_name",
    "layer=base.building&crs=EPSG:1", "layer=base.building&filter=(0-floors)%5E0.5%3E1", "layer=base.building&limit=5"])  # fmt: skip
def test_a_wrong_export_gets_a_sentence(client: FlaskClient, query: str) -> None:
    assert client.get(f"/api/export?{query}").status_code == 400


def test_an_export_of_what_is_restricted_is_on_record_with_rows_and_columns(
    client: FlaskClient, signed_in: Enter, installation: Installation
) -> None:
    def last() -> Any:
        with installation.database.transaction("owner") as connection:
            return connection.exec_driver_sql(
                "SELECT id, login, what, layer, details FROM gisapp.audit_entry ORDER BY id DESC LIMIT 1"
            ).one()

    assert client.get("/api/export?layer=tax.house").status_code == 404
    tax, roads = signed_in("tax"), signed_in("roads")
    held = json.loads(export(tax, "layer=tax.house").get_data())["features"]
    entry = last()
    assert (entry.login, entry.what, entry.layer) == ("tax", "exported", "tax.house")
    assert entry.details["rows"] == len(held) and "owner_name" in entry.details["columns"]
    export(roads, "layer=tax.house&format=csv")
    assert "owner_name" not in last().details["columns"]
    before = last().id
    export(tax, SOME)
    assert last().id == before  # what everybody may see is not recorded


def test_a_million_rows_take_the_memory_of_a_thousand() -> None:
    """The writing process, fed with made-up rows: its memory at 200,000 is that at 4,000, but for a few megabytes."""
    code = """
import resource, sys, tempfile, datetime
from gisapp.features.exports import gis, sheet, texts
from gisapp.features.exports.formats import Column, Job
import shapely
wkb = shapely.to_wkb(shapely.Point(1, 2))
def run(format, rows):
    folder = tempfile.mkdtemp()
    columns = (Column("name", "name", "text"), Column("n", "n", "integer"))
    job = Job("", 0, "", {}, format, "x", columns, "Point", 6668, "utf-8", "ja", f"{folder}/x.{format}")
    row = (1, "名前" * 5, 5, 1.0, 2.0) if format == "csv" else (1, "名前" * 5, 5, wkb)
    batches = ([row] * 2000 for _ in range(rows // 2000))
    write = {"csv": texts.write_csv, "gpkg": gis.write_with_gdal, "parquet": gis.write_parquet}[format]
    assert write(job, batches)["rows"] == rows
for format in ("csv", "gpkg", "parquet"):
    run(format, 4000)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for format in ("csv", "gpkg", "parquet"):
    run(format, 200_000 if format != "gpkg" else 60_000)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout.split()[-1]) < 120, done.stdout
