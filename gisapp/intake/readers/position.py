"""Where a table's rows lie: the columns that hold coordinates, in any of the ways in which people write them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from gisapp.catalogue.layer import Text
from gisapp.geo.crs import JGD2011_LONLAT
from gisapp.intake.problem import NOTE, Problem
from gisapp.intake.several import no_position
from gisapp.intake.source import Batch, Source
from gisapp.intake.values import trimmed
from gisapp.text.folding import fold
from gisapp.text.reading import read_number

Array = np.ndarray[Any, Any]
LATITUDE = ("latitude", "lat", "北緯", "wgs84lat", "緯度n", "y緯度")
LONGITUDE = ("longitude", "lon", "lng", "long", "東経", "wgs84lon", "wgs84lng", "経度e", "x経度")
BOTH = ("緯度経度", "緯度・経度", "緯度,経度", "緯度、経度", "latlng", "latlon", "lat,lng", "lat,lon")
EAST, NORTH = ("x", "x座標", "x(m)", "easting", "x座標(m)"), ("y", "y座標", "y(m)", "northing", "y座標(m)")
SHAPE = ("wkt", "geometry", "geom", "thegeom", "wktgeom", "wktgeometry", "shapewkt")
WKT = re.compile(
    r"\s*(SRID=\d+;)?\s*(MULTI)?(POINT|LINESTRING|POLYGON|GEOMETRYCOLLECTION)\s*(Z|M|ZM)?\s*(\(|EMPTY)", re.I
)
DATUMS = (
    (("日本測地系", "旧測地系", "tokyo"), "EPSG:4301"),
    (("jgd2000",), "EPSG:4612"),
    (("wgs84",), "EPSG:4326"),
)
SEXAGESIMAL = re.compile(
    r"([NSEW北南東西]緯?経?)?\s*(\d{1,3})\s*[°度º˚]\s*(\d{1,2}(?:\.\d+)?)\s*['′’分]\s*(?:(\d{1,2}(?:\.\d+)?)\s*(?:[\"″”秒]|''|′′)?)?\s*([NSEW])?",
    re.I,
)
SAMPLE = 200  # rows looked at to tell which column holds WKT


@dataclass(frozen=True)
class Position:
    """Which columns place a row: x and y, one column with both (`pair`), or one with WKT."""

    columns: tuple[str, ...]
    how: str  # "xy", "pair" or "wkt"
    crs: str | None = None
    from_name: str = ""


def find_position(names: Sequence[str], first: Batch | None = None) -> Position | None:
    """The columns that hold coordinates, by their names; WKT is believed only when it is seen. None: there are none."""
    folded = {name: _plain(name) for name in names}
    latitude, longitude = (
        _degrees(folded, LATITUDE, "緯度", "経度"),
        _degrees(folded, LONGITUDE, "経度", "緯度"),
    )
    if latitude and longitude:
        return Position((longitude, latitude), "xy", _datum(latitude + longitude), f"{latitude}・{longitude}")
    both = next((name for name, plain in folded.items() if plain in {_plain(word) for word in BOTH}), None)
    if both:
        return Position((both,), "pair", _datum(both), both)
    if first is not None and (shape := _wkt_column(names, first)):
        return Position((shape,), "wkt", None, shape)
    east, north = (
        next((n for n, plain in folded.items() if plain in words), None) for words in (EAST, NORTH)
    )
    return Position((east, north), "xy", None, f"{east}・{north}") if east and north else None


def _plain(name: str) -> str:
    return re.sub(r"[\s_\-.:：]", "", fold(name))


def _degrees(folded: dict[str, str], words: tuple[str, ...], part: str, other: str) -> str | None:
    """A column of one of these names, else the only one whose name holds the Japanese word for it (and not both)."""
    for name, plain in folded.items():
        base = re.sub(r"[(\[].*[)\]]", "", plain)
        if base == part or base in words or plain in words:
            return name
    holding = [name for name, plain in folded.items() if part in plain and other not in plain]
    return holding[0] if len(holding) == 1 else None


def _datum(name: str) -> str:
    plain = _plain(name)
    return next((code for words, code in DATUMS if any(word in plain for word in words)), JGD2011_LONLAT)


def _wkt_column(names: Sequence[str], first: Batch) -> str | None:
    """The column whose values are WKT; its heading may be any, for headings may be shifted."""
    for name in sorted(names, key=lambda name: _plain(name) not in SHAPE):
        values = [v for v in first.columns[name][:SAMPLE].to_pylist() if isinstance(v, str) and v.strip()]
        if values and all(WKT.match(value) for value in values):
            return name
    return None


def placed(source: Source) -> Source:
    """A table with its rows placed by its own columns; with `no_position` said where none of them can."""
    batches = source.batches()
    first = next(batches, None)
    position = find_position(source.columns, first)

    def read() -> Generator[Batch, None, None]:
        try:
            if first is not None:
                yield place(first, position) if position else first
            for batch in batches:
                yield place(batch, position) if position else batch
        finally:
            batches.close()

    if position is None:
        return replace(
            source, batches=read, shapeless=True, problems=(*source.problems, no_position(source.columns))
        )
    ja, en = f"「{position.from_name}」の列", f"its columns {position.from_name}"
    found = list(source.problems)
    if position.crs == JGD2011_LONLAT:
        said = "緯度・経度の測地系は書かれていないため、JGD2011（世界測地系）とみなしました"
        found.append(
            Problem(
                NOTE, "crs_assumed", said, "no datum is stated for latitude and longitude: JGD2011 is taken"
            )
        )
    return replace(
        source,
        batches=read,
        crs=position.crs,
        crs_from=Text(ja, en) if position.crs else None,
        position=position.columns,
        problems=tuple(found),
    )


def placed_if_empty(source: Source) -> Source:
    """A layer that has a place for shapes but none in it lies where its own columns say, where they do."""
    position = find_position(source.columns)
    if position is None:
        return source
    batches = source.batches()
    first = next(batches, None)
    empty = first is not None and (first.wkb is None or first.wkb.null_count == len(first.wkb))

    def read() -> Generator[Batch, None, None]:
        try:
            for batch in chain([first] if first is not None else [], batches):
                yield place(replace(batch, wkb=None), position) if empty else batch
        finally:
            batches.close()

    if not empty:
        return replace(source, batches=read)
    ja = f"形状が空なので、「{position.from_name}」の列から点を作りました"
    said = Problem(
        NOTE,
        "null_geometry",
        ja,
        f"its shapes are empty; points are made of its columns {position.from_name}",
    )
    return replace(source, batches=read, position=position.columns, problems=(*source.problems, said))


def place(batch: Batch, position: Position) -> Batch:
    """Rows with the points or shapes that their own columns say; None where they say none."""
    columns = [batch.columns[name] for name in position.columns]
    geometry = np.full(len(batch.rows), None, dtype=object)
    if position.how == "wkt":
        texts = np.array([t if t and WKT.match(t) else None for t in columns[0].to_pylist()], dtype=object)
        plain = np.array(
            [re.sub(r"^\s*SRID=\d+;", "", t, flags=re.I) if t else None for t in texts], dtype=object
        )
        return replace(batch, geometry=shapely.from_wkt(plain, on_invalid="ignore"))
    if position.how == "pair":
        pairs = [_pair(text) for text in _texts(columns[0])]
        xy = np.array(pairs, dtype=float).reshape(-1, 2)
    else:
        xy = np.column_stack([_coordinates(column) for column in columns])
    there = np.isfinite(xy).all(axis=1)
    if there.any():
        geometry[there] = shapely.points(xy[there])
    return replace(batch, geometry=geometry)


def _texts(values: pa.Array) -> list[str | None]:
    return [None if v is None else str(v) for v in values.to_pylist()]


def _pair(text: str | None) -> tuple[float, float]:
    """ "35.7, 139.4" → (139.4, 35.7); in either order where the numbers tell which is which."""
    parts = [p for p in re.split(r"[,、，;\s]+", unicodedata.normalize("NFKC", text or "").strip("() ")) if p]
    one, other = (_coordinate(parts[0]), _coordinate(parts[1])) if len(parts) == 2 else (np.nan, np.nan)
    return (one, other) if abs(one) > 90 >= abs(other) else (other, one)


def _coordinates(values: pa.Array) -> Array:
    """Values as numbers, NaN where one is none: all at once where they are plain, else one by one."""
    if not (pa.types.is_string(values.type) or pa.types.is_large_string(values.type)):
        try:
            return pc.cast(values, pa.float64()).to_numpy(zero_copy_only=False)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            return np.array([_coordinate(text) for text in _texts(values)], dtype=float)
    try:
        return pc.cast(trimmed(values), pa.float64()).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid:
        return np.array([_coordinate(text) for text in values.to_pylist()], dtype=float)


_number: Callable[[str], float] = read_number


def _coordinate(text: str | None) -> float:
    """A number of degrees or metres: plain, full-width, or in degrees, minutes and seconds."""
    plain = unicodedata.normalize("NFKC", text or "").strip()
    match = SEXAGESIMAL.fullmatch(re.sub(r"^(北緯|東経)", "", plain))
    if match and float(match[3]) < 60 and float(match[4] or 0) < 60:
        degrees = int(match[2]) + float(match[3]) / 60 + float(match[4] or 0) / 3600
        return -degrees if (match[1] or match[5] or "").upper()[:1] in {"S", "W", "南", "西"} else degrees
    try:
        return _number(re.sub(r"^(北緯|東経)\s*|\s*[°度]$", "", plain))
    except ValueError:
        return np.nan
