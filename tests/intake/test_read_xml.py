"""XML of the registry, of the Geospatial Information Authority and of PLATEAU, as rows and shapes."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest
import shapely

from tests.intake.reading import read, refusal, refused

GML = 'xmlns:gml="http://www.opengis.net/gml" xmlns:a="http://a.example"'
MOJ = """<?xml version="1.0" encoding="UTF-8"?>
<地図 xmlns="http://www.moj.go.jp/MINJI/tizuxml" xmlns:zmn="http://www.moj.go.jp/MINJI/tizuzumen">
<地図名>a</地図名><市区町村コード>13223</市区町村コード><座標系>{system}</座標系><測地系判別>{datum}</測地系判別>
<空間属性>{points}{curves}
<zmn:GM_Surface id="F1"><zmn:GM_Surface.patch><zmn:GM_SurfaceBoundary.exterior><zmn:GM_Ring>{ring}</zmn:GM_Ring></zmn:GM_SurfaceBoundary.exterior>
<zmn:GM_SurfaceBoundary.interior><zmn:GM_Ring>{hole}</zmn:GM_Ring></zmn:GM_SurfaceBoundary.interior></zmn:GM_Surface.patch></zmn:GM_Surface>
</空間属性><主題属性><筆 id="H1"><大字名>本町</大字名><地番>1-2</地番><形状 idref="F1"/></筆></主題属性></地図>"""


def moj(path: Path, system: str, datum: str = "測量") -> Path:
    """A parcel of 100 m by 200 m (north) with a hole of 10 m by 10 m; its curves run in any direction."""
    corners = [(0, 0), (200, 0), (200, 100), (0, 100), (50, 50), (60, 50), (60, 60), (50, 60)]  # north, east
    points = "".join(
        f'<zmn:GM_Point id="P{n}"><zmn:DirectPosition><zmn:X>{x}</zmn:X><zmn:Y>{y}</zmn:Y></zmn:DirectPosition></zmn:GM_Point>'
        for n, (x, y) in enumerate(corners)
    )
    pairs = {
        "C0": (0, 1),
        "C1": (2, 1),
        "C2": (3, 2),
        "C3": (3, 0),
        "C4": (5, 4),
        "C5": (5, 6),
        "C6": (7, 6),
        "C7": (7, 4),
    }
    curves = "".join(
        f'<zmn:GM_Curve id="{name}">'
        + "".join(
            f'<zmn:GM_Position.indirect><zmn:GM_PointRef.point idref="P{end}"/></zmn:GM_Position.indirect>'
            for end in ends
        )
        + "</zmn:GM_Curve>"
        for name, ends in pairs.items()
    )
    ring, hole = (
        "".join(f'<zmn:GM_CompositeCurve.generator idref="C{n}"/>' for n in range(first, first + 4))
        for first in (0, 4)
    )
    text = MOJ.format(system=system, datum=datum, points=points, curves=curves, ring=ring, hole=hole)
    path.write_text(text, "utf-8")
    return path


def test_parcels_of_the_registry_have_their_known_place(shared_data: Path) -> None:
    got = read(shared_data / "03_base" / "13101-0100-28.xml")
    assert (len(got.rows), got.source.crs) == (61, "EPSG:6677")
    assert (
        got.rows[0]["地番"] == "15-8"
        and got.rows[0]["大字名"] == "大手町"
        and got.rows[0]["縮尺分母"] == "500"
    )
    assert got.area(6677) == pytest.approx(78_409.9, rel=1e-4)
    assert shapely.total_bounds(got.shapes) == pytest.approx([-6546.780, -34792.775, -5835.282, -34279.084])


def test_a_map_that_was_transformed_is_in_jgd2000_of_its_own_zone(shared_data: Path) -> None:
    got = read(shared_data / "03_base" / "46505-3411-1.zip")
    assert (len(got.rows), got.source.crs) == (8, "EPSG:2444")
    assert got.area(2444) == pytest.approx(480_001.0, rel=1e-4)


def test_curves_come_in_any_direction_and_x_is_north(tmp_path: Path) -> None:
    got = read(moj(tmp_path / "a.xml", "公共座標９系"))
    (shape,) = got.shapes
    assert shape.is_valid and shape.area == 100 * 200 - 100 and shape.bounds == (0, 0, 100, 200)
    assert got.source.axes == "latlon" and got.rows[0]["大字名"] == "本町"


@pytest.mark.parametrize(
    ("zone", "datum", "code"), [(1, "測量", 6669), (19, "測量", 6687), (1, "変換", 2443), (12, "変換", 2454)]
)
def test_every_zone_has_its_code(tmp_path: Path, zone: int, datum: str, code: int) -> None:
    assert read(moj(tmp_path / "a.xml", f"公共座標{zone}系", datum)).source.crs == f"EPSG:{code}"


def test_a_map_without_a_place_is_refused_in_plain_words(tmp_path: Path) -> None:
    path = moj(tmp_path / "a.xml", "任意座標系")
    said = refusal(path)
    assert said.values["problem"] == "no_position" and "任意座標系" in said.sentence()
    assert len(read(path, crs="EPSG:6677").rows) == 1  # somebody has fitted it


def test_a_parcel_without_its_points_is_an_error_of_that_row(tmp_path: Path) -> None:
    path = moj(tmp_path / "a.xml", "公共座標9系")
    path.write_text(path.read_text("utf-8").replace('idref="C3"', 'idref="C99"'), "utf-8")
    (problem,) = [p for p in read(path).problems if p.code == "corrupt_record"]
    assert problem.level == "error" and problem.rows == (1,)


def test_basic_map_information_is_latitude_first(shared_data: Path) -> None:
    folder = shared_data / "03_base" / "fgd_gml"
    building = read(folder / "BldA.xml")
    assert (building.source.crs, building.source.axes) == ("EPSG:6668", "latlon")
    assert building.rows[0]["type"] == "普通建物" and building.rows[0]["devDate"] == "2017-03-07"
    assert building.area(6677) == pytest.approx(65.9, abs=0.1)
    height = read(folder / "ElevPt_JGD2024.xml")
    assert height.source.crs == "EPSG:6668" and "datum_suspect" in height.codes
    assert height.shapes[0].x == pytest.approx(133.123456789) and height.rows[0]["vis"] == "表示"


def test_buildings_of_plateau_are_their_roofs_and_codes_become_labels(shared_data: Path) -> None:
    path = shared_data / "03_base" / "plateau_53392642" / "udx" / "bldg" / "53392642_bldg_6697_op2.gml"
    got = read(path)
    assert len(got.rows) == 8 and {s.geom_type for s in got.shapes} == {"Polygon"}
    assert sum(float(row["measuredHeight"]) for row in got.rows) == pytest.approx(56.0)
    (odd,) = [p for p in got.problems if p.code == "xml_namespace"]
    assert "538" in odd.ja and "energy" in odd.ja
    labelled = {row["districtsAndZonesType"] for row in got.rows} - {None}
    assert labelled and not any(value.isdigit() for value in labelled)
    assert {row["districtsAndZonesType_code"] for row in got.rows} >= {"11"}
    assert got.rows[0]["prefecture"] == "東京都" and got.rows[0]["建物ID"]


def test_code_lists_come_along_in_a_zip(shared_data: Path, tmp_path: Path) -> None:
    root = shared_data / "03_base" / "plateau_53392642"
    path = tmp_path / "plateau.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in root.rglob("*"):
            if file.is_file() and "TestCase" not in file.name and "tran" not in file.parts:
                archive.write(file, f"city/{file.relative_to(root)}")
    got = read(path)
    assert len(got.rows) == 8 and got.rows[0]["prefecture"] == "東京都"


def test_without_code_lists_codes_stay_codes(shared_data: Path, tmp_path: Path) -> None:
    path = shared_data / "03_base" / "plateau_53392642" / "udx" / "bldg" / "53392642_bldg_6697_op2.gml"
    shutil.copyfile(path, tmp_path / "a.gml")
    row = read(tmp_path / "a.gml").rows[0]
    assert row["prefecture"] == "13" and "prefecture_code" not in row


def test_triangles_of_a_flood_keep_all_of_their_area(shared_data: Path) -> None:
    got = read(shared_data / "04_hazard" / "52385721_fld_6697_l1_op.gml")
    assert len(got.rows) == 3 and shapely.is_valid(got.shapes).all()
    assert got.area(6677) == pytest.approx(1027.2, abs=0.1)
    (joined,) = {p.code for p in got.problems if p.level == "repair"}
    assert joined == "invalid_geometry"


def test_each_kind_of_feature_is_a_layer(shared_data: Path) -> None:
    path = shared_data / "06_planning" / "533957_urf_6668_op.gml"
    said = refusal(path)
    kinds = [choice.value for choice in said.values["choices"]]  # type: ignore[attr-defined]
    assert said.values["problem"] == "several_layers" and said.values["asks"] == "part"
    counts = [len(read(path, part=kind).rows) for kind in kinds]
    assert dict(zip(kinds, counts, strict=True)) == {
        "HeightControlDistrict": 12,
        "FirePreventionDistrict": 4,
        "UseDistrict": 22,
    }
    assert read(path, part="UseDistrict").area(6677) == pytest.approx(2_004_706.0, rel=1e-4)


def test_a_solid_without_a_footprint_is_what_it_covers(tmp_path: Path) -> None:
    def face(*corners: tuple[float, float, float]) -> str:
        text = " ".join(f"{35.7 + n * 1e-5} {139.4 + e * 1e-5} {h}" for n, e, h in (*corners, corners[0]))
        return f"<gml:surfaceMember><gml:Polygon><gml:exterior><gml:LinearRing><gml:posList>{text}</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon></gml:surfaceMember>"

    faces = face((0, 0, 0), (0, 1, 0), (1, 1, 0), (1, 0, 0)) + face(
        (0, 0, 9), (0, 1, 9), (1, 1, 9), (1, 0, 9)
    )
    faces += face((0, 0, 0), (0, 1, 0), (0, 1, 9), (0, 0, 9))
    (tmp_path / "a.gml").write_text(
        f"""<core:CityModel xmlns:core="c" {GML} xmlns:bldg="b"><gml:boundedBy><gml:Envelope srsName="http://www.opengis.net/def/crs/EPSG/0/6697" srsDimension="3"/></gml:boundedBy>
        <core:cityObjectMember><bldg:Building gml:id="x"><bldg:lod1Solid><gml:Solid><gml:exterior><gml:CompositeSurface>{faces}</gml:CompositeSurface></gml:exterior></gml:Solid></bldg:lod1Solid></bldg:Building></core:cityObjectMember></core:CityModel>"""
    )
    (shape,) = read(tmp_path / "a.gml").shapes
    assert shape.area == pytest.approx(1e-10) and shape.bounds == pytest.approx(
        (139.4, 35.7, 139.40001, 35.70001)
    )


@pytest.mark.parametrize(
    ("system", "first", "axes"),
    [
        ("urn:ogc:def:crs:EPSG::6668", "35.7 139.4", "latlon"),
        ("http://www.opengis.net/def/crs/EPSG/0/4612", "35.7 139.4", "latlon"),
        ("EPSG:6668", "139.4 35.7", "xy"),
        ("http://www.opengis.net/gml/srs/epsg.xml#4326", "139.4 35.7", "xy"),
        ("JGD2011 / (B, L)", "35.7 139.4", "latlon"),
        ("fguuid:jgd2011.bl", "35.7 139.4", "latlon"),
    ],
)
def test_the_order_of_axes_follows_the_name_of_the_system(
    tmp_path: Path, system: str, first: str, axes: str
) -> None:
    (tmp_path / "a.gml").write_text(
        f'<a:FeatureCollection {GML}><gml:featureMember><a:Tree fid="t1"><a:kind>松</a:kind>'
        f'<a:at><gml:Point srsName="{system}"><gml:pos>{first}</gml:pos></gml:Point></a:at></a:Tree></gml:featureMember></a:FeatureCollection>',
        "utf-8",
    )
    got = read(tmp_path / "a.gml")
    assert got.shapes[0].coords[0] == (139.4, 35.7) and got.source.axes == axes
    assert got.rows == [{"gml_id": "t1", "kind": "松"}]


def test_shapes_that_features_refer_to_are_found(tmp_path: Path) -> None:
    """国土数値情報 writes curves and surfaces first and features that point at them."""
    (tmp_path / "a.xml").write_text(
        f"""<?xml version="1.0" encoding="Shift_JIS"?><ksj:Dataset xmlns:ksj="k" {GML} xmlns:xlink="x">
        <gml:description>説明</gml:description>
        <gml:Curve gml:id="c1"><gml:segments><gml:LineStringSegment><gml:posList>35.7 139.4
          35.7 139.5</gml:posList></gml:LineStringSegment></gml:segments></gml:Curve>
        <gml:Curve gml:id="c2"><gml:segments><gml:LineStringSegment><gml:posList>35.7 139.5
          35.8 139.5 35.7 139.4</gml:posList></gml:LineStringSegment></gml:segments></gml:Curve>
        <gml:Surface gml:id="s1" srsName="JGD2011 / (B, L)"><gml:patches><gml:PolygonPatch><gml:exterior><gml:Ring>
          <gml:curveMember xlink:href="#c1"/><gml:curveMember xlink:href="#c2"/></gml:Ring></gml:exterior></gml:PolygonPatch></gml:patches></gml:Surface>
        <ksj:Area gml:id="a1"><ksj:bounds xlink:href="#s1"/><ksj:name>武蔵村山市</ksj:name></ksj:Area></ksj:Dataset>""",
        "cp932",
    )
    got = read(tmp_path / "a.xml")
    assert [row["name"] for row in got.rows] == ["武蔵村山市"] and got.source.crs == "EPSG:6668"
    assert got.shapes[0].is_valid and got.shapes[0].area == pytest.approx(0.005)


def test_features_in_different_systems_are_never_put_into_one(tmp_path: Path) -> None:
    members = "".join(
        f'<gml:featureMember><a:Tree><a:at><gml:Point srsName="EPSG:{code}"><gml:pos>1 2</gml:pos></gml:Point></a:at></a:Tree></gml:featureMember>'
        for code in (6677, 6676)
    )
    (tmp_path / "a.gml").write_text(f"<a:FeatureCollection {GML}>{members}</a:FeatureCollection>")
    assert refused(tmp_path / "a.gml") == "crs_ambiguous"


@pytest.mark.parametrize(
    ("name", "code", "word"),
    [
        ("03_base/plateau_53392642/codelists/Building_class.xml", "not_geodata", "コード一覧"),
        ("09_nasty/gml/billionlaugh.xsd", "not_geodata", "XSD"),
        ("09_nasty/gml/billionlaugh.gml", "xml_entity", "ENTITY"),
        ("09_nasty/kml/truncated.kml", "truncated", "35行目"),
        ("03_base/plateau_53392642/udx/bldg/TestCaseOfInvalidFileNameGml.gml", "not_this_format", "テキスト"),
    ],
)
def test_other_xml_is_named(shared_data: Path, name: str, code: str, word: str) -> None:
    said = refusal(shared_data / name)
    assert said.values["problem"] == code and word in said.sentence()
