"""Which zooms of a layer are generalised, from what each is made, and which tiles that concerns."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product

from gisapp.catalogue.layer import Generalised, Layer
from gisapp.generalise.frame import Frame
from gisapp.geo.tiles import WORLD, Box


@dataclass(frozen=True)
class Level:
    """One zoom: how it is made, and from the rows of which higher zoom (None: from the layer's own table)."""

    z: int
    how: Generalised
    source: int | None


def levels(layer: Layer) -> tuple[Level, ...]:
    """The layer's generalised zooms from the highest to the lowest: each is made from ones before it.

    Areas are made from the nearest higher zoom that still has outlines, so that a tile of half a city does not read
    half a city's parcels; points from the table.
    """
    found: list[Level] = []
    outlines: int | None = None
    for block in reversed(layer.generalised):
        for z in range(block.max_zoom, block.min_zoom - 1, -1):
            found.append(Level(z, block, None if block.how == "cluster" else outlines))
            if block.how == "dissolve":
                outlines = z
    return tuple(found)


def tiles_near(boxes: Iterable[Box], z: int, margin: float) -> set[Frame]:
    """The tiles at zoom `z` whose box, grown by `margin` of their units, meets one of these (EPSG:3857)."""
    found: set[Frame] = set()
    for west, south, east, north in boxes:
        columns = _range(west, east, z, margin)
        rows = _range(-north, -south, z, margin)
        found |= {Frame(z, x, y) for x, y in product(columns, rows)}
    return found


def _range(low: float, high: float, z: int, margin: float) -> range:
    more = margin / 4096
    first = math.floor((low / WORLD + 0.5) * 2**z - more)
    last = math.floor((high / WORLD + 0.5) * 2**z + more)
    return range(max(first, 0), min(last, 2**z - 1) + 1)
