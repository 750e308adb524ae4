"""Formats, encodings and shapes that are loaded as they are."""

from __future__ import annotations

import json
import sqlite3
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import shapely

from gisapp.intake.report import Report
from tests.intake.conftest import Load
from tests.intake.files import LAT, LON, STEP, feature, gdal_file, geojson, line, parts, point, square, zipped

Rows = Callable[..., list[tuple[Any, ...]]]
STREETS = "SELECT route_number, name, width FROM roads.street ORDER BY id"
pytestmark = pytest.mark.usefixtures("empty_layers")


def found(report: Report) -> dict[str, tuple[int, ...]]:
    return {problem.code: problem.rows for problem in report.findings}


def test_lines_of_geojson(load: Load, rows: Rows, tmp_path: Path) -> None:
    path = tmp_path / "streets.geojsonl"
    path.write_text("".join(json.dumps(feature(line(n), 路線番号=str(n))) + "\n" for n in range(3)))
    assert load(path, "roads.street").loaded == 3
    assert [row[0] for row in rows(STREETS)] == ["0", "1", "2"]


def test_a_geojson_with_a_crs_member_is_read_in_that_system(load: Load, rows: Rows, tmp_path: Path) -> None:
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::6677"}}
    plane = shapely.LineString([(-40327, -27112), (-40300, -27000)])
    report = load(geojson(tmp_path / "s.geojson", [feature(plane, 路線番号="1")], crs=crs), "roads.street")
    assert report.as_json()["crs"]["source_from"] == "its crs member"
    assert rows("SELECT ST_AsText(geom) FROM roads.street") == [
        ("MULTILINESTRING((-40327 -27112,-40300 -27000))",)
    ]


@pytest.mark.parametrize("suffix", [".gpkg", ".fgb"])
def test_formats_of_one_file(load: Load, rows: Rows, tmp_path: Path, suffix: str) -> None:
    path = gdal_file(
        tmp_path / f"s{suffix}",
        [line(n) for n in range(3)],
        {"路線番号": ["1", "2", "3"], "幅員": [4.0, 5.5, 6.0]},
    )
    assert load(path, "roads.street").loaded == 3
    assert sorted(rows(STREETS))[1] == ("2", None, 5.5)  # FlatGeobuf sorts its rows


def test_a_geopackage_in_use_is_read_and_left_alone(load: Load, tmp_path: Path) -> None:
    path = gdal_file(tmp_path / "s.gpkg", [line()], {"路線番号": ["1"]})
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = wal")
    connection.close()
    before = sorted(p.name for p in tmp_path.iterdir())
    assert load(path, "roads.street").loaded == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("language", "cpg"), [(0x13, None), (0, "Shift_JIS\r\n"), (0, None), (0, "\ufeffSJIS"), (0, "<html>")]
)
def test_a_japanese_shapefile_says_its_encoding_in_many_ways_or_not(
    load: Load, rows: Rows, tmp_path: Path, language: int, cpg: str | None
) -> None:
    shp = gdal_file(
        tmp_path / "道路.shp", [line()], {"路線番号": ["①"], "路線名": ["髙橋～㈱前線"]}, encoding="cp932"
    )
    dbf = bytearray(shp.with_suffix(".dbf").read_bytes())
    dbf[29] = language
    shp.with_suffix(".dbf").write_bytes(dbf)
    shp.with_suffix(".cpg").unlink()
    if cpg is not None:
        shp.with_suffix(".cpg").write_text(cpg)
    assert load(shp, "roads.street").encoding == "cp932"
    assert rows(STREETS) == [("①", "髙橋～㈱前線", None)]


def test_a_utf8_shapefile_that_claims_to_be_shift_jis_is_read_as_what_it_is(
    load: Load, rows: Rows, tmp_path: Path
) -> None:
    shp = gdal_file(tmp_path / "r.shp", [line()], {"name": ["一丁目線"], "code": ["1"]}, encoding="utf-8")
    shp.with_suffix(".cpg").write_text("Shift_JIS")
    assert "encoding_guessed" in found(load(shp, "roads.street"))
    assert rows(STREETS) == [("1", "一丁目線", None)]


