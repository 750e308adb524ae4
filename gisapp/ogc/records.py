"""A catalogue entry for each layer, as a record of OGC API - Records (OGC 20-004): whose data, from when, how to get it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import request

from gisapp.catalogue.layer import Department, Layer
from gisapp.ogc import links
from gisapp.ogc.links import Link, link
from gisapp.ogc.request import Asked
from gisapp.ogc.styles import to_style
from gisapp.ogc.tilesets import KINDS
from gisapp.settings import City

CORE = "http://www.opengis.net/spec/ogcapi-records-1/1.0/req/record-core"
FORMATS = (
    "GeoJSON",
    "CSV",
    "XLSX",
    "GeoPackage",
    "Shapefile",
    "FlatGeobuf",
    "GeoParquet",
    "KML",
    "MVT",
    "PNG",
)
LANGUAGES = {"ja": {"code": "ja", "name": "日本語"}, "en": {"code": "en", "name": "English"}}


def record_list(city: City, layers: Iterable[tuple[Layer, Department]], asked: Asked) -> dict[str, Any]:
    """The records of these layers, all on one page."""
    found = [{**_record(city, *pair, asked), "links": [_itself(pair[0], asked)]} for pair in layers]
    return {
        "type": "FeatureCollection",
        "title": asked.words["records"],
        "numberMatched": len(found),
        "numberReturned": len(found),
        "links": [link(asked, "self", "records", links.GEOJSON, asked.words["this"])],
        "features": found,
    }


def record(city: City, layer: Layer, department: Department, asked: Asked) -> dict[str, Any]:
    """The record of one layer, with links to every service that has it."""
    found = _record(city, layer, department, asked)
    return {**found, "links": [_itself(layer, asked), *_services(layer, asked)]}


def _record(city: City, layer: Layer, department: Department, asked: Asked) -> dict[str, Any]:
    west, south, east, north = city.bounds
    corners = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    date = layer.source.date
    lang, office = asked.lang, department.office or department.title
    properties = {
        "type": "dataset",
        "title": layer.title.get(lang),
        "description": layer.description.get(lang) if layer.description else "",
        "keywords": [department.title.get(lang)],
        "language": LANGUAGES[lang],
        "resourceLanguages": [LANGUAGES["ja"]],
        "updated": f"{date.isoformat()}T00:00:00Z" if date else "",
        "license": layer.source.licence,
        "rights": layer.source.name.get(lang),
        "conformsToStandard": layer.source.standard,
        "formats": [{"name": name} for name in FORMATS],
        "contacts": [
            {
                "organization": city.name_ja if lang == "ja" else city.name_en,
                "name": office.get(lang),
                "roles": ["pointOfContact"],
            }
        ],
    }
    return {
        "id": layer.id,
        "type": "Feature",
        "conformsTo": [CORE],
        "time": {"date": date.isoformat()} if date else None,
        "geometry": {"type": "Polygon", "coordinates": [corners]},
        "properties": {name: value for name, value in properties.items() if value != ""},
    }


def _itself(layer: Layer, asked: Asked) -> Link:
    return link(asked, "self", f"records/{layer.id}", links.GEOJSON, layer.title.get(asked.lang))


def to_record(layer: Layer, asked: Asked) -> Link:
    """The link to a layer's record."""
    title = asked.words["record"].format(layer=layer.title.get(asked.lang))
    return link(asked, "describedby", f"records/{layer.id}", links.GEOJSON, title)


def _services(layer: Layer, asked: Asked) -> list[Link]:
    base, title = f"collections/{layer.id}", layer.title.get(asked.lang)
    return [
        link(asked, "collection", "records", links.GEOJSON, asked.words["records"]),
        link(asked, "about", base, links.JSON, title),
        link(asked, "items", f"{base}/items", links.GEOJSON, asked.words["items"].format(layer=title)),
        *(
            link(asked, kind.rel, f"{base}/{kind.path}", links.JSON, asked.words[f"tiles_{kind.name}"])
            for kind in KINDS.values()
        ),
        to_style(layer, asked),
        _elsewhere("service", "wms?SERVICE=WMS&REQUEST=GetCapabilities", "text/xml", f"WMS ({layer.id})"),
        _elsewhere("service", "wmts/1.0.0/WMTSCapabilities.xml", "application/xml", f"WMTS ({layer.id})"),
        _elsewhere("service", f"tiles/{layer.id}.json", links.JSON, "TileJSON"),
        _elsewhere(
            "preview",
            f"wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetLegendGraphic&FORMAT=image/png&LAYER={layer.id}",
            "image/png",
            asked.words["legend"],
        ),
    ]


def _elsewhere(rel: str, path: str, mimetype: str, title: str) -> Link:
    """A link to a resource of this server that is not below `/ogc/`."""
    return {"rel": rel, "type": mimetype, "title": title, "href": f"{request.url_root}{path}"}
