"""A made-up city, 青葉野市: seeded, repeatable, of any size, with rows for every layer of the catalogue.

It lies in the Pacific (around 141.30°E 35.20°N), so that no real place is ever shown with invented hazards or owners.
The large lines are planned first (`plan`, `districts`, `network`); then one district after the other is laid out and
built (`build`) and handed on, so a city of two million parcels needs little more memory than one of fifty thousand;
what needs the whole city (facilities, statistics) comes last.
"""

from __future__ import annotations

from collections.abc import Iterator

from gisapp.sample import base, disaster, facilities, hazards, planning, roads, statistics, taxes
from gisapp.sample.build import build_district, city_with_room
from gisapp.sample.city import City
from gisapp.sample.rows import LayerRows, in_chunks
from gisapp.sample.sites import Site

__all__ = ["LayerRows", "generate"]


def generate(parcels: int, seed: int = 7, srid: int = 6677, marker: str = "") -> Iterator[LayerRows]:
    """Rows of all layers of a city of `parcels` parcels, in chunks of at most 100,000; one layer may come several times.

    Geometries are in metres of plane rectangular system `srid` (EPSG code, x east, y north), rounded to millimetres.
    The same arguments give the same bytes. `marker` is put behind the name of every owner, for tests that look for
    what nobody may see. Sizes from about 1,000 parcels upwards make a sensible city.
    """
    city = city_with_room(parcels, seed, srid, marker)
    return in_chunks(_all_rows(city), city.origin)


def _all_rows(city: City) -> Iterator[LayerRows]:
    for part in (base, roads, hazards, planning):
        yield from part.city_rows(city)
    sites: list[Site] = []
    census = statistics.Census(len(city.towns))
    left = city.plan.parcels
    for district in city.districts:
        built = build_district(city, district, left)
        left -= len(built.parcels)
        sites += built.sites
        census.add(city, built)
        for part in (base, roads, taxes, planning, disaster):
            yield from part.district_rows(city, built)
    yield from facilities.city_rows(city, sites)
    yield from disaster.city_rows(city, sites)
    yield from statistics.census_rows(city, census)
