"""Reference systems: known by their datum, transformed exactly or not at all."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from gisapp.geo.crs import Bounds, Transformation, datum_of, describe, find_system, find_transformation

TOKYO_AREA: Bounds = (139.0, 35.0, 141.0, 37.0)


def transformation(source: str, target: str) -> Transformation | None:
    one, other = find_system(source), find_system(target)
    assert one is not None and other is not None
    return find_transformation(one, other, TOKYO_AREA)


@pytest.mark.parametrize(
    ("code", "datum"),
    [(6677, "JGD2011"), (6697, "JGD2011"), (2451, "JGD2000"), (4612, "JGD2000"), (30169, "Tokyo Datum"), (4301, "Tokyo Datum"), (4326, "WGS 84")],
)  # fmt: skip
def test_the_datum_of_a_system_is_known(code: int, datum: str) -> None:
    system = find_system(f"EPSG:{code}")
    assert system is not None and datum_of(system) == datum


def test_a_shapefiles_own_wkt_is_taken_for_the_registered_system() -> None:
    import pyproj

    wkt = pyproj.CRS.from_epsg(2451).to_wkt("WKT1_ESRI")
    system = find_system(wkt)
    assert system is not None and system.to_epsg() == 2451


@pytest.mark.parametrize("text", ["", "nonsense", "<html>", 'LOCAL_CS["site"]', 'GEOGCS["Undefined geographic SRS",DATUM["unknown",SPHEROID["unknown",6378137,298.257223563]],PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]]'])  # fmt: skip
def test_what_names_no_place_on_earth_is_no_system(text: str) -> None:
    assert find_system(text) is None


def test_systems_are_called_by_their_japanese_names() -> None:
    system = find_system("EPSG:2450")
    assert system is not None
    assert describe(system) == "JGD2000 平面直角座標系 第8系（EPSG:2450）"
    assert describe(system, "en") == "JGD2000 / Plane Rectangular zone 8 (EPSG:2450)"


def test_nothing_is_transformed_from_the_tokyo_datum_without_the_national_grid() -> None:
    assert transformation("EPSG:4301", "EPSG:6677") is None
    assert transformation("EPSG:30169", "EPSG:6677") is None


def test_jgd2000_is_transformed_and_its_accuracy_told() -> None:
    found = transformation("EPSG:4612", "EPSG:6677")
    assert found is not None and found.accuracy == 1.0 and "JGD2000 to JGD2011" in found.name


def test_the_same_system_needs_no_transformation() -> None:
    found = transformation("EPSG:6677", "EPSG:6677")
    assert found is not None and found.accuracy == 0.0
    assert found.points(np.array([[1.0, 2.0]])).tolist() == [[1.0, 2.0]]


def test_plane_coordinates_are_those_of_the_national_survey(shared_data: Path) -> None:
    with (shared_data / "08_datum" / "plane_rectangular_truth.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["crs"] == "EPSG:6677"]
    assert rows
    forth = transformation("EPSG:6668", "EPSG:6677")
    assert forth is not None
    for row in rows:
        east, north = forth.points(np.array([[float(row["lon"]), float(row["lat"])]]))[0]
        assert (east, north) == (
            pytest.approx(float(row["Y_east_m"]), abs=1e-3),
            pytest.approx(float(row["X_north_m"]), abs=1e-3),
        )
