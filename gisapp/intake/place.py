"""Diagnosis: in which reference system a file is, and whether its rows lie where the city is. Nothing is guessed in silence.

Where the system is missing, or what is declared cannot be true of the coordinates, the file is refused with a question and
the likely readings, ranked; all other checks still run on the first of them, so that a person sees everything at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyproj
import shapely

from gisapp.catalogue.layer import Text
from gisapp.geo.crs import (
    JAPAN,
    JGD2011_LONLAT,
    WGS84_LONLAT,
    Bounds,
    Transformation,
    datum_of,
    describe,
    find_system,
    find_transformation,
)
from gisapp.geo.grids import Grids
from gisapp.geo.readings import Reading, parse_reading
from gisapp.intake.choice import Choice
from gisapp.intake.hypotheses import inside_box, offered, rank, to_lonlat, widened
from gisapp.intake.problem import QUESTION, REPAIR, WARNING, Problem, refuse
from gisapp.intake.source import Source
from gisapp.settings import City

Array = np.ndarray[Any, Any]
STRAY = 3.0  # degrees beyond a system's own area: data may reach a little outside of it
SAID = Text("指定による", "as said")


@dataclass(frozen=True)
class Placement:
    """How a file's coordinates become the city's. `transformation` is None where no reading could be supported: then the
    coordinates stay as they are, for looking at only, and `problems` hold a question.
    """

    reading: Reading | None
    transformation: Transformation | None
    said_by: Text | None
    problems: tuple[Problem, ...] = ()
    choices: tuple[Choice, ...] = ()

    def shapes(self, geometry: Array) -> Array:
        """Shapes of the file in the city's system; Z and M are left out."""
        if self.reading is None or self.transformation is None:
            return geometry
        turned = geometry if self.reading.plain else shapely.transform(geometry, self.reading.points)
        return self.transformation.shapes(turned)


def place(source: Source, geometry: Array, city: City, area: Any, forced: str, grids: Grids) -> Placement:
    """Decide the file's reference system from what it says and what the person says; `geometry` are its first rows.

    `area`: the city as a polygon in longitude and latitude. Raises errors.FileRefused for a system that the person named
    and that cannot be used.
    """
    xy = coordinates_of(geometry)
    if forced:
        reading = _forced(forced)
        if wrong := _wrong_unit(reading.system, reading.points(xy), city):
            return _asked(wrong, xy, city, area, grids)
        said = _placed(reading, city, SAID, grids)
        if said.transformation is not None:
            return said
        if datum_of(reading.system) == "Tokyo Datum":
            return _coarse(reading, SAID, xy, city, grids)
        return _asked(_no_way(reading.system), xy, city, area, grids)
    system = find_system(source.crs) if source.crs else None
    contradiction = next((p for p in source.problems if p.code == "crs_ambiguous"), None)
    if contradiction is not None and system is not None:
        return _asked(contradiction, xy, city, area, grids, Reading(system))
    if system is None:
        return _asked(_missing(xy), xy, city, area, grids, _undefined_degrees(source.crs, xy))
    repaired = _surely_swapped(system, xy)
    if repaired is not None:
        return _placed(Reading(system, swapped=True), city, source.crs_from, grids, (repaired,))
    doubt = _doubt(system, xy, city)
    if doubt is not None:
        return _asked(doubt, xy, city, area, grids, Reading(system))
    if datum_of(system) == "Tokyo Datum" and grids.tky2jgd is None:
        return _coarse(Reading(system), source.crs_from, xy, city, grids)
    declared = Reading(system)
    if (foreign := _abroad(system, xy)) is not None:
        return _asked(foreign, xy, city, area, grids, declared)
    placed = _placed(declared, city, source.crs_from, grids)
    return placed if placed.transformation else _asked(_no_way(system), xy, city, area, grids, declared)


def coordinates_of(geometry: Array) -> Array:
    """All coordinates (n × 2) of some rows that are numbers."""
    there = geometry[~shapely.is_missing(geometry) & ~shapely.is_empty(geometry)]
    xy = shapely.get_coordinates(there)
    return xy[np.isfinite(xy).all(axis=1)]


def _placed(
    reading: Reading, city: City, said_by: Text | None, grids: Grids, problems: Sequence[Problem] = ()
) -> Placement:
    target = find_system(f"EPSG:{city.srid}")
    assert target is not None
    way = find_transformation(reading.system, target, city.bounds, grids=grids, coarse=reading.coarse)
    return Placement(reading, way, said_by, tuple(problems))


def _forced(text: str) -> Reading:
    reading = parse_reading(text)
    if reading is None:
        why = (f"指定された座標系 {text} は使えません", f"the reference system {text} cannot be used")
        refuse("crs_suspect", why, ("EPSG コードを確かめてください。", "Check the EPSG code."))
    return reading


