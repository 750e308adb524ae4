"""One district built, from its layout to its houses: the unit in which a city of any size is made and handed on."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from gisapp.sample.blocks import lay_out
from gisapp.sample.city import City, Town, building_land, street_land
from gisapp.sample.districts import District
from gisapp.sample.houses import Buildings, build_houses
from gisapp.sample.lots import cut_lots
from gisapp.sample.parcels import Grounds, Parcels, make_parcels
from gisapp.sample.sites import Site, build_sites, name_sites
from gisapp.sample.streets import Streets, make_streets


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


def build_district(city: City, district: District, most_parcels: int) -> Built:
    """Build a district with at most `most_parcels` parcels; what lies beyond stays land without a number."""
    rng = city.plan.rng("build", district.number)
    towns = city.towns_of(district.number)
    land = building_land(city, district)
    layout = lay_out(district, land, city.demands[district.number], rng)
    parcels, grounds = make_parcels(district, towns, land, layout, cut_lots(district, layout.blocks, rng))
    parcels = parcels.first(most_parcels)
    houses = build_houses(district, parcels, city.plan.terrain, rng)
    buildings = _both(houses, build_sites(parcels))
    sites, buildings = name_sites(district, city.names[district.number], parcels, buildings, rng)
    streets = make_streets(district, street_land(city, district), layout)
    return Built(district, towns, parcels, grounds, streets, buildings, sites)


def _both(a: Buildings, b: Buildings) -> Buildings:
    names = [field.name for field in fields(Buildings)]
    return Buildings(*(np.concatenate([getattr(a, name), getattr(b, name)]) for name in names))
