"""Geometry made to fit a layer: the layer's type, no heights, valid. Arrays of shapely geometries in, arrays out."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely

Shapes = np.ndarray[Any, Any]
Flags = np.ndarray[Any, Any]  # bool

SINGLE = {"Point": 0, "LineString": 1, "Polygon": 3}  # GEOS type numbers
MULTI = {"MultiPoint": 4, "MultiLineString": 5, "MultiPolygon": 6}
NAMES = {**{n: name for name, n in (SINGLE | MULTI).items()}, 2: "LinearRing", 7: "GeometryCollection"}
_BUILD = {
    "Point": shapely.multipoints,
    "LineString": shapely.multilinestrings,
    "Polygon": shapely.multipolygons,
}


def fit_type(geometry: Shapes, kind: str) -> tuple[Shapes, Flags]:
    """Geometries as `kind` (Point … MultiPolygon) and a flag for each that could be made so.

    Singles become multis; a multi of one part becomes that part. Others keep their shape and get the flag False.
    """
    single = kind.removeprefix("Multi")
    types = shapely.get_type_id(geometry)
    is_single, is_multi = types == SINGLE[single], types == MULTI[f"Multi{single}"]
    fitted = geometry.copy()
    if kind.startswith("Multi"):
        chosen = np.flatnonzero(is_single)
        if len(chosen):
            fitted[chosen] = _BUILD[single](geometry[chosen], indices=np.arange(len(chosen)))
        return fitted, is_single | is_multi
    alone = is_multi & (shapely.get_num_geometries(geometry) == 1)
    fitted[alone] = shapely.get_geometry(geometry[alone], 0)
    return fitted, is_single | alone


DIMENSIONS = {"point": 0, "line": 1, "polygon": 2}


def of_dimension(geometry: Shapes, only: str) -> Shapes:
    """The points, lines or polygons (`only`) that each geometry is or holds; empty where there are none."""
    wanted = DIMENSIONS[only]
    kept = geometry.copy()
    for i in np.flatnonzero(shapely.get_type_id(geometry) == 7):
        parts = shapely.get_parts(shapely.get_parts(geometry[i]))
        kept[i] = shapely.union_all(parts[shapely.get_dimensions(parts) == wanted])
    kept[shapely.get_dimensions(kept) != wanted] = shapely.Polygon()
    return kept


def type_names(geometry: Shapes) -> list[str]:
    """The geometry types there are, as GeoJSON names them, sorted."""
    return sorted({NAMES.get(int(n), "?") for n in np.unique(shapely.get_type_id(geometry)) if n >= 0})


def finite(geometry: Shapes) -> Flags:
    """A flag for each geometry whose x and y are all finite numbers."""
    if np.isfinite(shapely.get_coordinates(geometry)).all():
        return np.ones(len(geometry), dtype=bool)  # nearly always: whose they are need not be asked
    xy, index = shapely.get_coordinates(geometry, return_index=True)
    good = np.ones(len(geometry), dtype=bool)
    good[index[~np.isfinite(xy).all(axis=1)]] = False
    return good


def flat(geometry: Shapes) -> Shapes:
    """Geometries without Z and M; the same array where none has any."""
    has = shapely.has_z(geometry).any() or shapely.has_m(geometry).any()
    return shapely.force_2d(geometry) if has else geometry


def make_valid(geometry: Shapes) -> Shapes:
    """Each geometry made valid, of its own dimension; empty where nothing of that dimension is left.

    All rings of a geometry are read by the even-odd rule (GEOS "linework"): a hole that was drawn as a part of its own
    becomes a hole. Only parts that do not overlap but share edges, such as the triangles of a surface, are united
    instead: the even-odd rule would lose much of them.
    """
    return np.array([_valid(one) for one in geometry], dtype=object)


def _valid(geometry: Any) -> Any:
    parts = [_of_dimension(shapely.make_valid(part), geometry) for part in shapely.get_parts(geometry)]
    united = shapely.union_all(parts)
    apart = abs(shapely.area(united) - shapely.area(parts).sum()) <= 1e-9 * shapely.area(united)
    return united if apart else _of_dimension(shapely.make_valid(geometry), geometry)


def _of_dimension(geometry: Any, like: Any) -> Any:
    """The parts of `geometry` that are points, lines or areas as `like` is."""
    parts = shapely.get_parts(shapely.get_parts(geometry))  # twice: a collection may hold multis
    kept = parts[shapely.get_dimensions(parts) == shapely.get_dimensions(like)]
    return kept[0] if len(kept) == 1 else shapely.union_all(kept)
