"""Which tiles are asked: first where the layer's features are (dense places are looked at most), then all over its
extent, those only where something lies; the same every time."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import lru_cache

from gisapp.catalogue.layer import Layer
from gisapp.geo.tiles import WORLD
from gisapp.installation import Installation

SEED = 7
Tile = tuple[int, int, int]  # zoom, column, row

EXTENT = """
    SELECT ST_XMin(e), ST_YMin(e), ST_XMax(e), ST_YMax(e) FROM (SELECT ST_Extent(geom_web) AS e FROM {table}) AS s
"""
FILLED = """
    SELECT t.x, t.y FROM unnest(%(xs)s::int[], %(ys)s::int[]) WITH ORDINALITY AS t (x, y, place)
    WHERE EXISTS (
        SELECT 1 FROM {table} AS f
        WHERE f.geom_web && ST_TileEnvelope(%(z)s, t.x, t.y) AND ST_Intersects(f.geom_web, ST_TileEnvelope(%(z)s, t.x, t.y)))
    ORDER BY t.place LIMIT %(count)s
"""


@dataclass(frozen=True)
class Zooms:
    """What a layer's TileJSON says of it."""

    first: int
    last: int
    fields: tuple[str, ...]

    @property
    def all(self) -> range:
        """Every zoom at which the layer has tiles."""
        return range(self.first, self.last + 1)


def filled_tiles(installation: Installation, layer: Layer, zoom: int, count: int) -> list[Tile]:
    """At most `count` tiles of the zoom with something of the layer's table in them, the same every time.

    Tiles of features chosen by chance come first, so that a place with twice as many is twice as likely; where
    these are fewer than `count`, others follow.
    """
    at_features = dict.fromkeys(_number(x, y, zoom) for x, y in _places(installation, layer.id, 20 * count))
    found = list(at_features)[:count]
    if len(found) < count:
        more = _all_filled(installation, layer, zoom, count)
        found += [tile for tile in more if tile not in at_features][: count - len(found)]
    return [(zoom, x, y) for x, y in found]


@lru_cache(maxsize=64)
def _places(installation: Installation, table: str, count: int) -> list[tuple[float, float]]:
    """Points on features of a table chosen by chance, in EPSG:3857."""
    sql = f"""
        SELECT ST_X(p), ST_Y(p) FROM (
            SELECT id, ST_PointOnSurface(geom_web) AS p FROM {table}
            WHERE id IN (SELECT id FROM {table} ORDER BY md5(id::text || '{SEED}') LIMIT {count})) AS f
        ORDER BY md5(id::text || '{SEED}')
    """
    with installation.database.transaction("owner") as connection:
        return [(float(x), float(y)) for x, y in connection.exec_driver_sql(sql)]


def _all_filled(installation: Installation, layer: Layer, zoom: int, count: int) -> list[tuple[int, int]]:
    with installation.database.transaction("owner") as connection:
        extent = connection.exec_driver_sql(EXTENT.format(table=layer.id)).one()
        if extent[0] is None:
            return []
        west, south, east, north = map(float, extent)
        (left, top), (right, bottom) = _number(west, north, zoom), _number(east, south, zoom)
        places = [(x, y) for x in range(left, right + 1) for y in range(top, bottom + 1)]
        random.Random(f"{SEED} {layer.id} {zoom}").shuffle(places)
        values = {"xs": [x for x, _ in places], "ys": [y for _, y in places], "z": zoom, "count": count}
        found = connection.exec_driver_sql(FILLED.format(table=layer.id), values)
        return [(int(x), int(y)) for x, y in found]


def _number(x: float, y: float, zoom: int) -> tuple[int, int]:
    side = WORLD / 2**zoom
    return int((x + WORLD / 2) // side), int((WORLD / 2 - y) // side)


def path_of(layers: str, tile: Tile) -> str:
    """The address of a tile of one or several layers (ids separated by commas)."""
    return f"/tiles/{layers}/{tile[0]}/{tile[1]}/{tile[2]}.mvt"


def zooms_of(description: dict[str, object], layer_id: str) -> Zooms:
    """What a TileJSON says of one of its layers."""
    entries: list[dict[str, object]] = description["vector_layers"]  # type: ignore[assignment]
    one = next(entry for entry in entries if entry["id"] == layer_id)
    return Zooms(int(str(one["minzoom"])), int(str(one["maxzoom"])), tuple(one["fields"]))  # type: ignore[arg-type]


def every_filled_tile(installation: Installation, layer: Layer, zoom: int) -> list[Tile]:
    """All tiles of the zoom with something of the layer's table in them, in an order by chance that is the same
    every time."""
    return [(zoom, x, y) for x, y in _all_filled(installation, layer, zoom, 10**7)]
