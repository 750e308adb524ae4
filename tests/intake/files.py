"""Files made for tests: small ones, of every format that the intake reads."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from gisapp.intake.gdal import pyogrio, quietly

LON, LAT = 139.3874, 35.7548  # in 武蔵村山市, near its city hall
STEP = 0.001  # degrees, about 100 m


def square(n: int = 0, size: float = STEP / 2) -> Any:
    """The n-th of a row of squares inside the city, in longitude and latitude."""
    west = LON + (n % 20) * STEP
    south = LAT - (n // 20) * STEP
    return shapely.box(west, south, west + size, south + size)


def line(n: int = 0) -> Any:
    """The n-th of a row of short lines inside the city."""
    return shapely.LineString([(LON + n * STEP / 10, LAT), (LON + n * STEP / 10 + STEP, LAT + STEP)])


def point(n: int = 0) -> Any:
    """The n-th of a row of points inside the city."""
    return shapely.Point(LON + n * STEP / 10, LAT)


def feature(geometry: Any, **properties: object) -> dict[str, Any]:
    """A GeoJSON feature."""
    return {
        "type": "Feature",
        "properties": properties,
        "geometry": json.loads(shapely.to_geojson(geometry)) if geometry is not None else None,
    }


def geojson(path: Path, features: Iterable[Mapping[str, Any]], **members: object) -> Path:
    """A GeoJSON file; `members` such as crs beside its features."""
    path.write_text(
        json.dumps({"type": "FeatureCollection", **members, "features": list(features)}, ensure_ascii=False),
        "utf-8",
    )
    return path


def gdal_file(
    path: Path,
    geometry: Iterable[Any],
    columns: Mapping[str, Iterable[Any]],
    *,
    crs: str | None = "EPSG:6668",
    kind: str | None = None,
    **options: Any,
) -> Path:
    """A file that GDAL writes by the suffix of `path` (.shp, .gpkg, .fgb)."""
    shapes = np.array(list(geometry), dtype=object)
    words: dict[str, Any] = {"geometry_type": kind or shapes[0].geom_type, "crs": crs, **options}
    values = [np.array(list(column)) for column in columns.values()]
    with quietly():  # it says so where there is no crs
        pyogrio().raw.write(path, shapely.to_wkb(shapes), field_data=values, fields=list(columns), **words)
    return path


def zipped(path: Path, *files: Path, names: Mapping[str, str] | None = None) -> Path:
    """A zip of files; `names`: own name → name in the archive."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            archive.write(file, (names or {}).get(file.name, file.name))
    return path


def parts(shp: Path) -> list[Path]:
    """All files of a Shapefile."""
    return sorted(p for p in shp.parent.iterdir() if p.stem == shp.stem)