def test_a_zip_with_japanese_names_in_any_case(load: Load, tmp_path: Path) -> None:
    shp = gdal_file(tmp_path / "道路.shp", [line()], {"路線番号": ["1"]}, encoding="cp932")
    path = tmp_path / "r.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for part in parts(shp):
            name = f"納品/道路{part.suffix.upper()}".encode("cp932").decode(
                "cp437"
            )  # as Japanese Windows writes it
            info = zipfile.ZipInfo(name)
            archive.writestr(info, part.read_bytes())
        archive.writestr("__MACOSX/._道路.shp", b"junk")
        archive.writestr("読んでください.pdf", b"%PDF")
    raw = bytearray(path.read_bytes())
    path.write_bytes(raw)
    assert load(path, "roads.street").loaded == 1


@pytest.mark.parametrize(
    ("encoding", "mark", "suffix"),
    [("utf-8-sig", ",", ".csv"), ("cp932", ",", ".csv"), ("utf-16", "\t", ".txt"), ("euc_jp", "\t", ".tsv")],
)
def test_tables_with_coordinates(
    load: Load, rows: Rows, tmp_path: Path, encoding: str, mark: str, suffix: str
) -> None:
    path = tmp_path / f"list{suffix}"
    lines = [
        ["名称", "緯度", "経度", "備考"],
        ["第一小学校の体育館", str(LAT), str(LON), '"二行\nの備考"'],
        ["公園", "３５．７５５", f"{LON + STEP}", ""],
    ]
    path.write_bytes("\r\n".join(mark.join(cells) for cells in lines).encode(encoding))
    report = load(path, "disaster.shelter")
    assert report.loaded == 2 and "crs_assumed" in found(report)
    assert rows("SELECT name, note, ST_SRID(geom) FROM disaster.shelter ORDER BY id") == [
        ("第一小学校の体育館", "二行\nの備考", 6677),
        ("公園", None, 6677),
    ]


