"""Rows of city planning and land use: zoning, fire prevention, planned roads, district plans, present land use."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import shapely

from gisapp.sample.build import Built
from gisapp.sample.city import City
from gisapp.sample.districts import MILLIMETRE
from gisapp.sample.names import CITY_CODE, CITY_JA, PREFECTURE_JA
from gisapp.sample.network import CITY as CITY_ROAD
from gisapp.sample.network import TRUNK, MainRoad
from gisapp.sample.plan import RAIL_HALF
from gisapp.sample.roads import road_name
from gisapp.sample.rows import LayerRows, multi, rows, where
from gisapp.sample.sites import KINDS
from gisapp.sample.taxes import is_paddy

ROADSIDE = 30.0
"""Metres on either side of a trunk road that are zoned for shops and traffic."""

ZONES = {
    1: "第一種低層住居専用地域",
    2: "第二種低層住居専用地域",
    3: "第一種中高層住居専用地域",
    4: "第二種中高層住居専用地域",
    5: "第一種住居地域",
    6: "第二種住居地域",
    7: "準住居地域",
    8: "近隣商業地域",
    9: "商業地域",
    10: "準工業地域",
    11: "工業地域",
    12: "工業専用地域",
}
# Zones of a kind of district: class, floor area ratio, building coverage, height limit (0: none), share
_ZONING: dict[str, tuple[tuple[int, int, int, int, float], ...]] = {
    "commercial": ((9, 400, 80, 0, 0.5), (8, 300, 80, 0, 0.5)),
    "old": ((5, 200, 60, 0, 0.5), (8, 200, 80, 0, 0.2), (10, 200, 60, 0, 0.3)),
    "residential": (
        (1, 100, 50, 10, 0.45),
        (3, 200, 60, 0, 0.3),
        (5, 200, 60, 0, 0.15),
        (6, 200, 60, 0, 0.1),
    ),
    "new_town": ((1, 80, 50, 10, 0.6), (2, 100, 50, 10, 0.2), (3, 150, 60, 0, 0.1), (4, 200, 60, 0, 0.1)),
    "industry": ((11, 200, 60, 0, 0.5), (12, 200, 60, 0, 0.25), (10, 200, 60, 0, 0.25)),
}
Zone = tuple[int, int, int, int]


def district_rows(city: City, built: Built) -> Iterator[LayerRows]:
    """Zoning, fire prevention, district plans and land use of one district."""
    if built.district.kind in _ZONING:
        zones = _zones(city, built)
        yield _zoning(zones)
        yield _fire(zones)
        yield from _plans(city, built)
    yield _land_use(city, built)


def _decided(serial: int) -> dict[str, object]:
    return {
        "city_code": CITY_CODE,
        "decided_on": f"{1972 + serial % 12}-12-{1 + serial % 28:02d}",
        "changed_on": "2024-03-29",
        "notice_number": f"青葉野市告示第{31 + serial % 60}号",
        "note": None,
    }


def _zones(city: City, built: Built) -> list[tuple[Zone, shapely.Geometry]]:
    """Zones of a district and their areas: towns of one zone together, trunk roadsides apart."""
    rng = city.plan.rng("zoning", built.district.number)
    choices = _ZONING[built.district.kind]
    picks = rng.choice(len(choices), len(built.towns), p=[choice[4] for choice in choices])
    trunks = [road.line.buffer(ROADSIDE) for road in city.roads if road.road_class == TRUNK]
    near = [strip for strip in trunks if strip.intersects(built.district.area)]
    roadside = shapely.union_all(near)
    zones: list[tuple[Zone, shapely.Geometry]] = []
    for pick in sorted(set(picks.tolist())):
        area = shapely.union_all(
            [t.area for t, p in zip(built.towns, picks.tolist(), strict=True) if p == pick]
        )
        if built.district.kind not in {"commercial", "industry"}:
            area = shapely.difference(area, roadside, grid_size=MILLIMETRE)
        zones.append((choices[pick][:4], area))
    if near and built.district.kind not in {"commercial", "industry"}:
        zone: Zone = (8, 300, 80, 0) if built.district.kind == "old" else (7, 200, 60, 0)
        zones.append((zone, shapely.intersection(built.district.area, roadside, grid_size=MILLIMETRE)))
    return [(zone, area) for zone, area in zones if area.area > 1]


def _polygons(area: shapely.Geometry) -> shapely.MultiPolygon:
    return shapely.MultiPolygon([part for part in shapely.get_parts(area) if part.geom_type == "Polygon"])


def _zoning(zones: list[tuple[Zone, shapely.Geometry]]) -> LayerRows:
    return rows(
        "city_planning.zoning",
        multi([_polygons(area) for _, area in zones]),
        **{"class": [zone[0] for zone, _ in zones]},
        name=[ZONES[zone[0]] for zone, _ in zones],
        floor_area_ratio=[zone[1] for zone, _ in zones],
        building_coverage=[zone[2] for zone, _ in zones],
        height_limit=[float(zone[3]) if zone[3] else None for zone, _ in zones],
        prefecture_name=PREFECTURE_JA,
        city_name=CITY_JA,
        **_decided(1),
    )


def _fire(zones: list[tuple[Zone, shapely.Geometry]]) -> LayerRows:
    protected = [(24 if zone[0] == 9 else 25, area) for zone, area in zones if zone[0] in {5, 8, 9}]
    names = {24: "防火地域", 25: "準防火地域"}
    return rows(
        "city_planning.fire_prevention",
        multi([_polygons(area) for _, area in protected]),
        **{"class": [kind for kind, _ in protected]},
        name=[names[kind] for kind, _ in protected],
        **_decided(2),
    )


def _plans(city: City, built: Built) -> Iterator[LayerRows]:
    """A district plan for many new towns, and for the middle of the city."""
    number = built.district.number
    if built.district.kind != "commercial" and (built.district.kind != "new_town" or number % 3 == 2):
        return
    name = city.names[number].ja
    limits = [
        "敷地面積の最低限度 165 m²、壁面の位置 1.0 m、高さの最高限度 10 m",
        "1階は店舗等、壁面の位置 0.5 m、広告物の制限",
    ]
    yield rows(
        "city_planning.district_plan",
        multi([_polygons(shapely.union_all([town.area for town in built.towns]))]),
        plan_number=f"{number + 1}",
        name=f"{name}地区地区計画",
        kind=1,
        area=round(built.district.area.area / 10_000, 1),
        restriction=limits[0] if built.district.kind == "new_town" else limits[1],
        url=f"https://city.aobano.example/plans/{number + 1}",
        **_decided(number),
    )


def city_rows(city: City) -> Iterator[LayerRows]:
    """Planned roads, built and not, and the land use of water, riverside and railways."""
    yield _planned_roads(city)
    plan = city.plan
    rails = shapely.union_all([rail.buffer(RAIL_HALF) for rail in plan.rails]).difference(plan.waterside)
    banks = plan.waterside.difference(plan.water)
    areas = [(204, "河川", plan.water), (205, "堤防・河川敷", banks), (216, "鉄道用地", rails)]
    inside = [(kind, detail, _polygons(area.intersection(plan.outline))) for kind, detail, area in areas]
    yield rows(
        "land_use.land_use",
        multi([area for _, _, area in inside]),
        **{"class": [kind for kind, _, _ in inside]},
        detail=[detail for _, detail, _ in inside],
        area=np.round([area.area for _, _, area in inside], 1),
        survey_year=2024,
        note=None,
    )


def _planned_roads(city: City) -> LayerRows:
    built = [road for road in city.roads if road.road_class != CITY_ROAD]
    future = _future_roads(city)
    roads = [*built, *future]
    count, done = len(roads), len(built)
    status = [1 if i < done and i % 4 else 2 if i < done else 3 + (i - done) % 2 for i in range(count)]
    lines = np.array([road.line for road in roads], dtype=object)
    width = np.array([road.width for road in roads])
    names = [f"{road_name(road)}線" for road in built] + [
        f"青葉野外環{i + 1}号線" for i in range(len(future))
    ]
    return rows(
        "city_planning.planned_road",
        multi(lines),
        road_number=[
            f"3・{2 if w > 20 else 4 if w < 18 else 3}・{i + 1}" for i, w in enumerate(width.tolist())
        ],
        name=names,
        **{"class": 3},
        width=width,
        length=np.round(shapely.length(lines), 0),
        status=status,
        origin="青葉野市",
        destination="青葉野市",
        **_decided(5),
    )


def _future_roads(city: City) -> list[MainRoad]:
    """Parts of a ring road that is drawn on the plan only."""
    radius = city.plan.radius
    roads = []
    for i, (start, stop) in enumerate(((0.15, 1.2), (2.4, 3.3), (4.2, 5.4))):
        angle = np.linspace(start, stop, max(12, int(radius / 60)))
        ring = np.column_stack([0.72 * radius * np.cos(angle), 0.62 * radius * np.sin(angle)])
        line = shapely.LineString(np.round(city.plan.warp(ring), 3)).intersection(city.plan.outline)
        if line.length > 50:
            roads.append(MainRoad(shapely.MultiLineString(list(shapely.get_parts(line))), 3, 18.0, i + 1))
    return roads


_BLOCK_USE = {
    "commercial": (212, "商業地"),
    "old": (211, "住宅地"),
    "residential": (211, "住宅地"),
    "new_town": (211, "住宅地"),
    "industry": (213, "工業地"),
    "forest": (203, "山林"),
}


def _land_use(city: City, built: Built) -> LayerRows:
    grounds = built.grounds
    middle = shapely.get_coordinates(shapely.point_on_surface(grounds.area))
    if built.district.kind == "farm":
        paddy = is_paddy(city, middle)
        ordinary = np.where(paddy, 201, 202)
        detail = where(paddy, "田", "畑")
    else:
        use, text = _BLOCK_USE[built.district.kind]
        ordinary, detail = np.full(len(middle), use), np.full(len(middle), text, dtype=object)
    site = grounds.site.tolist()
    return rows(
        "land_use.land_use",
        multi(grounds.area),
        **{
            "class": np.array(
                [KINDS[s].land_use if s else u for s, u in zip(site, ordinary.tolist(), strict=True)]
            )
        },
        detail=[KINDS[s].ending.ja if s else d for s, d in zip(site, detail.tolist(), strict=True)],
        area=np.round(shapely.area(grounds.area), 1),
        survey_year=2024,
        note=None,
    )
