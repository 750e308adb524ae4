"""The large lines of the made-up city, drawn first: outline, river and brooks, railways with stations, trunk roads.

Coordinates are local metres (x east, y north). The city grows with the number of parcels at equal density, so a town
of 2,000 parcels and a city of 2,000,000 look alike street by street.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from gisapp.sample.terrain import Floats, Terrain, Waves, make_waves


@dataclass(frozen=True)
class Plan:
    """What is decided before any block is drawn. Lines are longer than the city and are cut at its outline later."""

    parcels: int
    seed: int
    radius: float
    outline: shapely.Polygon
    terrain: Terrain
    warp: Warp
    river: shapely.LineString
    river_half: float  # half the width of the water, m
    bank: float  # width of levee and riverside on either side, m
    brooks: tuple[shapely.LineString, ...]
    rails: tuple[shapely.LineString, ...]
    stations: tuple[
        tuple[int, float], ...
    ]  # number of the railway line, metres along it; the first is the main one
    trunks: tuple[shapely.LineString, ...]

    @property
    def water(self) -> shapely.Geometry:
        """The water surfaces: river first, then every brook."""
        brooks = [brook.buffer(BROOK_HALF, cap_style="flat") for brook in self.brooks]
        return shapely.union_all([self.river.buffer(self.river_half), *brooks])

    @property
    def waterside(self) -> shapely.Geometry:
        """Water with its levees: nothing is built here."""
        brooks = [brook.buffer(BROOK_HALF + BROOK_BANK, cap_style="flat") for brook in self.brooks]
        return shapely.union_all([self.river.buffer(self.river_half + self.bank), *brooks])

    def station_points(self) -> Floats:
        """Places of the stations, an array of shape (stations, 2)."""
        points = [shapely.line_interpolate_point(self.rails[line], at) for line, at in self.stations]
        return np.array(shapely.get_coordinates(points))

    def rng(self, *names: str | int) -> np.random.Generator:
        """Random numbers of their own for one purpose, so that adding one thing does not move every other."""
        key = [name if isinstance(name, int) else zlib.crc32(name.encode()) for name in names]
        return np.random.default_rng([self.seed, *key])


BROOK_HALF = 6.0
BROOK_BANK = 6.0
RAIL_HALF = 7.0


@dataclass(frozen=True)
class Warp:
    """A gentle distortion of the plane that keeps drawn lines from looking ruled. Equal points stay equal points."""

    east: Waves
    north: Waves
    metres: float

    def __call__(self, xy: Floats) -> Floats:
        """Move points, an array of shape (n, 2)."""
        x, y = xy[:, 0], xy[:, 1]
        return np.column_stack([x + self.metres * self.east(x, y), y + self.metres * self.north(x, y)])


def make_plan(parcels: int, seed: int, radius: float) -> Plan:
    """Draw the large lines of a city with a mean radius in metres that will hold `parcels` parcels."""
    rng = np.random.default_rng([seed, 1])
    warp = Warp(make_waves(rng, 800, 4200), make_waves(rng, 800, 4200), min(75.0, 0.05 * radius))
    river = _river(rng, radius)
    brooks = _brooks(rng, radius, river)
    rails = _rails(rng, radius)
    terrain = Terrain(
        radius=radius,
        rolling=make_waves(rng, 1100, 5200),
        bumps=make_waves(rng, 260, 800),
        spurs=make_waves(rng, 350, 1300, 5),
        river=river.simplify(4.0),
        tributaries=shapely.multilinestrings([brook.simplify(4.0) for brook in brooks]),
    )
    return Plan(
        parcels=parcels,
        seed=seed,
        radius=radius,
        outline=_outline(rng, radius),
        terrain=terrain,
        warp=warp,
        river=river,
        river_half=float(np.clip(0.0125 * radius, 12, 62)),
        bank=float(np.clip(0.006 * radius, 8, 26)),
        brooks=brooks,
        rails=rails,
        stations=_stations(rails, radius),
        trunks=_trunks(rng, radius, warp),
    )


def _outline(rng: np.random.Generator, radius: float) -> shapely.Polygon:
    waves = np.arange(2, 44)
    size = 0.17 / waves**1.15 * rng.uniform(0.4, 1.0, waves.size)
    angle = np.linspace(0, 2 * np.pi, max(120, int(radius * 2 * np.pi / 45)), endpoint=False)
    turns = np.sin(waves[:, None] * angle + rng.uniform(0, 2 * np.pi, waves.size)[:, None])
    reach = radius * (1 + (size[:, None] * turns).sum(axis=0))
    ring = np.column_stack([1.12 * reach * np.cos(angle), reach / 1.12 * np.sin(angle)])
    return shapely.Polygon(np.round(ring, 3))


def _wave_line(
    rng: np.random.Generator, half: float, step: float, sizes: list[tuple[float, float]]
) -> Floats:
    """Points of a line along x from -half to half that swings by (amplitude, wavelength) pairs."""
    along = np.arange(-half, half + step, step)
    across = sum(a * np.sin(2 * np.pi * along / w + rng.uniform(0, 2 * np.pi)) for a, w in sizes)
    return np.column_stack([along, across])


def _river(rng: np.random.Generator, radius: float) -> shapely.LineString:
    bend = min(0.16 * radius, 1000.0)
    swings = [
        (bend, max(2.3 * radius, 5200.0) if radius < 5000 else 7500.0),
        (0.3 * bend, 0.9 * min(radius, 3000.0)),
    ]
    points = _wave_line(rng, 1.6 * radius, min(25.0, radius / 60), swings)
    points[:, 1] += -0.30 * radius - 0.07 * points[:, 0]
    return shapely.LineString(np.round(points, 3))


def _brooks(
    rng: np.random.Generator, radius: float, river: shapely.LineString
) -> tuple[shapely.LineString, ...]:
    count = int(np.clip(round(radius / 3000), 1, 8))
    course = shapely.get_coordinates(river)
    brooks = []
    for i in range(count):
        mouth = (
            radius * ((-0.32 if count == 1 else -0.65) + 1.5 * i / count) + rng.uniform(-0.05, 0.05) * radius
        )
        end = course[np.argmin(np.abs(course[:, 0] - mouth))]
        length = 1.5 * radius
        points = _wave_line(
            rng, length / 2, min(20.0, radius / 50), [(min(130.0, 0.06 * radius), 950), (40, 380)]
        )
        along = points[:, 0] + length / 2
        calm = np.clip(along / 300, 0, 1)  # straight at the mouth, so that it meets the river where it should
        drift = -rng.uniform(0.15, 0.32) * along
        line = np.column_stack([end[0] + drift + (points[:, 1] - points[0, 1]) * calm, end[1] + along])
        brooks.append(shapely.LineString(np.round(line, 3)))
    return tuple(brooks)


def _rails(rng: np.random.Generator, radius: float) -> tuple[shapely.LineString, ...]:
    reach = 1.6 * radius
    points = _wave_line(rng, reach, 40.0, [(0.05 * radius, 2.1 * radius), (0.016 * radius, 1.1 * radius)])
    points[:, 1] += 0.07 * radius + 0.06 * points[:, 0]
    lines = [points]
    for i in range(int(radius // 6000)):
        cross = _wave_line(rng, reach, 40.0, [(0.06 * radius, 1.7 * radius)])
        lines.append(np.column_stack([cross[:, 1] + radius * (0.42, -0.45, 0.0)[i % 3], cross[:, 0]]))
    return tuple(shapely.LineString(np.round(line, 3)) for line in lines)


def _stations(rails: tuple[shapely.LineString, ...], radius: float) -> tuple[tuple[int, float], ...]:
    main = float(shapely.line_locate_point(rails[0], shapely.Point(0, 0.07 * radius)))
    stations = [(0, main)]
    gap = float(np.clip(0.45 * radius, 500, 1500))
    for number, rail in enumerate(rails):
        middle = main if number == 0 else rail.length / 2
        steps = int(0.9 * radius // gap)
        stations += [(number, middle + k * gap) for k in range(-steps, steps + 1) if k != 0 or number]
    return tuple(stations)


def _trunks(rng: np.random.Generator, radius: float, warp: Warp) -> tuple[shapely.LineString, ...]:
    count = max(1, round(2 * radius / 6500))
    lines = []
    for i in range(count):
        place = radius * (0.36 if count == 1 else -0.75 + 1.5 * (i + 0.62) / count)
        lines.append(_wave_line(rng, 1.6 * radius, 30.0, [(0.05 * radius, 1.9 * radius)]) + [0, place])
        cross = _wave_line(rng, 1.6 * radius, 30.0, [(0.05 * radius, 2.2 * radius)])[:, ::-1]
        lines.append(cross + [radius * (0.24 if count == 1 else -0.7 + 1.5 * (i + 0.55) / count), 0])
    return tuple(shapely.LineString(np.round(warp(line), 3)) for line in lines)


def local_origin(srid: int) -> NDArray[np.float64]:
    """East and north of the city's middle (141.30°E 35.20°N, in the Pacific) in plane system `srid`, whole metres."""
    from pyproj import Transformer

    east_north = Transformer.from_crs(6668, srid, always_xy=True).transform(141.30, 35.20)
    return np.round(np.array(east_north))
