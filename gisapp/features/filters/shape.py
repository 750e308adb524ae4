"""A geometry as somebody sends it (GeoJSON, or a box), checked and with x before y."""

from __future__ import annotations

import math
from typing import Any

from gisapp.features.filters.wrong import shown, wrong
from gisapp.features.references import Reference, within_web

LEVELS = {"Point": 0, "MultiPoint": 1, "LineString": 1, "MultiLineString": 2, "Polygon": 2, "MultiPolygon": 3}
MOST_POINTS = 10_000
FEWEST = {"LineString": 2, "MultiLineString": 2, "Polygon": 4, "MultiPolygon": 4}

Coordinates = list[Any]


def checked(tree: Any, reference: Reference) -> dict[str, Any]:
    """GeoJSON with x before y, without heights, and its box; from GeoJSON or {"bbox": […]}.

    Raises errors.ParameterInvalid for what is no shape, has more than 10,000 points, or lies outside of the system.
    """
    if isinstance(tree, dict) and isinstance(tree.get("bbox"), list) and "type" not in tree:
        return _with_box(_box(tree["bbox"], reference))
    if not isinstance(tree, dict) or tree.get("type") not in (*LEVELS, "GeometryCollection"):
        raise wrong("図形ではありません", "there is no geometry where one is needed")
    if tree["type"] == "GeometryCollection":
        parts = tree.get("geometries")
        if not isinstance(parts, list) or not 0 < len(parts) <= 100:
            raise wrong("GeometryCollection が空です", "a GeometryCollection has 1 to 100 geometries")
        found = [_one(part, reference) for part in parts]
        return _with_box({"type": "GeometryCollection", "geometries": found})
    return _with_box(_one(tree, reference))


def _one(tree: Any, reference: Reference) -> dict[str, Any]:
    kind = tree.get("type") if isinstance(tree, dict) else None
    if kind not in LEVELS:
        raise wrong(
            f"「{shown(kind)}」は使えない図形です", f"“{shown(kind)}” is no geometry that can be used"
        )
    coordinates = _level(tree.get("coordinates"), LEVELS[kind], kind, reference)
    if sum(1 for _ in _points(coordinates)) > MOST_POINTS:
        raise wrong(
            f"図形の点は {MOST_POINTS:,} 個までです", f"a geometry has at most {MOST_POINTS:,} points"
        )
    return {"type": kind, "coordinates": coordinates}


def _level(found: Any, level: int, kind: str, reference: Reference) -> Coordinates:
    if level == 0:
        return _point(found, reference)
    if not isinstance(found, list) or not found:
        raise wrong("図形に座標がありません", "a geometry has no coordinates")
    below = [_level(each, level - 1, kind, reference) for each in found]
    if level == 1 and len(below) < FEWEST.get(kind, 1):
        raise wrong(f"{kind} の点が足りません", f"a {kind} has too few points")
    if level == 1 and kind.endswith("Polygon") and below[0] != below[-1]:
        raise wrong(
            "Polygon の輪が閉じていません",
            "a ring of a Polygon is not closed: its first point is also its last",
        )
    return below


def _point(found: Any, reference: Reference) -> Coordinates:
    numbers = isinstance(found, list) and 2 <= len(found) <= 4 and all(_is_number(each) for each in found)
    if not numbers:
        raise wrong("座標は 2 つの数です", "a coordinate is two numbers")
    x, y = reference.inward(float(found[0]), float(found[1]))
    if not reference.holds(x, y):
        raise wrong(
            f"座標 {x:g}, {y:g} はこの座標参照系の範囲にありません（軸の順序を確かめてください）",
            f"the coordinate {x:g}, {y:g} is not in its reference system (see the order of the axes)",
        )
    return [x, within_web(y) if reference.geographic else y]


def _box(found: list[Any], reference: Reference) -> dict[str, Any]:
    if len(found) not in (4, 6) or not all(_is_number(each) for each in found):
        raise wrong("BBOX は 4 つの数です", "BBOX has four numbers")
    half = len(found) // 2
    low, high = _point(found[:2], reference), _point(found[half : half + 2], reference)
    if low[1] > high[1] or (low[0] > high[0] and not reference.geographic):
        raise wrong(
            "BBOX の順序が違います（西,南,東,北）", "the numbers of BBOX are not west, south, east, north"
        )
    spans = [(low[0], high[0])] if low[0] <= high[0] else [(low[0], 180.0), (-180.0, high[0])]
    rings = [_ring(west, low[1], east, high[1]) for west, east in spans]
    return {"type": "MultiPolygon", "coordinates": [[ring] for ring in rings]}


def _ring(west: float, south: float, east: float, north: float) -> Coordinates:
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


def _with_box(shape: dict[str, Any]) -> dict[str, Any]:
    points = list(_points([part["coordinates"] for part in shape.get("geometries", [shape])]))
    xs, ys = [point[0] for point in points], [point[1] for point in points]
    return {**shape, "bbox": [min(xs), min(ys), max(xs), max(ys)]}


def _points(found: Coordinates) -> Any:
    if found and not isinstance(found[0], list):
        yield found
    else:
        for each in found:
            yield from _points(each)


def _is_number(found: Any) -> bool:
    return (
        isinstance(found, int | float)
        and not isinstance(found, bool)
        and abs(found) < 1e300
        and math.isfinite(found)
    )
