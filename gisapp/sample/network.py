"""The main roads: trunk roads, prefectural roads along the cells' edges, first-class city roads, levee roads, bridges.

Prefectural roads are shortest ways through the web of cell edges that keep near a straight line across the city; the
edges left over are joined into streets wherever they go on nearly straight. A road crosses the river only where it
does so squarely; there a bridge stands.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from gisapp.sample.districts import Cells
from gisapp.sample.plan import BROOK_BANK, BROOK_HALF, Plan
from gisapp.sample.terrain import Floats

TRUNK, PREFECTURAL, CITY = 2, 3, 4
"""Classes of roads, in the codes of `roads.street`."""


@dataclass(frozen=True)
class MainRoad:
    """One main road: its line in local metres (one or more parts), class, width in metres and number within its class."""

    line: shapely.MultiLineString
    road_class: int
    width: float
    number: int
    levee: bool = False


def main_roads(plan: Plan, cells: Cells) -> list[MainRoad]:
    """Every main road, cut at the city's outline and off the river, the widest first."""
    roads = [MainRoad(line, TRUNK, 24.0, i + 1) for i, line in enumerate(plan.trunks)]
    routes = list(_prefectural_routes(plan, cells))
    used = {edge for route in routes for edge in route}
    roads += [MainRoad(_joined(cells, route), PREFECTURAL, 16.0, i + 1) for i, route in enumerate(routes)]
    streets = _strokes(cells, used)
    roads += [MainRoad(_joined(cells, street), CITY, 11.0, i + 1) for i, street in enumerate(streets)]
    for i, side in enumerate((1.0, -1.0)):
        line = plan.river.offset_curve(side * (plan.river_half + plan.bank + 3.0)).simplify(0.5)
        roads.append(MainRoad(line, CITY, 6.0, len(streets) + i + 1, levee=True))
    zone = plan.river.buffer(plan.river_half + plan.bank + 3.0)
    shapely.prepare(zone)
    clipped = []
    for road in roads:
        line = _within(road.line, plan.outline)
        if not road.levee and zone.intersects(line):
            line = _off_the_river(line, plan, zone)
        if line.length > 60:
            clipped.append(MainRoad(line, road.road_class, road.width, road.number, road.levee))
    return clipped


def bridges(plan: Plan, roads: list[MainRoad]) -> list[tuple[MainRoad, shapely.Point, float, int]]:
    """Where main roads cross water: the road, the middle of the bridge, its length, and which water it crosses.

    The water is 0 for the river and i + 1 for brook i.
    """
    waters = [
        (plan.river, plan.river_half + plan.bank),
        *((b, BROOK_HALF + BROOK_BANK / 2) for b in plan.brooks),
    ]
    found = []
    for number, (course, half) in enumerate(waters):
        zone = course.buffer(half, cap_style="flat")
        for road in roads:
            for span in shapely.get_parts(shapely.line_merge(road.line.intersection(zone))):
                if span.length > 1.2 * half and span.intersects(course):
                    middle = shapely.line_interpolate_point(span, 0.5, normalized=True)
                    found.append((road, middle, float(span.length), number))
    return found


def _within(line: shapely.Geometry, area: shapely.Geometry) -> shapely.MultiLineString:
    return _merged(list(shapely.get_parts(line.intersection(area))))


def _off_the_river(
    line: shapely.MultiLineString, plan: Plan, zone: shapely.Polygon
) -> shapely.MultiLineString:
    """The road without what runs along inside the river's banks (`zone`); a square crossing stays, as a bridge."""
    half = plan.river_half + plan.bank
    kept = [part for part in shapely.get_parts(line.difference(zone)) if part.length > 40]
    for span in shapely.get_parts(line.intersection(zone)):
        ends = shapely.get_point(span, [0, -1])
        reaches_both_banks = shapely.distance(ends, plan.river).min() > half + 2.5
        if span.length < 3.4 * half and reaches_both_banks and span.intersects(plan.river):
            kept.append(span)
    return _merged(kept)


