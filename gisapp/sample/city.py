"""The made-up city as a whole: its plan, districts, towns with names, main roads, and the land left for building."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer

from gisapp.sample.blocks import Demand
from gisapp.sample.demands import wanted_sites
from gisapp.sample.districts import MILLIMETRE, Cells, District, make_cells, make_districts, make_towns
from gisapp.sample.fabric import FABRICS
from gisapp.sample.names import Name, chome, district_names
from gisapp.sample.network import MainRoad, main_roads
from gisapp.sample.plan import RAIL_HALF, Plan, local_origin, make_plan
from gisapp.sample.terrain import Floats

STRIP = 1.2
"""Metres that lots keep away from the border of their district."""


@dataclass(frozen=True)
class Town:
    """One 町丁目 (or 大字, where chome is 0): its area in local metres, its name, and its district's number."""

    number: int
    district: int
    chome: int
    name: Name
    kind: str
    area: shapely.Polygon

    @property
    def numbered(self) -> bool:
        """True where houses bear numbers (住居表示); elsewhere addresses are lot numbers."""
        return FABRICS[self.kind].urban

    @property
    def code(self) -> str:
        """Six digits: four of the district, two of the chome."""
        return f"{self.district + 1:04d}{self.chome:02d}"

    @property
    def machiaza_id(self) -> str:
        """町字ID of the Address Base Registry: seven digits."""
        return f"{self.district + 1:04d}{self.chome:03d}"


@dataclass(frozen=True)
class City:
    """Everything that is known before the first block is drawn."""

    plan: Plan
    origin: Floats  # east and north of the local origin in the plane system
    srid: int
    to_lonlat: Transformer
    marker: str  # stands behind every owner's name, so that tests can look for it
    districts: tuple[District, ...]
    names: tuple[Name, ...]  # of the districts
    towns: tuple[Town, ...]
    first_town: tuple[int, ...]  # of each district; one more at the end
    roads: tuple[MainRoad, ...]
    demands: dict[int, list[Demand]]
    obstacles: shapely.STRtree  # of `obstacle_areas`
    walls: shapely.STRtree  # of `wall_areas`: what local streets do not cross

    def lonlat(self, xy: Floats) -> tuple[Floats, Floats]:
        """Longitudes and latitudes (JGD2011, rounded to 7 digits) of local points (n, 2)."""
        lon, lat = self.to_lonlat.transform(xy[:, 0] + self.origin[0], xy[:, 1] + self.origin[1])
        return np.round(lon, 7), np.round(lat, 7)

    def from_lonlat(self, lonlat: Floats) -> Floats:
        """Local points (n, 2), to the millimetre, of longitudes and latitudes (n, 2)."""
        east, north = self.to_lonlat.transform(lonlat[:, 0], lonlat[:, 1], direction="INVERSE")
        return np.round(np.column_stack([east, north]) - self.origin, 3)

    def towns_of(self, district: int) -> list[Town]:
        """The towns of a district, in the order of their chome."""
        return list(self.towns[self.first_town[district] : self.first_town[district + 1]])


def make_city(parcels: int, seed: int, srid: int, marker: str, room: float = 1.0) -> City:
    """Plan a city with land for `room` times `parcels` parcels, about, in plane system `srid` (EPSG code)."""
    plan, cells, districts = _sized(parcels, seed, room)
    names = district_names([district.kind for district in districts], plan.rng("names"))
    roads = main_roads(plan, cells)
    walls = [plan.waterside, *(rail.buffer(RAIL_HALF) for rail in plan.rails)]
    kerbs = [part.buffer(road.width / 2) for road in roads for part in shapely.get_parts(road.line)]
    towns = _named_towns(districts, names)
    return City(
        plan=plan,
        origin=local_origin(srid),
        srid=srid,
        to_lonlat=Transformer.from_crs(srid, 6668, always_xy=True),
        marker=marker,
        districts=tuple(districts),
        names=tuple(names),
        towns=tuple(towns),
        first_town=tuple(
            np.searchsorted([town.district for town in towns], np.arange(len(districts) + 1)).tolist()
        ),
        roads=tuple(roads),
        demands=wanted_sites(plan, districts),
        obstacles=shapely.STRtree([*walls, *kerbs]),
        walls=shapely.STRtree(walls),
    )


def _sized(parcels: int, seed: int, room_wanted: float) -> tuple[Plan, Cells, list[District]]:
    """A plan whose districts have room for so many times the parcels, by the usual density of each kind."""
    wanted = parcels * room_wanted
    radius = float(np.sqrt(parcels * 550 / np.pi))
    for _ in range(6):
        plan = make_plan(parcels, seed, radius)
        cells = make_cells(plan)
        districts = make_districts(plan, cells)
        room = sum(district.area.area * district.fabric.parcels / 1e6 for district in districts)
        if 0.995 < room / wanted < 1.02:
            break
        radius *= float(np.sqrt(1.005 * wanted / room))
    return plan, cells, districts


def building_land(city: City, district: District) -> shapely.Geometry:
    """The part of a district that is neither road nor railway nor waterside.

    Where no road runs along its border a narrow strip stays free, so that lots of two districts never meet.
    """
    return _without(district.area.buffer(-STRIP, join_style="mitre"), city.obstacles)


def street_land(city: City, district: District) -> shapely.Geometry:
    """The part of a district that its streets may run on: they meet main roads but do not cross rails or rivers."""
    return _without(district.area, city.walls)


def _without(area: shapely.Geometry, tree: shapely.STRtree) -> shapely.Geometry:
    hits = tree.geometries[np.sort(tree.query(area, predicate="intersects"))]
    west, south, east, north = area.bounds
    pieces = shapely.clip_by_rect(hits, west - 1, south - 1, east + 1, north + 1)
    land = shapely.difference(area, shapely.union_all(shapely.make_valid(pieces)), grid_size=MILLIMETRE)
    shapely.prepare(land)
    return land


def _named_towns(districts: list[District], names: list[Name]) -> list[Town]:
    areas, owners = make_towns(districts)
    towns = []
    for number, (area, owner) in enumerate(zip(areas, owners.tolist(), strict=True)):
        first = int(np.searchsorted(owners, owner))
        divided = int(np.sum(owners == owner)) > 1
        part = number - first + 1 if divided else 0
        urban = districts[owner].fabric.urban
        name = chome(names[owner], part) if urban else Name("大字", "オオアザ") + names[owner]
        towns.append(Town(number, owner, part, name, districts[owner].kind, area))
    return towns


def town_of(towns: list[Town], xy: Floats) -> NDArray[np.int64]:
    """Numbers of the towns (of those given) that hold points (n, 2); the nearest for points on no town."""
    tree = shapely.STRtree([town.area for town in towns])
    numbers = np.array([town.number for town in towns])
    return np.asarray(numbers[tree.nearest(shapely.points(xy))])
