"""Polygons from directed edges that have their class on the left: followed from edge to edge, holes put into their shells."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from gisapp.generalise.frame import Codes, Shapes

Numbers = NDArray[np.int64]


def polygons(
    points: NDArray[np.float64], source: Numbers, target: Numbers, code: Codes
) -> tuple[Shapes, Codes]:
    """Polygons and their codes from directed edges (numbers of `points`), each with the area of its code on the left.

    At no point may a code have more than one edge that comes and one that goes.
    """
    if not len(source):
        return np.empty(0, dtype=object), np.empty(0, dtype=np.int64)
    order, ring = _followed(_next(source, target, code))
    place = points[source[order]]
    codes = code[order[np.searchsorted(ring, np.arange(ring[-1] + 1))]]
    lines = shapely.linearrings(place, indices=ring)
    area = _areas(place, ring)
    shell, hole = np.flatnonzero(area > 0), np.flatnonzero(area < 0)
    first = place[np.searchsorted(ring, hole)]
    owner = _owners(shapely.polygons(lines[shell]), area[shell], codes[shell], first, codes[hole])
    number = np.concatenate([np.arange(len(shell)), owner])
    sorted_by = np.argsort(number, kind="stable")  # a shell comes before its holes
    parts = lines[np.concatenate([shell, hole])[sorted_by]]
    return np.asarray(shapely.polygons(parts, indices=number[sorted_by])), codes[shell]


def _next(source: Numbers, target: Numbers, code: Codes) -> Numbers:
    """For each edge the one with the same code that starts where it ends."""
    size = int(code.max()) + 1
    key = source * size + code
    order = np.argsort(key)
    return np.asarray(order[np.searchsorted(key[order], target * size + code)])


def _followed(following: Numbers) -> tuple[Numbers, Numbers]:
    """The edges in the order in which they follow each other, and the number of the ring of each."""
    after = following.tolist()
    seen = bytearray(len(after))
    order: list[int] = []
    ends: list[int] = []
    for head in range(len(after)):
        if seen[head]:
            continue
        edge = head
        while not seen[edge]:
            seen[edge] = 1
            order.append(edge)
            edge = after[edge]
        ends.append(len(order))
    lengths = np.diff(ends, prepend=0)
    return np.array(order), np.repeat(np.arange(len(ends)), lengths)


def _areas(place: NDArray[np.float64], ring: Numbers) -> NDArray[np.float64]:
    """The area of each ring, less than nothing for one that runs clockwise."""
    starts = np.flatnonzero(np.diff(ring, prepend=-1))
    after = np.arange(1, len(ring) + 1)
    after[np.append(starts[1:], len(ring)) - 1] = starts
    twice = place[:, 0] * place[after, 1] - place[after, 0] * place[:, 1]
    return np.asarray(np.add.reduceat(twice, starts) / 2)


def _owners(
    shells: Shapes, area: NDArray[np.float64], codes: Codes, spots: NDArray[np.float64], of: Codes
) -> Numbers:
    """For each spot the smallest shell of its code around it."""
    owner = np.full(len(spots), -1)
    if not len(spots):
        return owner
    spot, near = shapely.STRtree(shells).query(shapely.points(spots))
    same = codes[near] == of[spot]
    spot, near = spot[same], near[same]
    shapely.prepare(shells[np.unique(near)])
    around = shapely.contains_xy(shells[near], spots[spot, 0], spots[spot, 1])
    spot, near = spot[around], near[around]
    order = np.argsort(-area[near], kind="stable")  # the smallest is written last
    owner[spot[order]] = near[order]
    return owner
