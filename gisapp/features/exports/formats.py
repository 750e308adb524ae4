"""The formats of exports, and what an export is to be: the words between the web process and the one that writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Format:
    """A format: its file's ending and media type; driver: GDAL's, where GDAL writes it. packed: a zip of several files."""

    ending: str
    mimetype: str
    driver: str = ""
    packed: bool = False


FORMATS = {
    "geojson": Format("geojson", "application/geo+json"),
    "csv": Format("csv", "text/csv"),
    "xlsx": Format("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "gpkg": Format("gpkg", "application/geopackage+sqlite3", "GPKG"),
    "shp": Format("zip", "application/zip", "ESRI Shapefile", packed=True),
    "fgb": Format("fgb", "application/vnd.flatgeobuf", "FlatGeobuf"),
    "parquet": Format("parquet", "application/vnd.apache.parquet"),
    "kml": Format("kml", "application/vnd.google-earth.kml+xml", "KML"),
}
ENCODINGS = ("utf-8", "cp932")
MOST_OF_A_SHEET = 1_048_575
"""Rows of a spreadsheet below its titles."""


@dataclass(frozen=True)
class Column:
    """One column: the field's name, its title in the language asked for, its type."""

    name: str
    title: str
    type: str


@dataclass(frozen=True)
class Job:
    """Everything that the writing process is told. `statement` gives id, the columns, and the geometry as WKB (`geom`),
    its middle's longitude and latitude (`lon`, `lat`), or for GeoJSON the whole feature (`feature`).
    """

    url: str
    timeout_ms: int
    statement: str
    values: Mapping[str, Any]
    format: str
    layer: str
    columns: tuple[Column, ...]
    geometry: str
    srid: int
    encoding: str
    lang: str
    path: str
