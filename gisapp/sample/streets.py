"""The local streets of a district on the plane: one (multi-)line per street, cut where rails and rivers are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from gisapp.sample.blocks import Layout
from gisapp.sample.districts import MILLIMETRE, District
from gisapp.sample.parcels import Bools, Ints
from gisapp.sample.terrain import Floats

STEP = 20.0
"""Metres between the points of a street, so that it follows the curves of its blocks."""

SHORTEST = 14.0


@dataclass(frozen=True)
class Streets:
    """One entry per street of a district. `number` counts within the district, as in Layout.streets."""

    line: NDArray[np.object_]  # MultiLineString, local metres
    number: Ints
    width: Floats
    main: Bools  # divides two chome


def make_streets(district: District, land: shapely.Geometry, layout: Layout) -> Streets:
    """Draw the streets of a layout and cut them at the edge of `land` (what they may run on)."""
    pieces = layout.streets
    number, width = pieces[:, 5].astype(np.int64), pieces[:, 4]
    lines = _drawn(district, pieces)
    cut, owner = shapely.get_parts(shapely.intersection(lines, land, grid_size=MILLIMETRE), return_index=True)
    long = (shapely.get_type_id(cut) == 1) & (shapely.length(cut) >= SHORTEST)
    cut, owner = cut[long], owner[long]
    order = np.argsort(number[owner], kind="stable")
    cut, owner = cut[order], owner[order]
    numbers, first = np.unique(number[owner], return_index=True)
    street = np.searchsorted(numbers, number[owner])
    return Streets(
        line=np.asarray(shapely.multilinestrings(cut, indices=street)) if cut.size else cut,
        number=numbers,
        width=width[owner[first]],
        main=np.asarray(width[owner[first]] >= 0.95 * max(district.fabric.collector, 7.0)),
    )


def _drawn(district: District, pieces: Floats) -> NDArray[np.object_]:
    """Lines of grid stretches (u0, v0, u1, v1, …) with a point every STEP metres."""
    length = np.hypot(pieces[:, 2] - pieces[:, 0], pieces[:, 3] - pieces[:, 1])
    count = np.maximum(2, np.ceil(length / STEP).astype(np.int64) + 1)
    piece = np.repeat(np.arange(len(pieces)), count)
    along = np.arange(piece.size) - np.repeat(np.cumsum(count) - count, count)
    share = (along / (count[piece] - 1))[:, None]
    uv = pieces[piece, 0:2] * (1 - share) + pieces[piece, 2:4] * share
    return np.asarray(shapely.linestrings(district.frame.to_plane(uv), indices=piece))


def points_along(
    lines: NDArray[np.object_], every: Floats, offset: Floats, start: float
) -> tuple[Floats, Ints]:
    """Points every so many metres along lines, `offset` metres to the left: places (n, 2) and index of their line."""
    parts, owner = shapely.get_parts(lines, return_index=True)
    length = shapely.length(parts)
    count = np.maximum(0, np.ceil((length - start) / every[owner])).astype(np.int64)
    part = np.repeat(np.arange(parts.size), count)
    step = np.arange(part.size) - np.repeat(np.cumsum(count) - count, count)
    at = start + step * every[owner[part]]
    here = shapely.get_coordinates(shapely.line_interpolate_point(parts[part], at))
    there = shapely.get_coordinates(shapely.line_interpolate_point(parts[part], np.maximum(at - 1.0, 0)))
    ahead = here - there
    size = np.maximum(np.hypot(ahead[:, 0], ahead[:, 1]), 1e-9)
    left = np.stack([-ahead[:, 1], ahead[:, 0]], axis=1) / size[:, None]
    return np.round(here + left * offset[owner[part]][:, None], 3), owner[part]
