"""Polygons that share their borders: cut at the tile's edges, united by class, simplified together.

What lies inside the tile and what lies in its buffer are kept apart until the end. The tile's edge is thereby a
border like any other: where an outline crosses it, no simplification moves the crossing, so that both tiles on the
edge have the same.
"""

from __future__ import annotations

import numpy as np
import shapely

from gisapp.generalise.frame import INSIDE, PIXEL, SHEET, Codes, Shapes, polygons_of, rounded

FINE = 1 / 16
"""Steps, in units, to which vertices are rounded while we calculate: shared vertices stay the same number."""
SLIVER = float(PIXEL**2)
"""Area in square units below which a piece is too small to see: a pixel."""
MAY_LOSE = 0.004
"""Share of a class's area that may be given away with its slivers."""
INK = 2
"""Zones of a code: code * INK for what lies inside the tile, + 1 for what lies in the buffer."""


def cut(shapes: Shapes, codes: Codes) -> tuple[Shapes, Codes]:
    """Cut polygons at the edges of the tile and of its buffer; returns pieces with their zoned codes."""
    pieces: list[Shapes] = []
    zoned: list[Codes] = []
    whole = _within(shapes, INSIDE)
    pieces.append(shapes[whole])
    zoned.append(codes[whole] * INK)
    rest, rest_codes = shapes[~whole], codes[~whole]
    for zone, part in enumerate((shapely.intersection(rest, INSIDE), _ring(rest))):
        some, some_codes = polygons_of(part, rest_codes)
        pieces.append(some)
        zoned.append(some_codes * INK + zone)
    return _sound(rounded(np.concatenate(pieces), FINE), np.concatenate(zoned))


def inside(shapes: Shapes, codes: Codes) -> tuple[Shapes, Codes]:
    """The part of polygons (on whole units) that lies in the tile itself, with their codes as they are."""
    whole = _within(shapes, INSIDE)
    some, some_codes = polygons_of(shapely.intersection(shapes[~whole], INSIDE), codes[~whole])
    return np.concatenate([shapes[whole], rounded(some, FINE)]), np.concatenate([codes[whole], some_codes])


def _within(shapes: Shapes, box: shapely.Polygon) -> np.ndarray:
    west, south, east, north = box.bounds
    bounds = shapely.bounds(shapes)
    return np.asarray(
        (bounds[:, 0] >= west) & (bounds[:, 1] >= south) & (bounds[:, 2] <= east) & (bounds[:, 3] <= north)
    )


def _ring(shapes: Shapes) -> Shapes:
    return np.asarray(shapely.difference(shapely.intersection(shapes, SHEET), INSIDE))


def _sound(shapes: Shapes, codes: Codes) -> tuple[Shapes, Codes]:
    """Valid polygons with an area: rounding may fold a thin one."""
    bad = ~shapely.is_valid(shapes)
    if bad.any():
        shapes = shapes.copy()
        shapes[bad] = shapely.make_valid(shapes[bad], method="structure", keep_collapsed=False)
        shapes, codes = polygons_of(shapes, codes)
    some = shapely.area(shapes) > 0
    return shapes[some], codes[some]


def unite(shapes: Shapes, codes: Codes, step: float = FINE) -> tuple[Shapes, Codes]:
    """Unite the polygons of each code; returns single polygons with their codes.

    Where they are a sound coverage only their outer borders are kept, which is fast and moves nothing.
    Others (overlaps, gaps, vertices that neighbours lack) are united over a grid of `step` units.
    """
    order = np.argsort(codes, kind="stable")
    shapes, codes = shapes[order], codes[order]
    found, starts = np.unique(codes, return_index=True)
    groups = np.split(shapes, starts[1:])
    united = np.array([_united(group, step) for group in groups], dtype=object)
    return polygons_of(united, found) if len(found) else (shapes, codes)


def _united(group: Shapes, step: float) -> shapely.Geometry:
    """The union of one code. Only polygons that spoil the coverage, and what touches them, are united over the grid: of
    ten thousand houses one that was moved onto another would make that ten times as long for all of them."""
    if len(group) == 1:
        return group[0]
    if shapely.coverage_is_valid(group):
        return shapely.coverage_union_all(group)
    spoilt = ~shapely.is_empty(shapely.coverage_invalid_edges(group))
    sound = shapely.get_parts(shapely.coverage_union_all(group[~spoilt])) if not spoilt.all() else group[:0]
    rest = shapely.union_all(group[spoilt], grid_size=step)
    shapely.prepare(rest)
    near = shapely.intersects(rest, sound)
    joined = shapely.union_all([*sound[near], rest], grid_size=step)
    return shapely.geometrycollections([*sound[~near], joined])


