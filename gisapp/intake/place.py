"""Diagnosis: in which reference system a file is, and whether its rows lie where the city is. Nothing is guessed in silence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
import pyproj
import shapely

from gisapp.catalogue.layer import Text
from gisapp.geo.crs import (
    JGD2011_LONLAT,
    Bounds,
    Transformation,
    datum_of,
    describe,
    find_system,
    find_transformation,
)
from gisapp.intake.problem import refuse
from gisapp.intake.source import Source
from gisapp.settings import City

Array = np.ndarray[Any, Any]
JAPAN: Bounds = (122.0, 20.0, 154.0, 46.0)
MARGIN = 0.5  # of the city's width and height: what lies that near may well be meant


@dataclass(frozen=True)
class Placement:
    """How a file's coordinates become the city's; `said_by` tells who named the source's system."""

    transformation: Transformation
    said_by: Text | None


def place(source: Source, geometry: Array, city: City, forced: str) -> Placement:
    """Decide the file's reference system from what it says and what the person says; `geometry` are its first rows.

    Raises errors.FileRefused: no system, an unknown one, the Tokyo Datum without its grid, degrees that are none,
    metres that are degrees, latitude and longitude exchanged.
    """
    system, said_by = _system(source, city, forced)
    target = find_system(f"EPSG:{city.srid}")
    assert target is not None
    transformation = find_transformation(system, target, city.bounds)
    if transformation is None:
        _refuse_transformation(system)
    there = geometry[~shapely.is_missing(geometry) & ~shapely.is_empty(geometry)]
    if len(there):
        xy = shapely.get_coordinates(there)
        xy = xy[np.isfinite(xy).all(axis=1)]
        _check_axes(xy, transformation, city)
        _check_units(xy, system, city)
    return Placement(transformation, said_by)


def _system(source: Source, city: City, forced: str) -> tuple[pyproj.CRS, Text | None]:
    if forced:
        system = find_system(forced)
        if system is None:
            why = (f"指定された座標系 {forced} は使えません", f"the reference system {forced} cannot be used")
            refuse("crs_suspect", why, ("EPSG コードを確かめてください。", "Check the EPSG code."))
        return system, Text("指定による", "as said")
    system = find_system(source.crs) if source.crs else None
    if system is None:
        why = (
            "座標系の情報がありません（.prj など）",
            "it does not say its reference system (.prj or the like)",
        )
        ja = f"`--crs EPSG番号` で指定してください。{city.name_ja}の平面直角座標系なら `--crs {city.srid}`、経緯度なら `--crs 6668` です。"
        en = f"Name it with `--crs`: {city.srid} for this city's plane rectangular system, 6668 for longitude and latitude."
        refuse("crs_missing", why, (ja, en))
    return system, source.crs_from


def _refuse_transformation(system: pyproj.CRS) -> NoReturn:
    ja, en = describe(system, "ja"), describe(system, "en")
    if datum_of(system) == "Tokyo Datum":
        why = (
            f"日本測地系（{ja}）です。変換に必要な格子（TKY2JGD）がないため、約400mずれるおそれがあり、読み込みません",
            f"it is on the Tokyo Datum ({en}) and the national grid (TKY2JGD) is not here: it would be about 400 m off",
        )
        do = (
            "国土地理院の TKY2JGD などで世界測地系（JGD2011）に変換してから読み込んでください。",
            "Transform it to JGD2011 first, for example with the Geospatial Information Authority's TKY2JGD.",
        )
        refuse("datum_suspect", why, do)
    why = (f"{ja} から確実に変換する方法がありません", f"there is no sure transformation from {en}")
    refuse(
        "crs_suspect",
        why,
        ("JGD2011 の座標系に変換してから読み込んでください。", "Transform it to JGD2011 first."),
    )


