"""Bare coordinates of a city, written in every system that is usual in Japan, are recognised; others are offered no place."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyproj
import pytest
import shapely

from gisapp.geo.readings import Reading, parse_reading, written_reading
from gisapp.intake.hypotheses import rank
from gisapp.settings import City, load_city

CENTRES = {  # a place in each plane zone: longitude, latitude
    1: (129.87, 32.75), 2: (130.40, 33.59), 3: (132.46, 34.39), 4: (133.53, 33.56), 5: (134.24, 35.50),
    6: (135.50, 34.69), 7: (137.21, 36.70), 8: (138.18, 36.65), 9: (139.41, 35.75), 10: (140.74, 40.82),
    11: (140.97, 42.32), 12: (141.35, 43.06), 13: (144.38, 42.98), 14: (142.19, 27.09), 15: (127.68, 26.21),
    16: (124.16, 24.34), 17: (131.24, 25.85), 18: (136.08, 20.42), 19: (153.98, 24.28),
}  # fmt: skip
FIRST = {"JGD2011": 6669, "JGD2000": 2443, "Tokyo Datum": 30161}


def city_in(zone: int) -> City:
    lon, lat = CENTRES[zone]
    return replace(
        load_city("musashimurayama"), zone=zone, bounds=(lon - 0.05, lat - 0.04, lon + 0.05, lat + 0.04)
    )


def points_in(city: City, seed: int, count: int = 300) -> np.ndarray:  # type: ignore[type-arg]
    west, south, east, north = city.bounds
    chance = np.random.default_rng(seed)
    return np.column_stack([chance.uniform(west, east, count), chance.uniform(south, north, count)])


CASES = [
    (zone, datum, swapped, unit)
    for zone in CENTRES
    for datum in FIRST
    for swapped in (False, True)
    for unit in (1.0, 0.001)
]


def test_every_zone_datum_order_and_unit_is_recognised() -> None:
    """The Tokyo Datum and JGD2000 look like JGD2011 within a city whose rows do not reach its edge; here they fill it."""
    right = 0
    wrong = []
    for number, (zone, datum, swapped, unit) in enumerate(CASES):
        city = city_in(zone)
        system = pyproj.CRS.from_epsg(FIRST[datum] + zone - 1)
        forth = pyproj.Transformer.from_crs(system.geodetic_crs, system, always_xy=True)
        lonlat = points_in(city, number)
        if datum == "Tokyo Datum":  # 3 parameters backwards, as it lies in the ground
            away = pyproj.Transformer.from_pipeline(
                "+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad +step +proj=cart +ellps=GRS80 "
                "+step +proj=helmert +x=146.414 +y=-507.337 +z=-680.507 +step +inv +proj=cart +ellps=bessel "
                "+step +proj=unitconvert +xy_in=rad +xy_out=deg"
            )
            lonlat = np.column_stack(away.transform(*lonlat.T))
        xy = np.column_stack(forth.transform(*lonlat.T)) / unit
        found = rank(xy[:, ::-1] if swapped else xy, city, shapely.box(*city.bounds))
        first = found[0].reading if found else None
        same_datum = {FIRST[datum] + zone - 1}
        if datum != "Tokyo Datum":  # 0.3 m apart at most here: no evidence can tell them
            same_datum = {FIRST["JGD2011"] + zone - 1, FIRST["JGD2000"] + zone - 1}
        good = (
            first is not None
            and first.system.to_epsg() in same_datum
            and (first.swapped, first.unit) == (swapped, unit)
        )
        right += good
        if not good:
            wrong.append((zone, datum, swapped, unit, str(first)))
    assert right >= 0.99 * len(CASES), (right, len(CASES), wrong)


@pytest.mark.parametrize("swapped", [False, True])
def test_degrees_are_recognised_in_both_orders(swapped: bool) -> None:
    city = city_in(9)
    xy = points_in(city, 1)
    found = rank(xy[:, ::-1] if swapped else xy, city, shapely.box(*city.bounds))
    assert str(found[0].reading) == ("EPSG:6668+yx" if swapped else "EPSG:6668")
    assert found[0].inside > 0.95 and "市内" in found[0].choice().ja


def test_another_citys_rows_are_offered_by_their_distance() -> None:
    city = city_in(9)
    elsewhere = points_in(replace(city, bounds=(139.0, 35.3, 139.1, 35.4)), 3)
    forth = pyproj.Transformer.from_crs("EPSG:6668", "EPSG:6677", always_xy=True)
    found = rank(np.column_stack(forth.transform(*elsewhere.T)), city, shapely.box(*city.bounds))
    assert str(found[0].reading) == "EPSG:6677" and found[0].near == 0 and 40 < found[0].distance < 80


@pytest.mark.parametrize(
    "xy",
    [[[0.0, 0.0], [1.0, 1.0]], [[1.0, 2.0]], [[1e12, 1e12]], [[352772.966, 9662018.392]]],
    ids=["around zero", "one and two", "out of the world", "metres of no country"],
)
def test_what_fits_no_place_gets_no_hypothesis(xy: list[list[float]]) -> None:
    city = city_in(9)
    assert rank(np.array(xy), city, shapely.box(*city.bounds)) == []
    assert rank(np.zeros((0, 2)), city, shapely.box(*city.bounds)) == []


def test_degrees_of_another_country_are_offered_as_such() -> None:
    city = city_in(9)
    (one,) = rank(np.array([[7.447, 46.947]]), city, shapely.box(*city.bounds))
    assert str(one.reading) == "EPSG:4326" and "日本の外" in one.choice().ja


def test_a_reading_is_written_and_read_again() -> None:
    for text, canonical in (
        ("6677", "EPSG:6677"), ("epsg:6677 yx mm", "EPSG:6677+yx+mm"), ("EPSG:4301+9m", "EPSG:4301+9m")
    ):  # fmt: skip
        assert written_reading(text) == canonical
        reading = parse_reading(canonical)
        assert isinstance(reading, Reading) and str(reading) == canonical
    for text in ("", "EPSG:", "6677; DROP TABLE", "6677+zz", "JGD2011"):
        assert written_reading(text) is None
