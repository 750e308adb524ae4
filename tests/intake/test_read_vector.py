"""Vector formats beside Shapefile: their layers, their reference systems, and formats that are named but not read."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

import geopandas
import pandas
import pytest
import shapely

from tests.intake.files import feature, gdal_file, geojson, line, point, square, zipped
from tests.intake.reading import read, refusal, refused


def test_geoparquet(tmp_path: Path) -> None:
    frame = geopandas.GeoDataFrame(
        {"名称": ["A", None], "n": [1, 2]}, geometry=[square(0), square(1)], crs=6677
    )
    frame.to_parquet(tmp_path / "a.parquet")
    got = read(tmp_path / "a.parquet")
    assert got.source.crs == "EPSG:6677" and got.rows == [{"名称": "A", "n": 1}, {"名称": None, "n": 2}]
    assert [s.equals(t) for s, t in zip(got.shapes, [square(0), square(1)], strict=True)] == [True, True]
    frame.set_crs(None, allow_override=True).to_parquet(tmp_path / "none.parquet")
    assert read(tmp_path / "none.parquet").source.crs is None


def test_a_parquet_table_lies_where_its_columns_say(tmp_path: Path) -> None:
    pandas.DataFrame({"名称": ["A"], "lat": [35.75], "lon": [139.38]}).to_parquet(tmp_path / "a.parquet")
    got = read(tmp_path / "a.parquet")
    assert got.shapes[0].x == 139.38 and got.source.crs == "EPSG:6668" and got.source.typed


def test_a_parquet_cut_off(tmp_path: Path) -> None:
    geopandas.GeoDataFrame({"n": [1]}, geometry=[point()], crs=6668).to_parquet(tmp_path / "a.parquet")
    (tmp_path / "a.parquet").write_bytes((tmp_path / "a.parquet").read_bytes()[:-20])
    assert refused(tmp_path / "a.parquet") == "corrupt_record"


def test_kml_of_japan_and_its_packed_form(tmp_path: Path) -> None:
    (tmp_path / "doc.kml").write_text(
        '<?xml version="1.0"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document><Folder><name>避難所</name>'
        "<Placemark><name>第一小学校</name><ExtendedData><Data name='収容人数'><value>100</value></Data>"
        "<Data name='電話番号'><value>042</value></Data></ExtendedData>"
        "<Point><coordinates>139.38,35.75,0</coordinates></Point></Placemark></Folder>"
        "<NetworkLink><Link><href>http://example.com/x.kml</href></Link></NetworkLink></Document></kml>",
        "utf-8",
    )
    for path in (tmp_path / "doc.kml", zipped(tmp_path / "a.kmz", tmp_path / "doc.kml")):
        got = read(path)
        assert (
            got.rows[0]["Name"] == "第一小学校"
            and (got.rows[0]["収容人数"], got.rows[0]["電話番号"]) == ("100", "042")
            and "icon" not in got.rows[0]
        )
        assert got.shapes[0].coords[0][:2] == (139.38, 35.75) and got.source.crs == "EPSG:4326"
        assert "not_read" in got.codes


def test_folders_of_kml_are_layers_and_none_is_lost(shared_data: Path) -> None:
    folder = shared_data / "09_nasty" / "kml"
    for name, counts in {"duplicate_folder_name.kml": [1, 1], "samples.kml": [3, 1, 1, 6, 4, 1, 4]}.items():
        choices = refusal(folder / name).values["choices"]
        assert [len(read(folder / name, part=c.value).rows) for c in choices] == counts  # type: ignore[attr-defined]
    assert len(read(folder / "Albania.kmz").rows) == 63
    assert refused(folder / "emptylayers.kml") == "empty_geometry"


def test_topologies_have_layers_and_lie_in_degrees(shared_data: Path) -> None:
    path = shared_data / "02_town" / "h27ka13204.topojson"
    assert [c.value for c in refusal(path).values["choices"]] == ["town", "city"]  # type: ignore[attr-defined]
    town = read(path, part="town")
    assert len(town.rows) == 62 and town.source.crs == "EPSG:4326" and town.source.layers == ("town", "city")
    assert sum(row["JINKO"] for row in town.rows) == 186_936
    assert town.area(6677) == pytest.approx(16_437_156.1, rel=1e-4)
    broken = refusal(shared_data / "09_nasty" / "topojson1.topojson")
    assert broken.values["problem"] == "not_this_format"


def test_layers_of_a_geopackage_keep_their_own_systems(shared_data: Path) -> None:
    path = shared_data / "09_nasty" / "gpkg" / "mixed_crs.gpkg"
    choices = [c.value for c in refusal(path).values["choices"]]  # type: ignore[attr-defined]
    systems = {name: read(path, part=name).source.crs for name in choices}
    assert systems == {"oregon_2269": "EPSG:2269", "oregon_4326": "EPSG:4326"}


def test_tables_of_a_geopackage_lie_where_their_columns_say(shared_data: Path) -> None:
    got = read(shared_data / "09_nasty" / "gpkg" / "data_only_tables.gpkg", part="oregon_cities")
    assert (
        len(got.rows) == 5
        and got.source.position == ("LNG", "LAT")
        and all(s.x < -100 for s in got.shapes if s)
    )


def test_an_undefined_system_of_a_geopackage_is_none(shared_data: Path) -> None:
    assert read(shared_data / "09_nasty" / "gpkg" / "3d_envelope.gpkg").source.crs is None


def test_curves_become_short_lines(shared_data: Path) -> None:
    got = read(shared_data / "09_nasty" / "gpkg" / "curve.gpkg")
    assert got.shapes[0].geom_type == "LineString" and "curve_linearised" in got.codes


def test_views_and_triggers_of_a_geopackage_do_nothing(tmp_path: Path) -> None:
    path = gdal_file(tmp_path / "a.gpkg", [line(n) for n in range(3)], {"n": [1, 2, 3]})
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TRIGGER t AFTER UPDATE ON gpkg_contents BEGIN DELETE FROM a; END")
        connection.execute("CREATE VIEW v AS SELECT * FROM a")
    connection.close()
    before = path.read_bytes()
    assert len(read(path).rows) == 3 and path.read_bytes() == before


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("var data = {};", {"not_this_format"}),
        ("callback({})", {"not_this_format"}),
        ("\ufeff{}", set()),
        ("\x1e{}\n", set()),
    ],
)
def test_geojson_in_wrappings(tmp_path: Path, text: str, codes: set[str]) -> None:
    body = json.dumps(
        {"type": "FeatureCollection", "features": [feature(point(), n="あ")]}, ensure_ascii=False
    )
    if text.startswith("\x1e"):
        body = json.dumps(feature(point(), n="あ"), ensure_ascii=False)
    (tmp_path / "a.geojson").write_text(text.replace("{}", body), "utf-8")
    got = read(tmp_path / "a.geojson")
    assert got.rows == [{"n": "あ"}] and got.codes == codes


def test_reference_systems_that_contradict_each_other(shared_data: Path) -> None:
    got = read(shared_data / "09_nasty" / "geojson" / "srs_name.geojson")
    (problem,) = [p for p in got.problems if p.code == "crs_ambiguous"]
    assert problem.level == "error" and "26915" in problem.ja and "26916" in problem.ja


@pytest.mark.parametrize(
    ("name", "code", "word"),
    [
        ("03_base/hachioji_city-osm_overpass.json", "unsupported_variant", "Overpass"),
        ("09_nasty/gsi_emergency_131075_unavailable.json", "not_geodata", "公開されていません"),
        ("09_nasty/geojson/unterminated_array.json", "truncated", "16行目"),
        ("09_nasty/gdal_shp/multipatch.shp", "unsupported_geometry", "MultiPatch"),
        ("09_nasty/zip/badzip.zip", "not_this_format", "dBASE"),
        ("09_nasty/zip/noshp.zip", "missing_part(shp)", "counties.dbf"),
        ("09_nasty/zip/empty_zipfile.zip", "not_geodata", "dummyfile.txt"),
        ("08_datum/TKY2JGD.tif", "raster_not_vector", "TIFF"),
    ],
)
def test_what_cannot_be_read_is_named(shared_data: Path, name: str, code: str, word: str) -> None:
    said = refusal(shared_data / name)
    assert said.values["problem"] == code and word in said.sentence()


def test_a_file_geodatabase_asks_for_one_of_its_layers(shared_data: Path) -> None:
    path = shared_data / "09_nasty" / "gdb" / "testopenfilegdb.gdb.zip"
    names = [c.value for c in refusal(path).values["choices"]]  # type: ignore[attr-defined]
    assert {"point", "several_polygons"} <= set(names)
    assert [len(read(path, part=name).shapes) for name in ("point", "several_polygons")] == [5, 9]


def test_mapinfo_with_its_companion(shared_data: Path) -> None:
    got = read(shared_data / "09_nasty" / "mapinfo" / "utf8.mif")
    assert got.source.columns == ("Поле_А", "Поле_Б", "Поле_В", "Поле_Г", "Поле_Д") and len(got.rows) == 3
    assert len(read(shared_data / "09_nasty" / "mapinfo" / "small.mif").rows) == 2


def test_areas_of_openstreetmap(shared_data: Path) -> None:
    got = read(shared_data / "03_base" / "chofu_fude_import.osm")
    assert (
        len(got.rows) == 1884
        and got.source.crs == "EPSG:4326"
        and got.area(6677) == pytest.approx(1_334_684.6, rel=1e-4)
    )


def test_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.gdb").mkdir()
    assert refused(tmp_path / "a.gdb") == "unsupported_variant"


def test_names_with_backslashes_in_a_zip_are_folders(shared_data: Path) -> None:
    got = read(shared_data / "07_address" / "isj_47000-17.0b.zip")
    assert len(got.rows) == 1228 and "archive_path" in got.codes and got.source.encoding == "cp932"


def test_a_data_set_in_a_zip_and_one_of_its_layers(tmp_path: Path) -> None:
    gdal_file(tmp_path / "町.gpkg", [square()], {"n": [1]}, layer="東")
    gdal_file(tmp_path / "町.gpkg", [square(), square(1)], {"n": [1, 2]}, layer="西", append=True)
    other = geojson(tmp_path / "b.geojson", [feature(point(), n=1)])
    one, both = (
        zipped(tmp_path / "1.zip", tmp_path / "町.gpkg"),
        zipped(tmp_path / "2.zip", tmp_path / "町.gpkg", other),
    )
    assert len(read(one, part="西").rows) == 2 and len(read(both, part="町.gpkg/西").rows) == 2
    assert len(read(both, part="b").rows) == 1
    assert refused(one) == refused(both) == "several_layers"


def test_a_shapefile_says_which_records_are_broken(shared_data: Path) -> None:
    folder = shared_data / "09_nasty"
    said = refusal(folder / "gdal_shp" / "buggymultipoly2.shp").values
    assert said["problem"] == "corrupt_record" and {p.code for p in said["found"]} == {
        "missing_part(dbf)",
        "crs_missing",
    }  # type: ignore[attr-defined]
    (nan,) = [
        p for p in read(folder / "gdal_shp" / "pointnan.shp").problems if p.code == "nonfinite_coordinate"
    ]
    assert len(nan.rows) == 1


def test_large_shapes_come_fewer_at_a_time(tmp_path: Path) -> None:
    big = shapely.segmentize(square(size=0.1), 0.1 / 4000)  # 16,000 points, 256 kB
    path = gdal_file(tmp_path / "a.gpkg", [big] * 600, {"n": range(600)})
    shutil.copyfile(path, tmp_path / "b.gpkg")
    got = read(tmp_path / "b.gpkg")
    assert len(got.rows) == 600 and got.numbers == list(range(1, 601))
