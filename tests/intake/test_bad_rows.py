"""Rows that cannot be loaded: where they are, what they hold, which keys they have. Nothing is changed by them."""

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
from tests.intake.conftest import Load, codes
from tests.intake.files import LAT, LON, feature, gdal_file, geojson, line, point, square


def test_a_file_without_a_reference_system(
    refused: Callable[..., Report], load: Load, tmp_path: Path
) -> None:
    shp = gdal_file(tmp_path / "r.shp", [line()], {"路線番号": ["1"]}, crs=None, encoding="cp932")
    report = refused(shp)
    assert codes(report) == {"crs_missing"} and (report.outcome, report.asks) == ("ask", "crs")
    assert [choice.value for choice in report.choices] == ["EPSG:6668", "EPSG:4301"]
    assert "100% が市内" in report.choices[0].ja
    shp.with_suffix(".prj").write_text("<html>404</html>")
    assert "sidecar_unreadable(prj)" in {problem.code for problem in refused(shp).findings}
    assert load(shp, "roads.street", crs="6668").loaded == 1


def test_the_tokyo_datum_without_the_national_grid_is_a_question(
    refused: Callable[..., Report], load: Load, tmp_path: Path
) -> None:
    shp = gdal_file(tmp_path / "r.shp", [line()], {"路線番号": ["1"]}, crs="EPSG:4301", encoding="cp932")
    report = refused(shp)
    assert codes(report) == {"datum_suspect"} and report.outcome == "ask"
    (choice,) = report.choices
    assert choice.value == "EPSG:4301+9m" and "±9 m" in choice.ja
    assert choice.bounds is not None and len(choice.points) == 2, "where it would lie can be shown"
    accepted = load(shp, "roads.street", crs=choice.value)
    assert accepted.ok and accepted.transformation and accepted.transformation.accuracy == 9.0
    assert "±9 m" in next(p.ja for p in accepted.findings if p.code == "datum_suspect")


@pytest.mark.parametrize(("said", "code"), [("4301", "datum_suspect"), ("4269", "crs_suspect")])
def test_a_system_that_is_named_and_cannot_be_left_surely_is_a_question(
    refused: Callable[..., Report], tmp_path: Path, said: str, code: str
) -> None:
    """Never are its degrees taken for metres."""
    path = geojson(tmp_path / "r.geojson", [feature(line(), 路線番号="1")])
    report = refused(path, crs=said)
    assert report.outcome == "ask" and codes(report) == {code}


def test_latitude_first_is_turned_and_listed_where_nothing_else_is_possible(
    load: Load, rows: Callable[..., Any], empty_layers: None, tmp_path: Path
) -> None:
    swapped = shapely.transform(line(), lambda xy: xy[:, ::-1])
    report = load(geojson(tmp_path / "s.geojson", [feature(swapped, 路線番号="1")]), "roads.street")
    assert report.outcome == "load_with_repairs"
    assert [p.code for p in report.findings.of("repair")] == ["axes_swapped"]
    ((lon, lat),) = rows(
        "SELECT ST_X(p), ST_Y(p) FROM (SELECT ST_Transform(ST_StartPoint(ST_GeometryN(geom, 1)), 6668) AS p FROM roads.street) AS x"
    )
    assert (lon, lat) == pytest.approx(shapely.get_coordinates(line())[0], abs=1e-6)


def test_north_before_east_is_a_question_with_the_turned_reading_first(
    refused: Callable[..., Report], load: Load, tmp_path: Path
) -> None:
    plane = gdal_file(
        tmp_path / "p.shp",
        [shapely.LineString([(-27112, -40327), (-27000, -40300)])],
        {"路線番号": ["1"]},
        crs="EPSG:6677",
        encoding="cp932",
    )
    report = refused(plane)
    assert codes(report) == {"axes_swapped"} and report.choices[0].value == "EPSG:6677+yx"
    assert load(plane, "roads.street", crs="EPSG:6677+yx").ok


def test_metres_said_to_be_degrees_and_degrees_said_to_be_metres(
    refused: Callable[..., Report], tmp_path: Path
) -> None:
    metres = shapely.LineString([(-40327, -27112), (-40300, -27000)])
    report = refused(geojson(tmp_path / "m.geojson", [feature(metres, 路線番号="1")]))
    assert codes(report) == {"crs_suspect"} and report.choices[0].value == "EPSG:6677"
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