def _asked(
    problem: Problem, xy: Array, city: City, area: Any, grids: Grids, declared: Reading | None = None
) -> Placement:
    """A question, its answers in the order of their likelihood, and the first of them to go on with."""
    found = rank(xy, city, area)
    choices = [one.choice() for one in found]
    near = sum(one.near > 0 for one in found)
    problems = [problem]
    if (
        declared is not None
        and not near
        and problem.code not in ("outside_city", "crs_ambiguous", "crs_missing")
    ):
        ja, en = "どの読み方でも市の近くになりません", "no reading puts its rows near the city"
        problems.append(Problem(WARNING, "outside_city", ja, en))
    reading = found[0].reading if found else None
    if declared is not None and not near:  # nothing speaks against it but that it is far away
        reading = declared
    offered_already = {choice.value for choice in choices}
    if declared is not None and str(declared) not in offered_already and parse_reading(str(declared)):
        name = describe(declared.system, "ja"), describe(declared.system, "en")
        said = f"ファイルの宣言どおり {name[0]}", f"as it says, {name[1]}"
        choices.insert(near, offered(declared, xy, *said))
    if reading is None:
        return Placement(None, None, None, tuple(problems), tuple(choices))
    careful = Reading(reading.system, reading.swapped, reading.unit, coarse=True)
    placed = _placed(careful, city, Text("推定", "a guess"), grids)
    return Placement(reading, placed.transformation, placed.said_by, tuple(problems), tuple(choices))


def _undefined_degrees(crs: str | None, xy: Array) -> Reading | None:
    """Longitude and latitude where a file says that much and no datum (GeoPackage's srs_id 0)."""
    if not (crs or "").startswith("GEOG") or not len(xy):
        return None
    possible = np.abs(xy[:, 0]).max() <= 180 and np.abs(xy[:, 1]).max() <= 90
    return parse_reading(WGS84_LONLAT) if possible else None


def _missing(xy: Array) -> Problem:
    seen = f"{xy[0, 0]:.6g}, {xy[0, 1]:.6g}" if len(xy) else "—"
    ja = f"座標系の情報がありません（.prj など。座標の例：{seen}）。候補から選んで `--crs` で指定してください"
    en = f"it does not say its reference system (a coordinate: {seen}); choose one of the candidates with `--crs`"
    return Problem(QUESTION, "crs_missing", ja, en)


def _no_way(system: pyproj.CRS) -> Problem:
    ja, en = describe(system, "ja"), describe(system, "en")
    return Problem(
        QUESTION,
        "crs_suspect",
        f"{ja} から確実に変換する方法がありません",
        f"there is no sure transformation from {en}",
    )


def _abroad(system: pyproj.CRS, xy: Array) -> Problem | None:
    """A question where no row lies in Japan: no plane system of Japan can hold them."""
    lonlat = to_lonlat(system, xy)
    lonlat = lonlat[np.isfinite(lonlat).all(axis=1)]
    if not len(xy) or inside_box(lonlat, JAPAN).any():
        return None
    seen = f"{xy[0, 0]:.6g}, {xy[0, 1]:.6g}"
    ja = f"日本の外のデータです（{describe(system)}、座標の例：{seen}）。座標系の宣言が違う場合は `--crs` で指定してください"
    en = f"its rows lie outside of Japan ({describe(system, 'en')}, such as {seen}); if another system is meant, name it with `--crs`"
    return Problem(QUESTION, "outside_city", ja, en)


def _surely_swapped(system: pyproj.CRS, xy: Array) -> Problem | None:
    """A repair for degrees that can only be latitude first: as they stand no latitude is possible, turned they are Japan's."""
    if not system.is_geographic or not len(xy):
        return None
    if np.abs(xy[:, 1]).min() <= 90 or not inside_box(xy[:, ::-1], JAPAN).all():
        return None
    ja = "緯度・経度の順に書かれているため、入れ替えて読みました（そのままでは緯度が90度を超えます）"
    en = "latitude stands first; they were exchanged (as they stand, latitudes exceed 90 degrees)"
    return Problem(REPAIR, "axes_swapped", ja, en)


def _wrong_unit(system: pyproj.CRS, xy: Array, city: City) -> Problem | None:
    """A question for degrees that cannot be, and for metres that look like this city's longitude and latitude."""
    if not len(xy):
        return None
    example = f"{xy[0, 0]:.6g}, {xy[0, 1]:.6g}"
    if system.is_geographic and (np.abs(xy[:, 0]).max() > 360 or np.abs(xy[:, 1]).max() > 90):
        ja = f"経緯度のはずですが、座標が度の範囲にありません（例：{example}）"
        return Problem(QUESTION, "crs_suspect", ja, f"it should be in degrees but is not (such as {example})")
    if system.is_projected and inside_box(xy, widened(city.bounds)).mean() >= 0.5:
        ja = f"平面の座標系のはずですが、座標は経緯度です（例：{example}）"
        en = f"its system is a plane one but its coordinates are degrees (such as {example})"
        return Problem(QUESTION, "crs_suspect", ja, en)
    return None


