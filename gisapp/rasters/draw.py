"""Draws one metatile with Mapnik: fills and lines tile by tile, signs and names over the whole. In a drawing process only.

For fills and lines each vector tile is drawn on a picture of its own and laid beside the others, as MapLibre does: what
the tiles hold beyond their edges is then never painted twice. Signs and names may cross tiles, so they are drawn on the
metatile as a whole, from its own tiles and from those around it: two neighbouring metatiles know the same names at
their common edge. Names come last.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import mapnik

from gisapp.geo.tiles import EXTENT
from gisapp.rasters.decode import Shape, shapes
from gisapp.rasters.style import Evaluated, is_drawn
from gisapp.rasters.symbolizers import symbolizers

SRS = "epsg:3857"  # of the map and of its layers alike: units, nothing is projected
FORMATS = {"png": "png32:z=2", "webp": "webp:quality=85:alpha_quality=90:method=2"}
Layers = dict[str, list[Shape]]


@dataclass(frozen=True)
class Wish:
    """One metatile to draw. Lengths are CSS pixels, of which a picture tile has 256 a side."""

    styles: Sequence[dict[str, Any]]  # MapLibre style layers, from the ground up
    zoom: float  # MapLibre's
    count: int  # picture tiles a side
    ratio: int  # pixels a CSS pixel
    format: str  # png | webp
    origin: tuple[float, float]  # the metatile's corner, from the corner of vector tile (0, 0) of `tiles`
    tile_side: float  # of a vector tile
    reach: int  # how far around the metatile signs and names are drawn
    tiles: Sequence[tuple[int, int, bytes]]  # vector tiles by column and row
    size: tuple[int, int] | None = None  # width and height, where it is not a square of `count` tiles

    @property
    def sides(self) -> tuple[int, int]:
        """Its width and height."""
        return self.size or (256 * self.count, 256 * self.count)


class Canvas:
    """What one drawing process draws on: the fonts it found."""

    def __init__(self, faces: Sequence[str]) -> None:
        self.faces = tuple(faces)

    def draw(self, wish: Wish) -> list[tuple[int, int, bytes]]:
        """Column, row and picture of every tile of the metatile."""
        whole = self.paint(wish)
        whole.demultiply()
        return list(_cut(whole, wish))

    def paint(self, wish: Wish) -> Any:
        """The whole as one picture, its colours multiplied by their opacity."""
        styles = [Evaluated(style, wish.zoom) for style in wish.styles if is_drawn(style, wish.zoom)]
        width, height = wish.sides
        whole = mapnik.Image(width * wish.ratio, height * wish.ratio)
        whole.premultiply()  # once: laying pictures on it would do and undo it each time, and lose colour
        decoded = [(column, row, shapes(tile, column, row)) for column, row, tile in wish.tiles]
        tiles = [layers for _, _, layers in decoded]
        shown = [style for style in styles if style.type != "symbol"]
        for signs, some in groupby(shown, lambda style: style.type == "circle"):
            run = list(some)
            if signs:
                self._draw_over(whole, wish, run, tiles)
                continue
            for column, row, layers in decoded:
                self._draw_tile(whole, wish, run, (column, row), layers)
        # MapLibre gives the names of upper layers the first choice of a place.
        self._draw_over(whole, wish, [style for style in reversed(styles) if style.type == "symbol"], tiles)
        return whole

    def _draw_tile(
        self, whole: Any, wish: Wish, styles: list[Evaluated], tile: tuple[int, int], layers: Layers
    ) -> None:
        west, east = _within(tile[0], wish.tile_side, wish.origin[0], wish.sides[0], wish.ratio)
        north, south = _within(tile[1], wish.tile_side, wish.origin[1], wish.sides[1], wish.ratio)
        if east <= west or south <= north:
            return
        drawing = _Drawing(wish, self.faces)
        for style in styles:
            drawing.add(style, layers.get(style.style["source-layer"], ()))
        if not drawing.empty:
            image = drawing.render((west, north, east, south), 0)
            at = round(west * wish.ratio), round(north * wish.ratio)
            whole.composite(image, mapnik.CompositeOp.src_over, 1.0, *at)

    def _draw_over(self, whole: Any, wish: Wish, styles: list[Evaluated], tiles: list[Layers]) -> None:
        drawing = _Drawing(wish, self.faces)
        for style in styles:
            layer = style.style["source-layer"]
            drawing.add(style, (shape for layers in tiles for shape in layers.get(layer, ())))
        if not drawing.empty:
            whole.composite(drawing.render((0, 0, *wish.sides), wish.reach))


class _Drawing:
    """A Mapnik map that grows by style layers and is rendered once."""

    def __init__(self, wish: Wish, faces: Sequence[str]) -> None:
        self._wish, self._faces = wish, faces
        self._styles: list[str] = []
        self._layers: list[tuple[str, Any]] = []

    @property
    def empty(self) -> bool:
        """Whether nothing would be seen."""
        return not self._layers

    def add(self, style: Evaluated, found: Iterable[Shape]) -> None:
        """Add what the style layer draws of these features."""
        chosen = [
            (choice, shape, outline)
            for shape in found
            if (choice := style.choose(shape.kind, shape.properties)) and (outline := _outline(style, shape))
        ]
        if not chosen:
            return
        if "symbol-sort-key" in style.style.get("layout", {}):
            chosen.sort(key=lambda one: one[0].turn)
        context, source = mapnik.Context(), mapnik.MemoryDatasource()
        context.push("group")
        context.push("text")
        for choice, shape, outline in chosen:
            feature = mapnik.Feature(context, shape.id)
            feature["group"] = choice.group
            if choice.text:
                feature["text"] = choice.text
            feature.geometry = mapnik.Geometry.from_wkb(outline)
            source.add_feature(feature)
        name = f"s{len(self._layers)}"
        self._layers.append((name, source))
        rules = (
            f"<Rule><Filter>[group] = {number}</Filter>"
            f"{symbolizers(style.type, values, self._wish.ratio, 'text', self._faces)}</Rule>"
            for number, values in enumerate(style.groups)
        )
        self._styles.append(f'<Style name="{name}">{"".join(rules)}</Style>')

    def render(self, box: tuple[float, float, float, float], reach: int) -> Any:
        """A picture of the box (CSS pixels from the metatile's corner); what lies within `reach` has a say in placing."""
        ratio, (left, top) = self._wish.ratio, self._wish.origin
        west, north, east, south = box
        drawn = mapnik.Map(round((east - west) * ratio), round((south - north) * ratio), SRS)
        mapnik.load_map_from_string(drawn, f'<Map srs="{SRS}">{"".join(self._styles)}</Map>', True)
        drawn.buffer_size = reach * ratio
        for name, source in self._layers:
            layer = mapnik.Layer(name, SRS)
            layer.datasource = source
            layer.buffer_size = (
                reach  # of features: Mapnik multiplies it by the ratio, the map's own it does not
            )
            layer.styles.append(name)
            drawn.layers.append(layer)
        unit = EXTENT / self._wish.tile_side
        corners = (west + left) * unit, -(south + top) * unit, (east + left) * unit, -(north + top) * unit
        drawn.zoom_to_box(mapnik.Box2d(*corners))
        image = mapnik.Image(drawn.width, drawn.height)
        mapnik.render(drawn, image, ratio)
        return image


def _within(number: int, side: float, origin: float, length: int, ratio: int) -> tuple[float, float]:
    """Where a tile begins and ends along one side of the picture, on whole pixels: neighbours share the same edge."""
    begin, end = (round((n * side - origin) * ratio) / ratio for n in (number, number + 1))
    return max(begin, 0), min(end, length)


def _outline(style: Evaluated, shape: Shape) -> bytes:
    """What is drawn of a feature, as WKB; may be nothing."""
    at_points = style.type == "symbol" and style.at_points
    return (
        shape.wkb_of_own_points
        if shape.kind == "point" or (shape.kind == "line" and at_points)
        else shape.wkb
    )


def _cut(whole: Any, wish: Wish) -> Iterator[tuple[int, int, bytes]]:
    side = 256 * wish.ratio
    for row in range(wish.count):
        for column in range(wish.count):
            view = whole.view(column * side, row * side, side, side)
            yield column, row, view.to_string(FORMATS[wish.format])
