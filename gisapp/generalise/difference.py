"""Where a tile's rows differ from those before, as boxes: lower zooms are made anew there, and nowhere else."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely

from gisapp.generalise.frame import Codes, Frame, Shapes, flipped
from gisapp.generalise.queries import Row
from gisapp.geo.tiles import EXTENT, Box

MANY = 2_000  # polygons or points that differ, from which all of the tile does


def difference(before: Sequence[Row], after: Sequence[Row], frame: Frame) -> list[Box]:
    """The boxes (EPSG:3857) of what only one of the tile's two sets of rows has; the whole tile where only figures differ.

    Of a polygon with new outlines (streets are one polygon over all of the tile) only the edges count that are new, or gone.
    """
    parts = [{(row[0], part) for row in rows for part in _parts(row)} for rows in (before, after)]
    only = parts[0] ^ parts[1]
    if not only or len(only) > MANY:
        return [frame.box(-1)]
    shapes = flipped(shapely.from_wkb([part for _, part in only]))
    if (shapely.get_type_id(shapes) == 3).all():
        boxes = _boxes_of_edges(shapes, np.array([id for id, _ in only]))
    else:
        boxes = shapely.bounds(shapes).tolist()
    if not boxes:
        return [frame.box(-1)]
    web = frame.to_web(shapely.box(*np.array(boxes).T))
    return [tuple(box) for box in shapely.bounds(web).tolist()]


def _boxes_of_edges(shapes: Shapes, ids: Codes) -> list[Box]:
    """For each polygon the box (units) of its edges that occur in no other of the same id, where it has any."""
    rings, owner = shapely.get_rings(shapes, return_index=True)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    edge = np.flatnonzero(ring[1:] == ring[:-1])
    place = points.astype(np.int64) + EXTENT  # 14 bits each
    end = place[:, 0] << 14 | place[:, 1]
    low, high = np.minimum(end[edge], end[edge + 1]), np.maximum(end[edge], end[edge + 1])
    of = owner[ring[edge]]
    key = np.stack([low << 28 | high, np.unique(ids, return_inverse=True)[1][of]])
    _, group, count = np.unique(key, axis=1, return_inverse=True, return_counts=True)
    single = count[group.ravel()] % 2 == 1
    found: list[Box] = []
    for one in np.unique(of[single]):
        own = edge[single & (of == one)]
        both = points[np.concatenate([own, own + 1])]
        found.append((*both.min(axis=0).tolist(), *both.max(axis=0).tolist()))
    return found


def _parts(row: Row) -> list[bytes]:
    return list(shapely.to_wkb(shapely.get_parts(shapely.from_wkb(bytes(row[-1])))))
