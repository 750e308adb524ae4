"""Houses on their lots: which lots are built on, for what, and the outline of each building inside its lot.

A house stands square to the street in front, towards the north of its lot so that the garden gets the sun; many have
a corner left out. No outline touches the border of its lot.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import shapely
from numpy.typing import NDArray

from gisapp.sample.districts import District
from gisapp.sample.parcels import Bools, Ints, Parcels
from gisapp.sample.terrain import Floats, Terrain

HOUSE, APARTMENTS, SHOP_HOUSE, SHOP, OFFICE = 411, 412, 413, 402, 401
FACTORY, STOREHOUSE, FARM_BUILDING, OUTBUILDING = 441, 431, 451, 454
WOOD, REINFORCED, STEEL, LIGHT_STEEL = 601, 603, 604, 605

# Uses of buildings (codes of `base.building`) and their shares in each kind of district.
_USES: MappingProxyType[str, tuple[tuple[int, ...], tuple[float, ...]]] = MappingProxyType(
    {
        "commercial": (
            (402, 401, 404, 403, 413, 414, 412, 411),
            (0.3, 0.2, 0.08, 0.02, 0.14, 0.1, 0.1, 0.06),
        ),
        "old": ((411, 413, 412, 415, 402, 401), (0.72, 0.12, 0.07, 0.04, 0.03, 0.02)),
        "residential": ((411, 412, 413, 402, 401), (0.85, 0.09, 0.03, 0.02, 0.01)),
        "new_town": ((411, 412, 402), (0.95, 0.03, 0.02)),
        "industry": ((441, 431, 401, 454), (0.55, 0.27, 0.1, 0.08)),
        "farm": ((411, 451), (0.82, 0.18)),
        "forest": ((411,), (1.0,)),
    }
)
# Per use: largest width and depth in metres, margin at the sides, least and most storeys.
_SIZES: MappingProxyType[int, tuple[float, float, float, int, int]] = MappingProxyType(
    {
        401: (24, 20, 0.5, 2, 7),
        402: (26, 24, 0.5, 1, 4),
        403: (26, 20, 0.6, 5, 11),
        404: (24, 20, 0.5, 3, 9),
        411: (12.5, 9.6, 0.9, 1, 3),
        412: (22, 11, 0.8, 2, 4),
        413: (12, 12, 0.6, 2, 3),
        414: (20, 18, 0.5, 3, 10),
        415: (14, 12, 0.8, 1, 2),
        431: (58, 42, 3.0, 1, 2),
        441: (62, 46, 3.0, 1, 3),
        451: (13, 10, 1.0, 1, 1),
        454: (30, 24, 2.0, 1, 2),
    }
)


@dataclass(frozen=True)
class Buildings:
    """One entry per building: outline in local metres, index of its parcel, use, and measures."""

    area: NDArray[np.object_]
    parcel: Ints
    use: Ints  # code of base.building
    structure: Ints
    floors: Ints
    year: Ints
    name: NDArray[np.object_]

    def __len__(self) -> int:
        return len(self.area)


def build_houses(
    district: District, parcels: Parcels, terrain: Terrain, rng: np.random.Generator
) -> Buildings:
    """Buildings on the ordinary lots of a district; sites get theirs elsewhere."""
    lot = np.setdiff1d(np.flatnonzero(_built(district, parcels, terrain, rng)), parcels.on_sites())
    uses, shares = _USES[district.kind]
    use = np.array(uses)[rng.choice(len(uses), lot.size, p=shares)]
    use = np.where(parcels.flag[lot] & (use != SHOP), HOUSE, use)
    area, fits = _outlines(parcels.quad[lot], parcels.area[lot], use, rng)
    lot, use, area = lot[fits], use[fits], area[fits]
    size = shapely.area(area)
    low, high = (np.array([_SIZES[u][k] for u in use.tolist()], dtype=np.int64) for k in (3, 4))
    wish = low + np.floor((high - low + 1) * rng.beta(1.3, 1.6, lot.size)).astype(np.int64)
    floors = np.where(use == HOUSE, np.where(size < 42, 3, np.where(rng.random(lot.size) < 0.84, 2, 1)), wish)
    floors = np.clip(np.where(size < 90, np.minimum(floors, 4), floors), 1, high)
    sheds, shed_lot = _sheds(parcels, lot, area, use, rng)
    count = np.full(shed_lot.size, 1)
    year = _years(district, lot.size, rng)
    return Buildings(
        area=np.concatenate([area, sheds]),
        parcel=np.concatenate([lot, shed_lot]),
        use=np.concatenate([use, count * OUTBUILDING]),
        structure=np.concatenate([_structure(use, floors, rng), count * LIGHT_STEEL]),
        floors=np.concatenate([floors, count]),
        year=np.concatenate([year, np.minimum(2025, year[np.searchsorted(lot, shed_lot)] + 9)]),
        name=np.full(lot.size + shed_lot.size, None, dtype=object),
    )


def _built(district: District, parcels: Parcels, terrain: Terrain, rng: np.random.Generator) -> Bools:
    """Which lots are built on: by chance, and in the country where a hamlet is."""
    chance = rng.random(len(parcels))
    if district.fabric.urban:
        return np.asarray(chance < district.fabric.built)
    middle = parcels.quad.mean(axis=1)
    hamlet = terrain.spurs(1.1 * middle[:, 0], 1.1 * middle[:, 1]) > 0.95
    return np.asarray(np.where(hamlet, chance < 0.75, chance < 0.012) & (district.fabric.built > 0))


def frames(quad: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """For each quad: its front left corner, unit vectors along the front and inwards, and the box free of its sides.

    The box is (n, 4): x0, x1, y0, y1 in metres along those vectors.
    """
    corner = quad[:, 0]
    front = quad[:, 1] - corner
    along = front / np.maximum(np.hypot(front[:, 0], front[:, 1]), 1e-9)[:, None]
    inward = np.stack([-along[:, 1], along[:, 0]], axis=1)
    toward = np.sign(np.sum((quad[:, 3] - corner) * inward, axis=1))
    inward = inward * np.where(toward == 0, 1, toward)[:, None]
    x = np.sum((quad - corner[:, None]) * along[:, None], axis=2)
    y = np.sum((quad - corner[:, None]) * inward[:, None], axis=2)
    box = np.stack(
        [
            np.maximum(x[:, 0], x[:, 3]),
            np.minimum(x[:, 1], x[:, 2]),
            np.maximum(y[:, 0], y[:, 1]),
            np.minimum(y[:, 2], y[:, 3]),
        ],
        axis=1,
    )
    return corner, along, inward, box


def place(corner: Floats, along: Floats, inward: Floats, x: Floats, y: Floats) -> Floats:
    """Points (n, k, 2), to the millimetre, at x and y (n, k) in the frames of `frames`."""
    points = corner[:, None] + x[..., None] * along[:, None] + y[..., None] * inward[:, None]
    return np.asarray(np.round(points, 3))


def _outlines(
    quad: Floats, lot: NDArray[np.object_], use: Ints, rng: np.random.Generator
) -> tuple[NDArray[np.object_], Bools]:
    corner, along, inward, box = frames(quad)
    limit = np.array([_SIZES[u][:3] for u in use.tolist()]).reshape(-1, 3)
    margin = limit[:, 2]
    x0, x1 = box[:, 0] + margin, box[:, 1] - margin
    y0, y1 = box[:, 2] + np.maximum(margin, 1.2), box[:, 3] - margin
    draw = rng.random((6, use.size))
    width = np.minimum((x1 - x0) * (0.86 + 0.14 * draw[0]), limit[:, 0] * (0.8 + 0.2 * draw[1]))
    depth = np.minimum((y1 - y0) * (0.9 + 0.1 * draw[2]), limit[:, 1] * (0.72 + 0.28 * draw[3]))
    north = inward[:, 1] > 0.3  # the back of the lot lies to the north
    slack = (y1 - y0 - depth) * np.where(north, 0.8 + 0.2 * draw[4], 0.25 * draw[4])
    left, low = x0 + (x1 - x0 - width) * draw[5], y0 + slack
    big = (width > 4.2) & (depth > 4.2)
    area = _shapes(corner, along, inward, np.stack([left, low, width, depth]), use, rng)
    fits = big & shapely.contains_properly(lot, area)
    again = np.flatnonzero(~fits & (shapely.area(lot) > 70))
    if again.size:
        middle = shapely.get_coordinates(shapely.point_on_surface(lot[again])) - corner[again]
        x, y = np.sum(middle * along[again], axis=1), np.sum(middle * inward[again], axis=1)
        side = np.minimum(0.52 * np.sqrt(shapely.area(lot[again])), limit[again, 1])
        smaller = np.stack([x - side / 2, y - side / 2, side, side])
        area[again] = _shapes(corner[again], along[again], inward[again], smaller, use[again], rng)
        fits[again] = shapely.contains_properly(lot[again], area[again])
    return area, fits


def _shapes(
    corner: Floats, along: Floats, inward: Floats, box: Floats, use: Ints, rng: np.random.Generator
) -> NDArray[np.object_]:
    """Rectangles (left, low, width, depth), most of them with one corner left out."""
    left, low, width, depth = box
    draw = rng.random((3, use.size))
    notched = (draw[0] < np.where(use == HOUSE, 0.62, 0.3)) & (width > 6) & (depth > 5.5)
    notch_x, notch_y = width * (0.22 + 0.25 * draw[1]), depth * (0.2 + 0.28 * draw[2])
    which = rng.integers(0, 4, use.size)
    right, top = left + width, low + depth
    a = np.where(np.isin(which, (0, 3)), left, right)
    b = np.where(np.isin(which, (0, 1)), low, top)
    inner_x = np.where(a == left, left + notch_x, right - notch_x)
    inner_y = np.where(b == low, low + notch_y, top - notch_y)
    other_x, other_y = left + right - a, low + top - b
    x = np.stack([inner_x, other_x, other_x, a, a, inner_x], axis=1)
    y = np.stack([b, b, other_y, other_y, inner_y, inner_y], axis=1)
    areas = np.empty(use.size, dtype=object)
    areas[notched] = shapely.polygons(place(corner, along, inward, x, y)[notched])
    x, y = np.stack([left, right, right, left], axis=1), np.stack([low, low, top, top], axis=1)
    areas[~notched] = shapely.polygons(place(corner, along, inward, x, y)[~notched])
    return areas


def _sheds(
    parcels: Parcels, lot: Ints, area: NDArray[np.object_], use: Ints, rng: np.random.Generator
) -> tuple[NDArray[np.object_], Ints]:
    """Outbuildings in the front corner of some house lots, clear of the house."""
    wanted = np.flatnonzero(
        (use == HOUSE) & (rng.random(lot.size) < 0.1) & parcels.whole[lot] & ~parcels.flag[lot]
    )
    corner, along, inward, box = frames(parcels.quad[lot[wanted]])
    width, depth = 2.4 + 1.2 * rng.random(wanted.size), 2.0 + 2.6 * rng.random(wanted.size)
    left, low = box[:, 0] + 0.6 + 2.2, box[:, 2] + 0.6
    x = np.stack([left, left + width, left + width, left], axis=1)
    y = np.stack([low, low, low + depth, low + depth], axis=1)
    sheds = shapely.polygons(place(corner, along, inward, x, y))
    house, ground = area[wanted], parcels.area[lot[wanted]]
    fits = shapely.contains_properly(ground, sheds) & (shapely.distance(sheds, house) > 0.5)
    return sheds[fits], lot[wanted[fits]]


def _structure(use: Ints, floors: Ints, rng: np.random.Generator) -> Ints:
    draw = rng.random(use.size)
    small = np.isin(use, (HOUSE, SHOP_HOUSE, APARTMENTS, FARM_BUILDING, 415)) & (floors <= 3)
    homes = np.where(draw < 0.8, WOOD, np.where(draw < 0.9, LIGHT_STEEL, STEEL))
    others = np.where((draw < 0.45) & (floors > 2), REINFORCED, STEEL)
    return np.asarray(np.where(small, homes, others))


def _years(district: District, count: int, rng: np.random.Generator) -> Ints:
    first, last = {"old": (1938, 2025), "new_town": (1974, 2025), "farm": (1930, 2022)}.get(
        district.kind, (1955, 2025)
    )
    return np.asarray(first + np.floor((last - first + 1) * rng.beta(1.5, 1.25, count)).astype(np.int64))
