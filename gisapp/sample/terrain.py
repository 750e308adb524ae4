"""The ground of the made-up city: heights, hills, and how deep the design flood stands anywhere.

Everything is a sum of smooth waves, so it can be asked at any point of the plane without a stored grid, and the depth
shown on the map, the height of a shelter and the foot of a slope all agree. Coordinates are local metres (x east,
y north, origin in the city's middle).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Waves:
    """Plane waves of random direction, scaled so that their sum stays roughly within -1 to 1."""

    kx: Floats
    ky: Floats
    phase: Floats

    def __call__(self, x: Floats, y: Floats) -> Floats:
        """Value at points; x and y in metres, arrays of one shape."""
        total = np.zeros(np.broadcast(x, y).shape)
        for kx, ky, phase in zip(self.kx, self.ky, self.phase, strict=True):
            total += np.sin(kx * x + ky * y + phase)
        return total / np.sqrt(len(self.kx) * 1.2)


def make_waves(rng: np.random.Generator, shortest: float, longest: float, count: int = 7) -> Waves:
    """Waves with lengths between `shortest` and `longest` metres."""
    length = np.geomspace(shortest, longest, count)
    angle = rng.uniform(0, np.pi) + np.arange(count) * np.pi * 0.618
    number = 2 * np.pi / length
    return Waves(number * np.cos(angle), number * np.sin(angle), rng.uniform(0, 2 * np.pi, count))


@dataclass(frozen=True)
class Terrain:
    """The shape of the ground. `radius` is the city's mean radius in metres."""

    radius: float
    rolling: Waves
    bumps: Waves
    spurs: Waves
    river: shapely.LineString
    tributaries: shapely.MultiLineString

    def hill(self, x: Floats, y: Floats) -> Floats:
        """Metres by which the hills in the north-west rise above the plain: 0 on the plain."""
        inward = (0.78 * y - 0.62 * x) - 0.5 * self.radius + 0.07 * self.radius * self.rolling(x, y)
        rise = np.clip(inward / min(900.0, 0.4 * self.radius), 0, 1)
        height = min(110.0, 40 + 0.022 * self.radius)
        return np.asarray(height * rise * rise * (3 - 2 * rise) * (1 + 0.3 * self.spurs(x, y)))

    @property
    def flood_plain(self) -> float:
        """Metres from the river at which the ground has risen most of the way out of its plain."""
        return min(1500.0, 0.36 * self.radius)

    def height(self, x: Floats, y: Floats) -> Floats:
        """Height of the ground above sea level in metres."""
        away = np.asarray(shapely.distance(shapely.points(x, y), self.river))
        return self._plain(away) + self._roughness(x, y) + self.hill(x, y)

    def flood_depth(self, x: Floats, y: Floats) -> Floats:
        """Depth in metres of the largest assumed flood: 0 where the water does not come."""
        points = shapely.points(x, y)
        away = np.asarray(shapely.distance(points, self.river))
        hill = self.hill(x, y)
        surface = 8.9 - 1.0 * (away / self.flood_plain) ** 2
        from_river = surface - self._plain(away) - self._roughness(x, y) - hill
        brook = np.asarray(shapely.distance(points, self.tributaries))
        from_brook = np.where(hill < 12, 2.3 - brook / 115 + 0.5 * self.bumps(x, y), 0)
        return np.asarray(np.clip(np.maximum(from_river, from_brook), 0, None))

    def _plain(self, away: Floats) -> Floats:
        return 3.2 + 5.5 * (1 - np.exp(-((away / self.flood_plain) ** 1.3)))

    def _roughness(self, x: Floats, y: Floats) -> Floats:
        return np.asarray(1.25 * self.rolling(x, y) + 0.35 * self.bumps(x, y))
