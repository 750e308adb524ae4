"""What tiles there are at `/ogc/`, described: the tile matrix set and the tilesets (OGC 17-083r4, 20-057)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gisapp.catalogue.layer import Layer
from gisapp.geo.tiles import WORLD, tile_at
from gisapp.ogc import links
from gisapp.ogc.links import Link, link
from gisapp.ogc.request import Asked
from gisapp.rasters.metatile import LAST_ZOOM
from gisapp.settings import City
from gisapp.tiles.plan import Plan

NAME = "WebMercatorQuad"
URI = f"http://www.opengis.net/def/tilematrixset/OGC/1.0/{NAME}"
CRS = "http://www.opengis.net/def/crs/EPSG/0/3857"
REL = "http://www.opengis.net/def/rel/ogc/1.0/"
SCHEME, SCHEMES = f"{REL}tiling-scheme", f"{REL}tiling-schemes"
MVT = "application/vnd.mapbox-vector-tile"
LAST_MATRIX = 24
PIXEL = 0.00028  # metres, of the standard's rendering
SIDE = 256  # pixels of a tile, by the definition of the set
DIMENSIONS = {"Point": 0, "LineString": 1, "Polygon": 2}


@dataclass(frozen=True)
class Kind:
    """Vector tiles or pictures: how their addresses begin, what they are called, and the forms of a tile by `f`."""

    name: str  # vector | map, as relations and data types have it
    path: str
    forms: dict[str, str]

    def zooms(self, plans: Sequence[Plan]) -> tuple[int, int]:
        """First and last zoom of such tiles: pictures begin one zoom later and go further."""
        first, last = min(plan.min_zoom for plan in plans), max(plan.max_zoom for plan in plans)
        return (first + 1, LAST_ZOOM) if self.name == "map" else (first, last)

    @property
    def rel(self) -> str:
        """The relation that leads to a list of such tilesets."""
        return f"{REL}tilesets-{self.name}"


VECTOR = Kind("vector", "tiles", {"mvt": MVT})
MAP = Kind("map", "map/tiles", {"png": "image/png", "webp": "image/webp"})
KINDS = {kind.name: kind for kind in (VECTOR, MAP)}


@dataclass(frozen=True)
class Tileset:
    """Tiles of one collection, or of several of the whole dataset; `layers` with their plans, in the order asked."""

    kind: Kind
    layers: Sequence[tuple[Layer, Plan]]
    collection: str  # empty: of the dataset
    chosen: str = ""  # the parameter `collections`, as it was given

    @property
    def base(self) -> str:
        """The path of the list that it stands in."""
        return f"collections/{self.collection}/{self.kind.path}" if self.collection else self.kind.path

    @property
    def parameters(self) -> dict[str, str]:
        """What its links have to carry on."""
        return {"collections": self.chosen} if self.chosen else {}

    def zooms(self) -> tuple[int, int]:
        """First and last zoom."""
        return self.kind.zooms([plan for _, plan in self.layers])

    def title(self, asked: Asked) -> str:
        """What it shows, in the language asked for."""
        kind = asked.words[f"tiles_{self.kind.name}"]
        if len(self.layers) > 1:
            return kind
        return f"{self.layers[0][0].title.get(asked.lang)}: {kind}"


def matrix_set() -> dict[str, Any]:
    """WebMercatorQuad, as registered."""
    corner = [-WORLD / 2, WORLD / 2]
    return {
        "id": NAME,
        "title": "Google Maps Compatible for the World",
        "uri": URI,
        "crs": CRS,
        "orderedAxes": ["X", "Y"],
        "wellKnownScaleSet": "http://www.opengis.net/def/wkss/OGC/1.0/GoogleMapsCompatible",
        "tileMatrices": [
            {
                "id": str(z),
                "scaleDenominator": WORLD / SIDE / 2**z / PIXEL,
                "cellSize": WORLD / SIDE / 2**z,
                "cornerOfOrigin": "topLeft",
                "pointOfOrigin": corner,
                "tileWidth": SIDE,
                "tileHeight": SIDE,
                "matrixWidth": 2**z,
                "matrixHeight": 2**z,
            }
            for z in range(LAST_MATRIX + 1)
        ],
    }


def matrix_sets(asked: Asked) -> dict[str, Any]:
    """The list of tile matrix sets: there is one."""
    path = f"tileMatrixSets/{NAME}"
    one = {"id": NAME, "title": NAME, "uri": URI, "crs": CRS, "links": [_to(asked, "self", path)]}
    return {
        "title": asked.words["matrix_sets"],
        "links": links.this(asked, "tileMatrixSets"),
        "tileMatrixSets": [one],
    }


def _to(asked: Asked, rel: str, path: str) -> Link:
    return link(asked, rel, path, links.JSON, NAME)


def limits(city: City, z: int) -> tuple[int, int, int, int]:
    """Columns and rows of the tiles over the city at a zoom: first and last column, first and last row."""
    west, south, east, north = city.bounds
    (left, top), (right, bottom) = tile_at(west, north, z), tile_at(east, south, z)
    return left, right, top, bottom


def tileset_list(tileset: Tileset, asked: Asked) -> dict[str, Any]:
    """The tilesets of one resource: one, in WebMercatorQuad."""
    return {
        "title": tileset.title(asked),
        "links": links.this(asked, tileset.base),
        "tilesets": [
            {
                **_head(tileset, asked),
                "links": [
                    link(asked, "self", f"{tileset.base}/{NAME}", links.JSON, NAME, **tileset.parameters),
                    _to(asked, SCHEME, f"tileMatrixSets/{NAME}"),
                ],
            }
        ],
    }


def tileset_document(city: City, tileset: Tileset, asked: Asked) -> dict[str, Any]:
    """All about one tileset."""
    first, last = tileset.zooms()
    west, south, east, north = city.bounds
    found = {
        **_head(tileset, asked),
        "boundingBox": {
            "crs": "http://www.opengis.net/def/crs/OGC/1.3/CRS84",
            "orderedAxes": ["Lon", "Lat"],
            "lowerLeft": [west, south],
            "upperRight": [east, north],
        },
        "centerPoint": {
            "coordinates": [(west + east) / 2, (south + north) / 2],
            "tileMatrix": str(max(first, min(last, 13))),
        },
        "tileMatrixSetLimits": [_limits(city, z) for z in range(first, last + 1)],
        "links": [
            *links.this(asked, f"{tileset.base}/{NAME}"),
            *_to_tiles(tileset, asked),
            _to(asked, SCHEME, f"tileMatrixSets/{NAME}"),
        ],
    }
    return {**found, "layers": [_layer(*pair, asked) for pair in tileset.layers]}


def _head(tileset: Tileset, asked: Asked) -> dict[str, Any]:
    return {
        "title": tileset.title(asked),
        "dataType": tileset.kind.name,
        "crs": CRS,
        "tileMatrixSetURI": URI,
    }


def _limits(city: City, z: int) -> dict[str, Any]:
    left, right, top, bottom = limits(city, z)
    return {
        "tileMatrix": str(z),
        "minTileRow": top,
        "maxTileRow": bottom,
        "minTileCol": left,
        "maxTileCol": right,
    }


def _to_tiles(tileset: Tileset, asked: Asked) -> list[Link]:
    """A templated link for each form of its tiles."""
    found = []
    for form, mimetype in tileset.kind.forms.items():
        one = link(
            asked,
            "item",
            f"{tileset.base}/{NAME}",
            mimetype,
            tileset.title(asked),
            **tileset.parameters,
            f=form,
        )
        path, _, query = one["href"].partition("?")
        href = f"{path}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}?{query}"
        found.append({**one, "href": href, "templated": True})
    return found


def _layer(layer: Layer, plan: Plan, asked: Asked) -> dict[str, Any]:
    """A layer of the tiles, and the fields that they carry of it."""
    return {
        "id": layer.id,
        "title": layer.title.get(asked.lang),
        "dataType": "vector",
        "geometryDimension": DIMENSIONS[layer.geometry.removeprefix("Multi")],
        "minTileMatrix": str(plan.min_zoom),
        "maxTileMatrix": str(plan.max_zoom),
        "propertiesSchema": {
            "type": "object",
            "properties": {name: {"title": layer.field(name).title.get(asked.lang)} for name in plan.columns},
        },
        "links": [link(asked, "geodata", f"collections/{layer.id}", links.JSON, layer.title.get(asked.lang))],
    }
