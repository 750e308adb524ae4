"""A city of a few hundred made-up features, as tiles and identify would give it, with no database.

Its streets run in blocks of 90 m around a river; depths of flooding fall away from the river. Properties are
those that the styles of layers/ read.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Any

import mapbox_vector_tile
import numpy as np
import shapely
from shapely import affinity
from shapely.geometry import LineString, MultiPolygon, Point, box, mapping
from shapely.geometry.base import BaseGeometry

CENTRE = (141.2962, 35.2012)  # longitude, latitude: far out at sea, where no city is
NASTY = '<img src=x onerror="window.__ran=1"> {{ 7*7 }} 本町"一丁目'
EARTH = 20037508.342789244
BLOCK, BLOCKS = 90.0, 14  # metres, per side


@dataclass(frozen=True, eq=False)
class Feature:
    """One feature; `shape` in metres east and north of the city's centre."""

    layer: str
    shape: BaseGeometry
    properties: dict[str, Any]


@cache
def features() -> tuple[Feature, ...]:
    """The whole city."""
    half = BLOCK * BLOCKS / 2
    whole = box(-half * 1.6, -half * 1.6, half * 1.6, half * 1.6)
    river = LineString([(-half * 1.6, half * 0.9), (-120, 160), (60, -140), (240, -half * 1.6)])
    found = [Feature("base.boundary", whole, {"name": "青葉野市"})]
    for rank, reach, inner in ((2, 470, 290), (3, 290, 150), (4, 150, 1)):
        band = (river.buffer(reach) - river.buffer(inner)) & whole
        found.append(Feature("disaster.flood_depth", band, {"rank": rank, "depth_class": None}))
    found.append(
        Feature("base.water", river.buffer(26, cap_style="flat") & whole, {"name": "青葉川", "kind": 1})
    )
    slope = affinity.translate(Point(0, 0).buffer(120), 520, 430)
    found.append(
        Feature("disaster.landslide_zone", slope, {"phenomenon": 2, "zone_type": 1, "zone_name": "北沢"})
    )
    found += [*_towns(half), *_streets(half), *_houses(half, river)]
    names = ("本町小学校", "中央公民館", "青葉野高等学校", NASTY)
    places = ((-300, -210), (330, 240), (-420, 420), (140, 60))
    found += [
        Feature("disaster.shelter", Point(*place), {"name": name, "capacity": 420, "keeper": "青葉 花子"})
        for name, place in zip(names, places, strict=True)
    ]
    return tuple(found)


def _towns(half: float) -> list[Feature]:
    names = ("中央一丁目", "本町二丁目", "川端二丁目", "緑町三丁目")
    corners = ((-1, 0), (0, 0), (-1, -1), (0, -1))
    return [
        Feature("base.town", box(x * half, y * half, (x + 1) * half, (y + 1) * half), {"name": name})
        for name, (x, y) in zip(names, corners, strict=True)
    ]


def _streets(half: float) -> list[Feature]:
    found = []
    for i in range(BLOCKS + 1):
        at = i * BLOCK - half
        main = i == BLOCKS // 2
        kinds = {"class": 3 if main else 4, "grade": 1 if i % 4 == 2 else 3}
        for name, line in (
            ("県道11号" if main else f"市道{100 + i}号線", LineString([(-half, at), (half, at)])),
            ("国道22号" if main else f"市道{200 + i}号線", LineString([(at, -half), (at, half)])),
        ):
            shape = affinity.rotate(line, -8, origin=(0, 0))
            found.append(
                Feature("roads.street", shape, {**kinds, "name": name, "width": 6.0, "route_number": name})
            )
    return found


