"""The resources of `/ogc/` that describe: landing page, conformance, collections."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gisapp.catalogue.layer import Layer
from gisapp.features.references import CRS84_URI, offered, plane
from gisapp.ogc import links
from gisapp.ogc.links import Link, link
from gisapp.ogc.records import to_record
from gisapp.ogc.request import Asked
from gisapp.ogc.styles import STYLES, to_style
from gisapp.ogc.tilesets import KINDS, REL, SCHEMES
from gisapp.settings import City

CATALOGUE = f"{REL}ogc-catalog"
_FEATURES = "http://www.opengis.net/spec/ogcapi-features-"
_TILES = "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/"
_CQL2 = "http://www.opengis.net/spec/cql2/1.0/conf/"
CONFORMS_TO = [
    *(f"{_FEATURES}1/1.0/conf/{name}" for name in ("core", "oas30", "html", "geojson")),
    f"{_FEATURES}2/1.0/conf/crs",
    *(
        f"{_FEATURES}3/1.0/conf/{name}"
        for name in ("queryables", "queryables-query-parameters", "filter", "features-filter")
    ),
    *(f"{_FEATURES}4/1.0/conf/{name}" for name in ("create-replace-delete", "update", "features")),
    f"{_FEATURES}4/1.0/req/optimistic-locking-etags",  # Part 4 itself calls this one "req"
    *(
        f"{_TILES}{name}"
        for name in (
            *("core", "tileset", "tilesets-list", "dataset-tilesets", "geodata-tilesets"),
            *("collections-selection", "mvt", "png", "oas30"),
        )
    ),
    *(f"http://www.opengis.net/spec/ogcapi-styles-1/1.0/conf/{name}" for name in ("core", "mapbox-styles")),
    *(
        _CQL2 + name
        for name in (
            *("cql2-text", "cql2-json", "basic-cql2", "advanced-comparison-operators"),
            *("case-insensitive-comparison", "accent-insensitive-comparison"),
            *("basic-spatial-functions", "basic-spatial-functions-plus", "spatial-functions"),
            *("temporal-functions", "property-property", "arithmetic"),
        )
    ),
]
"""Only what tests/ogc/conformance asks for by the names of the standards' abstract tests."""


def landing(city: City, asked: Asked) -> dict[str, Any]:
    """The landing page."""
    words, name = asked.words, city.name_ja if asked.lang == "ja" else city.name_en
    return {
        "title": words["title"].format(city=name),
        "description": words["about"].format(city=name),
        "links": [
            *links.this(asked, ""),
            link(asked, "service-desc", "api", links.OPENAPI, words["api"]),
            link(asked, "conformance", "conformance", links.JSON, words["conformance"]),
            link(asked, "data", "collections", links.JSON, words["collections"]),
            *_to_tilesets("", asked),
            link(asked, SCHEMES, "tileMatrixSets", links.JSON, words["matrix_sets"]),
            link(asked, STYLES, "styles", links.JSON, words["styles"]),
            link(asked, CATALOGUE, "records", links.GEOJSON, words["records"]),
        ],
    }


def conformance(asked: Asked) -> dict[str, Any]:
    """The classes of the standards that this API conforms to."""
    return {"conformsTo": CONFORMS_TO, "links": links.this(asked, "conformance")}


def collections(city: City, layers: Iterable[Layer], asked: Asked) -> dict[str, Any]:
    """The layers that the asker may see."""
    return {
        "title": asked.words["collections"],
        "links": links.this(asked, "collections"),
        "collections": [_collection(city, layer, asked, [_itself(layer, asked)]) for layer in layers],
    }


def collection(city: City, layer: Layer, asked: Asked) -> dict[str, Any]:
    """One layer. Its box is the city's."""
    return _collection(city, layer, asked, links.this(asked, f"collections/{layer.id}"))


def _collection(city: City, layer: Layer, asked: Asked, own: list[Link]) -> dict[str, Any]:
    found = {
        "id": layer.id,
        "title": layer.title.get(asked.lang),
        "description": layer.description.get(asked.lang) if layer.description else "",
        "attribution": layer.source.name.get(asked.lang),
        "license": layer.source.licence,
        "itemType": "feature",
        "crs": list(offered(city)),
        "storageCrs": plane(city).uri,
        "extent": {"spatial": {"bbox": [list(city.bounds)], "crs": CRS84_URI}},
        "links": [
            *own,
            *_to_items(layer, asked),
            _to_queryables(layer, asked),
            *_to_tilesets(f"collections/{layer.id}/", asked),
            to_style(layer, asked),
            to_record(layer, asked),
        ],
    }
    return {name: value for name, value in found.items() if value != ""}


def _itself(layer: Layer, asked: Asked) -> Link:
    return link(asked, "self", f"collections/{layer.id}", links.JSON, layer.title.get(asked.lang))


def _to_items(layer: Layer, asked: Asked) -> list[Link]:
    path, title = (
        f"collections/{layer.id}/items",
        asked.words["items"].format(layer=layer.title.get(asked.lang)),
    )
    return [
        link(asked, "items", path, links.GEOJSON, title),
        link(asked, "items", path, links.HTML, title, f="html"),
    ]


def _to_tilesets(base: str, asked: Asked) -> list[Link]:
    return [
        link(asked, kind.rel, base + kind.path, links.JSON, asked.words[f"tiles_{kind.name}"])
        for kind in KINDS.values()
    ]


def _to_queryables(layer: Layer, asked: Asked) -> Link:
    path, title = f"collections/{layer.id}/queryables", asked.words["queryables"]
    return link(asked, links.QUERYABLES, path, links.SCHEMA, title)
