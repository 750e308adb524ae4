"""Dense points as fewer, larger ones: those of one class in one cell of a grid become one point with their number.

Cells are those of the tile's own grid, so a cluster is in one tile, whatever its neighbours hold; it lies in the
middle of its points.
"""

from __future__ import annotations

import numpy as np
import shapely

from gisapp.generalise.frame import PIXEL, Codes, Shapes
from gisapp.geo.tiles import BUFFER, EXTENT


def cluster(points: Shapes, codes: Codes, grid: int) -> tuple[Shapes, Codes, Codes, Codes]:
    """Cluster points (in units, with as much as a cell around the tile) in cells of `grid` pixels.

    Returns the clusters in the tile and its buffer: points, codes, how many points each is, and which is its first.
    """
    cell = grid * PIXEL
    there = np.flatnonzero(~shapely.is_empty(points))
    place = shapely.get_coordinates(points[there])
    column, row = np.floor(place / cell).astype(np.int64).T
    keys = np.stack([codes[there], row, column], axis=1)
    _, first, group, count = np.unique(
        keys, axis=0, return_index=True, return_inverse=True, return_counts=True
    )
    group = group.ravel()
    middle = np.stack([np.bincount(group, place[:, axis]) / count for axis in (0, 1)], axis=1)
    middle = np.round(middle)
    near = ((middle >= -BUFFER) & (middle <= EXTENT + BUFFER)).all(axis=1)
    return shapely.points(middle[near]), codes[there][first[near]], count[near], there[first[near]]
