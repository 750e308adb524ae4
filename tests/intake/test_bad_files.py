"""Files that cannot be loaded: each gets a sentence that says what is wrong and what to do, and nothing is changed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

from gisapp import errors
from gisapp.intake.report import Report
from tests.intake.conftest import Load
from tests.intake.files import LAT, LON, feature, gdal_file, geojson, line, parts, point, square, zipped

Rows = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture
def refused(load: Load, rows: Rows, empty_layers: None, tmp_path: Path) -> Callable[..., Report]:
    """Loads a file that must be refused: returns its report after seeing that sentences are whole and nothing changed."""
    load(
        geojson(tmp_path / "before.geojson", [feature(line(), 路線番号="1", 路線名="一号線")]), "roads.street"
    )
    state = "SELECT (SELECT array_agg(t::text ORDER BY id) FROM roads.street AS t), (SELECT max(id) FROM gisapp.revision)"
    before = rows(state)

    def check(path: Path, layer: str = "roads.street", **said: Any) -> Report:
        with pytest.raises(errors.FileRefused) as refusal:
            load(path, layer, **said)
        assert rows(state) == before
        error = refusal.value
        assert error.status == 422
        for lang in ("ja", "en"):
            sentence = error.sentence(lang) + error.remedy(lang)
            assert path.name in sentence and "?" not in sentence.replace(path.name, "")
            assert (
                str(path.parent) not in sentence
                and "SELECT" not in sentence
                and "gisapp_staged" not in sentence
            )
        report: Report = error.values["outcome"]  # type: ignore[assignment]
        assert not report.ok and report.errors and report.loaded == 0 and report.revision is None
        assert str(path.parent) not in json.dumps(report.as_json(), ensure_ascii=False)
        return report

    return check


def codes(report: Report) -> set[str]:
    return {problem.code for problem in report.errors}


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
    assert codes(report) == {"empty_file"} and report.findings.rows_of("null_geometry") == 2
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
        ("a.kml", b"<?xml version='1.0'?><kml/>", "unsupported_variant"),
        ("a.xlsx", b"PK\x03\x04", "unsupported_variant"),
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


def test_a_file_without_a_reference_system(
    refused: Callable[..., Report], load: Load, tmp_path: Path
) -> None:
    shp = gdal_file(tmp_path / "r.shp", [line()], {"路線番号": ["1"]}, crs=None, encoding="cp932")
    report = refused(shp)
    assert codes(report) == {"crs_missing"} and "--crs 6677" in report.errors[0].ja
    shp.with_suffix(".prj").write_text("<html>404</html>")
    assert "sidecar_unreadable(prj)" in {problem.code for problem in refused(shp).findings}
    assert load(shp, "roads.street", crs="6668").loaded == 1


def test_tokyo_datum_without_the_national_grid(refused: Callable[..., Report], tmp_path: Path) -> None:
    shp = gdal_file(tmp_path / "r.shp", [line()], {"路線番号": ["1"]}, crs="EPSG:4301", encoding="cp932")
    report = refused(shp)
    assert codes(report) == {"datum_suspect"} and "日本測地系" in report.errors[0].ja


def test_latitude_and_longitude_exchanged(refused: Callable[..., Report], tmp_path: Path) -> None:
    swapped = shapely.transform(line(), lambda xy: xy[:, ::-1])
    assert codes(refused(geojson(tmp_path / "s.geojson", [feature(swapped, 路線番号="1")]))) == {
        "axes_swapped"
    }
    plane = gdal_file(
        tmp_path / "p.shp",
        [shapely.LineString([(-27112, -40327), (-27000, -40300)])],
        {"路線番号": ["1"]},
        crs="EPSG:6677",
        encoding="cp932",
    )
    assert codes(refused(plane)) == {"axes_swapped"}


def test_metres_said_to_be_degrees_and_degrees_said_to_be_metres(
    refused: Callable[..., Report], tmp_path: Path
) -> None:
    metres = shapely.LineString([(-40327, -27112), (-40300, -27000)])
    report = refused(geojson(tmp_path / "m.geojson", [feature(metres, 路線番号="1")]))
    assert codes(report) == {"crs_suspect"} and "--crs 6677" in report.errors[0].ja
    assert codes(refused(geojson(tmp_path / "d.geojson", [feature(line(), 路線番号="1")]), crs="6677")) == {
        "crs_suspect"
    }


def test_a_geometry_type_that_the_layer_does_not_take(refused: Callable[..., Report], tmp_path: Path) -> None:
    features = [
        feature(line(), 路線番号="1"),
        feature(point(), 路線番号="2"),
        feature(square(), 路線番号="3"),
    ]
    (problem,) = refused(geojson(tmp_path / "mixed.geojson", features)).errors
    assert problem.code == "mixed_geometry" and problem.rows == (2, 3) and "MultiLineString" in problem.ja


def test_coordinates_that_are_no_numbers(refused: Callable[..., Report], tmp_path: Path) -> None:
    fgb = gdal_file(
        tmp_path / "n.gpkg",
        [line(), shapely.LineString([(LON, LAT), (np.inf, LAT)])],
        {"路線番号": ["1", "2"]},
    )
    (problem,) = refused(fgb).errors
    assert problem.code == "nonfinite_coordinate" and problem.rows == (2,)


def test_a_missing_required_column(refused: Callable[..., Report], tmp_path: Path) -> None:
    (problem,) = refused(geojson(tmp_path / "r.geojson", [feature(line(), 幅員=4.5)])).errors
    assert (
        problem.code == "missing_column" and "路線番号" in problem.ja and "--set route_number=" in problem.ja
    )


def test_missing_values_in_a_required_column(refused: Callable[..., Report], tmp_path: Path) -> None:
    features = [feature(line(n), 路線番号=v) for n, v in enumerate(["1", "", "3", "　", None])]
    (problem,) = refused(geojson(tmp_path / "r.geojson", features)).errors
    assert (problem.code, problem.rows, problem.column) == ("missing_value", (2, 4, 5), "路線番号")


def test_values_of_the_wrong_kind_name_row_and_column(refused: Callable[..., Report], tmp_path: Path) -> None:
    values = [("4.5", "アスファルト", "2026-04-01"), ("広い", "氷", "そのうち"), ("６．０", "2", "R8.4.1")]
    features = [
        feature(line(n), 路線番号=str(n), 幅員=w, 舗装=s, 認定年月日=d) for n, (w, s, d) in enumerate(values)
    ]
    report = refused(geojson(tmp_path / "v.geojson", features))
    assert {(p.code, p.column, p.rows) for p in report.errors} == {
        ("wrong_value", "幅員", (2,)),
        ("wrong_value", "舗装", (2,)),
        ("wrong_value", "認定年月日", (2,)),
    }
    assert any("広い" in problem.ja for problem in report.errors)


def test_values_of_restricted_columns_are_not_quoted(refused: Callable[..., Report], tmp_path: Path) -> None:
    path = geojson(tmp_path / "p.geojson", [feature(square(), parcel_id="1", area_registered="秘密の値")])
    report = refused(path, "tax.parcel")
    assert codes(report) == {"wrong_value"}
    assert "秘密の値" not in json.dumps(report.as_json(), ensure_ascii=False)


def test_keys_that_stand_in_several_rows(refused: Callable[..., Report], tmp_path: Path) -> None:
    features = [feature(line(n), 路線番号=number) for n, number in enumerate(["1", "2", "1", "3", "2"])]
    (problem,) = refused(geojson(tmp_path / "k.geojson", features)).errors
    assert (
        problem.code == "duplicate_key"
        and sorted(problem.rows) == [1, 2, 3, 5]
        and problem.column == "路線番号"
    )


def test_every_problem_of_a_file_is_said_at_once(refused: Callable[..., Report], tmp_path: Path) -> None:
    features = [
        feature(line(), 路線番号="1", 幅員="広い"),
        feature(point(), 路線番号="2"),
        feature(line(2), 幅員=1),
    ]
    assert codes(refused(geojson(tmp_path / "all.geojson", features))) == {
        "wrong_value",
        "mixed_geometry",
        "missing_value",
    }


def test_a_table_without_coordinates(refused: Callable[..., Report], tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("名称,住所\n学校,本町1-1-1\n")
    report = refused(tmp_path / "t.csv", "disaster.shelter")
    assert codes(report) == {"no_position"} and "名称、住所" in report.errors[0].ja


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
    assert (
        codes(report) == {"several_layers"}
        and "東" in report.errors[0].ja
        and "--part" in report.errors[0].ja
    )
    assert load(path, "roads.street", part="西").loaded == 1


def test_upsert_without_a_key_is_refused(refused: Callable[..., Report], tmp_path: Path) -> None:
    path = geojson(tmp_path / "z.geojson", [feature(square(), 用途地域分類コード="1")])
    assert codes(refused(path, "city_planning.zoning", mode="upsert")) == {"no_key"}


def test_append_does_not_repeat_a_key_that_is_there(refused: Callable[..., Report], tmp_path: Path) -> None:
    path = geojson(tmp_path / "a.geojson", [feature(line(1), 路線番号="1"), feature(line(2), 路線番号="2")])
    (problem,) = refused(path, mode="append").errors
    assert problem.code == "duplicate_key" and problem.rows == (1,)


def test_a_constant_of_an_unknown_field_is_a_wrong_option(load: Load, tmp_path: Path) -> None:
    with pytest.raises(errors.ParameterInvalid):
        load(
            geojson(tmp_path / "a.geojson", [feature(line(), 路線番号="1")]),
            "roads.street",
            constants=["colour=red"],
        )


def test_the_folder_of_a_file_is_left_as_it_was(
    refused: Callable[..., Report], load: Load, tmp_path: Path
) -> None:
    folder = tmp_path / "theirs"
    folder.mkdir()
    shp = gdal_file(folder / "r.SHP".lower(), [line()], {"路線番号": ["1"]}, encoding="cp932")
    shp.with_suffix(".shx").unlink()
    before = sorted(p.name for p in folder.iterdir())
    report = load(shp, "roads.street")
    assert "missing_part(shx)" in {problem.code for problem in report.findings}
    assert sorted(p.name for p in folder.iterdir()) == before