def test_rows_without_coordinates_are_left_out_and_listed(load: Load, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(f"名称,緯度,経度\nA,{LAT},{LON}\nB,,\n\nC,不明,{LON}\nD,{LAT},{LON},余分\n", "utf-8")
    report = load(path, "disaster.shelter")
    assert (report.read, report.loaded, report.dropped) == (4, 2, 2)
    assert {"null_geometry": (2, 4), "blank_row": (3,), "ragged_rows": (5,)}.items() <= found(report).items()


def test_a_table_in_plane_coordinates_needs_its_system_named(load: Load, rows: Rows, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("名称,x,y\nA,-40327,-27112\n", "utf-8")
    assert load(path, "disaster.shelter", crs="6677").loaded == 1
    assert rows("SELECT ST_X(geom), ST_Y(geom) FROM disaster.shelter") == [(-40327.0, -27112.0)]


def test_shapes_are_made_to_fit_and_every_change_is_said(load: Load, rows: Rows, tmp_path: Path) -> None:
    bow = shapely.Polygon([(LON, LAT), (LON + STEP, LAT + STEP), (LON + STEP, LAT), (LON, LAT + STEP)])
    flat = shapely.Polygon([(LON, LAT), (LON + STEP, LAT), (LON, LAT)])
    high = shapely.force_3d(square(3), 12.0)
    features = [
        feature(s, 建物ID=str(n))
        for n, s in enumerate([square(0), None, bow, flat, high, shapely.Polygon()], 1)
    ]
    report = load(geojson(tmp_path / "b.geojson", features), "base.building")
    assert (report.read, report.loaded, report.dropped, report.repaired) == (6, 3, 3, 1)
    assert {
        "null_geometry": (2,),
        "empty_geometry": (4, 6),
        "invalid_geometry": (3,),
        "z_dropped": (5,),
    }.items() <= {
        code: tuple(sorted(row for p in report.findings if p.code == code for row in p.rows))
        for code in found(report)
    }.items()
    assert rows(
        "SELECT bool_and(ST_IsValid(geom)), max(ST_NDims(geom)), max(GeometryType(geom)) FROM base.building"
    ) == [(True, 2, "MULTIPOLYGON")]


def test_titles_of_codes_and_full_width_digits_become_values(load: Load, rows: Rows, tmp_path: Path) -> None:
    features = [
        feature(line(n), 路線番号=f"Ａ{n}", 幅員="６．５", 舗装=s, 認定年月日="令和8年4月1日")
        for n, s in enumerate(["アスファルト", "2"])
    ]
    load(geojson(tmp_path / "r.geojson", features), "roads.street")
    assert rows("SELECT route_number, width, surface, certified_on::text FROM roads.street ORDER BY id") == [
        ("Ａ0", 6.5, 1, "2026-04-01"),
        ("Ａ1", 6.5, 2, "2026-04-01"),
    ]


def test_rows_outside_of_the_city_are_a_warning_that_lists_them(load: Load, tmp_path: Path) -> None:
    away = shapely.transform(line(), lambda xy: xy + [1.0, 0.0])
    features = [feature(line(1), 路線番号="1"), feature(away, 路線番号="2"), feature(line(2), 路線番号="3")]
    assert found(load(geojson(tmp_path / "r.geojson", features), "roads.street"))["partly_outside_city"] == (
        2,
    )


def test_a_file_of_another_city_is_loaded_with_a_warning_that_says_where_it_lies(
    load: Load, tmp_path: Path
) -> None:
    away = shapely.transform(line(), lambda xy: xy + [1.0, 0.0])
    (problem,) = load(
        geojson(tmp_path / "r.geojson", [feature(away, 路線番号="1")]), "roads.street"
    ).findings.of("warning")
    assert problem.code == "outside_city" and "ほかの市" in problem.ja and f"{LON + 1:.4f}" in problem.ja


def test_columns_that_the_layer_does_not_have_are_only_noted(load: Load, tmp_path: Path) -> None:
    report = load(geojson(tmp_path / "r.geojson", [feature(line(), 路線番号="1", 色="赤")]), "roads.street")
    assert report.ignored == ["色"] and not report.findings.of("warning")


def test_files_of_more_rows_than_a_batch_keep_their_numbers(load: Load, rows: Rows, tmp_path: Path) -> None:
    path = tmp_path / "many.csv"
    count = 60_000
    cells = (
        f"地点{n},{LAT + (n % 200) * 1e-5 if n != 55_000 else ''},{LON + (n // 200) * 1e-5}"
        for n in range(1, count + 1)
    )
    path.write_text("名称,緯度,経度\n" + "\n".join(cells) + "\n", "utf-8")
    report = load(path, "disaster.shelter")
    assert report.loaded == count - 1 and found(report)["null_geometry"] == (55_000,)
    assert rows("SELECT count(*), max(name) FROM disaster.shelter WHERE name = '地点60000'") == [
        (1, "地点60000")
    ]
    assert (
        len(
            rows(
                "SELECT FROM pg_indexes WHERE schemaname = 'disaster' AND tablename = 'shelter' AND indexdef LIKE '%gist%'"
            )
        )
        == 2
    )


def test_points_may_come_as_multipoints_of_one(load: Load, tmp_path: Path) -> None:
    single = shapely.MultiPoint([point()])
    assert load(geojson(tmp_path / "p.geojson", [feature(single, 名称="A")]), "disaster.shelter").loaded == 1


def test_a_zip_may_hold_a_table_or_a_geojson(load: Load, tmp_path: Path) -> None:
    inner = geojson(tmp_path / "r.geojson", [feature(line(), 路線番号="1")])
    assert load(zipped(tmp_path / "r.zip", inner), "roads.street").loaded == 1
