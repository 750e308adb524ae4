"""One tile generalised: from the shapes of its surroundings to its rows. No database here: it runs in child processes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from gisapp.catalogue.layer import Generalised
from gisapp.generalise import aggregate, balance, cluster, coverage, dissolve, mosaic
from gisapp.generalise.frame import PIXEL, Codes, Frame, Shapes, flipped, polygons_of
from gisapp.generalise.shares import shares
from gisapp.geo.tiles import BUFFER, EXTENT

SIDE = EXTENT // PIXEL + 2 * balance.MARGIN


@dataclass(frozen=True)
class Work:
    """What a tile is made from: EPSG:3857 shapes as WKB, each with the number of its class.

    `homes`: where the shapes are rows of a higher zoom, the tile of each, in whose units they are (y downwards) and beyond
    whose edges they say nothing; and `areas`, then, is how much of the tile each class truly covers (square metres of EPSG:3857).
    """

    frame: Frame
    how: Generalised
    classes: int
    shapes: list[bytes]
    codes: Codes
    homes: list[Frame] | None = None
    areas: NDArray[np.float64] | None = None


@dataclass(frozen=True)
class Made:
    """A row of the tile. `shape`: in the tile's units, y downwards, as WKB; `figure`: a class's true area, or a cluster's number of points; `first`: its first point."""

    code: int
    shape: bytes
    figure: float
    first: int = -1


def margin(how: Generalised) -> int:
    """How far beyond the tile's edges, in its units, its rows depend on what lies there."""
    if how.how == "aggregate":
        return balance.MARGIN * PIXEL
    return how.grid * PIXEL + BUFFER if how.how == "cluster" else BUFFER


def generalise(work: Work) -> list[Made]:
    """The tile's rows, in the order of their classes."""
    if work.how.how == "cluster":
        return _clusters(work)
    true = None if work.areas is None else work.areas / work.frame.unit**2
    if work.how.how == "dissolve":
        made, found, true = dissolve.dissolve(*_in_units(work), work.classes, true)
    else:
        grids = _shares(work)
        inner = grids[:, balance.MARGIN : -balance.MARGIN, balance.MARGIN : -balance.MARGIN]
        true = inner.sum(axis=(1, 2)) * PIXEL**2 if true is None else true
        made, found = aggregate.aggregate(grids, true)
    blobs = _stored(made)
    size = work.frame.unit**2
    return [Made(int(code), blob, float(true[code] * size)) for code, blob in zip(found, blobs, strict=True)]


def _clusters(work: Work) -> list[Made]:
    points = work.frame.to_units(shapely.from_wkb(np.array(work.shapes, dtype=object)))
    made, codes, counts, first = cluster.cluster(points, work.codes, work.how.grid)
    blobs = _stored(made)
    rows = zip(codes, blobs, counts, first, strict=True)
    return [Made(int(code), blob, int(count), int(one)) for code, blob, count, one in rows]


def _stored(made: Shapes) -> list[bytes]:
    return list(shapely.to_wkb(shapely.remove_repeated_points(flipped(made)))) if len(made) else []


def _in_units(work: Work) -> tuple[Shapes, Codes]:
    shapes = shapely.from_wkb(np.array(work.shapes, dtype=object))
    if work.homes is None:
        return polygons_of(work.frame.to_units(shapes), work.codes)
    parts: list[tuple[Shapes, Codes]] = []
    for home in sorted(set(work.homes)):
        own = np.array([other == home for other in work.homes])
        parts.append(_at_home(work.frame, home, margin(work.how), shapes[own], work.codes[own]))
    return np.concatenate([s for s, _ in parts]), np.concatenate([c for _, c in parts])


def _at_home(frame: Frame, home: Frame, reach: int, shapes: Shapes, codes: Codes) -> tuple[Shapes, Codes]:
    """Rows of the tile `home` cut at its edges, in the units of `frame`, as far as `reach` units beyond its edges.

    Nothing is lost on the way: a whole number of the one's units is a whole fraction of the other's.
    """
    ratio = 2.0 ** (frame.z - home.z)
    shift = np.array([home.x * ratio - frame.x, frame.y + 1 - (home.y + 1) * ratio]) * EXTENT
    low, high = (-shift - reach) / ratio, (EXTENT + reach - shift) / ratio
    parts, codes = polygons_of(shapes, codes)
    west, north, east, south = shapely.bounds(parts).T  # of what is not flipped yet
    bounds = np.column_stack([west, EXTENT - south, east, EXTENT - north])
    near = (bounds[:, :2] < high).all(axis=1) & (bounds[:, 2:] > low).all(axis=1)
    pieces, codes = coverage.inside(flipped(parts[near]), codes[near])
    return np.asarray(shapely.transform(pieces, lambda points: points * ratio + shift)), codes


def _shares(work: Work) -> balance.Grid:
    if work.homes is not None:
        return mosaic.shares_of_rows(work.frame, work.homes, work.shapes, work.codes, work.classes)
    shapes, codes = _in_units(work)
    cells = shapely.transform(shapes, lambda points: points / PIXEL + balance.MARGIN)
    grids = [shares(cells[codes == code], SIDE) for code in range(work.classes)]
    return np.clip(np.stack(grids), 0, 1).astype(np.float32)
