"""Bends what was drawn into another reference system, lays it on paper and packs it. In a drawing process only."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from PIL import Image

from gisapp.rasters.draw import Canvas, Wish

PACKED = {"png": {"compress_level": 2}, "jpeg": {"quality": 88}, "webp": {"quality": 85, "method": 2}}


def draw_window(
    canvas: Canvas,
    wish: Wish,
    *,
    size: Sequence[int],
    form: str,
    paper: str,
    bend: Sequence[Sequence[float]] | None,
) -> bytes:
    """One picture of `size` pixels. bend: quads as `window` makes them. paper: "#rrggbb"; empty: transparent."""
    image = taken(canvas.paint(wish))
    if bend is not None:
        pieces = [(tuple(map(int, quad[:4])), tuple(quad[4:])) for quad in bend]
        image = image.transform(
            (size[0], size[1]), Image.Transform.MESH, pieces, resample=Image.Resampling.BILINEAR
        )
    image = image.convert("RGBA")
    if paper:
        image = Image.alpha_composite(Image.new("RGBA", image.size, paper), image).convert("RGB")
    return packed(image, form)


def taken(drawn: Any) -> Image.Image:
    """Mapnik's picture as Pillow's; Mapnik's is let go of at once, for both are large."""
    return Image.frombytes("RGBa", (drawn.width(), drawn.height()), drawn.to_string())


def packed(image: Image.Image, form: str) -> bytes:
    """The picture as a file."""
    out = io.BytesIO()
    image.save(out, form, **PACKED[form])
    return out.getvalue()
