"""Files that cannot be loaded: each gets a sentence that says what is wrong and what to do, and nothing is changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gisapp.intake.report import Report
from tests.intake.conftest import Load, codes
from tests.intake.files import feature, gdal_file, geojson, line, parts, zipped

Rows = Callable[..., list[tuple[Any, ...]]]


def test_an_empty_file(refused: Callable[..., Report], tmp_path: Path) -> None:
    for name in ("a.geojson", "a.zip", "a.csv"):
        (tmp_path / name).write_bytes(b"")
        assert codes(refused(tmp_path / name)) == {"empty_file"}
    (tmp_path / "blank.csv").write_bytes(b"\xef\xbb\xbf \r\n\r\n")
    assert codes(refused(tmp_path / "blank.csv")) == {"empty_file"}


def test_a_file_without_features_never_replaces_a_layer(
    refused: Callable[..., Report], tmp_path: Path
) -> None:
    assert codes(refused(geojson(tmp_path / "none.geojson", []))) == {"empty_file"}
    report = refused(
        geojson(tmp_path / "nulls.geojson", [feature(None, 路線番号="1"), feature(None, 路線番号="2")])
    )
    assert codes(report) == {"no_position"} and report.findings.rows_of("null_geometry") == 2
    (tmp_path / "header.csv").write_text("路線番号,緯度,経度\n")
    assert codes(refused(tmp_path / "header.csv")) == {"empty_file"}


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.geojson", b"<!DOCTYPE html><html><body>404</body></html>", "not_this_format"),
        ("a.zip", b"this is no zip", "not_this_format"),
        ("a.shp", b"PK\x03\x04", "not_this_format"),
        ("a.gpkg", b'{"type": "FeatureCollection"}', "not_this_format"),
        ("a.csv", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "not_this_format"),
        ("a.fgb", b"SQLite format 3\0" + bytes(100), "not_this_format"),
        ("a.vrt", b"<OGRVRTDataSource/>", "unsupported_variant"),
        ("a.geojson", b"<OGRVRTDataSource><OGRVRTLayer name='x'/></OGRVRTDataSource>", "not_this_format"),
        (
            "a.json",
            b'{"type": "gdal_streamed_alg", "command_line": "gdal vector pipeline ! read /etc/passwd"}',
            "unsupported_variant",
        ),
        ("a.json", b'{"version": 0.6, "elements": [{"type": "node"}]}', "unsupported_variant"),
        ("a.json", b"[1, 2, 3]", "unsupported_variant"),
        ("a.kml", b"<?xml version='1.0'?><kml/>", "empty_file"),
        ("a.xlsx", b"PK\x03\x04", "truncated"),
    ],
)
def test_a_file_that_is_not_what_it_says(
    refused: Callable[..., Report], tmp_path: Path, name: str, content: bytes, code: str
) -> None:
    (tmp_path / name).write_bytes(content)
    assert codes(refused(tmp_path / name)) == {code}


def test_json_that_is_cut_off_names_the_line(refused: Callable[..., Report], tmp_path: Path) -> None:
    path = geojson(tmp_path / "cut.geojson", [feature(line(n), 路線番号=str(n)) for n in range(50)])
    path.write_text(path.read_text()[:-300])
    report = refused(path)
    assert codes(report) == {"truncated"} and "1行目" in report.errors[0].ja


def test_a_broken_zip(refused: Callable[..., Report], tmp_path: Path) -> None:
    shp = gdal_file(tmp_path / "r.shp", [line()], {"number": ["1"]})
    whole = zipped(tmp_path / "r.zip", *parts(shp)).read_bytes()
    (tmp_path / "cut.zip").write_bytes(whole[: len(whole) // 2])
    assert codes(refused(tmp_path / "cut.zip")) == {"truncated"}
    spoilt = bytearray(whole)
    spoilt[60:120] = bytes(60)
    (tmp_path / "spoilt.zip").write_bytes(spoilt)
    assert codes(refused(tmp_path / "spoilt.zip")) <= {"truncated", "corrupt_record"}


def test_a_zip_without_the_main_part(refused: Callable[..., Report], tmp_path: Path) -> None:
    shp = gdal_file(tmp_path / "r.shp", [line()], {"number": ["1"]})
    report = refused(zipped(tmp_path / "r.zip", *(p for p in parts(shp) if p.suffix != ".shp")))
    assert codes(report) == {"missing_part(shp)"} and "r.dbf" in report.errors[0].ja


def test_a_shapefile_cut_in_the_middle(refused: Callable[..., Report], tmp_path: Path) -> None:
    shp = gdal_file(
        tmp_path / "r.shp",
        [line(n) for n in range(100)],
        {"路線番号": [str(n) for n in range(100)]},
        encoding="cp932",
    )
    shp.write_bytes(shp.read_bytes()[:2000])
    assert codes(refused(shp)) & {"truncated", "corrupt_record"}


def test_a_table_without_coordinates(refused: Callable[..., Report], tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("名称,住所\n学校,本町1-1-1\n")
    report = refused(tmp_path / "t.csv", "disaster.shelter")
    assert codes(report) == {"no_position"} and report.asks == "position"
    assert "名称、住所" in report.findings.of("question")[0].ja


def test_a_table_in_no_known_encoding(refused: Callable[..., Report], tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"name,lat,lon\n\xff\xfe\xfd,35.7,139.4\n")
    assert codes(refused(tmp_path / "t.csv", "disaster.shelter")) == {"encoding_unknown"}


def test_several_data_sets_ask_for_one(refused: Callable[..., Report], load: Load, tmp_path: Path) -> None:
    both = []
    for name in ("東", "西"):
        (tmp_path / name).mkdir()
        both += parts(
            gdal_file(tmp_path / name / f"{name}.shp", [line()], {"路線番号": [name]}, encoding="cp932")
        )
    path = zipped(tmp_path / "two.zip", *both)
    report = refused(path)
    (question,) = report.findings.of("question")
    assert codes(report) == {"several_layers"} and "東" in question.ja and "--part" in question.ja
    assert [(c.option, c.value) for c in report.choices] == [("part", "東"), ("part", "西")]
    assert load(path, "roads.street", part="西").loaded == 1


@pytest.mark.parametrize("with_index", [True, False])
def test_the_folder_of_a_file_is_left_as_it_was(
    load: Load, empty_layers: None, tmp_path: Path, with_index: bool
) -> None:
    """Reading writes nothing: neither new files, nor old ones again with the same bytes."""
    folder = tmp_path / "theirs"
    folder.mkdir()
    shp = gdal_file(folder / "r.shp", [line()], {"路線番号": ["1"]}, encoding="cp932")
    if not with_index:
        shp.with_suffix(".shx").unlink()

    def state() -> dict[str, tuple[int, bytes]]:
        return {p.name: (p.stat().st_mtime_ns, p.read_bytes()) for p in folder.iterdir()}

    before = state()
    report = load(shp, "roads.street")
    assert ("missing_part(shx)" in {problem.code for problem in report.findings}) is not with_index
    assert state() == before
