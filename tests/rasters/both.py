"""The same place drawn by MapLibre in Chromium and by Mapnik, from the same vector tiles, as pictures to compare."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page, Route, ViewportSize

from gisapp.catalogue.layer import Layer
from gisapp.catalogue.style import compose
from gisapp.rasters.metatile import draw_metatile, metatile_of
from gisapp.rasters.painters import Painters
from gisapp.settings import ROOT
from gisapp.tiles.plan import Plan

SIDE = 512  # CSS pixels: one vector tile, four picture tiles
VENDOR = ROOT / "static" / "vendor" / "maplibre-gl-5.24.1"
PAGE = """<!doctype html><style>body{margin:0}#map{width:768px;height:768px}</style><div id="map"></div>
<script src="/maplibre-gl-csp.js"></script><script>
maplibregl.setWorkerUrl("/maplibre-gl-csp-worker.js");
const map = new maplibregl.Map({container: "map", style: {version: 8, sources: {}, layers: []}, attributionControl: false,
  fadeDuration: 0, localIdeographFontFamily: "'Noto Sans CJK JP', sans-serif", interactive: false, maxZoom: 24});
function show(style, zoom, centre) {
  map.jumpTo({zoom: zoom, center: centre});
  map.setStyle(style, {diff: false});
}
</script>"""
Read = Callable[[list[Plan], int, int, int], bytes]
Drawn = np.ndarray[Any, np.dtype[np.float64]]


def on_white(picture: Image.Image) -> Drawn:
    """Red, green and blue of every pixel, on white paper."""
    paper = Image.new("RGBA", picture.size, "white")
    return np.asarray(Image.alpha_composite(paper, picture.convert("RGBA")).convert("RGB"), dtype=float)


class MapLibre:
    """One page of Chromium with a map that is larger than what is looked at: signs reach in from all sides."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._read: Callable[[int, int, int], bytes] = lambda z, x, y: b""
        page.route("**/*", self._answer)
        page.goto("http://map.invalid/")

    def _answer(self, route: Route) -> None:
        path = route.request.url.split("map.invalid")[1].partition("?")[0]
        if path == "/":
            route.fulfill(body=PAGE, content_type="text/html")
        elif path.startswith("/tile/"):
            z, x, y = map(int, path.removeprefix("/tile/").split("/"))
            route.fulfill(body=self._read(z, x, y), content_type="application/x-protobuf")
        elif (file := VENDOR / path.removeprefix("/")).is_file():
            route.fulfill(body=file.read_bytes(), content_type="text/javascript")
        else:
            route.abort()

    def draw(self, layers: list[tuple[Layer, Plan]], read: Read, z: int, x: int, y: int) -> Drawn:
        """The ground of vector tile z/x/y at MapLibre's zoom z."""
        plans = [plan for _, plan in layers]
        self._read = lambda z, x, y: read(plans, z, x, y)
        source = {
            "type": "vector",
            "tiles": ["http://map.invalid/tile/{z}/{x}/{y}"],
            "minzoom": min(plan.min_zoom for plan in plans),
            "maxzoom": max(plan.max_zoom for plan in plans),
        }
        parts = compose([layer for layer, _ in layers], {layer.id: "all" for layer, _ in layers})
        style = {"version": 8, "sources": {"all": source}, "layers": parts}
        north = np.degrees(np.arctan(np.sinh(np.pi * (1 - 2 * (y + 0.5) / 2**z))))
        centre = [(x + 0.5) / 2**z * 360 - 180, float(north)]
        self._page.evaluate(f"show({json.dumps(style)}, {z}, {json.dumps(centre)})")
        ready = "() => map.isStyleLoaded() && map.areTilesLoaded() && map.loaded()"
        for _ in range(2):
            self._page.wait_for_timeout(120)
            self._page.wait_for_function(ready)
        inner = {"x": 128, "y": 128, "width": SIDE, "height": SIDE}
        return on_white(Image.open(io.BytesIO(self._page.screenshot(clip=inner))))


def screens(browser: Browser) -> Callable[[int], MapLibre]:
    """Opens MapLibre on screens of so many pixels a CSS pixel."""
    size: ViewportSize = {"width": 768, "height": 768}
    return lambda ratio: MapLibre(browser.new_page(device_scale_factor=ratio, viewport=size))


def mapnik(
    painters: Painters, layers: list[tuple[Layer, Plan]], read: Read, z: int, x: int, y: int, ratio: int = 1
) -> Drawn:
    """The ground of vector tile z/x/y as its four picture tiles of zoom z + 1."""
    metatile = metatile_of([plan for _, plan in layers], z + 1, 2 * x, 2 * y, ratio, "png")
    pictures = draw_metatile(painters, read, [layer for layer, _ in layers], metatile)  # type: ignore[arg-type]
    whole = Image.new("RGBA", (SIDE * ratio, SIDE * ratio))
    for column in (0, 1):
        for row in (0, 1):
            tile = Image.open(io.BytesIO(pictures[2 * x + column, 2 * y + row]))
            whole.paste(tile, (column * 256 * ratio, row * 256 * ratio))
    return on_white(whole)


def without_names(layer: Layer) -> Layer:
    """The layer with its fills, lines and circles only."""
    style = tuple(part for part in layer.style if part["type"] != "symbol")
    return Layer(**{**layer.__dict__, "style": style})


def cells(one: Drawn, two: Drawn, side: int = 16) -> Drawn:
    """How far the mean colours of the cells of a grid are apart (0 to 255, the mean of red, green and blue)."""
    apart = [
        picture.reshape(picture.shape[0] // side, side, picture.shape[1] // side, side, 3).mean(axis=(1, 3))
        for picture in (one, two)
    ]
    return np.abs(apart[0] - apart[1]).mean(axis=2)


def differing(one: Drawn, two: Drawn, by: float = 48) -> float:
    """Share of pixels whose colours are further apart than `by` in red, green or blue."""
    return float((np.abs(one - two).max(axis=2) > by).mean())
