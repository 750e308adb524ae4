"""Files that were made to harm: each ends in one sentence, quickly, in little memory, and touches nothing."""

from __future__ import annotations

import sqlite3
import struct
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import shapely

from gisapp import errors
from gisapp.intake.child.limits import Limits
from gisapp.intake.child.reader import open_apart
from gisapp.intake.gdal import DRIVERS, pyogrio
from gisapp.intake.options import Options
from tests.intake.files import feature, gdal_file, geojson, line, point, zipped
from tests.intake.reading import read, refused

SECRET = "見えてはいけない"


@pytest.fixture(autouse=True)
def quick() -> Iterator[None]:
    """Nothing here may take long."""
    began = time.monotonic()
    yield
    assert time.monotonic() - began < 30


def test_only_the_drivers_that_are_needed_are_left() -> None:
    assert set(pyogrio().list_drivers()) <= DRIVERS
    assert not DRIVERS & {"OGR_VRT", "GDALG", "HTTP", "WFS", "OAPIF", "SQLite", "CSV", "GML", "ADBC"}


LAUGHS = (
    "<!DOCTYPE a ["
    + "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha"}">' for n in range(12))
    + "]>"
)
OUTSIDE = '<!DOCTYPE a [<!ENTITY x SYSTEM "file://{secret}">]>'
PARAMETER = '<!DOCTYPE a [<!ENTITY % x SYSTEM "file://{secret}"> %x;]>'
KML = '<kml xmlns="http://www.opengis.net/kml/2.2"><Placemark><name>{}</name><Point><coordinates>139,35</coordinates></Point></Placemark></kml>'
GML = '<a:FeatureCollection xmlns:a="a" xmlns:gml="http://www.opengis.net/gml"><gml:featureMember><a:T><a:n>{}</a:n></a:T></gml:featureMember></a:FeatureCollection>'
PARCELS = '<地図 xmlns="http://www.moj.go.jp/MINJI/tizuxml"><地図名>{}</地図名></地図>'


@pytest.mark.parametrize("body", [KML, GML, PARCELS])
@pytest.mark.parametrize(("head", "entity"), [(LAUGHS, "&l11;"), (OUTSIDE, "&x;"), (PARAMETER, "x")])
def test_entities_of_xml_are_never_expanded(tmp_path: Path, body: str, head: str, entity: str) -> None:
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    suffix = ".kml" if body is KML else ".xml"
    (tmp_path / f"a{suffix}").write_text(
        '<?xml version="1.0" encoding="utf-8"?>'
        + head.replace("{secret}", str(secret))
        + body.format(entity),
        "utf-8",
    )
    assert refused(tmp_path / f"a{suffix}") == "xml_entity"


def test_entities_in_a_workbook(tmp_path: Path) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    book.active.append(["名称", "緯度", "経度"])
    book.save(tmp_path / "whole.xlsx")
    with (
        zipfile.ZipFile(tmp_path / "whole.xlsx") as whole,
        zipfile.ZipFile(tmp_path / "a.xlsx", "w") as spoilt,
    ):
        for name in whole.namelist():
            raw = whole.read(name)
            if name == "xl/worksheets/sheet1.xml":
                raw = LAUGHS.encode() + raw.replace(
                    b"<sheetData>", b"<sheetData><!-- --><row><c t='str'><v>&l11;</v></c></row>"
                )
            spoilt.writestr(name, raw)
    assert refused(tmp_path / "a.xlsx") in {"xml_entity", "corrupt_record"}


@pytest.mark.parametrize("deep", [1_000, 1_000_000])
def test_nesting_without_end(tmp_path: Path, deep: int) -> None:
    (tmp_path / "a.gml").write_text(
        "<a:FeatureCollection xmlns:a='http://www.opengis.net/gml'>" + "<a:b>" * deep
    )
    assert refused(tmp_path / "a.gml") == "too_deep"
    (tmp_path / "a.json").write_text("[" * deep + "]" * deep)
    assert refused(tmp_path / "a.json") in {"too_deep", "unsupported_variant"}
    (tmp_path / "a.geojson").write_text(
        '{"type":"FeatureCollection","features":' + "[" * deep + "]" * deep + "}"
    )
    try:  # GDAL passes over what it is not looking for, up to a depth
        assert not read(tmp_path / "a.geojson").rows
    except errors.FileRefused as refusal:
        assert refusal.values["problem"] in {"too_deep", "unsupported_variant", "truncated", "corrupt_record"}


