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

from gisapp.geo.grids import NO_GRIDS, THREE_PARAMETERS, Grid, Grids

JGD2011_LONLAT = "EPSG:6668"
WGS84_LONLAT = "EPSG:4326"
FIRST_PLANE = 6669  # 平面直角座標系 I on JGD2011; II is 6670 … XIX is 6687
TOKYO_FIRST_PLANE = 30161
PLANE_SYSTEMS = {FIRST_PLANE: "JGD2011", 2443: "JGD2000", TOKYO_FIRST_PLANE: "Tokyo Datum"}
"""EPSG code of zone I by datum; the other eighteen follow it."""

Bounds = tuple[float, float, float, float]  # west, south, east, north
JAPAN: Bounds = (122.0, 20.0, 154.0, 46.0)


@dataclass(frozen=True)
class Transformation:
    """A way from `source` to `target`. `accuracy` in metres as PROJ states it; None where it states none."""

    source: pyproj.CRS
    target: pyproj.CRS
    name: str
    accuracy: float | None
    _steps: Any = field(repr=False)  # a Transformer or what has its `transform`; None: nothing to do

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


def find_transformation(
    source: pyproj.CRS,
    target: pyproj.CRS,
    area: Bounds,
    *,
    grids: Grids = NO_GRIDS,
    coarse: bool = False,
) -> Transformation | None:
    """The most accurate transformation that can be done in `area` (longitude, latitude); None where none is safe.

    From the Tokyo Datum and JGD2000 to JGD2011 by the national grids where `grids` has them, by the rules of the national
    programs. Otherwise by PROJ, but never a guess: its "ballpark" transformations leave the datum as it is (400 m off from
    the Tokyo Datum). Without its grid the Tokyo Datum is left only where somebody accepts ±9 m (`coarse`).
    """
    if source == target:
        return Transformation(source, target, "変換なし / none", 0.0, None)
    datums = datum_of(source), datum_of(target)
    if datums in (("Tokyo Datum", "JGD2011"), ("JGD2000", "JGD2011")):
        national = _national(source, target, grids, coarse)
        if national is not None or datums[0] == "Tokyo Datum":
            return national
    steps = _by_proj(source, target, area) or _by_proj(source, target, None)
    leaves_tokyo = "Tokyo Datum" in datums and datums[0] != datums[1]
    if steps is None or (leaves_tokyo and not coarse):
        return None
    accuracy = steps.accuracy if steps.accuracy >= 0 else None
    name = " + ".join(s for s in steps.description.split(" + ") if "axis order change" not in s)
    return Transformation(source, target, name, accuracy, steps)


def _by_proj(source: pyproj.CRS, target: pyproj.CRS, area: Bounds | None) -> pyproj.Transformer | None:
    where = AreaOfInterest(*area) if area else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "best transformation is not available": its accuracy is reported
        found = TransformerGroup(source, target, always_xy=True, area_of_interest=where)
    return next((steps for steps in found.transformers if "ballpark" not in steps.description.lower()), None)


def _national(source: pyproj.CRS, target: pyproj.CRS, grids: Grids, coarse: bool) -> Transformation | None:
    """By the grids there are; None where one that is needed is not there and nobody accepted less."""
    tokyo = datum_of(source) == "Tokyo Datum"
    if tokyo and grids.tky2jgd is None and not coarse:
        return None
    if not tokyo and grids.patchjgd is None:
        return None
    first: list[Grid] = []
    if tokyo:
        first.append(grids.tky2jgd or Grid("3パラメータ / 3 parameters", None, 9.0, THREE_PARAMETERS))
    used = [*first, *([grids.patchjgd] if grids.patchjgd else [])]
    accuracy = used[0].accuracy if len(used) == 1 else round(sum(grid.accuracy**2 for grid in used) ** 0.5, 1)
    steps = _Chain(_unprojected(source), tuple(used), _projected(target))
    return Transformation(source, target, " + ".join(grid.name for grid in used), accuracy, steps)


def _unprojected(system: pyproj.CRS) -> pyproj.Transformer | None:
    """From a system to longitude and latitude on its own datum; None where it has these already."""
    geographic = system.geodetic_crs
    assert geographic is not None
    return pyproj.Transformer.from_crs(system, geographic, always_xy=True) if system.is_projected else None


def _projected(system: pyproj.CRS) -> pyproj.Transformer | None:
    geographic = system.geodetic_crs
    assert geographic is not None
    return pyproj.Transformer.from_crs(geographic, system, always_xy=True) if system.is_projected else None


@dataclass(frozen=True)
class _Chain:
    """Out of the plane, through the grids, into the plane."""

    before: pyproj.Transformer | None
    grids: tuple[Grid, ...]
    after: pyproj.Transformer | None

    def transform(self, x: Any, y: Any) -> tuple[Any, Any]:
        if self.before is not None:
            x, y = self.before.transform(x, y)
        lonlat = np.column_stack([x, y]).astype(float)
        for grid in self.grids:
            lonlat, _ = grid.shift(lonlat)
        if self.after is not None:
            return self.after.transform(lonlat[:, 0], lonlat[:, 1])
        return lonlat[:, 0], lonlat[:, 1]
