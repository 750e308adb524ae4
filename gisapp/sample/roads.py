"""Rows of the road department: certified roads, bridges, streetlights, road works."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import shapely
from shapely.ops import substring

from gisapp.sample.address import phone
from gisapp.sample.base import BROOKS, RIVER
from gisapp.sample.build import Built
from gisapp.sample.city import City
from gisapp.sample.names import Name, street_names
from gisapp.sample.network import CITY, TRUNK, MainRoad, bridges
from gisapp.sample.parcels import Ints
from gisapp.sample.rows import Geometries, LayerRows, days, multi, rows, where
from gisapp.sample.streets import points_along
from gisapp.sample.terrain import Floats


def road_number(road: MainRoad) -> str:
    """Number of a main road in the register: 国道 N…, 県道 K…, 1級市道 1-…, levee roads 2-…."""
    if road.road_class == TRUNK:
        return f"N{_national(road)}"
    if road.road_class == CITY:
        return f"{2 if road.levee else 1}-{road.number:04d}"
    return f"K{road.number:03d}"


def road_name(road: MainRoad) -> str:
    """What a main road is called; numbers of national roads are above any that exists."""
    if road.road_class == TRUNK:
        return f"国道{_national(road)}号"
    if road.road_class == CITY:
        by_name = street_names()
        if road.levee:
            return f"市道堤防{road.number}号線"
        return by_name[road.number - 1].ja if road.number <= len(by_name) else f"市道幹線{road.number}号線"
    return f"県道{road.number}号"


def _national(road: MainRoad) -> int:
    return 999 - 11 * (road.number - 1)


def city_rows(city: City) -> Iterator[LayerRows]:
    """Main roads with their lights, and bridges."""
    roads = city.roads
    lines: Geometries = np.array([road.line for road in roads], dtype=object)
    rank = np.arange(len(roads))
    yield rows(
        "roads.street",
        multi(lines),
        route_number=[road_number(road) for road in roads],
        name=[road_name(road) for road in roads],
        **{"class": np.array([road.road_class for road in roads])},
        grade=[(2 if road.levee else 1) if road.road_class == CITY else None for road in roads],
        width=np.array([road.width for road in roads]),
        length=np.round(shapely.length(lines), 1),
        surface=1,
        **_ends(city, lines),
        certified_on=days("1958-04-01", (rank * 397) % 16_000),
        opened_on=days("1959-10-01", (rank * 397) % 16_000),
        note=None,
    )
    numbers = np.array([road_number(road) for road in roads], dtype=object)
    width = np.array([road.width for road in roads])
    point, owner = points_along(lines, np.where(width > 12, 32.0, 40.0), width / 2 - 0.7, 9.0)
    yield _lights(city, "M", point, numbers[owner], (width > 12)[owner], 0)
    yield _bridges(city)


def district_rows(city: City, built: Built) -> Iterator[LayerRows]:
    """Local streets of one district, their lights, and works on some of them."""
    streets, number = built.streets, built.district.number
    if not streets.line.size:
        return
    rng = city.plan.rng("streets", number)
    count = streets.line.size
    numbers = np.array([f"{number + 1:04d}-{n + 1:03d}" for n in streets.number.tolist()], dtype=object)
    name = city.names[number].ja
    paved = rng.random(count)
    country = not built.district.fabric.urban
    yield rows(
        "roads.street",
        streets.line,
        route_number=numbers,
        name=[f"市道{name}{n + 1}号線" for n in streets.number.tolist()],
        **{"class": 4},
        grade=np.where(streets.main, 2, 3),
        width=np.round(streets.width + rng.uniform(-0.2, 0.2, count), 1),
        length=np.round(shapely.length(streets.line), 1),
        surface=np.where(paved < (0.35 if country else 0.0), 4, np.where(paved > 0.97, 3, 1)),
        **_ends(city, streets.line, built),
        certified_on=days("1962-04-01", rng.integers(0, 21_000, count)),
        opened_on=days("1963-04-01", rng.integers(0, 21_000, count)),
        note=None,
    )
    lit = np.flatnonzero(streets.width >= 4) if not country else np.array([], dtype=np.int64)
    if lit.size:
        every = np.where(streets.main, 30.0, 46.0)[lit]
        point, owner = points_along(streets.line[lit], every, streets.width[lit] / 2 - 0.4, 12.0)
        yield _lights(
            city, f"{number + 1:04d}", point, numbers[lit[owner]], streets.main[lit[owner]], number + 1
        )
    if not country:
        yield _works(city, built, numbers, rng)


def _ends(city: City, lines: Geometries, built: Built | None = None) -> dict[str, list[str]]:
    towns = city.towns if built is None else built.towns
    tree = shapely.STRtree([town.area for town in towns])
    parts = shapely.get_geometry(lines, 0), shapely.get_geometry(lines, -1)
    ends = [tree.nearest(shapely.get_point(part, place)) for part, place in zip(parts, (0, -1), strict=True)]
    first, last = ([f"{towns[i].name.ja}地内" for i in end.tolist()] for end in ends)
    return {"origin": first, "destination": last}


def _lights(
    city: City, prefix: str, point: Floats, route: Geometries, large: np.ndarray, key: int
) -> LayerRows:
    rng = city.plan.rng("lights", key)
    count = len(point)
    old = rng.random(count) < 0.06
    pole = np.where(large, 1, rng.choice([2, 2, 3, 1], count))
    serial = np.arange(count)
    return rows(
        "roads.streetlight",
        shapely.points(point),
        light_number=[f"{prefix}-{i + 1:05d}" for i in range(count)],
        kind=np.where(large, 1, 2),
        lamp=np.where(old, np.where(large, 2, 4), 1),
        power=np.where(large, np.where(old, 180.0, 80.0), np.where(old, 20.0, 9.0)),
        pole=pole,
        pole_number=[
            f"青葉{i // 40 + 1}-{i % 40 + 1}" if p != 1 else None for i, p in zip(serial, pole, strict=True)
        ],
        route_number=route,
        installed_on=days("2012-04-01", np.where(old, -2500, rng.integers(0, 4700, count))),
        note=None,
    )


def _bridges(city: City) -> LayerRows:
    found = bridges(city.plan, list(city.roads))
    count = len(found)
    rng = city.plan.rng("bridges")
    tree = shapely.STRtree([district.area for district in city.districts])
    near = [int(i) for i in tree.nearest([middle for _, middle, _, _ in found])] if found else []
    names = _bridge_names(city, [(road, water) for road, _, _, water in found], near)
    length = np.round([span for _, _, span, _ in found], 1)
    year = 1958 + rng.integers(0, 62, count)
    sound = rng.choice([1, 2, 2, 3], count)
    return rows(
        "roads.bridge",
        np.array([middle for _, middle, _, _ in found], dtype=object),
        bridge_number=[f"B{i + 1:04d}" for i in range(count)],
        name=[name.ja for name in names],
        name_kana=[name.kana for name in names],
        route_number=[road_number(road) for road, _, _, _ in found],
        route_name=[road_name(road) for road, _, _, _ in found],
        crossing=[RIVER.ja if water == 0 else BROOKS[water - 1] for _, _, _, water in found],
        length=length,
        width=np.array([road.width for road, _, _, _ in found]),
        spans=np.maximum(1, np.rint(length / 38)).astype(np.int64),
        structure=where(length > 45, "鋼橋", "プレストレストコンクリート橋"),
        built_year=year,
        inspected_on=days("2021-05-10", rng.integers(0, 1500, count)),
        soundness=np.where(year > 2000, 1, sound),
        note=None,
    )


_TOLD_APART = tuple(
    Name(*pair) for pair in (("", ""), ("新", "シン"), ("上", "カミ"), ("下", "シモ"), ("中", "ナカ"))
)


def _bridge_names(city: City, crossings: list[tuple[MainRoad, int]], near: list[int]) -> list[Name]:
    used: dict[str, int] = {}
    names = []
    for (road, water), district in zip(crossings, near, strict=True):
        great = water == 0 and road.road_class == TRUNK
        stem, end = city.names[district], Name("大橋", "オオハシ") if great else Name("橋", "バシ")
        name = stem + end
        count = used[name.ja] = used.get(name.ja, 0) + 1
        names.append(_TOLD_APART[(count - 1) % len(_TOLD_APART)] + name)
    return names


def _works(city: City, built: Built, numbers: Geometries, rng: np.random.Generator) -> LayerRows:
    streets = built.streets
    count = min(2, streets.line.size)
    chosen: Ints = np.sort(rng.choice(streets.line.size, count, replace=False))
    parts = [shapely.get_geometry(streets.line[i], 0) for i in chosen.tolist()]
    sections = [_section(part, rng) for part in parts]
    kind = rng.integers(1, 7, count)
    start = days("2026-03-01", rng.integers(0, 330, count))
    end = start + rng.integers(20, 120, count).astype("timedelta64[D]")
    today, settled = np.datetime64("2026-09-01"), np.datetime64("2026-12-01")
    what = [
        "",
        "道路改良工事",
        "舗装補修工事",
        "配水管布設替工事",
        "下水道管渠更生工事",
        "ガス管入替工事",
        "電線共同溝工事",
    ]
    serial = [f"R8-{built.district.number + 1:04d}-{i + 1:02d}" for i in range(count)]
    return rows(
        "roads.road_work",
        multi(sections),
        work_number=serial,
        name=[f"市道{numbers[i]}号線{what[k]}" for i, k in zip(chosen.tolist(), kind.tolist(), strict=True)],
        kind=kind,
        restriction=rng.choice([1, 2, 2, 3, 4, 9], count),
        status=np.select([end < today, start <= today, start < settled], [3, 2, 1], 0),
        starts_on=start,
        ends_on=end,
        hours=["9:00〜17:00" if i % 3 else "21:00〜翌6:00" for i in range(count)],
        client=[
            "青葉野市道路課" if k < 3 else "青葉野市上下水道局" if k < 5 else "占用事業者"
            for k in kind.tolist()
        ],
        contractor=[f"架空建設株式会社 第{i + 1}工事班" for i in range(count)],
        contact_phone=[phone(410_000 + 7 * built.district.number + i) for i in range(count)],
        note=None,
    )


def _section(line: shapely.LineString, rng: np.random.Generator) -> shapely.LineString:
    length = line.length
    start = float(rng.uniform(0, 0.5)) * length
    stop = min(length, start + float(rng.uniform(30, 180)))
    return substring(line, start, max(stop, start + 5.0))
