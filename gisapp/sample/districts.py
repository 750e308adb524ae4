"""The city divided into districts (町) and their chome (丁目): areas that tile the city, each with its kind and frame.

Order: cells around scattered points, cut by the river; small pieces joined; kinds by how close to a station and how
steep; chome cut along what will be each district's main streets. Neighbours share every vertex of their border.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import shapely
from numpy.typing import NDArray

from gisapp.sample.fabric import FABRICS, Fabric
from gisapp.sample.frame import Frame, line_direction
from gisapp.sample.plan import Plan
from gisapp.sample.terrain import Floats

URBAN_SHARE = 0.44
"""Share of the plain that is built up."""

INDUSTRY_SHARE = 0.07
CORE_SHARE = 0.06
"""Shares of the built-up districts that are works, and that are the middle of the city."""

MILLIMETRE = 0.001


@dataclass(frozen=True)
class District:
    """One 町: its area in local metres, its kind (a key of FABRICS) and its street grid."""

    number: int
    kind: str
    area: shapely.Polygon
    frame: Frame
    cuts_u: tuple[float, ...]  # grid metres of the main streets that divide its chome
    cuts_v: tuple[float, ...]

    @property
    def fabric(self) -> Fabric:
        """The measures of its blocks and lots."""
        return FABRICS[self.kind]


@dataclass(frozen=True)
class Cells:
    """The web of lines that districts and main roads follow."""

    lines: NDArray[np.object_]  # one LineString per edge
    ends: NDArray[np.int64]  # (edges, 2): number of the node at either end
    nodes: Floats  # (nodes, 2)


def cell_width(plan: Plan) -> float:
    """Metres between the middles of neighbouring cells; smaller in a small town, so that it too has districts."""
    return float(np.clip(0.62 * plan.radius, 330, 700))


def make_cells(plan: Plan) -> Cells:
    """Edges of cells around jittered points, over the whole city and a little beyond."""
    rng, gap = plan.rng("cells"), cell_width(plan)
    reach = 1.35 * plan.radius + 2 * gap
    rows = np.arange(-reach, reach, gap * 0.866)
    columns = np.arange(-reach, reach, gap)
    x = (columns[None, :] + np.where(np.arange(rows.size) % 2, gap / 2, 0)[:, None]).ravel()
    points = np.column_stack([x, np.repeat(rows, columns.size)]) + rng.uniform(-0.3, 0.3, (x.size, 2)) * gap
    edges = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(points), only_edges=True))
    box = shapely.box(-reach + gap, -reach + gap, reach - gap, reach - gap)
    edges = edges[shapely.within(edges, box) & (shapely.length(edges) > 1)]
    coords = np.round(shapely.get_coordinates(edges).reshape(-1, 2), 2)
    nodes, number = np.unique(coords, axis=0, return_inverse=True)
    lines = shapely.transform(shapely.segmentize(edges, 40.0), lambda xy: np.round(plan.warp(xy), 3))
    return Cells(lines, number.reshape(-1, 2), np.round(plan.warp(nodes), 3))


def make_districts(plan: Plan, cells: Cells) -> list[District]:
    """All districts, the most urban first. Together they tile the city."""
    lines = [*cells.lines, plan.river, *plan.brooks, plan.outline.exterior]
    faces = _faces(lines, plan.outline)
    faces = merge_small(faces, 0.3 * cell_width(plan) ** 2, plan.river)
    kinds = _kinds(plan, faces)
    order = np.lexsort((-_urbanity(plan, faces), np.array([list(FABRICS).index(kind) for kind in kinds])))
    return [_district(plan, number, kinds[i], faces[i]) for number, i in enumerate(order)]


def make_towns(districts: list[District]) -> tuple[NDArray[np.object_], NDArray[np.int64]]:
    """The chome areas that tile the city, and for each the number of its district."""
    borders = [shapely.segmentize(district.area.exterior, 1e9) for district in districts]
    cuts = [line for district in districts for line in chome_lines(district)]
    faces = _faces([*borders, *cuts], shapely.union_all([district.area for district in districts]))
    tree = shapely.STRtree([district.area for district in districts])
    found = tree.query(shapely.point_on_surface(faces), predicate="within")
    owner = np.zeros(len(faces), dtype=np.int64)
    owner[found[0]] = found[1]
    areas: list[shapely.Polygon] = []
    owners: list[int] = []
    for number, district in enumerate(districts):
        mine = faces[owner == number]
        parts = (
            merge_small(mine, 0.4 * district.fabric.chome, shapely.LineString()) if mine.size > 1 else mine
        )
        parts = parts[np.lexsort(shapely.get_coordinates(shapely.centroid(parts)).T)]
        areas += list(parts)
        owners += [number] * len(parts)
    return np.array(areas, dtype=object), np.array(owners)


def chome_lines(district: District) -> list[shapely.LineString]:
    """The lines on which a district's main streets run and its chome meet, a little longer than the district."""
    ring = shapely.get_coordinates(district.area.exterior)
    low, high = district.frame.to_grid(ring).min(axis=0) - 60, district.frame.to_grid(ring).max(axis=0) + 60
    along_u, along_v = np.arange(low[0], high[0], 25.0), np.arange(low[1], high[1], 25.0)
    lines = [np.column_stack([along_u, np.full(along_u.size, v)]) for v in district.cuts_v]
    lines += [np.column_stack([np.full(along_v.size, u), along_v]) for u in district.cuts_u]
    around = district.area.buffer(2.0, quad_segs=2)
    clipped = [shapely.LineString(district.frame.to_plane(line)).intersection(around) for line in lines]
    return [part for line in clipped for part in shapely.get_parts(line) if part.length > 30]