def _merged(parts: list[shapely.Geometry]) -> shapely.MultiLineString:
    lines = shapely.MultiLineString(
        [part for part in parts if part.geom_type == "LineString" and part.length > 0]
    )
    return shapely.MultiLineString(list(shapely.get_parts(shapely.line_merge(lines))))


def _joined(cells: Cells, edges: list[int]) -> shapely.Geometry:
    return shapely.line_merge(shapely.multilinestrings(list(cells.lines[edges])))


def _prefectural_routes(plan: Plan, cells: Cells) -> Iterator[list[int]]:
    """Edges of each prefectural road: across the city from side to side, in several directions, at equal gaps."""
    rng = plan.rng("prefectural")
    count = max(2, round(2 * plan.radius / 2600))
    taken: set[int] = set()
    for turn in (0.15, np.pi / 2 + 0.3):
        for i in range(count):
            offset = (-0.78 + 1.56 * (i + 0.5) / count + rng.uniform(-0.04, 0.04)) * plan.radius
            angle = turn + rng.uniform(-0.18, 0.18)
            along, across = (
                np.array([np.cos(angle), np.sin(angle)]),
                np.array([-np.sin(angle), np.cos(angle)]),
            )
            ends = [across * offset + side * 1.25 * plan.radius * along for side in (-1, 1)]
            nodes = [int(np.argmin(np.hypot(*(cells.nodes - end).T))) for end in ends]
            away = np.abs(cells.nodes @ across - offset)
            route = [edge for edge in _cheapest_way(cells, nodes[0], nodes[1], away) if edge not in taken]
            taken.update(route)
            if route:
                yield route


def _cheapest_way(cells: Cells, start: int, goal: int, away: Floats) -> list[int]:
    """Edges of the shortest way from node to node (Dijkstra), where going far `away` from the wished line costs more."""
    cost = shapely.length(cells.lines) * (1 + away[cells.ends].mean(axis=1) / 250)
    around = _edges_at(cells)
    best, came = {start: 0.0}, {start: (-1, -1)}
    queue = [(0.0, start)]
    while queue:
        so_far, node = heapq.heappop(queue)
        if node == goal:
            break
        for edge in around.get(node, ()):
            other = int(cells.ends[edge].sum()) - node
            total = so_far + float(cost[edge])
            if total < best.get(other, np.inf):
                best[other], came[other] = total, (edge, node)
                heapq.heappush(queue, (total, other))
    route: list[int] = []
    node = goal
    while node in came and came[node][0] >= 0:
        edge, node = came[node]
        route.append(edge)
    return route


def _edges_at(cells: Cells) -> dict[int, list[int]]:
    around: dict[int, list[int]] = {}
    for edge, (a, b) in enumerate(cells.ends.tolist()):
        around.setdefault(a, []).append(edge)
        around.setdefault(b, []).append(edge)
    return around


def _strokes(cells: Cells, used: set[int]) -> list[list[int]]:
    """Edges not `used`, joined at nodes into streets: at each node the two that go on most nearly straight."""
    partner: dict[tuple[int, int], int] = {}
    for node, edges in _edges_at(cells).items():
        free = [edge for edge in edges if edge not in used]
        toward = {e: cells.nodes[int(cells.ends[e].sum()) - node] - cells.nodes[node] for e in free}
        pairs = [(_straightness(toward[a], toward[b]), a, b) for a in free for b in free if a < b]
        if pairs and max(pairs)[0] > 0.75:
            _, a, b = max(pairs)
            partner[a, node], partner[b, node] = b, a
    streets, seen = [], set(used)
    for edge in range(len(cells.lines)):
        if edge not in seen:
            street = _follow(cells, partner, edge)
            seen.update(street)
            streets.append(street)
    return streets


def _straightness(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    return float(-(a @ b) / (np.hypot(*a) * np.hypot(*b)))


def _follow(cells: Cells, partner: dict[tuple[int, int], int], edge: int) -> list[int]:
    street = [edge]
    for node in cells.ends[edge].tolist():
        at, here = edge, node
        while (at, here) in partner and partner[at, here] not in street:
            at = partner[at, here]
            street.append(at)
            here = int(cells.ends[at].sum()) - here
    return street
