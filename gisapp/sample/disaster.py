"""Rows of disaster prevention that stand on the city: shelters, water for fire fighting, damage reports."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

import numpy as np
import shapely

from gisapp.sample.address import phone, seat
from gisapp.sample.base import first_buildings
from gisapp.sample.build import Built
from gisapp.sample.city import City, town_of
from gisapp.sample.facilities import common, contact, heights
from gisapp.sample.names import CITY_CODE, people
from gisapp.sample.parcels import Ints
from gisapp.sample.rows import LayerRows, rows, where
from gisapp.sample.sites import Site, site_points
from gisapp.sample.streets import points_along

SHELTERS = "elementary junior_high high gymnasium culture_hall hall farm_hall sports_park park".split()
OPEN_AIR = ("park", "sports_park")
HYDRANT_GAP = 115.0
STORM = datetime(2026, 9, 8, 14, 20, tzinfo=timezone(timedelta(hours=9)))
"""When the made-up typhoon begins to do damage (Japan standard time)."""


def city_rows(city: City, sites: list[Site]) -> Iterator[LayerRows]:
    """Emergency shelters: what each may be used for follows from the hazards where it stands."""
    shelters = [site for site in sites if site.kind in SHELTERS and (site.kind != "park" or site.size > 3500)]
    place = site_points(shelters)
    terrain = city.plan.terrain
    depth = terrain.flood_depth(place[:, 0], place[:, 1])
    tall = np.array([site.kind in {"elementary", "junior_high", "high", "culture_hall"} for site in shelters])
    outside = np.array([site.kind in OPEN_AIR for site in shelters])
    hill = terrain.hill(place[:, 0], place[:, 1])
    flood = (depth < 0.5) | (tall & (depth < 3.0))
    size = np.array([site.size for site in shelters])
    no = np.zeros(len(shelters), dtype=bool)
    columns = common(city, shelters, "E")
    yield rows(
        "disaster.shelter",
        shapely.points(place),
        **columns,
        **contact(city, shelters, 300_000),
        elevation=heights(city, shelters),
        city_code=CITY_CODE,
        hazard_flood=flood & ~(outside & (depth > 0)),
        hazard_landslide=hill < 15,
        hazard_storm_surge=no,
        hazard_earthquake=~no,
        hazard_tsunami=no,
        hazard_fire=outside | (size > 9000),
        hazard_inland_flood=depth < 0.3,
        hazard_volcano=no,
        overlaps_shelter=~outside,
        capacity=np.where(outside, size / 2, 60 + size / 14).astype(np.int64) // 10 * 10,
        communities=[f"{city.names[city.towns[site.town].district].ja}自治会" for site in shelters],
        image=None,
        image_licence=None,
        note=[_note(float(d), bool(t)) for d, t in zip(depth, tall, strict=True)],
    )


def _note(depth: float, tall: bool) -> str:
    if depth < 0.02:
        return "架空の施設です"
    floor = "、洪水時は2階以上を使う" if tall and depth < 3 else ""
    return f"架空の施設です。想定浸水深 {depth:.1f} m{floor}"


def district_rows(city: City, built: Built) -> Iterator[LayerRows]:
    """Hydrants along the streets of a district, and the damage reported from it."""
    if built.streets.line.size and built.district.fabric.urban:
        yield _hydrants(city, built)
    if len(built.buildings):
        yield _damage(city, built)


def _hydrants(city: City, built: Built) -> LayerRows:
    streets = built.streets
    wide = np.flatnonzero(streets.width >= 4)
    gap = np.full(wide.size, HYDRANT_GAP)
    place, _ = points_along(streets.line[wide], gap, -streets.width[wide] / 2 + 0.9, 30.0)
    count = len(place)
    town = town_of(built.towns, place)
    tank = np.arange(count) % 9 == 4
    address = seat(city, place, town.tolist(), [i % 40 + 1 for i in range(count)], [1] * count)
    nowhere = {"seat_after_address": [f"{i % 40 + 1}番地先" for i in range(count)]}
    whole = [f"{t}先" for t in address["seat_copulative_spell"]]
    return rows(
        "disaster.hydrant",
        shapely.points(place),
        **{**address, **nowhere, "seat_copulative_spell": whole},
        facility_id=[f"{CITY_CODE}W{built.district.number + 1:04d}{i + 1:04d}" for i in range(count)],
        kind=where(tank, "防火水槽", "消火栓"),
        diameter=[None if i % 9 == 4 else "150" if i % 4 == 0 else "100" for i in range(count)],
        note=where(tank, "40 m³"),
    )


_WHAT = {
    3: "1階床上まで浸水。家財に被害。",
    4: "床下に浸水。玄関先まで水。",
    5: "道路が冠水し車が通れない。",
    8: "街路樹が倒れ片側車線をふさいでいる。",
    9: "一帯が停電している。",
    7: "裏山の土砂が敷地に流入。",
}


def _damage(city: City, built: Built) -> LayerRows:
    rng = city.plan.rng("damage", built.district.number)
    area, parcel = first_buildings(built)
    count = min(len(area), int(rng.integers(1, 7)))
    chosen: Ints = np.sort(rng.choice(len(area), count, replace=False))
    place = shapely.get_coordinates(shapely.point_on_surface(area[chosen]))
    depth = city.plan.terrain.flood_depth(place[:, 0], place[:, 1])
    hill = city.plan.terrain.hill(place[:, 0], place[:, 1])
    dry = np.where(hill > 3, 7, rng.choice([8, 9], count))
    kind = np.where(depth > 1.0, 3, np.where(depth > 0.4, 4, np.where(depth > 0.02, 5, dry)))
    received = [STORM + timedelta(seconds=s) for s in rng.integers(0, 30 * 3600, count).tolist()]
    status = rng.choice([1, 2, 3], count, p=[0.3, 0.4, 0.3])
    done = [
        at + timedelta(seconds=s)
        for at, s in zip(received, rng.integers(3600, 172_800, count).tolist(), strict=True)
    ]
    return rows(
        "disaster.damage_report",
        shapely.points(place),
        report_number=[f"R8-0908-{built.district.number + 1:04d}{i + 1:02d}" for i in range(count)],
        received_at=received,
        kind=kind,
        severity=np.where(kind == 3, 3, rng.choice([1, 2], count)),
        status=status,
        address=built.address[parcel[chosen]],
        description=[_WHAT[k] for k in kind.tolist()],
        assigned_to=where(np.isin(kind, (5, 8)), "道路課", "防災安全課"),
        resolved_at=[at if state == 3 else None for at, state in zip(done, status.tolist(), strict=True)],
        reporter_name=people(rng, count),
        reporter_phone=[phone(500_000 + int(n)) for n in rng.integers(0, 99_999, count)],
        note=None,
    )