def merge_slivers(shapes: Shapes, codes: Codes) -> tuple[Shapes, Codes]:
    """Give polygons below a pixel to the neighbour with the longest common border; drop those that have none.

    The smallest first, and never more than a small share of what their class covers.
    """
    areas = shapely.area(shapes)
    small = np.flatnonzero(areas < SLIVER)
    small = small[np.argsort(areas[small], kind="stable")]
    size = int(codes.max(initial=0)) + 1
    total = np.bincount(codes, areas, size)
    spent = np.zeros(len(codes))
    for code in np.unique(codes[small]):
        own = small[codes[small] == code]
        spent[own] = np.cumsum(areas[own]) / total[code]
    small = small[spent[small] <= MAY_LOSE]
    if not len(small):
        return shapes, codes
    heir = _neighbours(shapes, codes, small)
    codes = codes.copy()
    codes[small[heir >= 0]] = codes[heir[heir >= 0]]
    keep = np.ones(len(shapes), dtype=bool)
    keep[small[heir < 0]] = False
    return unite(shapes[keep], codes[keep])


def _neighbours(shapes: Shapes, codes: Codes, small: np.ndarray) -> np.ndarray:
    """For every sliver the polygon, larger than a sliver, in its zone with the longest common border; -1 where it has none."""
    tree = shapely.STRtree(shapes)
    which, near = tree.query(shapes[small], predicate="intersects")
    large = ~np.isin(near, small) & (codes[near] % INK == codes[small[which]] % INK)
    which, near = which[large], near[large]
    common = shapely.length(
        shapely.intersection(shapely.boundary(shapes[small[which]]), shapely.boundary(shapes[near]))
    )
    heir = np.full(len(small), -1)
    order = np.lexsort((-near, common))  # the longest comes last; equal lengths: the first polygon
    order = order[common[order] > 0]
    heir[which[order]] = near[order]
    return heir


def simplify(shapes: Shapes, tolerance: float) -> Shapes:
    """Simplify outlines so that shared borders stay shared; `tolerance` in units (the root of an area)."""
    return np.asarray(shapely.coverage_simplify(shapes, tolerance))


def painted(shapes: Shapes, codes: Codes, size: int) -> np.ndarray:
    """The area, in square units, that each of `size` classes covers inside the tile (codes are zoned)."""
    inside = codes % INK == 0
    return np.bincount(codes[inside] // INK, shapely.area(shapes[inside]), size)


def whole(shapes: Shapes, codes: Codes) -> tuple[Shapes, Codes]:
    """Every vertex on a whole unit, as tiles have them; pieces that have no area there are gone."""
    return _sound(rounded(shapes, 1.0), codes)


def finish(shapes: Shapes, codes: Codes) -> tuple[Shapes, Codes]:
    """One multipolygon a class on whole units, the tile's edge gone from within, outer rings clockwise as tiles want them."""
    shapes, codes = whole(shapes, codes)
    codes = codes // INK
    split = shapely.intersects(INSIDE.exterior, shapes)
    joined, joined_codes = unite(shapes[split], codes[split], 1.0)
    shapes, codes = np.concatenate([shapes[~split], joined]), np.concatenate([codes[~split], joined_codes])
    found = np.unique(codes)
    made = np.array([shapely.multipolygons(_apart(shapes[codes == code])) for code in found], dtype=object)
    return np.asarray(shapely.orient_polygons(made, exterior_cw=True)), found


def _apart(shapes: Shapes) -> Shapes:
    """The same polygons, none over another: rounding may have pushed two a little over each other."""
    tree = shapely.STRtree(shapes)
    one, other = tree.query(shapes, predicate="intersects")
    touching = np.unique(one[one != other])
    if not len(touching):
        return shapes
    whole = shapely.union_all(shapes[touching], grid_size=1.0)
    parts, _ = polygons_of(np.array([whole]), np.zeros(1, dtype=np.int64))
    return np.concatenate([np.delete(shapes, touching), parts])
