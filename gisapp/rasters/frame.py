"""Any rectangle of Web Mercator at any scale, as what is drawn at once: which vector tiles lie under it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from gisapp.geo.tiles import WORLD, Box
from gisapp.tiles.plan import Plan

TILE = 512  # CSS pixels of a vector tile at its own zoom


@dataclass(frozen=True)
class Frame:
    """`left`, `top`: its corner in CSS pixels from the north-western corner of the world at that scale."""

    plans: tuple[Plan, ...]
    world: float  # side of the whole world in CSS pixels at that scale
    left: float
    top: float
    width: int
    height: int

    @property
    def zoom(self) -> float:
        """MapLibre's zoom; rounded, so that a scale meant to be that of a tile is."""
        return round(math.log2(self.world / TILE), 6)

    @property
    def vector_zoom(self) -> int:
        """Zoom of the vector tiles that it is drawn from."""
        return max(min(math.floor(self.zoom), max(plan.max_zoom for plan in self.plans)), 0)

    @property
    def vector_side(self) -> float:
        """Side of such a vector tile in CSS pixels."""
        return float(self.world / 2**self.vector_zoom)

    def vector_tiles(self, reach: int = 0) -> Iterator[tuple[int, int]]:
        """x and y of the vector tiles that lie under it, or within `reach` CSS pixels of it."""
        columns, rows = (
            self._numbers(begin - reach, begin + length + reach)
            for begin, length in ((self.left, self.width), (self.top, self.height))
        )
        return ((x, y) for y in rows for x in columns)

    def _numbers(self, begin: float, end: float) -> range:
        last = 2**self.vector_zoom - 1
        first = math.floor(min(max(begin / self.vector_side, 0), last + 1))
        return range(first, min(math.ceil(min(end / self.vector_side, last + 1)), last + 1))


def frame_of(plans: tuple[Plan, ...], box: Box, resolution: float, size: tuple[int, int]) -> Frame:
    """The frame over a box (metres of Web Mercator) with so many metres a pixel, `size` pixels from its north-west."""
    left, top = (box[0] + WORLD / 2) / resolution, (WORLD / 2 - box[3]) / resolution
    return Frame(plans, WORLD / resolution, left, top, *size)
