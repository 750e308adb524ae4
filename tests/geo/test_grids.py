"""The national grids: published values are met within a millimetre, also where a grid has no parameters."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import numpy as np
import pyproj
import pytest

from gisapp.geo.crs import JAPAN, find_system, find_transformation
from gisapp.geo.grids import NO_GRIDS, Grids, find_grids

METRES_PER_DEGREE = 111_000


@pytest.fixture(scope="module")
def grids(shared_data: Path) -> Grids:
    return find_grids([shared_data / "08_datum"])


def system(name: str) -> pyproj.CRS:
    found = find_system(name)
    assert found is not None
    return found


def moved(source: str, target: str, x: float, y: float, grids: Grids) -> tuple[float, float]:
    way = find_transformation(system(source), system(target), JAPAN, grids=grids)
    assert way is not None
    ((x, y),) = way.points(np.array([[x, y]]))
    return x, y


def test_every_published_datum_value_is_met_within_a_millimetre(shared_data: Path, grids: Grids) -> None:
    with (shared_data / "08_datum" / "datum_truth.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 20
    for row in rows:
        at = np.array([[float(row["in_lon"]), float(row["in_lat"])]])
        grid = grids.tky2jgd if row["from_crs"] == "EPSG:4301" else grids.patchjgd
        assert grid is not None
        ((lon, lat),), _ = grid.shift(at)
        off = np.hypot(lat - float(row["out_lat"]), (lon - float(row["out_lon"])) * np.cos(np.radians(lat)))
        assert off * METRES_PER_DEGREE < 0.001, (row["name"], off * METRES_PER_DEGREE)


def test_every_published_plane_value_is_met_within_a_millimetre(shared_data: Path) -> None:
    with (shared_data / "08_datum" / "plane_rectangular_truth.csv").open() as file:
        for row in csv.DictReader(file):
            plane = system(row["crs"])
            geographic = plane.geodetic_crs
            assert geographic is not None
            way = find_transformation(geographic, plane, JAPAN)
            assert way is not None
            ((east, north),) = way.points(np.array([[float(row["lon"]), float(row["lat"])]]))
            assert east == pytest.approx(float(row["Y_east_m"]), abs=0.001)
            assert north == pytest.approx(float(row["X_north_m"]), abs=0.001)


def test_from_the_tokyo_datum_to_the_plane_both_grids_are_used(grids: Grids) -> None:
    way = find_transformation(system("EPSG:30169"), system("EPSG:6677"), JAPAN, grids=grids)
    assert way is not None
    assert way.name == "TKY2JGD + PatchJGD (2011)" and way.accuracy == 0.3
    ((east, north),) = way.points(np.array([[-40000.0, -27000.0]]))
    assert (east + 40000, north + 27000) == pytest.approx((-293, 356), abs=8)


def test_without_its_grid_the_tokyo_datum_is_left_only_where_somebody_accepts_nine_metres() -> None:
    tokyo, plane = system("EPSG:4301"), system("EPSG:6677")
    assert find_transformation(tokyo, plane, JAPAN, grids=NO_GRIDS) is None
    way = find_transformation(tokyo, plane, JAPAN, grids=NO_GRIDS, coarse=True)
    assert way is not None and way.accuracy == 9.0 and "3" in way.name


def test_without_its_grid_jgd2000_is_taken_as_jgd2011_and_the_accuracy_says_so() -> None:
    way = find_transformation(system("EPSG:2451"), system("EPSG:6677"), JAPAN, grids=NO_GRIDS)
    assert way is not None and way.accuracy == 1.0


def test_a_point_that_is_no_number_stays_none(grids: Grids) -> None:
    assert grids.tky2jgd is not None
    shifted, inside = grids.tky2jgd.shift(np.array([[np.nan, 35.0], [139.4, 35.75]]))
    assert not np.isfinite(shifted[0]).all() and inside.tolist() == [False, True]


def test_grids_are_found_by_their_names_in_any_case_and_in_a_folder_with_spaces(
    shared_data: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "national grids 格子"
    folder.mkdir()
    shutil.copyfile(shared_data / "08_datum" / "TKY2JGD.tif", folder / "Tky2Jgd.TIF")
    found = find_grids([tmp_path / "none", folder])
    assert found.patchjgd is None and found.tky2jgd is not None
    _, inside = found.tky2jgd.shift(np.array([[139.4, 35.75]]))
    assert inside.all()
