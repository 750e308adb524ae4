"""A metatile: the picture tiles that are drawn together, and the vector tiles that they are drawn from.

Picture tiles of 256 CSS pixels at zoom z show what MapLibre shows at its zoom z - 1 (whose tiles have 512 pixels), so
they are drawn from vector tiles of zoom z - 1, four pictures from one; beyond the layers' last zoom from that last one.
The 512 px form of a picture shows the same ground with twice the pixels a side, for sharp screens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from gisapp.catalogue.layer import Layer
from gisapp.catalogue.style import compose
from gisapp.geo.tiles import exists
from gisapp.rasters.frame import Frame
from gisapp.rasters.painters import Painters
from gisapp.rasters.style import is_drawn
from gisapp.tiles.plan import Plan

SIDE = 256  # CSS pixels of a picture tile
MOST_TILES = 4  # picture tiles along a metatile's side
REACH = 128  # CSS pixels around a metatile from which signs and names are drawn: they reach over its edges
LAST_ZOOM = 20  # of pictures: their clients do not stretch tiles as MapLibre does
ReadTile = Callable[[Sequence[Plan], int, int, int], bytes]
"""Reads one vector tile of these plans: z, x, y."""


@dataclass(frozen=True)
class Metatile:
    """Which pictures are drawn together. Two that are equal show the same, if the data are the same."""

    plans: tuple[Plan, ...]
    z: int
    left: int  # x of its westernmost tiles
    top: int  # y of its northernmost tiles
    count: int  # tiles a side
    ratio: int  # 1: 256 pixels a tile, 2: 512
    format: str  # png | webp

    @property
    def vector_zoom(self) -> int:
        """Zoom of the vector tiles that it is drawn from."""
        return min(self.z - 1, max(plan.max_zoom for plan in self.plans))

    @property
    def vector_side(self) -> int:
        """Side of such a vector tile in CSS pixels."""
        return int(2 * SIDE * 2 ** (self.z - 1 - self.vector_zoom))

    def vector_tiles(self, reach: int = 0) -> Iterator[tuple[int, int]]:
        """x and y of the vector tiles that lie under it, or within `reach` CSS pixels of it."""
        columns, rows = (
            range(
                (first * SIDE - reach) // self.vector_side,
                ((first + self.count) * SIDE + reach - 1) // self.vector_side + 1,
            )
            for first in (self.left, self.top)
        )
        return ((x, y) for y in rows for x in columns if exists(self.vector_zoom, x, y))


def zooms(plans: Sequence[Plan]) -> tuple[int, int]:
    """First and last zoom of the pictures of these plans."""
    return min(plan.min_zoom for plan in plans) + 1, LAST_ZOOM


def metatile_of(plans: Sequence[Plan], z: int, x: int, y: int, ratio: int, form: str) -> Metatile:
    """The metatile that picture tile z/x/y belongs to: always the same one, so that the same address shows the same."""
    count = min(MOST_TILES, 2**z)
    return Metatile(tuple(plans), z, x // count * count, y // count * count, count, ratio, form)


def draw_metatile(
    painters: Painters, read: ReadTile, layers: Sequence[Layer], metatile: Metatile
) -> dict[tuple[int, int], bytes]:
    """All pictures of a metatile by the x and y of their addresses.

    layers: those of the metatile's plans, in the order in which they are drawn within a slot.
    Raises errors.DrawingFailed, errors.Busy, and what `read` raises.
    """
    styles = styles_at(compose(layers, {layer.id: "" for layer in layers}), metatile)
    found = list(read_drawn(read, metatile, styles))
    around = list(metatile.vector_tiles(REACH))
    left, top = (min(numbers) for numbers in zip(*around, strict=True))  # also where those hold nothing
    side = metatile.vector_side
    head: dict[str, Any] = {
        "styles": styles,
        "zoom": metatile.z - 1,
        "count": metatile.count,
        "ratio": metatile.ratio,
        "format": metatile.format,
        "origin": [metatile.left * SIDE - left * side, metatile.top * SIDE - top * side],
        "tile_side": side,
        "reach": REACH,
        "places": [[x - left, y - top] for x, y, _ in found],
    }
    pictures = painters.draw(head, [tile for _, _, tile in found])
    return {(metatile.left + x, metatile.top + y): picture for (x, y), picture in pictures.items()}


def styles_at(styles: Sequence[dict[str, Any]], metatile: Metatile) -> list[dict[str, Any]]:
    """Those of the composed style layers that are drawn in it."""
    return [style for style in styles if is_drawn(style, metatile.z - 1)]


def read_drawn(
    read: ReadTile, drawn_on: Metatile | Frame, styles: list[dict[str, Any]]
) -> Iterator[tuple[int, int, bytes]]:
    """The vector tiles under what is drawn on; of those around it only layers with signs and names."""
    drawn = {style["metadata"]["layer"] for style in styles}
    signs = {style["metadata"]["layer"] for style in styles if style["type"] in ("circle", "symbol")}
    own = set(drawn_on.vector_tiles())
    for x, y in drawn_on.vector_tiles(REACH):
        wanted = drawn if (x, y) in own else signs
        plans = [plan for plan in drawn_on.plans if plan.layer in wanted]
        tile = read(plans, drawn_on.vector_zoom, x, y) if plans else b""
        if tile:
            yield x, y, tile
