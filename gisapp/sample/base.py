"""Rows of the base map: boundary, water, railway and towns at once; buildings, road edges, addresses by district."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import shapely

from gisapp.sample.address import FIRST_LOT, postal_code
from gisapp.sample.build import Built
from gisapp.sample.city import City
from gisapp.sample.houses import REINFORCED
from gisapp.sample.names import CITY_CODE, CITY_JA, PREFECTURE_JA, Name
from gisapp.sample.plan import BROOK_HALF, RAIL_HALF
from gisapp.sample.rows import Geometries, LayerRows, days, multi, rows

RIVER, BROOKS = (
    Name("青葉川", "アオバガワ"),
    ("若葉川", "柳川", "沢田川", "桜川", "榎川", "梅田川", "椿川", "楢川"),
)


def city_rows(city: City) -> Iterator[LayerRows]:
    """Boundary, water, railway, towns, and the stations among the buildings."""
    plan = city.plan
    blank = {"subprefecture": None, "county": None, "ward": None}
    yield rows(
        "base.boundary",
        multi([plan.outline]),
        code=CITY_CODE,
        prefecture=PREFECTURE_JA,
        name=CITY_JA,
        **blank,
    )
    yield _water(city)
    yield _railway(city)
    towns = city.towns
    yield rows(
        "base.town",
        multi([town.area for town in towns]),
        key_code=[f"{CITY_CODE[:5]}{town.code}" for town in towns],
        machiaza_id=[town.machiaza_id for town in towns],
        name=[town.name.ja for town in towns],
        name_kana=[town.name.kana for town in towns],
        prefecture_name=PREFECTURE_JA,
        city_name=CITY_JA,
        kind=8101,
        area=np.round(shapely.area([town.area for town in towns]), 2),
    )
    yield _stations(city)


def _water(city: City) -> LayerRows:
    plan = city.plan
    courses = [plan.river.buffer(plan.river_half)]
    for brook in plan.brooks:
        courses.append(brook.buffer(BROOK_HALF, cap_style="flat").difference(courses[0]))
    inside = [course.intersection(plan.outline) for course in courses]
    names = [RIVER.ja, *BROOKS[: len(plan.brooks)]]
    found = [
        (area, name, i) for i, (area, name) in enumerate(zip(inside, names, strict=True)) if area.area > 1
    ]
    return rows(
        "base.water",
        multi([_areas(area) for area, _, _ in found]),
        name=[name for _, name, _ in found],
        kind=1,
        river_code=[f"{CITY_CODE[:2]}{i + 1:08d}" for _, _, i in found],
    )


def _areas(geometry: shapely.Geometry) -> shapely.MultiPolygon:
    return shapely.MultiPolygon([part for part in shapely.get_parts(geometry) if part.geom_type == "Polygon"])


def station_names(city: City) -> list[Name]:
    """The main station bears the city's name; the others that of the district they stand in."""
    tree = shapely.STRtree([district.area for district in city.districts])
    near = tree.nearest(shapely.points(city.plan.station_points()))
    names = [Name("青葉野", "アオバノ")]
    for district in near.tolist()[1:]:
        name = (
            Name("新", "シン") + city.names[district]
            if city.names[district] in names
            else city.names[district]
        )
        names.append(Name(name.ja.removesuffix("町"), name.kana.removesuffix("チョウ").removesuffix("マチ")))
    return names


def stations_inside(city: City) -> list[int]:
    """Numbers of the stations that lie in the city."""
    inside = shapely.contains(city.plan.outline, shapely.points(city.plan.station_points()))
    return [int(i) for i in np.flatnonzero(inside)]


def _railway(city: City) -> LayerRows:
    plan = city.plan
    names = [["青葉野線", "青葉野環状線", "川の手線", "若葉線"][i % 4] for i in range(len(plan.rails))]
    lines: list[shapely.Geometry] = []
    for rail in plan.rails:
        parts = shapely.get_parts(rail.intersection(plan.outline))
        lines.append(shapely.MultiLineString(list(parts)))
    stations = stations_inside(city)
    called = station_names(city)
    platforms = [_platform(city, i) for i in stations]
    of_line = list(range(len(plan.rails))) + [plan.stations[i][0] for i in stations]
    return rows(
        "base.railway",
        multi([*lines, *platforms]),
        railway_class=12,
        operator_type=4,
        line_name=[names[i] for i in of_line],
        operator="青葉野電鉄（架空）",
        station=[None] * len(lines) + [called[i].ja for i in stations],
    )


