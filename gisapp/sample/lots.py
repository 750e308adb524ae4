"""Blocks cut into lots: two rows back to back, of uneven widths, with cut-off corners and some flag-shaped lots.

Lots of a block share their borders to the last bit: where a border of one ends on a border of another, both have that
vertex. Everything is done on whole arrays, with rings of unequal length laid end to end.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from gisapp.sample.districts import District
from gisapp.sample.terrain import Floats

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

CORNER = 2.2
"""Metres cut off the corners of blocks at crossings (隅切り)."""

POLE = 2.6
"""Width of the way in to a flag-shaped lot."""


@dataclass(frozen=True)
class Strips:
    """Rows of lots along one side of a block. One entry per lot, in order along u within its strip."""

    block: Ints
    side: Ints  # 0: fronts the street at v0; 1: fronts the one at v1
    order: Ints  # place within its strip, from 0
    left: Floats
    right: Floats
    front: Floats  # grid v of the front, and of the back
    back: Floats
    first: Bools
    last: Bools
    split: Floats  # grid v of the line that parts a front lot from its flag-shaped one; NaN: not split


@dataclass(frozen=True)
class Lots:
    """Lots in local metres. `quad` (n, 4, 2): front left, front right, back right, back left of what can be built on."""

    area: NDArray[np.object_]
    quad: Floats
    block: Ints
    side: Ints
    order: Ints
    flag: Bools
    outline: NDArray[
        np.object_
    ]  # one per row of `blocks`: the whole block, with the same vertices along streets


def cut_lots(district: District, blocks: Floats, rng: np.random.Generator) -> Lots:
    """Cut blocks (rows u0, u1, v0, v1, …) into lots, in the order of the blocks."""
    strips = _strips(district, blocks, rng)
    area = shapely.polygons(_lot_rings(district, strips))
    split = np.flatnonzero(~np.isnan(strips.split))
    fronts = _corners(
        strips.left[split] + POLE, strips.right[split], strips.front[split], strips.split[split]
    )
    built_from = np.where(np.isnan(strips.split), strips.front, strips.split)
    backs = _corners(strips.left, strips.right, built_from, strips.back)
    quad = _to_plane(district, np.concatenate([backs, fronts]))
    extra = shapely.polygons(quad[len(strips.block) :])
    pick = np.concatenate([np.arange(strips.block.size), split])
    order = np.lexsort((np.arange(pick.size) >= strips.block.size, pick))
    pick = pick[order]
    return Lots(
        area=np.concatenate([area, extra])[order],
        quad=quad[order],
        block=strips.block[pick],
        side=strips.side[pick],
        order=strips.order[pick],
        flag=(~np.isnan(strips.split[pick])) & (order < strips.block.size),
        outline=shapely.polygons(_block_rings(district, strips, blocks)),
    )


def _strips(district: District, blocks: Floats, rng: np.random.Generator) -> Strips:
    fabric, count = district.fabric, len(blocks)
    middle = (blocks[:, 2] + blocks[:, 3]) / 2 + rng.uniform(-0.08, 0.08, count) * (
        blocks[:, 3] - blocks[:, 2]
    )
    length = np.repeat(blocks[:, 1] - blocks[:, 0], 2)
    lots = np.maximum(1, np.rint(length / (fabric.lot * rng.uniform(0.9, 1.12, 2 * count)))).astype(np.int64)
    starts = np.concatenate([[0], np.cumsum(lots)[:-1]])
    strip = np.repeat(np.arange(2 * count), lots)
    size = 1 + fabric.irregular * rng.uniform(-0.9, 0.9, strip.size)
    total = np.cumsum(size)
    before = np.concatenate([[0], total[:-1]])[starts]
    share = (total - before[strip]) / np.add.reduceat(size, starts)[strip]
    block, order = strip // 2, np.arange(strip.size) - starts[strip]
    first, last = order == 0, order == lots[strip] - 1
    right = np.where(last, blocks[block, 1], blocks[block, 0] + length[strip] * share)
    left = np.where(first, blocks[block, 0], np.concatenate([[0], right[:-1]]))
    side = strip % 2
    front, back = np.where(side == 0, blocks[block, 2], blocks[block, 3]), middle[block]
    deep = (np.abs(back - front) > 18.5) & (right - left > 9.8) & ~first & ~last
    flagged = deep & (rng.random(strip.size) < 0.16) & (fabric.lot < 20)
    split = np.where(flagged, front + (back - front) * rng.uniform(0.46, 0.56, strip.size), np.nan)
    return Strips(block, side, order, left, right, front, back, first, last, split)


def _corners(left: Floats, right: Floats, front: Floats, back: Floats) -> Floats:
    """Front left, front right, back right, back left: (n, 4, 2) grid metres."""
    u = np.stack([left, right, right, left], axis=1)
    v = np.stack([front, front, back, back], axis=1)
    return np.stack([u, v], axis=2)


def _to_plane(district: District, corners: Floats) -> Floats:
    return district.frame.to_plane(corners.reshape(-1, 2)).reshape(corners.shape)


Corners = tuple[Ints, Floats, Floats, Floats]
"""Corners of rings: which ring, place around it, grid u and v."""


def _lot_rings(district: District, strips: Strips) -> NDArray[np.object_]:
    """Rings of the lots: along the front, up the right side, back along the lots behind, down the left side."""
    corner = CORNER if district.fabric.urban else 0.0
    inward = np.sign(strips.back - strips.front) * corner
    cut_left, cut_right = strips.first & (corner > 0), strips.last & (corner > 0)
    flagged = ~np.isnan(strips.split)
    lot = np.arange(strips.block.size)
    beside = np.flatnonzero(
        np.concatenate([[False], flagged[:-1]])
    )  # the left neighbour is parted: one vertex more
    parts = [
        _at(lot[cut_left], 0.0, strips.left, strips.front + inward),
        _at(lot[cut_left], 0.1, strips.left + corner, strips.front),
        _at(lot[~cut_left], 0.0, strips.left, strips.front),
        _at(lot[flagged], 0.2, strips.left + POLE, strips.front),
        _at(lot[flagged], 0.3, strips.left + POLE, strips.split),
        _at(lot[flagged], 0.4, strips.right, strips.split),
        _at(lot[cut_right], 1.0, strips.right - corner, strips.front),
        _at(lot[cut_right], 1.1, strips.right, strips.front + inward),
        _at(lot[~cut_right & ~flagged], 1.0, strips.right, strips.front),
        _at(lot, 2.0, strips.right, strips.back),
        _behind(strips),
        _at(lot, 4.0, strips.left, strips.back),
        _at(beside, 5.0, strips.left, np.concatenate([[np.nan], strips.split[:-1]])),
    ]
    return _rings(district, parts)


def _block_rings(district: District, strips: Strips, blocks: Floats) -> NDArray[np.object_]:
    """Rings of whole blocks, through every corner that a lot has along a street."""
    corner = CORNER if district.fabric.urban else 0.0
    number = np.arange(len(blocks))
    u0, u1, v0, v1 = blocks[:, 0], blocks[:, 1], blocks[:, 2], blocks[:, 3]
    middle = np.zeros(len(blocks))
    middle[strips.block] = strips.back
    parts = [(number, u1, middle), (number, u0, middle)]
    inner = np.flatnonzero(~strips.first)
    parts.append((strips.block[inner], strips.left[inner], strips.front[inner]))
    poles = np.flatnonzero(~np.isnan(strips.split))
    parts.append((strips.block[poles], strips.left[poles] + POLE, strips.front[poles]))
    for u, inward_u in ((u0, corner), (u1, -corner)):
        for v, inward_v in ((v0, corner), (v1, -corner)):
            parts += [(number, u + inward_u, v), (number, u, v + inward_v)] if corner else [(number, u, v)]
    block, u, v = (np.concatenate(part) for part in zip(*parts, strict=True))
    return _rings(district, [(block, _place_around(blocks[block], u, v), u, v)])


def _place_around(block: Floats, u: Floats, v: Floats) -> Floats:
    """How far along its outline (anticlockwise from the corner u0, v0) a point on the edge of a block lies."""
    u0, u1, v0, v1 = block[:, 0], block[:, 1], block[:, 2], block[:, 3]
    length, depth = u1 - u0, v1 - v0
    return np.select(
        [v == v0, u == u1, v == v1],
        [u - u0, length + v - v0, length + depth + u1 - u],
        default=2 * length + depth + v1 - v,
    )


def _at(lot: Ints, key: float, u: Floats, v: Floats) -> Corners:
    return lot, np.full(lot.size, key), u[lot], v[lot]


def _behind(strips: Strips) -> Corners:
    """Corners that the lots on the other side of the block put on the back of each lot."""
    wide = 1e5
    key = strips.block * wide + strips.left
    found: list[Corners] = []
    for side in (0, 1):
        mine, other = (
            np.flatnonzero(strips.side == side),
            np.flatnonzero((strips.side != side) & ~strips.first),
        )
        low = np.searchsorted(key[other], strips.block[mine] * wide + strips.left[mine], side="right")
        high = np.searchsorted(key[other], strips.block[mine] * wide + strips.right[mine], side="left")
        count = np.maximum(high - low, 0)
        lot = np.repeat(mine, count)
        within = np.arange(lot.size) - np.repeat(np.cumsum(count) - count, count)
        at = strips.left[other[np.repeat(low, count) + within]]
        found.append((lot, 3.5 - at / wide, at, strips.back[lot]))
    return tuple(np.concatenate(part) for part in zip(*found, strict=True))  # type: ignore[return-value]


def _rings(district: District, parts: list[Corners]) -> NDArray[np.object_]:
    owner, key, u, v = (np.concatenate(part) for part in zip(*parts, strict=True))
    order = np.lexsort((key, owner))
    points = district.frame.to_plane(np.column_stack([u, v])[order])
    return np.asarray(shapely.linearrings(points, indices=owner[order]))
