"""Mesh codes of JIS X 0410: known places, edges of cells, and every level there and back."""

import numpy as np
import pytest

from gisapp import errors
from gisapp.geo import mesh


def test_tokyo_station_and_musashimurayama_have_their_published_250_m_codes() -> None:
    assert mesh.encode(139.767125, 35.681236, "1/4") == "5339461132"
    assert mesh.encode(139.3874, 35.7548, "1/4") == "5339530042"


@pytest.mark.parametrize(
    ("level", "code"),
    [
        ("1", "5339"),
        ("2", "533946"),
        ("5x", "5339461"),
        ("2x", "533946005"),
        ("3", "53394611"),
        ("1/2", "533946113"),
        ("1/4", "5339461132"),
        ("1/8", "53394611323"),
    ],
)
def test_tokyo_station_at_every_level(level: str, code: str) -> None:
    assert mesh.encode(139.767125, 35.681236, level) == code
    west, south, east, north = mesh.bounds(code)
    assert west <= 139.767125 < east and south <= 35.681236 < north


@pytest.mark.parametrize("level", list(mesh.LEVELS))
def test_the_middle_of_a_cell_gives_the_code_of_the_cell(level: str) -> None:
    rng = np.random.default_rng(1)
    lon, lat = rng.uniform(122, 154, 500), rng.uniform(20, 46, 500)
    for code in mesh.encode_many(lon, lat, level):
        west, south, east, north = mesh.bounds(str(code))
        assert mesh.encode((west + east) / 2, (south + north) / 2, level) == code
        assert mesh.level_of(str(code)).key == level
        assert (east - west, north - south) == pytest.approx(mesh.LEVELS[level].size_degrees)


@pytest.mark.parametrize("level", list(mesh.LEVELS))
def test_the_south_west_corner_belongs_to_its_cell_although_floats_are_inexact(level: str) -> None:
    code = mesh.encode(141.3, 35.2, level)
    west, south, east, north = mesh.bounds(code)
    assert mesh.encode(west, south, level) == code
    assert mesh.encode(east, north, level) != code


def test_nine_digits_ending_in_five_are_the_two_kilometre_mesh() -> None:
    assert mesh.level_of("533946005").key == "2x"
    assert mesh.level_of("533946113").key == "1/2"


@pytest.mark.parametrize(
    "code", ["", "533", "5339x6", "533989", "53394617x", "533946116", "533946105", "5339465"]
)
def test_what_is_no_mesh_code_is_refused(code: str) -> None:
    with pytest.raises(errors.ParameterInvalid):
        mesh.bounds(code)


def test_a_point_without_a_code_and_an_unknown_level_are_refused() -> None:
    with pytest.raises(errors.ParameterInvalid):
        mesh.encode(-0.1, 51.5)
    with pytest.raises(errors.ParameterInvalid):
        mesh.encode(139.7, 35.6, "4")
