"""A district laid out in blocks: rows along its streets, in bands that share their cross streets.

Within a band of a few rows the cross streets go through; the next band has its own, so that streets meet in T's as
they do in grown Japanese suburbs. Sites (schools, parks, estates) take several blocks at once and the streets inside
them away. All measures are grid metres of the district's frame.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from gisapp.sample.districts import District
from gisapp.sample.terrain import Floats


@dataclass(frozen=True)
class Demand:
    """A site that is wanted somewhere in a district: its kind and the least size in metres."""

    kind: str
    width: float
    depth: float


Piece = tuple[float, float, float, float, float, int]
"""A stretch of street: u0, v0, u1, v1, width, number of its street."""


@dataclass(frozen=True)
class Band:
    """A few rows of blocks with common cross streets. `rows` and `columns` are (n, 2) arrays of from–to."""

    rows: Floats
    columns: Floats
    site: NDArray[np.int64]  # (rows, columns): 0 for ordinary blocks, else the number of a site
    below: float  # grid v of the street below the band, and above it
    above: float
    left: float  # grid u of the district's ends
    right: float


@dataclass(frozen=True)
class Layout:
    """The blocks, sites and streets of one district.

    `blocks` has columns u0, u1, v0, v1, number of the street in front (at v0) and behind (at v1); `streets` has
    columns u0, v0, u1, v1, width, number: pieces of one number belong to one street.
    """

    blocks: Floats
    sites: tuple[tuple[str, Floats], ...]  # kind, (u0, u1, v0, v1)
    streets: Floats


def lay_out(
    district: District, land: shapely.Geometry, demands: Iterable[Demand], rng: np.random.Generator
) -> Layout:
    """Lay out a district; sites are placed only where they fit wholly on `land` (local metres)."""
    ring = shapely.get_coordinates(district.area.exterior)
    low, high = district.frame.to_grid(ring).min(axis=0), district.frame.to_grid(ring).max(axis=0)
    bands = _bands(district, low, high, rng)
    sites: list[tuple[str, Floats]] = []
    for demand in demands:
        found = _place(district, bands, land, demand, len(sites) + 1, rng)
        if found is not None:
            sites.append((demand.kind, found))
    numbers = {v: number for number, v in enumerate(sorted({v for band in bands for v in _lines(band)}))}
    blocks = [_blocks(band, numbers) for band in bands]
    streets = [piece for band in bands for piece in _row_streets(band, district, numbers)]
    across = len(numbers)
    for band in bands:
        pieces = _cross_streets(band, district, across)
        streets += pieces
        across += len(band.columns)
    for i, cut in enumerate(district.cuts_u):
        streets.append((cut, float(low[1]), cut, float(high[1]), district.fabric.collector, across + i))
    return Layout(np.concatenate(blocks), tuple(sites), np.array(sorted(set(streets)), dtype=np.float64))


def _bands(district: District, low: Floats, high: Floats, rng: np.random.Generator) -> list[Band]:
    fabric, bands = district.fabric, []
    middle = district.cuts_v[0] if district.cuts_v else None
    half = fabric.collector / 2 if middle is not None else 0.0
    starts = (
        [(low[1], high[1], 1.0)]
        if middle is None
        else [(middle + half, high[1], 1.0), (middle - half, low[1], -1.0)]
    )
    for start, stop, way in starts:
        edge, street = float(start), float(start) - way * half
        while way * (stop - edge) > 0:
            count = int(rng.integers(2, 5))
            depths = fabric.depth * (1 + fabric.irregular * rng.uniform(-0.5, 0.5, count))
            gaps = fabric.street * rng.choice([1.0, 1.0, 1.25], count)
            ends = edge + way * np.cumsum(depths + gaps)
            rows = np.column_stack([ends - way * (depths + gaps), ends - way * gaps])
            next_street = float(ends[-1] - way * gaps[-1] / 2)
            rows = np.sort(rows if way > 0 else rows[::-1], axis=1)
            columns = _columns(district, float(low[0]), float(high[0]), rng)
            site = np.zeros((count, len(columns)), dtype=np.int64)
            below, above = sorted([street, next_street])
            bands.append(Band(rows, columns, site, below, above, float(low[0]), float(high[0])))
            edge, street = float(ends[-1]), next_street
    return bands


def _columns(district: District, low: float, high: float, rng: np.random.Generator) -> Floats:
    """From–to of the blocks of a band along u, with the main streets of the chome kept free."""
    fabric = district.fabric
    half = fabric.collector / 2
    walls = sorted(district.cuts_u)
    spans = [(low - rng.uniform(0, fabric.length), walls[0] - half if walls else high)]
    spans += [(a + half, b - half) for a, b in zip(walls, walls[1:], strict=False)]
    spans += [(walls[-1] + half, high)] if walls else []
    parts = []
    for start, stop in spans:
        count = max(1, round((stop - start) / (fabric.length * rng.uniform(0.9, 1.1))))
        sizes = 1 + fabric.irregular * rng.uniform(-0.7, 0.7, count)
        sizes *= (stop - start - (count - 1) * fabric.cross) / sizes.sum()
        right = start + np.cumsum(sizes + fabric.cross) - fabric.cross
        right[-1] = stop
        parts.append(np.column_stack([np.concatenate([[start], right[:-1] + fabric.cross]), right]))
    return np.concatenate(parts)


def _place(
    district: District,
    bands: list[Band],
    land: shapely.Geometry,
    demand: Demand,
    number: int,
    rng: np.random.Generator,
) -> Floats | None:
    """Take blocks for a site: the first of some tries that is free, large enough and wholly on land.

    Where nothing large enough is found, a smaller site is better than none.
    """
    for scale in np.repeat([1.0, 0.8, 0.6, 0.4, 0.2], 25).tolist():
        band = bands[int(rng.integers(len(bands)))]
        top = int(np.argmax(band.rows[:, 1] - band.rows[0, 0] >= scale * demand.depth)) + 1
        if band.rows[top - 1, 1] - band.rows[0, 0] < scale * demand.depth:
            continue
        first = int(rng.integers(len(band.columns)))
        reach = band.columns[first:, 1] - band.columns[first, 0] >= scale * demand.width
        if not reach.any():
            continue
        last = first + int(np.argmax(reach)) + 1
        crosses_main = any(
            band.columns[first, 0] < cut < band.columns[last - 1, 1] for cut in district.cuts_u
        )
        if crosses_main or band.site[:top, first:last].any():
            continue
        box = np.array(
            [band.columns[first, 0], band.columns[last - 1, 1], band.rows[0, 0], band.rows[top - 1, 1]]
        )
        corners = district.frame.to_plane(np.array([[u, v] for u in box[:2] for v in box[2:]]))
        if shapely.contains_xy(land, corners).all() and land.contains(site_polygon(district, box)):
            band.site[:top, first:last] = number
            return box
    return None


def site_polygon(district: District, box: Floats) -> shapely.Polygon:
    """The area in local metres of a box (u0, u1, v0, v1) of the grid, its sides following the streets."""
    u0, u1, v0, v1 = box
    u, v = (
        np.linspace(u0, u1, max(2, int((u1 - u0) // 15))),
        np.linspace(v0, v1, max(2, int((v1 - v0) // 15))),
    )
    sides = [
        np.column_stack([u, np.full(u.size, v0)]),
        np.column_stack([np.full(v.size, u1), v])[1:],
        np.column_stack([u[::-1], np.full(u.size, v1)])[1:],
        np.column_stack([np.full(v.size, u0), v[::-1]])[1:-1],
    ]
    return shapely.Polygon(district.frame.to_plane(np.concatenate(sides)))


def _lines(band: Band) -> list[float]:
    """Grid v of the streets along a band: below it, between its rows, above it."""
    between = (band.rows[:-1, 1] + band.rows[1:, 0]) / 2
    return [round(float(v), 3) for v in (band.below, *between, band.above)]


def _blocks(band: Band, numbers: dict[float, int]) -> Floats:
    row, column = np.nonzero(band.site == 0)
    number = np.array([numbers[v] for v in _lines(band)])
    return np.column_stack([band.columns[column], band.rows[row], number[row], number[row + 1]])


def _row_streets(band: Band, district: District, numbers: dict[float, int]) -> list[Piece]:
    lines, walls = _lines(band), _walls(band)
    streets = []
    for i, v in enumerate(lines):
        width = district.fabric.collector if v in district.cuts_v else district.fabric.street
        if 0 < i < len(lines) - 1:
            open_ = (band.site[i - 1] == 0) | (band.site[i - 1] != band.site[i])
            streets += [(walls[a], v, walls[b], v, width, numbers[v]) for a, b in _runs(open_)]
        else:
            streets.append((band.left, v, band.right, v, width, numbers[v]))
    return streets


def _cross_streets(band: Band, district: District, first: int) -> list[Piece]:
    lines, walls = _lines(band), _walls(band)
    streets = []
    for i in range(1, len(band.columns)):
        if any(abs(walls[i] - cut) < 1 for cut in district.cuts_u):
            continue  # the main street of the chome, drawn once for all bands
        open_ = (band.site[:, i - 1] == 0) | (band.site[:, i - 1] != band.site[:, i])
        width = district.fabric.cross
        streets += [(walls[i], lines[a], walls[i], lines[b], width, first + i) for a, b in _runs(open_)]
    return streets


def _walls(band: Band) -> list[float]:
    """Grid u of the middles of the cross streets, and of the outer ends."""
    between = (band.columns[:-1, 1] + band.columns[1:, 0]) / 2
    return [float(u) for u in (band.columns[0, 0], *between, band.columns[-1, 1])]


def _runs(open_: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """From–to indices of the stretches of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], open_.astype(np.int8), [0]])))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]