def _doubt(system: pyproj.CRS, xy: Array, city: City) -> Problem | None:
    """A question where the system that a file declares cannot be true of its coordinates."""
    wrong = _wrong_unit(system, xy, city)
    if wrong is not None or not len(xy):
        return wrong
    lonlat, turned = to_lonlat(system, xy), to_lonlat(system, xy[:, ::-1])
    near = widened(city.bounds)
    if inside_box(lonlat, near).mean() == 0 and inside_box(turned, near).mean() >= 0.5:
        ja, en = "東西と南北（または経度と緯度）の座標が入れ替わっています", "the axes are exchanged"
        return Problem(QUESTION, "axes_swapped", ja, en)
    use = system.area_of_use
    if use is None or use.west > use.east:
        return None
    box = (use.west - STRAY, use.south - STRAY, use.east + STRAY, use.north + STRAY)
    if inside_box(lonlat, box).mean() < 0.5:
        example = f"{xy[0, 0]:.6g}, {xy[0, 1]:.6g}"
        ja = f"宣言された座標系（{describe(system)}）の範囲に座標がありません（例：{example}）"
        en = f"its coordinates are outside of where {describe(system, 'en')} is used (such as {example})"
        return Problem(QUESTION, "crs_suspect", ja, en)
    return None


def _coarse(reading: Reading, said_by: Text | None, xy: Array, city: City, grids: Grids) -> Placement:
    """A question: the Tokyo Datum without its grid. The shift by three parameters only where somebody accepts ±9 m by name."""
    system = reading.system
    ja = (
        f"日本測地系（{describe(system)}）です。変換に必要な格子（TKY2JGD）がないため、そのままでは約400mずれます。"
        "格子を置く（`gisapp db grids`）か、±9 m の変換でよければ候補の指定で受け入れてください"
    )
    en = (
        f"it is on the Tokyo Datum ({describe(system, 'en')}) and the national grid (TKY2JGD) is not here. Put the grid there "
        "(`gisapp db grids`), or accept the transformation of ±9 m by the option offered"
    )
    reading = replace(reading, coarse=True)
    words = ("3パラメータの変換、精度 ±9 m を受け入れる", "three parameters, accept ±9 m")
    placed = _placed(reading, city, said_by, grids)
    question = Problem(QUESTION, "datum_suspect", ja, en)
    return Placement(
        reading,
        placed.transformation,
        said_by,
        (question,),
        (offered(reading, xy, *words),),
    )


def told_coarse(placed: Placement) -> Iterator[Problem]:
    """A warning that stays in the report where ±9 m were accepted."""
    way = placed.transformation
    if placed.reading is not None and placed.reading.coarse and way is not None and way.accuracy == 9.0:
        ja = "日本測地系から3パラメータで変換しました：位置の精度は ±9 m です"
        en = "transformed from the Tokyo Datum by three parameters: positions are accurate to ±9 m"
        yield Problem(WARNING, "datum_suspect", ja, en)


def lonlat_bounds(box: Bounds, city: City) -> Bounds:
    """A box in the city's plane system as longitude and latitude (JGD2011), around all of its edges."""
    plane = find_system(f"EPSG:{city.srid}")
    assert plane is not None
    x, y = np.meshgrid(np.linspace(box[0], box[2], 9), np.linspace(box[1], box[3], 9))
    points = to_lonlat(plane, np.column_stack([x.ravel(), y.ravel()]))
    (west, south), (east, north) = points.min(axis=0), points.max(axis=0)
    return float(west), float(south), float(east), float(north)


def area_of_bounds(city: City) -> Any:
    """The city's bounds as a polygon in its plane system: stands for the city until its boundary is loaded."""
    plane, lonlat = find_system(f"EPSG:{city.srid}"), find_system(JGD2011_LONLAT)
    assert plane is not None and lonlat is not None
    forth = find_transformation(lonlat, plane, city.bounds)
    assert forth is not None
    return forth.shapes(shapely.segmentize(shapely.box(*city.bounds), 0.01))


def lonlat_area(area: Any, city: City) -> Any:
    """A polygon of the city's plane system in longitude and latitude."""
    plane = find_system(f"EPSG:{city.srid}")
    assert plane is not None
    return shapely.transform(area, lambda xy: to_lonlat(plane, xy))
