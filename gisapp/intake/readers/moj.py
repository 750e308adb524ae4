"""登記所備付地図 XML: parcels (筆), put together from points, curves and surfaces. X is north, Y is east, in metres."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import shapely

from gisapp.catalogue.layer import Text
from gisapp.intake.problem import ERROR, Problem, refuse
from gisapp.intake.readers.rows import Feature, in_batches
from gisapp.intake.readers.xml import Node, elements
from gisapp.intake.source import Source

Array = np.ndarray[Any, Any]
ABOUT = ("地図名", "市区町村コード", "市区町村名", "座標系", "測地系判別")
SHEET = ("地図番号", "縮尺分母", "地図種類", "地図分類")
PARCEL = ("大字コード", "丁目コード", "小字コード", "予備コード", "大字名", "丁目名", "小字名", "予備名", "地番",
          "精度区分", "座標値種別", "筆界未定構成筆")  # fmt: skip
COLUMNS = ("筆ID", *PARCEL, *ABOUT, *SHEET)
SPATIAL = {"GM_Point", "GM_Curve", "GM_Surface"}
FIRST_OF = {"JGD2011": 6668, "JGD2000": 2442}  # EPSG code of zone n: this + n


@dataclass
class _Map:
    """What was read of the file until now. Coordinates are (east, north)."""

    about: dict[str, str] = field(default_factory=dict)
    points: dict[str, tuple[float, float]] = field(default_factory=dict)
    curves: dict[str, Array] = field(default_factory=dict)
    surfaces: dict[str, list[tuple[bool, list[str]]]] = field(
        default_factory=dict
    )  # (outer?, curves) of each ring
    parcels: list[tuple[str, dict[str, str], str]] = field(default_factory=list)  # id, values, surface
    sheets: dict[str, dict[str, str]] = field(default_factory=dict)  # parcel → its sheet


def is_moj(root: Node) -> bool:
    """Whether an XML file is one of these, by its root element."""
    return root.name == "地図"


def open_moj(path: Path, crs: str) -> Source:
    """The parcels of a map. One in 任意座標系 is refused unless the person says by `crs` where it lies.

    Raises errors.FileRefused.
    """
    try:
        read = _read(path)
    except (ValueError, KeyError):
        why = ("座標か参照が読めない箇所があります", "some of its coordinates or references cannot be read")
        do = ("もう一度ダウンロードしてください。", "Download it again.")
        refuse("corrupt_record", why, do)
    system = _system(read.about)
    if system is None and not crs:
        _refuse_arbitrary(read.about)
    said = f"座標系「{read.about.get('座標系', '')}」・測地系判別「{read.about.get('測地系判別', '')}」"
    return Source(
        format="登記所備付地図 XML",
        columns=COLUMNS,
        batches=lambda: in_batches(_features(read), COLUMNS),
        crs=system,
        crs_from=Text(f"{said}による", f"by its 座標系 {said}"),
        typed=False,
        encoding="utf-8",
        encoding_from=Text("形式の規定による", "by the format's rule"),
        count=len(read.parcels),
        axes="latlon",
        kind="Polygon",
    )


def _read(path: Path) -> _Map:
    read = _Map()
    for node in elements(path, _wanted):
        if node.name in SPATIAL:
            _take_spatial(read, node)
        elif node.name == "筆":
            values = {child.name: child.text.strip() for child in node.children if child.text.strip()}
            if fragments := list(node.all("筆界未定構成筆")):
                values["筆界未定構成筆"] = "・".join(filter(None, (_place_name(one) for one in fragments)))
            shape = node.child("形状")
            read.parcels.append((node.attribute("id"), values, shape.attribute("idref") if shape else ""))
        elif node.name == "図郭":
            values = {name: child.text.strip() for name in SHEET if (child := node.child(name))}
            for one in node.all("筆参照"):
                read.sheets.setdefault(one.attribute("idref"), values)
        else:
            read.about[node.name] = node.text.strip()
    return read


def _wanted(names: list[str]) -> bool:
    if len(names) == 2:
        return names[1] not in {"空間属性", "主題属性"}
    return len(names) == 3 and (names[2] in SPATIAL or names[1:] == ["主題属性", "筆"])


def _place_name(node: Node) -> str:
    return "".join(c.text.strip() for c in node.children if c.name.endswith("名") or c.name == "地番")


def _take_spatial(read: _Map, node: Node) -> None:
    name = node.attribute("id")
    if node.name == "GM_Point":
        read.points[name] = _direct(node)
    elif node.name == "GM_Curve":
        places = node.all("GM_Position.direct", "GM_Position.indirect")
        read.curves[name] = np.array([_place(read, one) for one in places], dtype=float).reshape(-1, 2)
    else:
        rings = node.all("GM_SurfaceBoundary.exterior", "GM_SurfaceBoundary.interior")
        read.surfaces[name] = [
            (
                ring.name.endswith("exterior"),
                [c.attribute("idref") for c in ring.all("GM_CompositeCurve.generator")],
            )
            for ring in rings
        ]


def _place(read: _Map, node: Node) -> tuple[float, float]:
    if node.name == "GM_Position.direct":
        return _direct(node)
    reference = node.first("GM_PointRef.point")
    return read.points[reference.attribute("idref") if reference else ""]


def _direct(node: Node) -> tuple[float, float]:
    north, east = node.first("X"), node.first("Y")
    return float(east.text if east else ""), float(north.text if north else "")


def _features(read: _Map) -> Iterator[Feature | Problem]:
    common = [read.about.get(name) or None for name in ABOUT]
    for number, (name, values, surface) in enumerate(read.parcels, 1):
        sheet = read.sheets.get(name, {})
        cells = [
            name,
            *(values.get(key) for key in PARCEL),
            *common,
            *(sheet.get(key) or None for key in SHEET),
        ]
        try:
            shape = _surface(read, surface)
        except (KeyError, ValueError):
            ja, en = (
                "筆の形状が参照する点や線がありません",
                "points or curves that its shape refers to are missing",
            )
            yield Problem(ERROR, "corrupt_record", ja, en, (number,))
            shape = None
        yield number, cells, shape


def _surface(read: _Map, name: str) -> Any:
    outer: list[Array] = []
    inner: list[Array] = []
    for is_outer, curves in read.surfaces[name]:
        (outer if is_outer else inner).append(_ring([read.curves[one] for one in curves]))
    polygons = [shapely.Polygon(ring) for ring in outer]
    if len(polygons) == 1:
        return shapely.Polygon(outer[0], inner)
    holes = [shapely.Polygon(ring) for ring in inner]
    return shapely.difference(shapely.MultiPolygon(polygons), shapely.union_all(holes))


def _ring(curves: list[Array]) -> Array:
    """One ring of curves that come in any direction: each begins or ends where the one before it ended."""
    first, *others = curves
    if others and not any(_same(first[-1], end) for end in (others[0][0], others[0][-1])):
        first = first[::-1]
    parts = [first]
    for curve in others:
        parts.append(curve[1:] if _same(parts[-1][-1], curve[0]) else curve[::-1][1:])
    ring = np.concatenate(parts)
    return ring if _same(ring[0], ring[-1]) else np.concatenate([ring, ring[:1]])


def _same(one: Array, other: Array) -> bool:
    return bool((np.abs(one - other) < 1e-6).all())


def _system(about: dict[str, str]) -> str | None:
    """Zone and datum as an EPSG code; None for 任意座標系. What was transformed with TKY2JGD is in JGD2000."""
    zone = re.search(r"公共座標\D*(\d{1,2})", unicodedata.normalize("NFKC", about.get("座標系", "")))
    if not zone or not 1 <= int(zone[1]) <= 19:
        return None
    datum = "JGD2000" if about.get("測地系判別") == "変換" else "JGD2011"
    return f"EPSG:{FIRST_OF[datum] + int(zone[1])}"


def _refuse_arbitrary(about: dict[str, str]) -> NoReturn:
    said = about.get("座標系", "")
    why = (
        f"座標系が「{said}」で、地図上の位置が決まっていません（公共座標系ではない図面です）",
        f"its 座標系 is “{said}”: it is tied to no reference system and has no place on a map",
    )
    do = (
        "公共座標系に変換したものを使うか、位置合わせをしてから `--crs` を指定してください。",
        "Use a version in a public coordinate system, or fit it first and say `--crs`.",
    )
    refuse("no_position", why, do)
