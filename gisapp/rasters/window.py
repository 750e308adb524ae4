"""A picture of any rectangle in any of the city's reference systems (WMS), drawn from the vector tiles under it.

In Web Mercator it is drawn as it is. In any other system the ground under it is drawn in Web Mercator, as finely as the
picture is, and bent into place: so fills, lines and tiles meet as they do in picture tiles.
"""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pyproj

from gisapp import errors
from gisapp.catalogue.layer import Layer
from gisapp.catalogue.style import compose
from gisapp.geo.tiles import NORTHMOST, WORLD, Box
from gisapp.rasters import MOST_WAITING
from gisapp.rasters.frame import Frame, frame_of
from gisapp.rasters.metatile import REACH, ReadTile, read_drawn
from gisapp.rasters.painters import Painters
from gisapp.rasters.style import is_drawn
from gisapp.tiles.plan import Plan

WEB = 3857
MOST_SIDE = 4096  # pixels
MOST_DRAWN = 5120  # pixels along a side of what is drawn before it is bent
PIECES = 16  # along a side of the picture, each bent by its four corners
SQUARE = 1e-4  # by how much a pixel may be longer than wide and still count as square
LAST_STYLE_ZOOM = 24.0
_places = threading.BoundedSemaphore(MOST_WAITING)
Nodes = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class Window:
    """What is asked for. `box`: west, south, east, north in the system `srid`, x before y."""

    box: Box
    srid: int
    geographic: bool
    size: tuple[int, int]  # pixels
    format: str  # png | jpeg | webp
    paper: str  # colour under everything; empty: transparent


@dataclass(frozen=True)
class Ground:
    """The rectangle of Web Mercator to draw, and how it is bent into the picture; `bend` is None where it is not."""

    box: Box
    resolution: float  # metres of Web Mercator a pixel
    size: tuple[int, int]
    bend: list[list[float]] | None


def draw_window(painters: Painters, read: ReadTile, plans: Sequence[Plan], window: Window) -> bytes:
    """The picture: `plans` from the lowest to the uppermost, each with its own style; names above all.

    Raises errors.DrawingFailed, Busy, WindowInvalid, and what `read` raises.
    """
    ground = ground_of(window)
    frame = frame_of(tuple(plans), ground.box, ground.resolution, ground.size)
    zoom = min(frame.zoom, LAST_STYLE_ZOOM)
    layers: list[Layer] = [plan.made_of[0] for plan in plans]
    composed = [style for layer in layers for style in compose([layer], {layer.id: ""})]
    styles = [style for style in composed if is_drawn(style, zoom)]
    with _place():
        found = list(read_drawn(read, frame, styles))
        head = _head(frame, styles, zoom, [(x, y) for x, y, _ in found])
        head["finish"] = {
            "size": window.size,
            "form": window.format,
            "paper": window.paper,
            "bend": ground.bend,
        }
        return painters.draw(head, [tile for _, _, tile in found])[0, 0]


@lru_cache(maxsize=256)
def draw_legend(painters: Painters, rows: str, form: str, paper: str) -> bytes:
    """The rows of a legend (as JSON) as a picture; they change with the layer folders only, so it is kept.

    Raises errors.DrawingFailed, Busy.
    """
    with _place():
        return painters.draw({"do": "legend", "rows": json.loads(rows), "form": form, "paper": paper}, [])[
            0, 0
        ]


def _head(
    frame: Frame, styles: list[dict[str, Any]], zoom: float, tiles: list[tuple[int, int]]
) -> dict[str, Any]:
    left, top = (min(numbers) for numbers in zip(*(tiles or [(0, 0)]), strict=True))
    side = frame.vector_side
    return {
        "do": "window",
        "styles": styles,
        "zoom": zoom,
        "count": 0,
        "size": [frame.width, frame.height],
        "ratio": 1,
        "format": "png",
        "origin": [frame.left - left * side, frame.top - top * side],
        "tile_side": side,
        "reach": REACH,
        "places": [[x - left, y - top] for x, y in tiles],
    }


def ground_of(window: Window) -> Ground:
    """What has to be drawn for a window. Raises errors.WindowInvalid where its system is not defined that far."""
    west, south, east, north = window.box
    width, height = window.size
    across, along = (east - west) / width, (north - south) / height
    if window.srid == WEB and abs(across / along - 1) < SQUARE:
        return Ground(window.box, across, window.size, None)
    nodes = _nodes(window)
    steps = (
        np.hypot(*np.moveaxis(np.diff(nodes, axis=1), -1, 0)).mean() * PIECES / width,
        np.hypot(*np.moveaxis(np.diff(nodes, axis=0), -1, 0)).mean() * PIECES / height,
    )
    (left, bottom), (right, top) = nodes.min(axis=(0, 1)), nodes.max(axis=(0, 1))
    longest = max(right - left, top - bottom)
    resolution = max(min(steps), longest / (MOST_DRAWN - 4), 1e-9)
    box = left - 2 * resolution, bottom - 2 * resolution, right + 2 * resolution, top + 2 * resolution
    size = math.ceil((box[2] - box[0]) / resolution), math.ceil((box[3] - box[1]) / resolution)
    pixels = np.stack([nodes[..., 0] - box[0], box[3] - nodes[..., 1]], axis=-1) / resolution
    return Ground(box, resolution, size, _quads(pixels, window.size))


def _nodes(window: Window) -> Nodes:
    """Web Mercator coordinates of the corners of the picture's pieces, by row from the north and column."""
    west, south, east, north = window.box
    x, y = np.meshgrid(np.linspace(west, east, PIECES + 1), np.linspace(north, south, PIECES + 1))
    if window.geographic:
        y = np.clip(y, -NORTHMOST, NORTHMOST)
    found = np.stack(transformer(window.srid, WEB).transform(x, y), axis=-1)
    if not (np.isfinite(found).all() and np.abs(found).max() <= 4 * WORLD):
        raise errors.WindowInvalid()
    return np.asarray(found, dtype=np.float64)


def _quads(pixels: Nodes, size: tuple[int, int]) -> list[list[float]]:
    """For each piece: its box in the picture, and its corners in what is drawn: north-west, south-west, south-east, north-east."""
    found = []
    columns, rows = (np.linspace(0, side, PIECES + 1).round().astype(int).tolist() for side in size)
    for row in range(PIECES):
        for column in range(PIECES):
            box = [columns[column], rows[row], columns[column + 1], rows[row + 1]]
            if box[0] < box[2] and box[1] < box[3]:
                corners = ((row, column), (row + 1, column), (row + 1, column + 1), (row, column + 1))
                found.append([*box, *(round(float(n), 3) for at in corners for n in pixels[at])])
    return found


@lru_cache(maxsize=32)
def transformer(source: int, target: int) -> pyproj.Transformer:
    """From one system to another, x before y."""
    return pyproj.Transformer.from_crs(source, target, always_xy=True)


@contextmanager
def _place() -> Iterator[None]:
    """One of the places of those who wait for such pictures; one more gets 503, so that others find a thread."""
    if not _places.acquire(blocking=False):
        raise errors.Busy(seconds=2)
    try:
        yield
    finally:
        _places.release()
