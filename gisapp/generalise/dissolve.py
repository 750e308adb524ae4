"""Neighbours of one class become one polygon: parcels become blocks."""

from __future__ import annotations

import numpy as np

from gisapp.generalise import coverage
from gisapp.generalise.frame import PIXEL, Codes, Shapes, polygons_of

TOLERANCES = (PIXEL / 4, PIXEL / 8, 0.0)
"""Tried from the coarsest on until every class keeps its area."""
CLOSE_ENOUGH = 0.01
ENOUGH = coverage.SLIVER / 4
"""Square units that no class is held to."""


def dissolve(
    shapes: Shapes, codes: Codes, size: int, true: np.ndarray | None = None
) -> tuple[Shapes, Codes, np.ndarray]:
    """Generalise polygons (in units) of `size` classes: a multipolygon a class, its code, and the classes' true areas.

    Areas are of what lies inside the tile, in square units; of what overlaps within a class once. They are measured
    where they are not given.
    """
    shapes, codes = coverage.cut(*polygons_of(shapes, codes))
    shapes, codes = coverage.unite(shapes, codes)
    true = coverage.painted(shapes, codes, size) if true is None else true
    shapes, codes = coverage.merge_slivers(shapes, codes)
    best: tuple[float, Shapes, Codes] | None = None
    for tolerance in TOLERANCES:
        thin, kept = coverage.whole(coverage.simplify(shapes, tolerance) if tolerance else shapes, codes)
        error = np.abs(coverage.painted(thin, kept, size) - true)
        worst = float((error / np.maximum(CLOSE_ENOUGH * true, ENOUGH)).max(initial=0))
        if best is None or worst < best[0]:
            best = (worst, thin, kept)
        if worst <= 1:
            break
    assert best is not None
    return *coverage.finish(best[1], best[2]), true