def _faces(lines: list[shapely.Geometry], outline: shapely.Geometry) -> NDArray[np.object_]:
    web = shapely.union_all(lines, grid_size=MILLIMETRE)
    faces = shapely.get_parts(shapely.polygonize([web]))
    shapely.prepare(outline)
    return faces[shapely.contains(outline, shapely.point_on_surface(faces))]


def merge_small(faces: NDArray[np.object_], smallest: float, wall: shapely.LineString) -> NDArray[np.object_]:
    """Join faces below `smallest` m² to the neighbour they share most border with, not across `wall` if avoidable."""
    areas = list(faces)
    tree = shapely.STRtree(faces)
    home = np.arange(len(areas))
    wall_zone = wall.buffer(1.0) if not wall.is_empty else shapely.Polygon()
    for small in np.argsort(shapely.area(faces), kind="stable"):
        me = int(home[small])
        if areas[me].area >= smallest:
            continue
        near = sorted({int(home[i]) for i in tree.query(areas[me], predicate="intersects")} - {me})
        shared = [areas[me].intersection(areas[other]) for other in near]
        worth = [border.length - 0.95 * border.intersection(wall_zone).length for border in shared]
        if not worth or max(worth) <= 0:
            continue
        other = near[int(np.argmax(worth))]
        areas[other] = areas[other].union(areas[me])
        home[home == me] = other
    kept = [areas[i] for i in sorted(set(home.tolist()))]
    return np.array(kept, dtype=object)


def _urbanity(plan: Plan, faces: NDArray[np.object_]) -> Floats:
    """How much a place is drawn to the stations: higher is more urban."""
    xy = shapely.get_coordinates(shapely.centroid(faces))
    stations = plan.station_points()
    away = np.hypot(xy[:, None, 0] - stations[:, 0], xy[:, None, 1] - stations[:, 1])
    main = np.exp(-away[:, 0] / (0.42 * plan.radius))
    nearest = np.exp(-away.min(axis=1) / 1100)
    return np.asarray(main + 0.45 * nearest + 0.16 * plan.terrain.rolling(1.7 * xy[:, 0], 1.7 * xy[:, 1]))


def _kinds(plan: Plan, faces: NDArray[np.object_]) -> list[str]:
    xy = shapely.get_coordinates(shapely.centroid(faces))
    area = shapely.area(faces)
    hill = plan.terrain.hill(xy[:, 0], xy[:, 1])
    kinds = np.where(hill > 26, "forest", "farm").astype(object)
    plain = np.nonzero(hill <= 26)[0]
    by_urbanity = plain[np.argsort(-_urbanity(plan, faces)[plain], kind="stable")]
    share = np.cumsum(area[by_urbanity]) / area[plain].sum()
    urban = by_urbanity[: max(3, int(np.searchsorted(share, URBAN_SHARE)))]
    tone = plan.terrain.rolling(2.3 * xy[urban, 1], 2.3 * xy[urban, 0])
    kinds[urban] = np.where(hill[urban] > 6, "new_town", np.where(tone > 0.35, "old", "residential"))
    kinds[urban[np.argsort(tone, kind="stable")[: len(urban) // 5]]] = "new_town"
    core = max(1, round(CORE_SHARE * urban.size))
    kinds[urban[:core]] = "commercial"
    east = xy[urban, 0] - 1.2 * np.abs(xy[urban, 1] + 0.25 * plan.radius)
    works = core + np.argsort(-east[core:], kind="stable")[: max(1, round(INDUSTRY_SHARE * urban.size))]
    kinds[urban[works]] = "industry"
    return [str(kind) for kind in kinds]


def _district(plan: Plan, number: int, kind: str, area: shapely.Polygon) -> District:
    rng = plan.rng("district", number)
    fabric = FABRICS[kind]
    middle = shapely.get_coordinates(shapely.centroid(area))[0]
    bend = (
        fabric.bend * rng.uniform(1.0, 3.0) * rng.choice([-1, 1])
        if fabric.bend and rng.random() < 0.6
        else 0.0
    )
    frame = Frame(
        x=float(round(middle[0], 3)),
        y=float(round(middle[1], 3)),
        turn=line_direction(shapely.get_coordinates(area.exterior)) + float(rng.integers(2)) * np.pi / 2,
        bend=bend,
        sway=float(fabric.sway * rng.uniform(0.2, 1.0)),
        sway_length=float(rng.uniform(480, 900)),
        phase=float(rng.uniform(0, 2 * np.pi)),
    )
    district = District(number, kind, area, frame, (), ())
    parts = round(area.area / fabric.chome) if fabric.chome else 1
    if parts < 2:
        return district
    ring = frame.to_grid(shapely.get_coordinates(area.exterior))
    width, height = np.ptp(ring, axis=0)
    across: tuple[float, ...] = (0.0,)
    along: tuple[float, ...] = (0.0,) if parts >= 4 else ()
    if parts >= 6:
        along = (-float(width) / 6, float(width) / 6)
    if parts < 4 and width > 1.5 * height:
        across, along = (), (0.0,)
    return replace(district, cuts_u=along, cuts_v=across)
