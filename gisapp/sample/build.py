"""One district built, from its layout to its houses: the unit in which a city of any size is made and handed on."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from gisapp.sample.address import addresses
from gisapp.sample.blocks import Layout, lay_out
from gisapp.sample.city import City, Town, building_land, make_city, street_land
from gisapp.sample.demands import MUST_HAVE
from gisapp.sample.districts import District
from gisapp.sample.houses import Buildings, build_houses
from gisapp.sample.lots import cut_lots
from gisapp.sample.parcels import Grounds, Parcels, make_parcels, on_largest_lots
from gisapp.sample.sites import Site, build_sites, name_sites
from gisapp.sample.streets import Streets, make_streets

COUNTED = 30_000
"""In cities up to so many parcels the lots are cut once in trial, to be sure that there are enough."""


@dataclass(frozen=True)
class Built:
    """A district with everything that stands on it."""

    district: District
    towns: list[Town]
    parcels: Parcels
    grounds: Grounds
    streets: Streets
    buildings: Buildings
    sites: list[Site]
    address: NDArray[np.object_]  # of every parcel


def build_district(city: City, district: District, most_parcels: int) -> Built:
    """Build a district with at most `most_parcels` parcels; what lies beyond stays land without a number."""
    layout, parcels, grounds = _divided(city, district)
    parcels = parcels.first(most_parcels)
    rng, towns = city.plan.rng("build", district.number), city.towns_of(district.number)
    houses = build_houses(district, parcels, city.plan.terrain, rng)
    buildings = _both(houses, build_sites(parcels))
    sites, buildings = name_sites(district, city.names[district.number], parcels, buildings, rng)
    streets = make_streets(district, street_land(city, district), layout)
    written = np.empty(len(parcels), dtype=object)
    written[:] = addresses(towns, parcels.numbers())
    return Built(district, towns, parcels, grounds, streets, buildings, sites, written)


def city_with_room(parcels: int, seed: int, srid: int, marker: str) -> City:
    """The smallest of some plans with land for at least `parcels` parcels, which are counted where chance weighs."""
    room = 1.05 if parcels > COUNTED else 1.0
    while True:
        city = make_city(parcels, seed, srid, marker, room)
        if parcels > COUNTED or sum(len(_divided(city, d)[1]) for d in city.districts) >= parcels:
            return city
        room += 0.05


def _divided(city: City, district: District) -> tuple[Layout, Parcels, Grounds]:
    """The blocks and streets of a district, and its parcels."""
    rng = city.plan.rng("lots", district.number)
    land = building_land(city, district)
    layout = lay_out(district, land, city.demands[district.number], rng)
    lots = cut_lots(district, layout.blocks, rng)
    parcels, grounds = make_parcels(district, city.towns_of(district.number), land, layout, lots)
    placed = {kind for kind, _ in layout.sites}
    missing = [d.kind for d in city.demands[district.number] if d.kind in MUST_HAVE and d.kind not in placed]
    return layout, on_largest_lots(parcels, missing), grounds


def _both(a: Buildings, b: Buildings) -> Buildings:
    names = [field.name for field in fields(Buildings)]
    return Buildings(*(np.concatenate([getattr(a, name), getattr(b, name)]) for name in names))
