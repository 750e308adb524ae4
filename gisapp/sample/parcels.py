"""The parcels of one district: lots cut off at main roads and water, sites, and the numbers that name them."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
import shapely
from numpy.typing import NDArray

from gisapp.sample.blocks import Layout, site_polygon
from gisapp.sample.city import Town, town_of
from gisapp.sample.districts import MILLIMETRE, District
from gisapp.sample.lots import Lots
from gisapp.sample.terrain import Floats

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


TILE = 110.0
"""Metres of the squares by which lots at the edge of the land are taken together."""


@dataclass(frozen=True)
class Parcels:
    """One entry per parcel; sites come last. Areas in local metres."""

    area: NDArray[np.object_]
    quad: Floats  # (n, 4, 2): front left, front right, back right, back left of what can be built on
    whole: Bools  # not cut off by a main road or water
    flag: Bools  # reached over a narrow way in
    town: Ints  # number of the town
    block: Ints  # number of the block in its town, from 1
    order: Ints  # number of the parcel in its block, from 1
    street: Ints  # number of the street in front, within the district; -1 for sites
    site: NDArray[np.object_]  # kind of site, or None

    def __len__(self) -> int:
        return len(self.area)

    def numbers(self) -> list[tuple[int, int, int]]:
        """Number of the town, of the block in it, and of the parcel in that, for each."""
        return list(zip(self.town.tolist(), self.block.tolist(), self.order.tolist(), strict=True))

    def on_sites(self) -> Ints:
        """Indices of the parcels that are sites."""
        return np.flatnonzero([kind is not None for kind in self.site.tolist()])

    def first(self, count: int) -> Parcels:
        """The first `count` of them."""
        return Parcels(*(getattr(self, field.name)[:count] for field in fields(self)))


@dataclass(frozen=True)
class Grounds:
    """What lies between the streets of a district: blocks and sites with their town and what stands on them."""

    area: NDArray[np.object_]
    town: Ints
    site: NDArray[np.object_]  # kind of site, or None for ordinary blocks


def make_parcels(
    district: District, towns: list[Town], land: shapely.Geometry, layout: Layout, lots: Lots
) -> tuple[Parcels, Grounds]:
    """Cut lots and blocks at the edge of the land, add the sites, and number everything within its town."""
    smallest = 55.0 if district.fabric.urban else 0.2 * district.fabric.lot * district.fabric.depth / 2
    area, kept, whole = keep_on(lots.area, land, smallest)
    outline, blocks, _ = keep_on(lots.outline, land, 30.0, 0.02)
    places = [site_polygon(district, box) for _, box in layout.sites]
    kinds = np.array([kind for kind, _ in layout.sites], dtype=object)
    grounds = np.concatenate([outline, np.array(places, dtype=object)])
    if not grounds.size:
        grounds = np.array([], dtype=object)
    town = town_of(towns, shapely.get_coordinates(shapely.point_on_surface(grounds)))
    number = count_within(town)
    ground_of_block = np.full(len(layout.blocks), -1)
    ground_of_block[blocks[::-1]] = np.arange(blocks.size)[::-1]  # the largest piece comes first and counts
    kept_lot = ground_of_block[lots.block[kept]] >= 0
    area, kept, whole = area[kept_lot], kept[kept_lot], whole[kept_lot]
    ground = np.concatenate([ground_of_block[lots.block[kept]], len(outline) + np.arange(len(places))])
    fronts = layout.blocks[lots.block[kept], 4 + lots.side[kept]].astype(np.int64)
    none = np.full(len(places), -1)
    site_quads = [_site_quad(district, box) for _, box in layout.sites]
    parcels = Parcels(
        area=np.concatenate([area, np.array(places, dtype=object)]),
        quad=np.concatenate([lots.quad[kept], np.array(site_quads).reshape(-1, 4, 2)]),
        whole=np.concatenate([whole, none < 0]),
        flag=np.concatenate([lots.flag[kept], none > 0]),
        town=town[ground],
        block=number[ground],
        order=count_within(ground),
        street=np.concatenate([fronts, none]),
        site=np.concatenate([np.full(kept.size, None, dtype=object), kinds]),
    )
    site = np.concatenate([np.full(len(outline), None, dtype=object), kinds])
    return parcels, Grounds(grounds, town, site)


def on_largest_lots(parcels: Parcels, kinds: list[str]) -> Parcels:
    """Put sites for which no block was free on the largest whole lots."""
    site = parcels.site.copy()
    free = np.flatnonzero(
        parcels.whole & ~parcels.flag & np.array([kind is None for kind in site.tolist()], dtype=bool)
    )
    largest = free[np.argsort(-shapely.area(parcels.area[free]), kind="stable")]
    for kind, lot in zip(kinds, largest.tolist(), strict=False):
        site[lot] = kind
    return replace(parcels, site=site)


def keep_on(
    areas: NDArray[np.object_], land: shapely.Geometry, smallest: float, roundest: float = 0.22
) -> tuple[NDArray[np.object_], Ints, Bools]:
    """Areas cut at the edge of `land`: what is left of them, their former indices, and which are uncut.

    What is below `smallest` m², and slivers (4πA/P² below `roundest`), are dropped. An area cut in pieces comes as
    often as it has pieces, the largest first.
    """
    inside = shapely.contains(land, areas)
    cut = np.flatnonzero(~inside & shapely.intersects(land, areas))
    pieces = _cut_out(areas[cut], land)
    parts, owner = shapely.get_parts(pieces, return_index=True)
    size = shapely.area(parts)
    roundness = 4 * np.pi * size / np.maximum(shapely.length(parts), 1e-9) ** 2
    fine = np.flatnonzero((size >= smallest) & (roundness > roundest) & (shapely.get_type_id(parts) == 3))
    fine = fine[np.lexsort((-size[fine], owner[fine]))]
    kept = np.concatenate([np.flatnonzero(inside), cut[owner[fine]]])
    result = np.concatenate([areas[inside], parts[fine]])
    sort = np.argsort(kept, kind="stable")
    return result[sort], kept[sort], np.asarray(inside[kept[sort]])


def _cut_out(areas: NDArray[np.object_], land: shapely.Geometry) -> NDArray[np.object_]:
    """What of each area is on land. Each is compared with the land around it only: ten times faster than with all."""
    pieces = np.empty(areas.size, dtype=object)
    bounds = shapely.bounds(areas)
    tile = np.floor(bounds[:, :2] / TILE).astype(np.int64)
    _, group = np.unique(tile, axis=0, return_inverse=True)
    for number in range(int(group.max()) + 1 if group.size else 0):
        mine = np.flatnonzero(group == number)
        low, high = bounds[mine, :2].min(axis=0) - 1, bounds[mine, 2:].max(axis=0) + 1
        around = shapely.clip_by_rect(land, low[0], low[1], high[0], high[1])
        around = around if shapely.is_valid(around) else land
        pieces[mine] = shapely.intersection(areas[mine], around, grid_size=MILLIMETRE)
    return pieces


def count_within(group: Ints) -> Ints:
    """1, 2, 3 … within each group, in the order of appearance."""
    order = np.argsort(group, kind="stable")
    sorted_group = group[order]
    start = np.concatenate([[True], sorted_group[1:] != sorted_group[:-1]])[: group.size]
    position = np.arange(group.size)
    count = np.empty(group.size, dtype=np.int64)
    count[order] = position - np.maximum.accumulate(np.where(start, position, 0)) + 1
    return count


def _site_quad(district: District, box: Floats) -> Floats:
    u0, u1, v0, v1 = box
    return district.frame.to_plane(np.array([[u0, v0], [u1, v0], [u1, v1], [u0, v1]]))
