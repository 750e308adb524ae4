"""The shapes of some rows made fit for the layer: placed in the city's system, of its type, valid; and what was done.

Validity is judged after the transformation, because a shape may be valid in one system and not in another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from gisapp.geo.shapes import finite, fit_type, flat, make_valid, of_dimension, type_names
from gisapp.intake.problem import ERROR, REPAIR, WARNING, Problem

Array = np.ndarray[Any, Any]
Place = Callable[[Array], Array]
WORDS = {"Point": "point", "LineString": "line", "Polygon": "polygon"}
THINNEST = 1e-6  # metres
MUCH = 0.01  # of an area
FARTHEST = 4e6  # metres from the origin of a plane zone; all of Japan is within 3,000 km of any of them


@dataclass(frozen=True)
class Shaped:
    """`geometry` in the city's system and of the layer's type; only where `kept` is true does it mean anything."""

    geometry: Array
    kept: Array  # bool
    problems: tuple[Problem, ...]


def shape_rows(
    geometry: Array, rows: Array, kind: str, place: Place, *, only: str = "", far: bool = False
) -> Shaped:
    """Bring shapes as they are in the file into the layer's form. Rows without a shape are dropped, said row by row.

    `place`: shapes of the file → shapes in the city's system. `only`: somebody wants the points, lines or polygons of
    mixed shapes; others are left out. `far`: the place is a guess, and rows far from the city are kept for looking at.
    """
    problems: list[Problem] = []
    kept = np.ones(len(geometry), dtype=bool)

    def take_away(bad: Array, problem: Problem) -> None:
        nonlocal kept
        bad = bad & kept
        if bad.any():
            problems.append(_at(problem, rows[bad]))
            kept = kept & ~bad

    take_away(shapely.is_missing(geometry), NULL_GEOMETRY)
    take_away(shapely.is_empty(geometry), EMPTY_GEOMETRY)
    take_away(~finite(geometry), NONFINITE)
    shapes = geometry.copy()
    lost = np.zeros(len(geometry), dtype=bool)
    if kept.any():
        problems += _heights(geometry[kept], rows[kept])
        placed = place(flat(geometry[kept]))
        lost[kept] = ~finite(placed)
        if far:
            placed[lost[kept]] = flat(geometry[lost])
        shapes[kept] = placed
    if not far:
        take_away(lost | (np.abs(shapely.bounds(shapes)).max(axis=1) > FARTHEST), UNPLACEABLE)
    if only:
        shapes[kept] = of_dimension(shapes[kept], only)
        take_away(kept & shapely.is_empty(shapes), _left_out(only))
    fitted, fits = fit_type(shapes, kind)
    wrong = kept & ~fits
    take_away(wrong, _wrong_type(shapes[wrong], kind))
    bad = kept & ~shapely.is_valid(fitted)
    before = shapely.area(fitted)
    fitted[bad] = fit_type(_one_part(make_valid(fitted[bad]), kind), kind)[0]
    needle = bad & shapely.is_empty(fitted) & (shapely.get_dimensions(shapes) == 2)
    needle[needle] = shapely.is_valid(geometry[needle])  # only rounding made a line of it
    fitted[needle] = [fit_type(np.array([_thin(one)], dtype=object), kind)[0][0] for one in shapes[needle]]
    collapsed = shapely.is_empty(fitted) | ~fit_type(fitted, kind)[1]
    take_away(bad & collapsed, COLLAPSED)
    take_away(kept & _without_extent(fitted, kind), COLLAPSED)
    mended = np.flatnonzero(bad & kept)
    problems += (_mended(int(rows[i]), before[i], shapely.area(fitted[i]), kind) for i in mended)
    return Shaped(fitted, kept, tuple(problems))


def _one_part(mended: Array, kind: str) -> Array:
    """For a layer of single shapes: what fell apart when it was mended, in one piece again.

    Areas that touch in a point, as where an outline crosses itself, are joined there (THINNEST wide). Of others the
    largest stays; the areas before and after are listed.
    """
    if kind.startswith("Multi"):
        return mended
    for i in np.flatnonzero(shapely.get_num_geometries(mended) > 1):
        joined = shapely.buffer(mended[i], THINNEST, join_style="mitre") if kind == "Polygon" else mended[i]
        if shapely.get_num_geometries(joined) == 1 and joined.is_valid:
            mended[i] = joined
            continue
        parts = shapely.get_parts(mended[i])
        mended[i] = parts[np.argmax(shapely.area(parts) + shapely.length(parts))]
    return mended


def falls_apart(polygon: Any) -> bool:
    """Whether mending the polygon leaves areas that no single polygon can hold, such as a hole drawn outside of it."""
    mended = make_valid(np.array([polygon], dtype=object))
    whole = float(shapely.area(mended)[0])
    return bool(shapely.area(_one_part(mended, "Polygon"))[0] < (1 - MUCH) * whole)


def _thin(needle: Any) -> Any:
    """A triangle between the needle's ends, THINNEST wide: the row keeps its place; empty where there is but one point."""
    xy = shapely.get_coordinates(needle)
    start = xy[0]
    end = xy[np.argmax(np.hypot(*(xy - start).T))]
    way = end - start
    length = float(np.hypot(*way))
    if length == 0:
        return shapely.Polygon()
    aside = (start + end) / 2 + np.array([-way[1], way[0]]) / length * THINNEST
    return shapely.Polygon([start, end, aside])