def _check_axes(xy: Array, transformation: Transformation, city: City) -> None:
    """Refuse coordinates that fit the city (in degrees: Japan) only when x and y are exchanged."""
    if not len(xy) or _share_near(xy, transformation, city) > 0:
        return
    geographic = transformation.source.is_geographic
    if geographic:  # another city's data: latitude and longitude of Japan cannot be mistaken for one another
        swapped = _inside(xy[:, ::-1], JAPAN).mean() >= 0.5
    else:
        swapped = _share_near(xy[:, ::-1], transformation, city) >= 0.5
    if swapped:
        if geographic:
            why = ("経度と緯度が入れ替わっています", "longitude and latitude are exchanged")
        else:
            why = ("東西（Y）と南北（X）の座標が入れ替わっています", "east and north are exchanged")
        do = (
            "順序を入れ替えて書き出してください（先に経度・東西、後に緯度・南北）。",
            "Export them with longitude or east first.",
        )
        refuse("axes_swapped", why, do)


def _check_units(xy: Array, system: pyproj.CRS, city: City) -> None:
    """Refuse degrees that cannot be, and metres that look like this city's longitude and latitude."""
    if not len(xy):
        return
    if system.is_geographic and (np.abs(xy[:, 0]).max() > 360 or np.abs(xy[:, 1]).max() > 90):
        why = (
            f"経緯度のはずですが、座標が度の範囲にありません（例：{xy[0, 0]:.1f}, {xy[0, 1]:.1f}）",
            f"it should be longitude and latitude but is not in degrees (such as {xy[0, 0]:.1f}, {xy[0, 1]:.1f})",
        )
        do = (
            f"平面直角座標なら `--crs {city.srid}` のように指定してください。",
            f"Name its system, for example `--crs {city.srid}`.",
        )
        refuse("crs_suspect", why, do)
    if system.is_projected and _inside(xy, _widened(city.bounds)).mean() >= 0.5:
        why = (
            "平面の座標系のはずですが、座標は経緯度です",
            "its system is a plane one but its coordinates are in degrees",
        )
        refuse(
            "crs_suspect",
            why,
            ("`--crs 6668` のように指定してください。", "Name its system, for example `--crs 6668`."),
        )


def _share_near(xy: Array, transformation: Transformation, city: City) -> float:
    """The share of coordinates that lie in the city or near it."""
    lonlat = find_system(JGD2011_LONLAT)
    assert lonlat is not None
    to_lonlat = find_transformation(transformation.target, lonlat, city.bounds)
    assert to_lonlat is not None
    return float(_inside(to_lonlat.points(transformation.points(xy)), _widened(city.bounds)).mean())


def _widened(bounds: Bounds) -> Bounds:
    west, south, east, north = bounds
    dx, dy = (east - west) * MARGIN, (north - south) * MARGIN
    return west - dx, south - dy, east + dx, north + dy


def _inside(xy: Array, bounds: Bounds) -> Array:
    west, south, east, north = bounds
    return (xy[:, 0] >= west) & (xy[:, 0] <= east) & (xy[:, 1] >= south) & (xy[:, 1] <= north)


def lonlat_bounds(box: Bounds, city: City) -> Bounds:
    """A box in the city's plane system as longitude and latitude (JGD2011), around all of its edges."""
    plane, lonlat = find_system(f"EPSG:{city.srid}"), find_system(JGD2011_LONLAT)
    assert plane is not None and lonlat is not None
    back = find_transformation(plane, lonlat, city.bounds)
    assert back is not None
    x, y = np.meshgrid(np.linspace(box[0], box[2], 9), np.linspace(box[1], box[3], 9))
    points = back.points(np.column_stack([x.ravel(), y.ravel()]))
    (west, south), (east, north) = points.min(axis=0), points.max(axis=0)
    return float(west), float(south), float(east), float(north)


def area_of_bounds(city: City) -> Any:
    """The city's bounds as a polygon in its plane system: stands for the city until its boundary is loaded."""
    plane, lonlat = find_system(f"EPSG:{city.srid}"), find_system(JGD2011_LONLAT)
    assert plane is not None and lonlat is not None
    forth = find_transformation(lonlat, plane, city.bounds)
    assert forth is not None
    return forth.shapes(shapely.segmentize(shapely.box(*city.bounds), 0.01))
