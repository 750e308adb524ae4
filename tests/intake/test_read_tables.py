"""Tables as people make them: headers anywhere, coordinates in any spelling, any encoding."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.intake.reading import read, refusal, refused


def csv(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize(
    ("names", "crs"),
    [
        (("緯度", "経度"), "EPSG:6668"),
        (("lat", "lng"), "EPSG:6668"),
        (("Latitude", "LONGITUDE"), "EPSG:6668"),
        (("施設_緯度", "施設_経度"), "EPSG:6668"),
        (("緯度（世界測地系）", "経度（世界測地系）"), "EPSG:6668"),
        (("緯度(JGD2000)", "経度(JGD2000)"), "EPSG:4612"),
        (("緯度（日本測地系）", "経度（日本測地系）"), "EPSG:4301"),
        (("WGS84_LAT", "WGS84_LON"), "EPSG:4326"),
        (("北緯", "東経"), "EPSG:6668"),
    ],
)
def test_columns_of_coordinates_are_known_by_many_names(
    tmp_path: Path, names: tuple[str, str], crs: str
) -> None:
    got = read(csv(tmp_path / "a.csv", f"名称,{names[0]},{names[1]}\nA,35.75,139.38\n"))
    assert got.shapes[0].coords[0] == (139.38, 35.75) and got.source.crs == crs


@pytest.mark.parametrize("names", ["住所,電話", "lat_jgd2011,lon", "in_lat,in_lon", "緯度経度の有無,備考"])
def test_what_only_resembles_coordinates_is_not_taken_for_them(tmp_path: Path, names: str) -> None:
    got = read(csv(tmp_path / "a.csv", f"{names}\n1,2\n"))
    assert got.source.shapeless and "no_position" in got.codes and got.shapes.tolist() == [None]


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [
        ("35.75", "139.38"),
        ("３５．７５", "１３９．３８"),
        ("北緯35.75", "東経139.38度"),
        ("35°45′00″", "139°22′48″"),
        ("35度45分00秒", "139度22分48.0秒"),
        ("北緯35度45分0秒", "東経139度22分48秒"),
        ("35°45'00.0\"N", "139°22'48.0\"E"),
        ("N35°45'", "E139°22.8'"),
    ],
)
def test_coordinates_in_any_notation(tmp_path: Path, latitude: str, longitude: str) -> None:
    got = read(csv(tmp_path / "a.tsv", f"名称\t緯度\t経度\nA\t{latitude}\t{longitude}\n"))
    assert got.shapes[0].coords[0] == pytest.approx((139.38, 35.75), abs=1e-9)


def test_both_coordinates_in_one_column_in_either_order(tmp_path: Path) -> None:
    got = read(csv(tmp_path / "a.csv", '名称,緯度経度\nA,"35.75, 139.38"\nB,139.38 35.75\nC,なし\n'))
    assert [s and s.coords[0] for s in got.shapes] == [(139.38, 35.75), (139.38, 35.75), None]


def test_shapes_as_text(tmp_path: Path) -> None:
    got = read(csv(tmp_path / "a.csv", '名称,WKT\nA,"LINESTRING (139 35, 140 36)"\nB,\nC,"POLYGON ((0 0"\n'))
    assert [s and s.wkt for s in got.shapes] == [
        "LINESTRING (139 35, 140 36)",
        None,
        None,
    ] and got.source.crs is None


def test_plane_coordinates_name_no_system(tmp_path: Path) -> None:
    got = read(csv(tmp_path / "a.csv", "名称,X座標,Y座標\nA,-40327,-27112\n"))
    assert got.source.crs is None and got.source.position == ("X座標", "Y座標")


def test_a_title_above_the_header_is_left_out_and_said(tmp_path: Path) -> None:
    got = read(
        csv(tmp_path / "a.csv", "避難所の一覧,,\n令和8年4月1日現在,,\n,,\n名称,緯度,経度\nA,35.75,139.38\n")
    )
    assert got.rows == [{"名称": "A", "緯度": "35.75", "経度": "139.38"}] and got.numbers == [1]
    assert any("4行目" in p.ja for p in got.problems if p.code == "header_odd")


def test_a_table_without_a_header_is_seen_by_its_values(tmp_path: Path) -> None:
    got = read(csv(tmp_path / "a.csv", "公園,35.7548,139.3874\n学校,35.7551,139.3880\n"))
    assert "no_header" in got.codes and len(got.rows) == 2 and got.shapes[0].x == 139.3874


def test_numbers_may_be_headings(tmp_path: Path) -> None:
    got = read(csv(tmp_path / "a.csv", "年,2000,2000.12\n人口,1,2\n"))
    assert got.source.columns == ("年", "2000", "2000.12") and len(got.rows) == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "utf-16", "euc_jp"])
def test_any_encoding(tmp_path: Path, encoding: str) -> None:
    text = "名称,所在地,緯度,経度\n第一小学校の体育館,本町一丁目,35.75,139.38\n緑が丘図書館,学園二丁目,35.76,139.39\n"
    got = read(csv(tmp_path / "a.csv", text, encoding))
    assert got.source.encoding == encoding and got.rows[0]["名称"] == "第一小学校の体育館"


def test_odd_rows_are_listed_and_nothing_is_lost(tmp_path: Path) -> None:
    text = '名称,緯度,経度,"備\n考",\nA,35.75,139.38,x,y\n\nB,35.75,139.38\nC,35.75,139.38,,,,余り\n'
    got = read(csv(tmp_path / "a.csv", text))
    assert got.source.columns == ("名称", "緯度", "経度", "備 考", "列5") and got.numbers == [1, 3, 4]
    rows = [(p.code, p.rows) for p in got.problems if p.rows]
    assert rows == [("blank_row", (2,)), ("ragged_rows", (3,)), ("ragged_rows", (4,))]
    assert {"header_line_break", "header_odd"} <= got.codes


def test_a_quote_that_is_never_closed_is_said(tmp_path: Path) -> None:
    text = "名称,緯度,経度\n" + '"A,35.75,139.38\n' + "B,35.75,139.38\n" * 50
    assert "unbalanced_quote" in read(csv(tmp_path / "a.csv", text)).codes


def test_headings_that_are_the_same(tmp_path: Path) -> None:
    got = read(csv(tmp_path / "a.csv", "名称,名称,名称,緯度,経度\nA,B,C,35.75,139.38\n"))
    assert got.source.columns[:3] == ("名称", "名称 (2)", "名称 (3)") and "duplicate_field_name" in got.codes


def workbook(path: Path, **sheets: list[list[Any]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def test_a_sheet_of_excel(tmp_path: Path) -> None:
    rows = [["AED の一覧"], [], ["名称", "番号", "設置日", "緯度", "経度"], ["市役所", 1.0, None, 35.75, 139.38], [], ["図書館", 2.5, "令和8年", "35.76", "139.39"]]  # fmt: skip
    got = read(workbook(tmp_path / "a.xlsx", 一覧=rows, 空=[]))
    assert got.source.columns == ("名称", "番号", "設置日", "緯度", "経度") and not got.source.typed
    assert [row["番号"] for row in got.rows] == ["1", "2.5"] and got.numbers == [1, 3]
    assert [s.coords[0] for s in got.shapes] == [(139.38, 35.75), (139.39, 35.76)]


def test_several_sheets_ask_for_one(tmp_path: Path) -> None:
    table = [["名称", "緯度", "経度"], ["A", 35.75, 139.38]]
    path = workbook(tmp_path / "a.xlsx", 東=table, 西=[*table, ["B", 35.75, 139.38]])
    said = refusal(path)
    assert [c.value for c in said.values["choices"]] == ["東", "西"]  # type: ignore[attr-defined]
    assert len(read(path, part="西").rows) == 2


def test_a_workbook_in_a_zip_and_other_documents(tmp_path: Path) -> None:
    from tests.intake.files import zipped

    path = workbook(tmp_path / "a.xlsx", 一覧=[["名称", "緯度", "経度"], ["A", 35.75, 139.38]])
    assert len(read(zipped(tmp_path / "z.zip", path)).rows) == 1
    (tmp_path / "content.xml").write_text("<a/>")
    (tmp_path / "manifest.xml").write_text("<a/>")
    ods = zipped(
        tmp_path / "a.ods",
        tmp_path / "content.xml",
        tmp_path / "manifest.xml",
        names={"manifest.xml": "META-INF/manifest.xml"},
    )
    said = refusal(ods)
    assert said.values["problem"] == "unsupported_variant" and "OpenDocument" in said.sentence()
    (tmp_path / "a.xls").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
    assert "xls" in refusal(tmp_path / "a.xls").sentence()


def test_lists_of_json(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps([{"名称": "A", "lat": 35.75, "lng": 139.38, "x": {"y": [1]}}, {"名称": "B"}]))
    got = read(path)
    assert got.rows[0]["x"] == '{"y": [1]}' and got.shapes[0].x == 139.38 and got.shapes[1] is None
    path.write_text(
        '[{"type": "Feature", "properties": {"a": 1}, "geometry": {"type": "Point", "coordinates": [139.38, 35.75]}}]'
    )
    got = read(path)
    assert got.source.format == "GeoJSON" and got.rows == [{"a": 1}] and got.shapes[0].x == 139.38


@pytest.mark.parametrize(
    ("name", "codec", "rows", "column", "value"),
    [
        ("gdal_dbf/chinese.dbf", "gbk", 1, "中国", "中国"),
        ("gdal_dbf/weird_header_length.dbf", "", 1, "NUMERO", 1),
        ("dbf_encoding/utf8.dbf", "utf-8", 1, "NAME", "国语國語"),
        ("dbf_encoding/shiftjis.dbf", "cp932", 2, "NAME", "ひたちなか市"),
    ],
)
def test_tables_of_dbase(
    shared_data: Path, name: str, codec: str, rows: int, column: str, value: Any
) -> None:
    got = read(shared_data / "09_nasty" / name)
    assert (
        len(got.rows) == rows and got.rows[0][column] == value and (not codec or got.source.encoding == codec)
    )
    assert got.source.shapeless and "no_position" in got.codes


def test_numbers_that_did_not_fit_and_names_that_repeat(shared_data: Path) -> None:
    got = read(shared_data / "09_nasty" / "dbf_encoding" / "duplicate_fields.dbf")
    assert (
        len(got.source.columns) == 12 == len(set(got.source.columns)) and "duplicate_field_name" in got.codes
    )


def test_records_marked_as_deleted_are_counted(tmp_path: Path) -> None:
    from tests.intake.files import gdal_file, point

    shp = gdal_file(tmp_path / "a.shp", [point(n) for n in range(3)], {"n": [1, 2, 3]})
    dbf = bytearray(shp.with_suffix(".dbf").read_bytes())
    first, length = int.from_bytes(dbf[8:10], "little"), int.from_bytes(dbf[10:12], "little")
    dbf[first + length] = ord("*")
    dbf[first + 2 * length + 1 : first + 3 * length] = b"*" * (length - 1)
    shp.with_suffix(".dbf").write_bytes(dbf)
    got = read(shp)
    assert [row["n"] for row in got.rows] == [1, None] and {"deleted_records", "value_overflow"} <= got.codes


def test_no_table_at_all(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"\x80\x81\xff\xfe\xfd binary \xff")
    assert refused(tmp_path / "a.txt") == "encoding_unknown"
