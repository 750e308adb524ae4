"""Flood depths and landslide zones, from the terrain: depth contours as polygons that never overlap, slopes with feet.

Every depth class is cut from one smooth field, so neighbouring classes share their border to the last bit.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import shapely
from contourpy import FillType, contour_generator
from numpy.typing import NDArray

from gisapp.sample.base import RIVER
from gisapp.sample.city import City, town_of
from gisapp.sample.districts import MILLIMETRE
from gisapp.sample.names import PREFECTURE_CODE, PREFECTURE_JA
from gisapp.sample.plan import Plan
from gisapp.sample.rows import LayerRows, multi, rows
from gisapp.sample.terrain import Floats

DEPTHS = (0.02, 0.3, 0.5, 1.0, 3.0, 5.0, 10.0, 20.0, 100.0)
"""Limits in metres of the eight detailed depth classes (水害ハザードマップ作成の手引き)."""

RANKS = (1, 1, 2, 2, 3, 4, 5, 6)
"""The A31 rank of each detailed class."""

SMALLEST_POOL = 400.0


def city_rows(city: City) -> Iterator[LayerRows]:
    """Flood depths and landslide zones of the whole city."""
    yield _flood(city)
    yield _landslides(city)


def _flood(city: City) -> LayerRows:
    areas, classes = flood_areas(city.plan)
    return rows(
        "disaster.flood_depth",
        multi(areas),
        rank=[RANKS[number] for number in classes],
        depth_class=[number + 1 for number in classes],
        scenario=2,
        river_id=f"{PREFECTURE_CODE}00000001",
        river=f"{RIVER.ja}水系{RIVER.ja}",
        manager_code=PREFECTURE_CODE,
        manager=PREFECTURE_JA,
        designated_on="2023-05-31",
        notice_number=f"{PREFECTURE_JA}告示第512号",
        rainfall=f"{RIVER.ja}流域の48時間総雨量 642 mm",
    )


def flood_areas(plan: Plan) -> tuple[list[shapely.Polygon], list[int]]:
    """Polygons of the design flood inside the city, and the index of the depth class of each."""
    step = float(np.clip(2.4 * plan.radius / 560, 6.0, 40.0))
    west, south, east, north = plan.outline.buffer(3 * step).bounds
    xs, ys = np.arange(west, east + step, step), np.arange(south, north + step, step)
    x, y = np.meshgrid(xs, ys)
    lines = contour_generator(xs, ys, plan.terrain.flood_depth(x, y), fill_type=FillType.OuterOffset)
    areas: list[shapely.Polygon] = []
    classes: list[int] = []
    for number, (low, high) in enumerate(zip(DEPTHS, DEPTHS[1:], strict=False)):
        points, offsets = lines.filled(low, high)[:2]
        pools = shapely.make_valid(_polygons(list(zip(points, offsets, strict=True))))
        pools = shapely.intersection(pools, plan.outline, grid_size=MILLIMETRE)
        parts = shapely.get_parts(pools)
        parts = parts[(shapely.get_type_id(parts) == 3) & (shapely.area(parts) > SMALLEST_POOL)]
        areas += list(parts)
        classes += [number] * len(parts)
    return areas, classes


def _polygons(filled: list[tuple[Any, Any]]) -> NDArray[np.object_]:
    """Filled contours (points, starts of rings) as polygons: the first ring is the rim, the others are holes."""
    areas = np.empty(len(filled), dtype=object)
    for i, (points, starts) in enumerate(filled):
        rings = np.split(np.round(points, 3), starts[1:-1].astype(int))
        areas[i] = shapely.Polygon(rings[0], rings[1:])
    return areas


# Per phenomenon: width and length of a zone in metres, and its shares of the width at start, middle and end.
_SHAPES = {
    1: (125.0, 62.0, (0.9, 1.0, 0.8)),
    2: (75.0, 210.0, (0.25, 0.6, 1.0)),
    3: (120.0, 150.0, (0.7, 1.0, 0.75)),
}
_PHENOMENA = {1: "急傾斜地", 2: "沢", 3: "地区"}


def _landslides(city: City) -> LayerRows:
    feet = _slope_feet(city.plan)
    rng = city.plan.rng("landslides")
    size = min(1.0, city.plan.radius / 1500)
    zones = []
    for i, (x, y, down) in enumerate(feet.tolist()):
        phenomenon = (1, 1, 2, 1, 2, 3)[i % 6]
        yellow = _zone(x, y, down, phenomenon, size * rng.uniform(0.75, 1.25), rng)
        red = _inner(yellow, x, y, 0.62 if phenomenon == 1 else 0.45)
        zones += [(yellow, phenomenon, 1, i)] + ([(red, phenomenon, 2, i)] if phenomenon != 3 else [])
    inside = [(area.intersection(city.plan.outline), *zone) for area, *zone in zones]
    inside = [zone for zone in inside if zone[0].geom_type == "Polygon" and zone[0].area > 50]
    places = shapely.get_coordinates([zone[0].representative_point() for zone in inside])
    towns = [city.towns[t].name.ja for t in town_of(list(city.towns), places).tolist()]
    return rows(
        "disaster.landslide_zone",
        multi([zone[0] for zone in inside]),
        phenomenon=[zone[1] for zone in inside],
        zone_type=[zone[2] for zone in inside],
        prefecture_code=PREFECTURE_CODE,
        zone_number=[f"{'ⅠⅡⅢ'[zone[1] - 1]}-{zone[3] + 1:04d}" for zone in inside],
        zone_name=[
            f"{town}{_PHENOMENA[zone[1]]}{zone[3] + 1}" for town, zone in zip(towns, inside, strict=True)
        ],
        location=[f"青葉野市{town}" for town in towns],
        notice_date="2021-03-26",
        special_undesignated=[1 if zone[1] == 3 else 0 for zone in inside],
    )


def _slope_feet(plan: Plan) -> Floats:
    """Places at the foot of steep slopes, apart from each other: x, y, and the direction downhill in radians."""
    rng = plan.rng("slopes")
    west, south, east, north = plan.outline.bounds
    count = int(np.clip(plan.parcels // 12, 2500, 60_000))
    x, y = rng.uniform(west, east, count), rng.uniform(south, north, count)
    hill, reach = plan.terrain.hill, 15.0
    east_slope = (hill(x + reach, y) - hill(x - reach, y)) / (2 * reach)
    north_slope = (hill(x, y + reach) - hill(x, y - reach)) / (2 * reach)
    steep = np.hypot(east_slope, north_slope)
    height = hill(x, y)
    good = (
        (height > 4) & (steep > np.quantile(steep[height > 2], 0.6)) & shapely.contains_xy(plan.outline, x, y)
    )
    apart = 105.0 * min(1.0, plan.radius / 1500)
    kept: list[tuple[float, float, float]] = []
    taken: set[tuple[int, int]] = set()
    for i in np.flatnonzero(good).tolist():
        cell = int(x[i] // apart), int(y[i] // apart)
        if cell not in taken:
            taken.update((cell[0] + a, cell[1] + b) for a in (-1, 0, 1) for b in (-1, 0, 1))
            kept.append((float(x[i]), float(y[i]), float(np.arctan2(-north_slope[i], -east_slope[i]))))
    return np.array(kept[: max(12, len(kept) * 3 // 4)])


def _zone(
    x: float, y: float, down: float, phenomenon: int, size: float, rng: np.random.Generator
) -> shapely.Polygon:
    """A warning zone that begins uphill of a point and opens downhill, with an uneven rim."""
    width, length, shares = _SHAPES[phenomenon]
    along = np.linspace(-0.35, 0.65, 14) * length * size
    half = np.interp(np.linspace(0, 1, 14), [0, 0.5, 1], shares) * width * size / 2
    half *= np.sqrt(np.clip(1 - (2 * np.linspace(0, 1, 14) - 1) ** 8, 0.12, 1)) * rng.uniform(0.88, 1.12, 14)
    other = half * rng.uniform(0.9, 1.1, 14)
    local = np.concatenate([np.column_stack([along, half]), np.column_stack([along, -other])[::-1]])
    cos, sin = np.cos(down), np.sin(down)
    points = np.column_stack(
        [x + local[:, 0] * cos - local[:, 1] * sin, y + local[:, 0] * sin + local[:, 1] * cos]
    )
    rim = shapely.Polygon(points).buffer(9 * size).buffer(-4 * size).simplify(0.8)
    return shapely.set_precision(rim, 0.01)


def _inner(yellow: shapely.Polygon, x: float, y: float, share: float) -> shapely.Polygon:
    """The special warning zone within a warning zone: shrunk towards the slope."""
    ring = shapely.get_coordinates(yellow.exterior)
    return shapely.set_precision(shapely.Polygon(np.array([x, y]) + share * (ring - [x, y])), 0.01)
