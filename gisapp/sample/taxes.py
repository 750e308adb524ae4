"""Rows of the tax department: parcels, houses and road prices, with invented owners and values.

Values follow one price field that falls with the distance from the stations, so that the road in front, the lot and
the house of one place fit together.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from gisapp.sample.address import FIRST_LOT
from gisapp.sample.build import Built
from gisapp.sample.city import City
from gisapp.sample.names import CITY_JA, people
from gisapp.sample.parcels import Bools, Ints, count_within
from gisapp.sample.rows import LayerRows, multi, rows, where
from gisapp.sample.sites import KINDS
from gisapp.sample.terrain import Floats

YEAR = 2026
PRIVATE_SITES = ("estate", "mall", "shrine", "temple")
_FIELDS = ("上耕地", "下耕地", "宮ノ脇", "川原田", "大境", "中道", "堂ノ前", "新開", "柳原", "沢入")
_HOUSE_USE = {
    411: 1,
    412: 2,
    413: 3,
    414: 2,
    415: 3,
    402: 4,
    404: 4,
    401: 5,
    403: 8,
    441: 6,
    431: 7,
    451: 9,
    454: 9,
}
_HOUSE_STRUCTURE = {601: 1, 602: 2, 603: 3, 604: 4, 605: 5, 606: 6}


def district_rows(city: City, built: Built) -> Iterator[LayerRows]:
    """Parcels, houses and road prices of one district."""
    owners = _owners(city, built)
    yield _parcels(city, built, owners)
    yield _houses(city, built, owners)
    if built.streets.line.size:
        yield _road_prices(city, built)


def price_at(city: City, place: Floats, kind: str) -> Floats:
    """Yen per square metre for building land at local points (n, 2) in a kind of district."""
    stations = city.plan.station_points()
    away = np.hypot(place[:, 0, None] - stations[:, 0], place[:, 1, None] - stations[:, 1])
    main, nearest = np.exp(-away[:, 0] / 900), np.exp(-away.min(axis=1) / 800)
    level = {"commercial": 1.5, "old": 0.95, "industry": 0.55, "farm": 0.45, "forest": 0.25}.get(kind, 1.0)
    return np.asarray((31_000 + 118_000 * main + 46_000 * nearest) * level)


def parcel_ids(built: Built) -> list[str]:
    """Key of every parcel of a district: town code and lot number, all with leading zeros."""
    code = {town.number: town.code for town in built.towns}
    return [f"{code[t]}-{b + FIRST_LOT:05d}-{o:03d}" for t, b, o in built.parcels.numbers()]


def lot_numbers(built: Built) -> list[str]:
    """地番 of every parcel of a district."""
    return [f"{b + FIRST_LOT}-{o}" for _, b, o in built.parcels.numbers()]


@dataclass(frozen=True)
class _Owners:
    """Who owns each parcel of a district and the buildings on it, living there: name and taxpayer number."""

    name: NDArray[np.object_]
    number: NDArray[np.object_]


def _owners(city: City, built: Built) -> _Owners:
    parcels, rng = built.parcels, city.plan.rng("owners", built.district.number)
    count = len(parcels)
    name = people(rng, count)
    company = rng.random(count) < {"commercial": 0.4, "industry": 0.9}.get(built.district.kind, 0.04)
    ends = np.array(
        ["商事株式会社", "不動産株式会社", "建設株式会社", "製作所", "農園", "商店"], dtype=object
    )
    firm = [f"{n.split('　')[0]}{e}" for n, e in zip(name, ends[rng.integers(0, 6, count)], strict=True)]
    name = np.where(company, np.array(firm, dtype=object), name)
    public = _public(parcels.site)
    name = np.where(public, CITY_JA, name)
    if city.marker:
        name = np.array([n + city.marker for n in name], dtype=object)
    number = np.array([f"{n:010d}" for n in rng.integers(10**8, 10**10, count).tolist()], dtype=object)
    return _Owners(name, number)


def _public(site: NDArray[np.object_]) -> Bools:
    return np.array([kind is not None and kind not in PRIVATE_SITES for kind in site.tolist()], dtype=bool)


def _categories(city: City, built: Built, middle: Floats, with_house: Bools) -> Ints:
    """現況地目 of each parcel."""
    parcels = built.parcels
    site = np.array([KINDS[kind].category if kind else 0 for kind in parcels.site.tolist()], dtype=np.int64)
    if built.district.kind == "forest":
        open_land = np.full(len(parcels), 6)
    elif built.district.kind == "farm":
        open_land = np.where(is_paddy(city, middle), 1, 2)
    else:
        open_land = np.full(len(parcels), 9)
    return np.asarray(np.where(site > 0, site, np.where(with_house, 3, open_land)))


def is_paddy(city: City, place: Floats) -> Bools:
    """True where the low ground of the country is flooded for rice; elsewhere fields are dry."""
    return np.asarray(city.plan.terrain.spurs(0.6 * place[:, 1], 0.6 * place[:, 0]) < 0.25)


def _parcels(city: City, built: Built, owners: _Owners) -> LayerRows:
    parcels, rng = built.parcels, city.plan.rng("parcels", built.district.number)
    count = len(parcels)
    area = np.round(shapely.area(parcels.area), 2)
    middle = parcels.quad.mean(axis=1)
    with_house = np.zeros(count, dtype=bool)
    with_house[built.buildings.parcel] = True
    category = _categories(city, built, middle, with_house)
    price = np.round(price_at(city, middle, built.district.kind), -2)
    unit = np.select([category <= 2, category == 6, category == 9], [95.0, 18.0, 0.6 * price], default=price)
    public = _public(parcels.site)
    value = np.where(public, 0, np.floor(area * unit / 100) * 100).astype(np.int64)
    home = with_house & (category == 3) & (built.district.kind != "industry")
    share = np.where(home, np.where(area <= 200, 1 / 6, 1 / 4), np.where(category <= 2, 1.0, 0.7))
    base = np.floor(value * share / 1000).astype(np.int64) * 1000
    code = {town.number: town.code for town in built.towns}
    name = {town.number: town.name.ja for town in built.towns}
    town, block, _ = (a.tolist() for a in (parcels.town, parcels.block, parcels.order))
    surveyed = rng.random(count) < 0.4
    country, priced = not built.district.fabric.urban, set(built.streets.number.tolist())
    return rows(
        "tax.parcel",
        multi(parcels.area),
        parcel_id=parcel_ids(built),
        town_code=[code[t] for t in town],
        town=[name[t] for t in town],
        koaza=[_FIELDS[b % len(_FIELDS)] for b in block] if country else None,
        lot_number=lot_numbers(built),
        land_category=category,
        land_category_registered=np.where((category == 9) & (rng.random(count) < 0.6), 3, category),
        area_registered=np.round(area * np.where(surveyed, 1.0, rng.normal(1, 0.02, count)), 2),
        area_taxed=area,
        map_number=[f"{code[t]}-{b // 40 + 1:02d}" for t, b in zip(town, block, strict=True)],
        accuracy=where(surveyed, "甲二", "乙一"),
        coordinate_kind=where(surveyed, "測量成果", "図上測定"),
        owner_name=owners.name,
        owner_address=built.address,
        owner_number=owners.number,
        assessed_value=value,
        tax_base=base,
        tax_amount=np.floor(base * 0.014 / 100).astype(np.int64) * 100,
        unit_price=np.round(unit, 1),
        price_line_number=[line_number(built, n) if n in priced else None for n in parcels.street.tolist()],
        exemption=where(public, "非課税（地方税法第348条）"),
        tax_year=YEAR,
        tax_note=where(home, "住宅用地特例"),
    )


def _houses(city: City, built: Built, owners: _Owners) -> LayerRows:
    taxed = np.flatnonzero(~_public(built.parcels.site)[built.buildings.parcel])
    buildings, parcel = built.buildings, built.buildings.parcel[taxed]
    ids = parcel_ids(built)
    numbers = lot_numbers(built)
    lot = [numbers[p] for p in parcel.tolist()]
    floor_area = np.round(shapely.area(buildings.area[taxed]) * buildings.floors[taxed] * 0.96, 2)
    age = YEAR - buildings.year[taxed]
    solid = buildings.structure[taxed] != 601
    points = np.round(floor_area * np.where(solid, 118.0, 92.0) * np.clip(1 - age * 0.021, 0.2, 1), 0)
    value = (points * 1100 / 100).astype(np.int64) * 100
    base = value // 1000 * 1000
    return rows(
        "tax.house",
        multi(buildings.area[taxed]),
        house_id=[f"{built.district.number + 1:04d}-{i + 1:06d}" for i in taxed.tolist()],
        house_number=[
            f"{number}" if n == 1 else f"{number}の{n}"
            for number, n in zip(lot, count_within(parcel).tolist(), strict=True)
        ],
        parcel_id=[ids[p] for p in parcel.tolist()],
        lot_number=lot,
        use=[_HOUSE_USE.get(use, 99) for use in buildings.use[taxed].tolist()],
        structure=[_HOUSE_STRUCTURE.get(kind, 9) for kind in buildings.structure[taxed].tolist()],
        floors=buildings.floors[taxed],
        floors_below=0,
        floor_area=floor_area,
        built_year=buildings.year[taxed],
        owner_name=owners.name[parcel],
        owner_address=built.address[parcel],
        owner_number=owners.number[parcel],
        assessment_points=points,
        assessed_value=value,
        tax_base=base,
        tax_amount=base * 14 // 1000 // 100 * 100,
        tax_year=YEAR,
        tax_note=where(age <= 3, "新築住宅減額"),
    )


def line_number(built: Built, street: int) -> str:
    """Number of the road price of a street of a district."""
    return f"{built.district.number + 1:04d}{street + 1:04d}"


def _road_prices(city: City, built: Built) -> LayerRows:
    streets, kind = built.streets, built.district.kind
    middle = shapely.get_coordinates(
        shapely.line_interpolate_point(shapely.get_geometry(streets.line, 0), 0.5, normalized=True)
    )
    standard = float(np.round(price_at(city, middle, kind).mean(), -2))
    width = np.clip((streets.width - 5.0) * 2.0, -6, 8)
    price = np.round(price_at(city, middle, kind) * (1 + width / 100), -2)
    use = {"commercial": 4, "old": 5, "industry": 8, "farm": 99, "forest": 99}.get(kind, 6)
    return rows(
        "tax.road_price",
        streets.line,
        line_number=[line_number(built, n) for n in streets.number.tolist()],
        price=price.astype(np.int64),
        price_year=2024,
        district_class=use,
        situation_number=f"{built.district.number + 1:04d}",
        standard_lot=f"標{built.district.number + 1:04d}",
        main_line=streets.main,
        standard_price=int(standard),
        width_correction=np.round(width, 1),
        station_correction=np.round(100 * (price / standard - 1), 1),
        environment_correction=0.0,
        price_ratio=np.round(100 * price / standard, 1),
        valuation_note=f"標準宅地 標{built.district.number + 1:04d} から比準",
    )