def _platform(city: City, station: int) -> shapely.LineString:
    line, at = city.plan.stations[station]
    half = min(60.0, 0.04 * city.plan.radius)
    ends = shapely.line_interpolate_point(city.plan.rails[line], [at - half, at, at + half])
    return shapely.LineString(np.round(shapely.get_coordinates(ends), 3))


def _stations(city: City) -> LayerRows:
    stations = stations_inside(city)
    names = station_names(city)
    area = np.array(
        [_platform(city, i).buffer(RAIL_HALF - 1.5, cap_style="flat") for i in stations], dtype=object
    )
    inside = shapely.within(area, city.plan.outline)
    return rows(
        "base.building",
        multi(area[inside]),
        building_id=[f"{CITY_CODE}-S{i:03d}" for i in np.array(stations)[inside].tolist()],
        name=[f"{names[i].ja}駅" for i in np.array(stations)[inside].tolist()],
        kind=3003,
        use=431,
        structure=604,
        floors=1,
        floors_below=0,
        height=7.5,
        built_year=1987,
    )


def district_rows(city: City, built: Built) -> Iterator[LayerRows]:
    """Buildings, road edges and address points of one district."""
    yield _buildings(city, built)
    yield _road_edges(city, built)
    yield _addresses(city, built)


def _buildings(city: City, built: Built) -> LayerRows:
    buildings, rng = built.buildings, city.plan.rng("height", built.district.number)
    floors = buildings.floors
    return rows(
        "base.building",
        multi(buildings.area),
        building_id=[
            f"{CITY_CODE}-{built.district.number + 1:04d}-{i + 1:05d}" for i in range(len(buildings))
        ],
        name=buildings.name,
        kind=np.where(buildings.structure == REINFORCED, 3002, 3001),
        use=buildings.use,
        structure=buildings.structure,
        floors=floors,
        floors_below=np.where((floors >= 5) & (built.district.kind == "commercial"), 1, 0),
        height=np.round(2.9 * floors + rng.uniform(0.4, 2.6, floors.size), 1),
        built_year=buildings.year,
    )


def _road_edges(city: City, built: Built) -> LayerRows:
    rings = shapely.get_exterior_ring(built.grounds.area)
    return rows(
        "base.road_edge",
        multi(rings[shapely.length(rings) > 0]),
        kind="真幅道路",
        level=2500,
        surveyed=days(
            "2024-11-01", city.plan.rng("edges", built.district.number).integers(0, 120, rings.size)
        ),
    )


def first_buildings(built: Built) -> tuple[Geometries, np.ndarray]:
    """The main building of each built parcel, and the index of the parcel."""
    parcel, first = np.unique(built.buildings.parcel, return_index=True)
    return built.buildings.area[first], parcel


def _addresses(city: City, built: Built) -> LayerRows:
    area, parcel = first_buildings(built)
    numbers = built.parcels.numbers()
    mine = [numbers[p] for p in parcel.tolist()]
    town = {town.number: town for town in built.towns}
    houses = built.district.fabric.urban
    return rows(
        "base.address_point",
        shapely.point_on_surface(area),
        lg_code=CITY_CODE,
        machiaza_id=[town[t].machiaza_id for t, _, _ in mine],
        town=[town[t].name.ja for t, _, _ in mine],
        town_kana=[town[t].name.kana for t, _, _ in mine],
        koaza=None,
        block=[str(b) if houses else f"{b + FIRST_LOT}-{o}" for _, b, o in mine],
        house_number=[str(o) if houses else None for _, _, o in mine],
        address=built.address[parcel],
        level=6 if houses else 7,
        postal_code=postal_code(built.district.number),
    )