def _houses(half: float, river: BaseGeometry) -> list[Feature]:
    found = []
    bank = river.buffer(40)
    for i in range(BLOCKS):
        for j in range(BLOCKS):
            corner = (i * BLOCK - half, j * BLOCK - half)
            for k in range(8):
                x, y = corner[0] + 9 + (k % 4) * 20, corner[1] + 12 + (k // 4) * 38
                size = 11 + (i * 7 + j * 3 + k) % 5
                house = affinity.rotate(box(x, y, x + size, y + size * 1.3), -8, origin=(0, 0))
                if not house.intersects(bank):
                    found.append(Feature("base.building", house, {"name": None, "storeys": 2}))
    return found


@cache
def tile(layers: tuple[str, ...], z: int, x: int, y: int) -> bytes:
    """The vector tile of these layers."""
    size = 2 * EARTH / 2**z
    bounds = (x * size - EARTH, EARTH - (y + 1) * size, (x + 1) * size - EARTH, EARTH - y * size)
    reach = box(*bounds).buffer(size / 16)
    parts = []
    for layer in layers:
        shapes = [(feature, in_mercator(feature)) for feature in features() if feature.layer == layer]
        near = [(feature, shape & reach) for feature, shape in shapes if shape.intersects(reach)]
        rows = [{"geometry": shape, "properties": _known(feature)} for feature, shape in near]
        parts.append({"name": layer, "features": rows})
    encoded = mapbox_vector_tile.encode(parts, default_options={"quantize_bounds": bounds, "extents": 4096})
    return bytes(encoded)


def _known(feature: Feature) -> dict[str, Any]:
    return {name: value for name, value in feature.properties.items() if value is not None}


@cache
def in_mercator(feature: Feature) -> BaseGeometry:
    """Its shape in EPSG:3857."""
    stretch = 1 / math.cos(math.radians(CENTRE[1]))
    east = CENTRE[0] / 180 * EARTH
    north = math.log(math.tan(math.radians(45 + CENTRE[1] / 2))) / math.pi * EARTH
    return affinity.translate(affinity.scale(feature.shape, stretch, stretch, origin=(0, 0)), east, north)


def in_degrees(shape: BaseGeometry) -> BaseGeometry:
    """A shape in EPSG:3857 as longitude and latitude."""

    def degrees(points: Any) -> Any:
        lat = np.degrees(2 * np.arctan(np.exp(points[:, 1] / EARTH * np.pi)) - np.pi / 2)
        return np.column_stack((points[:, 0] / EARTH * 180, lat))

    return shapely.transform(shape, degrees)


def identify(lon: float, lat: float, layers: list[str]) -> list[dict[str, Any]]:
    """The features of `layers` at a place, as /api/identify answers: points, lines, then areas."""
    x = lon / 180 * EARTH
    y = math.log(math.tan(math.radians(45 + lat / 2))) / math.pi * EARTH
    spot = Point(x, y).buffer(12)
    found = []
    for number, feature in enumerate(features()):
        if feature.layer not in layers or not in_mercator(feature).intersects(spot):
            continue
        properties = [_property(name, value) for name, value in feature.properties.items()]
        shape = in_mercator(feature)
        found.append(
            {
                "layer": feature.layer,
                "layer_title": feature.layer,
                "id": number,
                "label": str(
                    feature.properties.get("name") or _text("rank", feature.properties.get("rank")) or ""
                ),
                "properties": properties,
                "geometry": mapping(
                    in_degrees(MultiPolygon([shape]) if shape.geom_type == "Polygon" else shape)
                ),
            }
        )
    return sorted(
        found,
        key=lambda feature: "Point Line Polygon".find(feature["geometry"]["type"].removeprefix("Multi")[:4]),
    )


def _property(name: str, value: Any) -> dict[str, Any]:
    unit = "m" if name == "width" else ""
    if name == "keeper":
        return {
            "name": name,
            "title": name,
            "value": None,
            "text": "",
            "unit": unit,
            "personal": True,
            "covered": True,
        }
    return {"name": name, "title": name, "value": value, "text": _text(name, value), "unit": unit}


def reveal(number: int, name: str) -> dict[str, Any]:
    """A covered value, as /api/reveal answers."""
    value = features()[number].properties[name]
    return {"value": value, "text": _text(name, value), "unit": ""}


def _text(name: str, value: Any) -> str:
    if name == "rank" and value is not None:
        return {2: "0.5m以上3m未満", 3: "3m以上5m未満", 4: "5m以上10m未満"}[value]
    return "" if value is None else str(value)
