"""Which public sites a district is given: schools, halls, parks, estates. The rest of the city follows from them."""

from __future__ import annotations

from gisapp.sample.blocks import Demand
from gisapp.sample.districts import District
from gisapp.sample.plan import Plan

# Per kind of district: (kind of site, width, depth in metres, one district in …, counted from the …th)
_RULES: dict[str, tuple[tuple[str, float, float, int, int], ...]] = {
    "commercial": (
        ("city_hall", 60, 70, 99_999, 0),
        ("library", 50, 36, 3, 0),
        ("culture_hall", 55, 60, 3, 0),
        ("elementary", 100, 90, 3, 0),
        ("park", 50, 36, 1, 0),
        ("hall", 40, 30, 2, 1),
        ("temple", 40, 30, 2, 0),
    ),
    "old": (
        ("junior_high", 110, 120, 4, 0),
        ("elementary", 95, 90, 2, 1),
        ("fire_station", 45, 36, 4, 0),
        ("hall", 45, 34, 2, 0),
        ("shrine", 50, 40, 1, 0),
        ("temple", 50, 40, 1, 0),
        ("park", 60, 36, 1, 0),
        ("hospital", 70, 60, 5, 1),
    ),
    "residential": (
        ("elementary", 100, 100, 2, 0),
        ("junior_high", 120, 110, 5, 1),
        ("high", 150, 130, 8, 3),
        ("gymnasium", 90, 70, 9, 2),
        ("estate", 150, 100, 4, 1),
        ("hall", 45, 30, 3, 0),
        ("park", 80, 60, 1, 0),
        ("park", 60, 28, 1, 0),
        ("hospital", 90, 66, 9, 5),
        ("shrine", 45, 30, 3, 2),
    ),
    "new_town": (
        ("elementary", 110, 100, 2, 0),
        ("junior_high", 120, 110, 6, 1),
        ("estate", 170, 100, 3, 1),
        ("hall", 50, 28, 3, 0),
        ("park", 100, 66, 1, 0),
        ("park", 60, 28, 1, 0),
        ("mall", 150, 100, 7, 2),
    ),
    "industry": (("park", 120, 100, 2, 0), ("treatment_plant", 180, 110, 9, 0)),
    "farm": (
        ("elementary", 105, 110, 9, 4),
        ("farm_hall", 40, 40, 4, 1),
        ("shrine", 50, 50, 3, 0),
        ("sports_park", 220, 170, 16, 2),
        ("cemetery", 100, 100, 18, 7),
    ),
    "forest": (),
}

MUST_HAVE = ("city_hall", "elementary", "junior_high", "park", "hall")


def wanted_sites(plan: Plan, districts: list[District]) -> dict[int, list[Demand]]:
    """Wishes for sites by number of the district. Even the smallest town wishes for what MUST_HAVE names."""
    wanted: dict[int, list[Demand]] = {district.number: [] for district in districts}
    seen: dict[str, int] = {}
    for district in districts:
        count = seen.get(district.kind, 0)
        seen[district.kind] = count + 1
        for kind, width, depth, every, first in _RULES[district.kind]:
            if count % every == first % every:
                wanted[district.number].append(Demand(kind, width, depth))
    asked = {demand.kind for wishes in wanted.values() for demand in wishes}
    homes = [
        district.number for district in districts if district.fabric.urban and district.kind != "industry"
    ]
    for i, kind in enumerate(kind for kind in MUST_HAVE if kind not in asked):
        wanted[homes[i % len(homes)]].insert(0, Demand(kind, 60, 30))
    return wanted
