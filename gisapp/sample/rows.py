"""Rows of layers, the form in which the city leaves this package, and the cutting of them into even chunks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from gisapp.sample.terrain import Floats

SMALLEST_CHUNK = 40_000
LARGEST_CHUNK = 100_000

Column = NDArray[Any]
Geometries = NDArray[np.object_]


@dataclass(frozen=True)
class LayerRows:
    """Rows of one layer: geometries in metres of the city's plane system, and one array per field.

    Text, and whatever may be missing, comes as object arrays with None; otherwise integers are int64, numbers float64,
    booleans bool, dates datetime64[D]; datetimes are object arrays of aware datetime.datetime or None.
    """

    layer: str
    geometry: Geometries
    columns: dict[str, Column]

    def __len__(self) -> int:
        return len(self.geometry)


def in_chunks(pieces: Iterable[LayerRows], origin: Floats) -> Iterator[LayerRows]:
    """Gather pieces by layer into chunks of at most LARGEST_CHUNK rows, moved by `origin` to the plane system.

    A chunk goes out as soon as SMALLEST_CHUNK rows of a layer have come together, so memory stays bounded.
    """
    waiting: dict[str, list[LayerRows]] = {}
    counts: dict[str, int] = {}
    for piece in pieces:
        if len(piece):
            waiting.setdefault(piece.layer, []).append(piece)
            counts[piece.layer] = counts.get(piece.layer, 0) + len(piece)
            if counts[piece.layer] >= SMALLEST_CHUNK:
                counts[piece.layer] = 0
                yield from _joined(waiting.pop(piece.layer), origin)
    for parts in waiting.values():
        yield from _joined(parts, origin)


def _joined(parts: list[LayerRows], origin: Floats) -> Iterator[LayerRows]:
    geometry = np.concatenate([part.geometry for part in parts])
    columns = {name: np.concatenate([part.columns[name] for part in parts]) for name in parts[0].columns}
    for start in range(0, len(geometry), LARGEST_CHUNK):
        chunk = slice(start, start + LARGEST_CHUNK)
        moved = shapely.transform(geometry[chunk], lambda xy: np.round(xy + origin, 3))
        yield LayerRows(parts[0].layer, moved, {name: column[chunk] for name, column in columns.items()})


def rows(layer: str, geometry: Iterable[shapely.Geometry], **columns: object) -> LayerRows:
    """Rows of a layer; a column given as one value (or None) is the same in every row."""
    shapes = np.asarray(geometry if isinstance(geometry, np.ndarray) else list(geometry), dtype=object)
    return LayerRows(layer, shapes, {name: _column(value, len(shapes)) for name, value in columns.items()})


def _column(value: object, count: int) -> Column:
    if isinstance(value, np.ndarray):
        return value.astype(object) if value.dtype.kind == "U" else value
    if value is None or isinstance(value, str):
        return np.full(count, value, dtype=object)
    if isinstance(value, list):
        return _from_list(value)
    return np.full(count, value)


def _from_list(values: list[object]) -> Column:
    if values and all(isinstance(value, (bool, np.bool_)) for value in values):
        return np.array(values, dtype=bool)
    if values and all(isinstance(value, int) for value in values):
        return np.array(values, dtype=np.int64)
    if values and all(isinstance(value, float) for value in values):
        return np.array(values, dtype=np.float64)
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


def multi(geometry: Geometries | list[shapely.Geometry]) -> Geometries:
    """Polygons as MultiPolygons, LineStrings and rings as MultiLineStrings; what is multiple already stays."""
    shapes = np.array(geometry, dtype=object).reshape(-1)
    for single, make in (
        (3, shapely.multipolygons),
        (1, shapely.multilinestrings),
        (2, shapely.multilinestrings),
    ):
        which = np.flatnonzero(shapely.get_type_id(shapes) == single)
        if which.size:
            shapes[which] = make(shapes[which], indices=np.arange(which.size))
    return shapes


def where(choice: NDArray[np.bool_], yes: str | None, no: str | None = None) -> NDArray[np.object_]:
    """One of two texts (or None) per row."""
    column = np.full(choice.shape, no, dtype=object)
    column[choice] = yes
    return column


def days(text: str, add: Column) -> Column:
    """Dates so many days after `text` (YYYY-MM-DD)."""
    return np.datetime64(text, "D") + np.asarray(add).astype("timedelta64[D]")