def test_rows_with_coordinates_that_are_no_numbers_are_dropped_and_listed(
    load: Load, empty_layers: None, tmp_path: Path
) -> None:
    broken = shapely.LineString([(LON, LAT), (np.inf, LAT)])
    report = load(gdal_file(tmp_path / "n.gpkg", [line(), broken], {"路線番号": ["1", "2"]}), "roads.street")
    (problem,) = [p for p in report.findings if p.code == "nonfinite_coordinate"]
    assert (problem.rows, report.loaded, report.outcome) == ((2,), 1, "load_with_repairs")


def test_a_file_of_nothing_but_impossible_coordinates_is_refused(
    refused: Callable[..., Report], tmp_path: Path
) -> None:
    broken = shapely.LineString([(LON, LAT), (np.inf, LAT)])
    nothing = refused(gdal_file(tmp_path / "m.gpkg", [broken], {"路線番号": ["2"]}))
    assert nothing.outcome == "refuse" and nothing.findings.rows_of("nonfinite_coordinate") == 1


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


def test_individual_numbers_are_refused_by_their_check_digit(
    refused: Callable[..., Report], tmp_path: Path
) -> None:
    numbers = ["123456789018", "1234-5678-9018", "１２３４５６７８９０１８"]
    features = [feature(line(n), 路線番号=str(n), 備考=number) for n, number in enumerate(numbers)]
    report = refused(geojson(tmp_path / "p.geojson", features))
    (problem,) = report.errors
    assert (problem.code, problem.column) == ("personal_number", "備考")
    assert not any(number in str(report.as_json()) for number in numbers)


@pytest.mark.parametrize("kind", [int, float])
def test_individual_numbers_are_refused_as_numbers_too(
    refused: Callable[..., Report], tmp_path: Path, kind: type
) -> None:
    features = [feature(line(n), 路線番号=str(n), 備考=kind(123456789018), 幅員=4.5) for n in range(3)]
    report = refused(geojson(tmp_path / "p.geojson", features))
    assert [(problem.code, problem.column) for problem in report.errors] == [("personal_number", "備考")]


def test_twelve_digits_that_are_no_individual_numbers_are_taken(
    load: Load, empty_layers: None, tmp_path: Path
) -> None:
    features = [feature(line(n), 路線番号=str(n), 備考=f"{123456789010 + n}") for n in range(8)]
    assert load(geojson(tmp_path / "p.geojson", features), "roads.street").ok


def test_a_list_on_the_tokyo_datum_that_does_not_say_so_is_a_question(
    load: Load, rows: Callable[..., Any], empty_layers: None, tmp_path: Path
) -> None:
    """Median 448 m off, as published lists have been seen; 37 m apart in truth, because people measure badly."""
    chance = np.random.default_rng(4)
    true = np.column_stack([chance.uniform(139.37, 139.40, 12), chance.uniform(35.74, 35.76, 12)])
    published = [feature(shapely.Point(at), 名称=f"施設{n}") for n, at in enumerate(true)]
    assert load(geojson(tmp_path / "true.geojson", published), "facilities.public_facility").ok
    tokyo = true - [-0.003206, 0.003221] + chance.normal(0, 0.0002, true.shape)
    moved = [feature(shapely.Point(at), 名称=f"施設{n}") for n, at in enumerate(tokyo)]
    path = geojson(tmp_path / "old.geojson", moved)
    with pytest.raises(errors.FileRefused) as refusal:
        load(path, "facilities.public_facility")
    report: Report = refusal.value.values["outcome"]  # type: ignore[assignment]
    assert (report.outcome, codes(report)) == ("ask", {"datum_suspect"})
    assert [choice.value for choice in report.choices] == ["EPSG:4301", "EPSG:4326"]
    tokyo_first, as_said = (np.array(choice.points) for choice in report.choices)
    assert np.abs(tokyo_first.mean(axis=0) - as_said.mean(axis=0)).round(4).tolist() == [0.0032, 0.0032]
    said = load(path, "facilities.public_facility", crs="EPSG:4326")
    assert said.ok and "datum_suspect" in {problem.code for problem in said.findings.of("warning")}


def test_districts_that_overlap_are_pointed_out_and_neighbours_are_not(
    load: Load, empty_layers: None, tmp_path: Path
) -> None:
    apart = [feature(square(n), 用途地域分類コード=1) for n in (0, 1)]
    assert not load(geojson(tmp_path / "a.geojson", apart), "city_planning.zoning").findings.rows_of(
        "overlap"
    )
    same = [feature(square(), 用途地域分類コード=1), feature(square(), 用途地域分類コード=2)]
    report = load(geojson(tmp_path / "b.geojson", same), "city_planning.zoning")
    (problem,) = [p for p in report.findings if p.code == "overlap"]
    assert report.ok and problem.rows == (1, 2) and "1組" in problem.ja