def _without_extent(fitted: Array, kind: str) -> Array:
    """Lines whose points are all one."""
    if "Line" not in kind:
        return np.zeros(len(fitted), dtype=bool)
    return shapely.length(fitted) == 0


def _left_out(only: str) -> Problem:
    ja = {"point": "点", "line": "線", "polygon": "面"}[only]
    return Problem(
        REPAIR,
        "mixed_geometry",
        f"{ja}でない行を除きました（指定による）",
        f"rows that are no {only} are left out",
    )


NULL_GEOMETRY = Problem(
    WARNING, "null_geometry", "位置・形状のない行を除きました", "rows without a position or shape are dropped"
)
EMPTY_GEOMETRY = Problem(
    WARNING, "empty_geometry", "点のない空の形状の行を除きました", "rows with an empty shape are dropped"
)
NONFINITE = Problem(
    WARNING,
    "nonfinite_coordinate",
    "座標が数値ではない（NaN・無限大）行を除きました",
    "rows with a coordinate that is no number (NaN or infinite) are dropped",
)
UNPLACEABLE = Problem(
    ERROR,
    "coordinate_outlier",
    "座標が座標系の範囲を大きく外れています",
    "the coordinates are far outside their reference system",
)
COLLAPSED = Problem(
    WARNING,
    "empty_geometry",
    "面積や長さのない形状の行を除きました",
    "rows whose shape has no area or length are dropped",
)


def _at(problem: Problem, rows: Array) -> Problem:
    return Problem(problem.level, problem.code, problem.ja, problem.en, tuple(rows.tolist()), problem.column)


def _heights(geometry: Array, rows: Array) -> Iterator[Problem]:
    z = shapely.has_z(geometry)
    if z.any():
        ja, en = "高さ（Z）は保存しません", "heights (Z) are not kept"
        yield Problem(WARNING, "z_dropped", ja, en, tuple(rows[z].tolist()))
    m = shapely.has_m(geometry)
    if m.any():
        ja, en = "測定値（M）は保存しません", "measures (M) are not kept"
        yield Problem(WARNING, "m_dropped", ja, en, tuple(rows[m].tolist()))


def _wrong_type(geometry: Array, kind: str) -> Problem:
    found = "・".join(type_names(geometry))
    only = WORDS[kind.removeprefix("Multi")]
    ja = f"形状の種類が {found} です。このレイヤーは {kind} だけを受け取ります（ほかの種類を除くなら `--only {only}`）"
    en = f"the shape is a {found}; this layer takes {kind} only (to leave other kinds out: `--only {only}`)"
    return Problem(ERROR, "mixed_geometry", ja, en)


def _mended(row: int, before: float, after: float, kind: str) -> Problem:
    """One repaired row. Areas are planar, in the city's plane rectangular system."""
    ja, en = "自己交差などのない正しい形状に直しました", "the shape was made valid"
    if kind.endswith("Polygon"):
        ja += f"：面積 {before:,.2f} → {after:,.2f} m²"
        en += f": area {before:,.2f} → {after:,.2f} m²"
    return Problem(REPAIR, "invalid_geometry", ja, en, (row,))
