"""Geometry as it comes out of GDAL and through the pipe: well-known binary, and what is done about broken ones."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa
import shapely

from gisapp.intake.problem import ERROR, REPAIR, Problem, refuse

Array = np.ndarray[Any, Any]
CURVES = (8, 9, 10, 11, 12)  # ISO codes of arcs and of what may hold them
SURFACES = (14, 15, 16, 17)  # of polyhedral surfaces, TINs and triangles
NESTS = 7  # ISO code of a GeometryCollection; from it on, shapes may hold others of any depth
DEEPEST = 32  # collections in collections


def shapes_of(wkb: pa.Array, rows: Array) -> tuple[Array, list[Problem]]:
    """Shapely geometries; a ring that is not closed is closed and said, a shape that makes no sense is an error.

    A line of one point or a ring of fewer than three is no shape: None.

    Raises errors.FileRefused for curves that could not be turned into lines.
    """
    raw = np.asarray(wkb.to_numpy(zero_copy_only=False), dtype=object)
    try:
        geometry = shapely.from_wkb(raw, on_invalid="ignore")
    except NotImplementedError:  # an arc; GDAL was not able to stroke it
        why = ("円弧などの曲線があります", "it holds curves")
        do = ("折れ線に変換してから書き出してください。", "Turn curves into lines first.")
        refuse("unsupported_geometry", why, do)
    lost = shapely.is_missing(geometry) & np.asarray(wkb.is_valid())
    if not lost.any():
        return geometry, []
    geometry[lost] = shapely.from_wkb(raw[lost], on_invalid="fix")
    closed = lost & ~shapely.is_missing(geometry)
    short = np.array([one and not closed[i] and _is_short(raw[i]) for i, one in enumerate(lost)], dtype=bool)
    hopeless = lost & ~closed & ~short
    found = []
    if closed.any():
        ja, en = "閉じていない輪郭を閉じました", "rings that were not closed are closed"
        found.append(Problem(REPAIR, "invalid_geometry", ja, en, tuple(rows[closed].tolist())))
    if hopeless.any():
        ja, en = "形状が壊れています", "the shape is broken"
        found.append(Problem(ERROR, "corrupt_record", ja, en, tuple(rows[hopeless].tolist())))
    return geometry, found


def _is_short(raw: bytes) -> bool:
    """Whether a shape is well written but has a line of one point or a ring of fewer than three, or is nothing at all."""
    if not raw:
        return True
    try:
        shapely.from_wkb(raw)
    except shapely.errors.GEOSException as error:
        return "IllegalArgument" in str(error)
    return False


def types_of(wkb: pa.Array) -> Array:
    """The ISO type code of each shape (1 point … 7 collection; 1000s: with Z or M); 0 where there is none."""
    types = np.zeros(len(wkb), dtype=np.uint32)
    there = np.flatnonzero(np.asarray(wkb.is_valid()))
    if not len(there):
        return types
    wide = pa.types.is_large_binary(wkb.type)
    _, ends, data = wkb.buffers()
    starts: Array = np.frombuffer(ends, np.int64 if wide else np.int32)[wkb.offset : wkb.offset + len(wkb)][
        there
    ]
    content = np.frombuffer(data, np.uint8)
    whole = np.less_equal(starts + 5, len(content))
    there, starts = there[whole], starts[whole]
    heads = content[starts[:, None] + np.arange(5)]
    little = heads[:, 1:].copy().view("<u4").ravel()
    types[there] = np.where(heads[:, 0] == 1, little, little.byteswap())
    return types & 0xFFFF


def refuse_deep(wkb: pa.Array) -> None:
    """Raises errors.FileRefused for collections in collections in … that would exhaust whoever reads them.

    Only a reader may call it: very deep ones end this process.
    """
    nested = np.flatnonzero(types_of(wkb) % 1000 == NESTS)
    if not len(nested):
        return
    raw = np.asarray(wkb.take(pa.array(nested)).to_numpy(zero_copy_only=False), dtype=object)
    level = shapely.from_wkb(raw, on_invalid="ignore")
    for _ in range(DEEPEST):
        level = shapely.get_parts(level[shapely.get_type_id(level) == NESTS])
        if not len(level):
            return
    why = ("形状の入れ子が深すぎます", "a shape is nested too deeply")
    refuse("too_deep", why, ("単純な形状に分けて書き出してください。", "Split it into simple shapes."))


def has_curves(wkb: pa.Array) -> Array:
    """Where a shape is an arc or may hold some, which shapely cannot read."""
    return np.isin(types_of(wkb) % 1000, CURVES)


def has_surfaces(wkb: pa.Array) -> bool:
    """Whether any shape is a surface in space, which no layer can hold."""
    return bool(np.isin(types_of(wkb) % 1000, SURFACES).any())


def is_nan_point(raw: Iterable[bytes | None]) -> Array:
    """Where the WKB is a point whose coordinates are no numbers, which is how an empty point is written too."""
    return np.array(
        [r is not None and len(r) >= 21 and r[5:21] in _NANS and r[1:5] in _POINTS for r in raw], dtype=bool
    )


_NANS = {np.array([np.nan, np.nan]).tobytes(), np.array([-np.nan, -np.nan]).tobytes()}
_POINTS = {np.uint32(code).tobytes() for code in (1, 1001, 2001, 3001)}