def nested_collection(deep: int) -> bytes:
    return struct.pack("<BII", 1, 7, 1) * deep + shapely.to_wkb(shapely.Point(139.4, 35.7))


@pytest.mark.parametrize("deep", [40, 1_000, 200_000])
def test_collections_in_collections(tmp_path: Path, deep: int) -> None:
    path = gdal_file(tmp_path / "a.gpkg", [point()], {"n": [1]}, kind="Unknown")
    head = b"GP\0\x01" + struct.pack("<i", 6668)
    with sqlite3.connect(path) as connection:
        for trigger in [
            row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        ]:
            connection.execute(f'DROP TRIGGER "{trigger}"')
        connection.execute("UPDATE a SET geom = ?", (head + nested_collection(deep),))
    connection.close()
    assert refused(path) in {"too_deep", "reader_crashed", "truncated"}
    inner = (
        '{"type":"GeometryCollection","geometries":[' * deep
        + '{"type":"Point","coordinates":[139.4,35.7]}'
        + "]}" * deep
    )
    (tmp_path / "a.geojson").write_text('{"type":"Feature","properties":{},"geometry":' + inner + "}")
    assert refused(tmp_path / "a.geojson") in {
        "too_deep",
        "reader_crashed",
        "truncated",
        "corrupt_record",
        "unsupported_variant",
    }


def test_a_view_that_never_ends_is_stopped(tmp_path: Path) -> None:
    path = gdal_file(tmp_path / "a.gpkg", [point()], {"n": [1]})
    with sqlite3.connect(path) as connection:
        connection.execute("ALTER TABLE a RENAME TO b")
        connection.execute(
            "CREATE VIEW a AS WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) "
            "SELECT b.fid, b.geom, b.n FROM b, t WHERE t.n < 0"
        )
    connection.close()
    (tmp_path / "scratch").mkdir()
    with pytest.raises(errors.FileRefused) as refusal:
        source = open_apart(path, path.name, Options(), tmp_path / "scratch", Limits(silence=3.0))
        list(source.batches())
    assert refusal.value.values["problem"] == "too_slow"


def test_a_view_reads_no_other_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret.gpkg"
    gdal_file(secret, [point()], {"n": [SECRET]})
    path = gdal_file(tmp_path / "a.gpkg", [point()], {"n": ["x"]})
    with sqlite3.connect(path) as connection:
        connection.execute("ALTER TABLE a RENAME TO b")
        connection.execute(
            f"CREATE VIEW a AS SELECT fid, geom, CAST(readfile('{secret}') AS TEXT) || load_extension('x') AS n FROM b"
        )
    connection.close()
    with pytest.raises(errors.FileRefused):
        read(path)


def test_references_to_other_files_are_not_followed(tmp_path: Path) -> None:
    secret = geojson(tmp_path / "secret.geojson", [feature(point(), n=SECRET)])
    vrt = f'<OGRVRTDataSource><OGRVRTLayer name="s"><SrcDataSource>{secret}</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>'
    for name in ("a.vrt", "a.xml", "a.gml", "a.kml", "a"):
        (tmp_path / name).write_text(vrt)
        assert refused(tmp_path / name) == "unsupported_variant"
    for name in ("a.geojson", "a.gpkg", "a.shp", "a.fgb", "a.zip"):
        (tmp_path / name).write_text(vrt)
        assert refused(tmp_path / name) == "not_this_format"
    for text in (
        f"/vsizip/{secret}",
        f"/vsicurl/http://localhost/{secret}",
        f"PG:dbname=x {secret}",
        str(secret),
    ):
        (tmp_path / "a.csv").write_text(f"名称,緯度,経度\n{text},35.7,139.4\n")
        assert read(tmp_path / "a.csv").rows[0]["名称"] == text


def test_names_that_mean_something_to_gdal_are_only_names(tmp_path: Path) -> None:
    raw = geojson(tmp_path / "a.geojson", [feature(point(), n=1)]).read_bytes()
    for name in (
        "{vsizip}x.geojson",
        "ogr_vrt:x.geojson",
        "a?b=c&d.geojson",
        "-a.geojson",
        "a\nb.geojson",
        "PG:x.geojson",
    ):
        (tmp_path / name).write_bytes(raw)
        assert len(read(tmp_path / name).rows) == 1


