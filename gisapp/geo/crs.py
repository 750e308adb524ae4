"""Reference systems: which datum a system stands on, and the transformation between two of them with its accuracy.

Coordinates go as x, y everywhere: longitude, latitude or east, north, whatever order the official axes have. (Japanese
survey writes X for north and Y for east; EPSG follows it. Here x is east.)
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyproj
import shapely
from pyproj.exceptions import CRSError
from pyproj.transformer import AreaOfInterest, TransformerGroup

JGD2011_LONLAT = "EPSG:6668"
WGS84_LONLAT = "EPSG:4326"
FIRST_PLANE = 6669  # 平面直角座標系 I on JGD2011; II is 6670 … XIX is 6687
PLANE_SYSTEMS = {6669: "JGD2011", 2443: "JGD2000", 30161: "Tokyo Datum"}
"""EPSG code of zone I by datum; the other eighteen follow it."""
WORST_OF_TOKYO = 1.0  # metres: what the national grid reaches; the 3-parameter shift does not (±9 m)

Bounds = tuple[float, float, float, float]  # west, south, east, north


@dataclass(frozen=True)
class Transformation:
    """A way from `source` to `target`. `accuracy` in metres as PROJ states it; None where it states none."""

    source: pyproj.CRS
    target: pyproj.CRS
    name: str
    accuracy: float | None
    _steps: pyproj.Transformer | None = field(repr=False)

    def points(self, xy: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Coordinates (n × 2) in the target system; infinite where the transformation is not defined."""
        if self._steps is None:
            return xy
        return np.column_stack(self._steps.transform(xy[:, 0], xy[:, 1]))

    def shapes(self, geometry: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Shapely geometries in the target system; Z and M are left out."""
        return shapely.transform(geometry, self.points) if self._steps is not None else geometry


def find_system(text: str) -> pyproj.CRS | None:
    """The system that "EPSG:6677" or a WKT names, its horizontal part; None where that says nothing of the earth.

    A WKT that means a system of the EPSG register is taken as that, so that its datum is known for sure.
    """
    try:
        if re.fullmatch(r"[A-Z]+:\w+", text):
            system = pyproj.CRS.from_authority(*text.split(":"))
        elif re.match(r"[A-Z_]+\[", text):
            system = pyproj.CRS.from_wkt(text)
        else:  # never a search by name, which is slow and finds too much
            return None
    except CRSError:
        return None
    if system.is_bound and system.source_crs is not None:
        system = system.source_crs
    if system.is_compound:
        system = system.sub_crs_list[0]
    if system.is_geographic and len(system.axis_info) == 3:
        system = system.to_2d()
    undefined = system.name.lower().startswith(("undefined", "unknown"))  # GeoPackage's srs_id 0 and -1
    if undefined or not (system.is_geographic or system.is_projected):
        return None
    code = system.to_epsg()
    return pyproj.CRS.from_epsg(code) if code else system


def datum_of(system: pyproj.CRS) -> str:
    """JGD2011, JGD2000, Tokyo Datum, WGS 84, or the datum's own name."""
    geodetic = system.geodetic_crs
    name = geodetic.datum.name if geodetic is not None and geodetic.datum is not None else ""
    plain = name.lower().replace("_", " ").removeprefix("d ")
    if "tokyo" in plain:
        return "Tokyo Datum"
    if "2011" in plain and ("japan" in plain or "jgd" in plain):
        return "JGD2011"
    if "2000" in plain and ("japan" in plain or "jgd" in plain):
        return "JGD2000"
    return "WGS 84" if plain.startswith(("world geodetic system 1984", "wgs 1984", "wgs 84")) else name


def describe(system: pyproj.CRS, lang: str = "ja") -> str:
    """What the system is called: "JGD2011 平面直角座標系 第9系（EPSG:6677）"."""
    code = system.to_epsg()
    for first, datum in PLANE_SYSTEMS.items():
        if code is not None and first <= code < first + 19:
            zone = code - first + 1
            ja = f"{datum} 平面直角座標系 第{zone}系"
            return _with_code(ja if lang == "ja" else f"{datum} / Plane Rectangular zone {zone}", code, lang)
    if system.is_geographic:
        return _with_code(
            f"{datum_of(system)} {'経緯度' if lang == 'ja' else 'longitude/latitude'}", code, lang
        )
    return _with_code(system.name, code, lang)


def _with_code(name: str, code: int | None, lang: str) -> str:
    if code is None:
        return name
    return f"{name}（EPSG:{code}）" if lang == "ja" else f"{name} (EPSG:{code})"


def find_transformation(source: pyproj.CRS, target: pyproj.CRS, area: Bounds) -> Transformation | None:
    """The most accurate transformation that PROJ can do in `area` (longitude, latitude); None where none is safe.

    Never a guess: PROJ's "ballpark" transformations leave the datum as it is (400 m off from the Tokyo Datum). From the
    Tokyo Datum only one with the national grid counts.
    """
    if source == target:
        return Transformation(source, target, "変換なし / none", 0.0, None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "best transformation is not available": its accuracy is reported
        found = TransformerGroup(source, target, always_xy=True, area_of_interest=AreaOfInterest(*area))
    tokyo = "Tokyo Datum" in (datum_of(source), datum_of(target))
    for steps in found.transformers:
        accuracy = steps.accuracy if steps.accuracy >= 0 else None
        if "ballpark" in steps.description.lower() or (
            tokyo and (accuracy is None or accuracy > WORST_OF_TOKYO)
        ):
            continue
        name = " + ".join(s for s in steps.description.split(" + ") if "axis order change" not in s)
        return Transformation(source, target, name, accuracy, steps)
    return None
