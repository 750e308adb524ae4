"""Real files of real cities, with known answers, loaded without hand-set options."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from gisapp.installation import Installation
from tests.intake.conftest import ask, load_into

Cities = Callable[[str], Installation]


@pytest.fixture(scope="module")
def musashimurayama(city_installation: Cities, shared_data: Path) -> Iterator[Installation]:
    """武蔵村山市 with its boundary; other layers as they come."""
    one = city_installation("musashimurayama")
    load_into(one, shared_data / "01_boundary" / "N03_13223.geojson", "base.boundary")
    yield one
    with one.database.transaction("owner") as connection:
        connection.execute(
            text("TRUNCATE base.boundary, disaster.shelter, base.address_point, facilities.public_facility")
        )


@pytest.fixture(scope="module")
def yaizu(city_installation: Cities) -> Installation:
    return city_installation("yaizu")


def inside(installation: Installation, table: str) -> int:
    question = f"SELECT count(*) FROM {table} AS t JOIN base.boundary AS b ON ST_Intersects(b.geom, t.geom)"
    return int(ask(installation, question)[0][0])


def test_the_boundary_of_musashimurayama_has_its_known_area(musashimurayama: Installation) -> None:
    ((srid, area, name),) = ask(
        musashimurayama, "SELECT ST_SRID(geom), ST_Area(geom) / 1e6, name FROM base.boundary"
    )
    assert (srid, name) == (6677, "東京都武蔵村山市")
    assert area == pytest.approx(15.3191, abs=1e-4)


def test_all_37_emergency_shelters_are_inside_the_city(
    musashimurayama: Installation, shared_data: Path
) -> None:
    report = load_into(
        musashimurayama, shared_data / "05_facility" / "gsi_emergency_132233.geojson", "disaster.shelter"
    )
    assert report.ok and report.loaded == 37 and not report.findings.of("warning")
    assert inside(musashimurayama, "disaster.shelter") == 37
    first = (
        "SELECT name, facility_id, hazard_earthquake, hazard_flood FROM disaster.shelter ORDER BY id LIMIT 1"
    )
    assert ask(musashimurayama, first) == [("伊奈平公園", "E1322300001201", True, None)]


def test_all_65_address_points_are_inside_the_city(musashimurayama: Installation, shared_data: Path) -> None:
    report = load_into(
        musashimurayama, shared_data / "07_address" / "geolonia_武蔵村山市.json", "base.address_point"
    )
    assert report.loaded == 65 and inside(musashimurayama, "base.address_point") == 65
    assert ask(musashimurayama, "SELECT town FROM base.address_point WHERE town LIKE '%三ツ木'") == [
        ("大字三ツ木",)
    ]


def test_the_9_schools_of_the_city_are_found_among_those_of_tokyo(
    musashimurayama: Installation, shared_data: Path
) -> None:
    report = load_into(
        musashimurayama, shared_data / "06_planning" / "A27P-16_13.geojson", "facilities.public_facility"
    )
    assert report.loaded == 1156 and inside(musashimurayama, "facilities.public_facility") == 9
    assert report.findings.rows_of("partly_outside_city") == 1156 - 9


def test_school_districts_of_two_reference_systems_cover_the_same_city(
    yaizu: Installation, shared_data: Path
) -> None:
    folder = shared_data / "06_planning"
    elementary = load_into(yaizu, folder / "小学校区.shp", "facilities.school_district", constants=["kind=1"])
    junior = load_into(
        yaizu, folder / "中学校区.shp", "facilities.school_district", constants=["kind=2"], mode="append"
    )
    codes = [r.transformation.source.to_epsg() for r in (elementary, junior) if r.transformation]
    assert codes == [2450, 6668] and (elementary.loaded, junior.loaded) == (13, 9)
    areas = dict(
        ask(yaizu, "SELECT kind, ST_Area(ST_Union(geom)) FROM facilities.school_district GROUP BY kind")
    )  # type: ignore[arg-type]
    assert areas[1] == pytest.approx(70_563_033.0, abs=1)
    assert areas[2] == pytest.approx(70_564_862.0, abs=1)
    names = ask(yaizu, "SELECT name FROM facilities.school_district WHERE kind = 2 ORDER BY id LIMIT 1")
    assert names == [("東益津中学校",)]


def test_invalid_rings_of_a_zone_are_mended_and_reported(yaizu: Installation, shared_data: Path) -> None:
    path = shared_data / "06_planning" / "第一種低層住居専用地域.shp"
    report = load_into(yaizu, path, "city_planning.zoning", constants=["class=1"])
    mended = report.findings.of("repair")
    assert [problem.rows for problem in mended] == [(1,), (12,)] and report.repaired == 2
    assert "116,015.74 → 111,480.04 m²" in mended[0].ja
    ((area, ratio, valid),) = ask(
        yaizu,
        "SELECT sum(ST_Area(geom)), max(floor_area_ratio), bool_and(ST_IsValid(geom)) FROM city_planning.zoning",
    )
    assert area == pytest.approx(2_111_672.2, abs=0.1) and ratio == 80 and valid


def test_past_floods_go_into_the_citys_own_layer(yaizu: Installation, shared_data: Path) -> None:
    report = load_into(yaizu, shared_data / "04_hazard" / "浸水履歴_平成10年.shp", "disaster.flood_history")
    assert report.loaded == 209 and report.encoding == "cp932"
    ((total, union, cause),) = ask(
        yaizu,
        "SELECT sum(ST_Area(geom)), ST_Area(ST_Union(geom)), "
        "(SELECT cause FROM disaster.flood_history ORDER BY id LIMIT 1) FROM disaster.flood_history",
    )
    assert total == pytest.approx(335_811.2, rel=1e-4) and union == pytest.approx(194_555.9, rel=1e-4)
    assert cause == "梅雨前線の発達による豪雨"


def test_half_cut_characters_are_left_out_and_said(yaizu: Installation, shared_data: Path) -> None:
    report = load_into(
        yaizu, shared_data / "04_hazard" / "浸水履歴_平成17年.shp", "disaster.flood_history", dry_run=True
    )
    (cut,) = [problem for problem in report.findings if problem.code == "text_cut"]
    assert cut.column == "水害地域" and cut.rows == (2, 3)


def test_columns_cut_at_ten_bytes_are_known_again(yaizu: Installation, shared_data: Path) -> None:
    report = load_into(
        yaizu, shared_data / "04_hazard" / "浸水履歴_令和4年.shp", "disaster.flood_history", dry_run=True
    )
    assert {"異常気": "cause", "水害地": "damage", "浸水区": "zone_code"}.items() <= report.columns.items()


def test_the_buildings_of_nerima_are_loaded_in_seconds(city_installation: Cities, shared_data: Path) -> None:
    nerima = city_installation("nerima")
    report = load_into(
        nerima, shared_data / "10_bench" / "bench_nerima_13120_plateau2020.fgb", "base.building"
    )
    assert report.loaded == 120_000 and report.dropped == 0
    ((count, hectares, highest),) = ask(
        nerima, "SELECT count(*), sum(ST_Area(geom)) / 1e4, max(height) FROM base.building"
    )
    assert count == 120_000 and hectares == pytest.approx(1_181.678, abs=0.001) and highest == 116.1
    assert (
        len(ask(nerima, "SELECT FROM pg_indexes WHERE tablename = 'building' AND indexdef LIKE '%gist%'"))
        == 2
    )
    assert report.seconds < 60


@pytest.mark.parametrize(
    ("file", "layer"),
    [
        ("yaizu_222127_aed.csv", "facilities.aed"),
        ("yaizu_222127_evacuation_space.csv", "disaster.shelter"),
        ("yaizu_222127_fire_hydrant.csv", "disaster.hydrant"),
        ("yaizu_222127_facilities_smartmap.csv", "facilities.public_facility"),
    ],
)
def test_standard_lists_of_a_city_load_as_they_are(
    yaizu: Installation, shared_data: Path, file: str, layer: str
) -> None:
    report = load_into(yaizu, shared_data / "05_facility" / file, layer, dry_run=True)
    assert report.ok and report.loaded == report.read > 20
    assert not report.errors