def test_a_million_members(tmp_path: Path) -> None:
    """Made by hand: a directory of a million entries for the one file that there is."""
    entry = struct.pack("<4s6H3I5H2I", b"PK\x01\x02", 20, 20, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"a"
    local = struct.pack("<4s5H3I2H", b"PK\x03\x04", 20, 0, 0, 0, 0, 0, 0, 0, 1, 0) + b"a"
    count = 1_000_000
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, len(entry) * count, len(local), 0)
    (tmp_path / "a.zip").write_bytes(local + entry * count + end)
    assert refused(tmp_path / "a.zip") == "archive_ratio"


def test_bombs(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("a.csv", b"0" * (300 * 2**20))
    assert refused(tmp_path / "a.zip") == "archive_ratio"
    with zipfile.ZipFile(tmp_path / "b.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(tmp_path / "a.zip", "a.zip")
    assert refused(tmp_path / "b.zip") == "archive_nested"
    (tmp_path / "a.zip").rename(tmp_path / "a.xlsx")
    assert refused(tmp_path / "a.xlsx") in {"archive_ratio", "unsupported_variant"}


def test_a_small_zip_with_a_large_table_is_read(tmp_path: Path) -> None:
    """As a department once sent: 3 MB that become 106 MB, most of it spaces."""
    count = 20_000
    shp = gdal_file(
        tmp_path / "a.shp",
        [point(n % 20) for n in range(count)],
        {f"c{n}": ["x" * 254] * count for n in range(12)},
    )
    path = zipped(tmp_path / "a.zip", *(shp.with_suffix(s) for s in (".shp", ".shx", ".dbf", ".prj")))
    assert shp.with_suffix(".dbf").stat().st_size > 20 * path.stat().st_size
    got = read(path)
    assert len(got.rows) == count


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("suffix", [".gpkg", ".fgb", ".parquet"])
def test_coordinates_that_are_no_numbers_come_through_as_they_are(
    tmp_path: Path, bad: float, suffix: str
) -> None:
    import geopandas

    shapes = [line(), shapely.LineString([(139.4, 35.7), (bad, 35.7)])]
    path = tmp_path / f"a{suffix}"
    if suffix == ".parquet":
        geopandas.GeoDataFrame({"n": [1, 2]}, geometry=shapes, crs=6668).to_parquet(path)
    else:
        gdal_file(path, shapes, {"n": [1, 2]}, SPATIAL_INDEX="NO")
    got = read(path)
    odd = [n for n, shape in enumerate(got.shapes) if not np.isfinite(shapely.get_coordinates(shape)).all()]
    assert len(got.rows) == 2 and len(odd) == 1


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_shapefile_with_coordinates_that_are_no_numbers(tmp_path: Path, bad: float) -> None:
    path = gdal_file(tmp_path / "a.shp", [line(), line(1)], {"n": [1, 2]})
    raw = bytearray(path.read_bytes())
    raw[-16:-8] = struct.pack("<d", bad)  # the last x
    path.write_bytes(raw)
    shapes = read(path).shapes
    assert [bool(np.isfinite(shapely.get_coordinates(shape)).all()) for shape in shapes] == [True, False]


def test_sizes_that_a_file_only_claims(tmp_path: Path) -> None:
    path = gdal_file(tmp_path / "a.shp", [line()], {"n": [1]})
    dbf = bytearray(path.with_suffix(".dbf").read_bytes())
    dbf[4:8] = (2**31 - 1).to_bytes(4, "little")
    path.with_suffix(".dbf").write_bytes(dbf)
    got = read(path)
    assert len(got.rows) == 1 and "false_count" in got.codes


def test_a_number_of_four_hundred_digits(tmp_path: Path) -> None:
    path = geojson(tmp_path / "a.geojson", [feature(point(), n=10**400)])
    assert refused(path) == "unsupported_variant"


def test_links_beside_a_shapefile_are_only_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    (tmp_path / "theirs").mkdir()
    path = gdal_file(tmp_path / "theirs" / "a.shp", [line()], {"n": [1]})
    path.with_suffix(".prj").unlink()
    path.with_suffix(".prj").symlink_to(secret)
    got = read(path)
    assert "sidecar_unreadable(prj)" in got.codes and SECRET not in str(got.problems)
    assert secret.read_text() == SECRET and path.with_suffix(".prj").is_symlink()
