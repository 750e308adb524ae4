"""Mapnik's own PostGIS plugin against drawing from our vector tiles: `python -m bench.mapnik_postgis [parcels]` prints JSON.

The same metatiles, the same constant styles without names (Mapnik cannot evaluate MapLibre's expressions), the same rows,
in one process; both ways in turn, so that both are measured in the same minute. `kept`: the vector tiles are there already.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import mapnik

from bench import city
from bench.measure import machine
from bench.places import filled_tiles
from gisapp import roles
from gisapp.catalogue.layer import Layer, view_for
from gisapp.geo.tiles import tile_box
from gisapp.installation import Installation
from gisapp.rasters.draw import FORMATS, Canvas, Wish
from gisapp.rasters.metatile import Metatile, metatile_of
from gisapp.rasters.symbolizers import symbolizers
from gisapp.tiles.plan import Plan, plan
from gisapp.tiles.queries import read_tiles

FILL = {"fill-color": "#c8372d", "fill-opacity": 0.7, "fill-outline-color": "#123a6b"}
LINE = {
    "line-color": "#123a6b", "line-width": 3, "line-opacity": 1, "line-dasharray": None, "line-cap": "butt", "line-join": "miter",
}  # fmt: skip
STYLES: dict[str, tuple[str, dict[str, Any]]] = {
    "base.building": ("fill", FILL),
    "roads.street": ("line", LINE),
    "city_planning.zoning": ("fill", FILL),
}
ZOOMS, PLACES, ROUNDS = (15, 17), 4, 3


class Both:
    """One layer of one city, drawn in both ways."""

    def __init__(self, installation: Installation, layer_id: str) -> None:
        self.installation, self.canvas = installation, Canvas(())
        self.helpers = ThreadPoolExecutor(1)
        kind, values = STYLES[layer_id]
        shipped = installation.catalogue.layer(layer_id)
        self.style = {"id": "one", "type": kind, "metadata": {"slot": "fill"}, "paint": values}
        self.layer = Layer(**{**shipped.__dict__, "style": (self.style,)})
        view = view_for(self.layer, frozenset())
        assert view is not None
        self.plan: Plan = plan(self.layer, view)
        self.symbols = symbolizers(kind, values, 1, "text", ())
        self.tiles: list[tuple[int, int, bytes]] = []

    def read(self, one: Metatile) -> None:
        """The vector tiles under the metatile."""
        database, role = self.installation.database, roles.PUBLIC_AUDIENCE
        self.tiles = [
            (x, y, read_tiles(database, role, (self.plan,), one.vector_zoom, x, y, self.helpers)[1][0])
            for x, y in one.vector_tiles()
        ]

    def from_tiles(self, one: Metatile) -> None:
        """All pictures of it from the tiles that were read."""
        left, top = self.tiles[0][:2]
        style = {**self.style, "source-layer": self.layer.id}
        placed = [(x - left, y - top, tile) for x, y, tile in self.tiles]
        wish = Wish([style], one.z - 1, one.count, 1, "png", (0, 0), one.vector_side, 0, placed)
        self.canvas.draw(wish)

    def from_postgis(self, one: Metatile) -> None:
        """All pictures of it by Mapnik's plugin, which asks the same view."""
        url = self.installation.database.url(roles.PUBLIC_AUDIENCE)
        view = self.plan.at(one.vector_zoom).relation
        side = 256 * one.count
        drawn = mapnik.Map(side, side, "epsg:3857")
        text = f'<Map srs="epsg:3857"><Style name="s"><Rule>{self.symbols}</Rule></Style></Map>'
        mapnik.load_map_from_string(drawn, text, True)
        layer = mapnik.Layer("l", "epsg:3857")
        layer.datasource = mapnik.PostGIS(
            host=str(url.query["host"]), port=str(url.query.get("port", url.port)), user=url.username,
            password=url.password, dbname=url.database, table=f'"{view[0]}"."{view[1]}"', geometry_field="geom_web",
            srid=3857, extent="-20037508,-20037508,20037508,20037508", key_field="id",
        )  # fmt: skip
        layer.styles.append("s")
        drawn.layers.append(layer)
        west, _, _, north = tile_box(one.z, one.left, one.top)
        _, south, east, _ = tile_box(one.z, one.left + one.count - 1, one.top + one.count - 1)
        drawn.zoom_to_box(mapnik.Box2d(west, south, east, north))
        image = mapnik.Image(side, side)
        mapnik.render(drawn, image)
        for column in range(one.count):
            for row in range(one.count):
                image.view(column * 256, row * 256, 256, 256).to_string(FORMATS["png"])


def timed(work: Callable[[Metatile], None], one: Metatile) -> float:
    """Milliseconds of one call."""
    began = time.perf_counter()
    work(one)
    return (time.perf_counter() - began) * 1000


def measure(installation: Installation, layer_id: str) -> dict[str, float]:
    """Median milliseconds a metatile."""
    both = Both(installation, layer_id)
    ones = {
        metatile_of((both.plan,), *tile, 1, "png")
        for z in ZOOMS
        for tile in filled_tiles(installation, both.layer, z, PLACES)
    }
    read, kept, plugin = [], [], []
    for number in range(ROUNDS + 1):
        for one in ones:
            times = timed(both.read, one), timed(both.from_tiles, one), timed(both.from_postgis, one)
            if number:  # the first round opens connections and warms caches
                read.append(times[0]), kept.append(times[1]), plugin.append(times[2])
    cold = [one + two for one, two in zip(read, kept, strict=True)]
    named = {"vector_tiles_kept": kept, "vector_tiles_cold": cold, "mapnik_postgis": plugin}
    return {name: round(statistics.median(times), 1) for name, times in named.items()}


def main(parcels: int) -> dict[str, object]:
    """The figures, on the bench's city of that size (made first if it is not there)."""
    settings = city.settings_of(parcels, 18651)
    if not settings.home.exists():
        city.make(settings, parcels)
    with city.opened(settings) as installation:
        figures = {name: measure(installation, name) for name in STYLES}
    return {"machine": machine(), "parcels": parcels, "ms_a_metatile": figures}


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000), indent=1, ensure_ascii=False))
