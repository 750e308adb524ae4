"""A file that was opened: what it says of itself, and its rows in batches. Every reader makes one of these."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from gisapp.catalogue.layer import Text
from gisapp.intake.problem import Problem

if TYPE_CHECKING:
    from gisapp.intake.addresses import Addresses

ROWS_AT_ONCE = 25_000
UNREAD: np.ndarray[Any, Any] = np.array([], dtype=object)


@dataclass(frozen=True)
class Batch:
    """Some rows of a file. `rows` are their numbers (from 1, the header not counted).

    `columns`: name in the file → Arrow values. `geometry`: shapely geometries with x (east, longitude) first, whatever
    the order in the file; None where there is none. In the child process a reader may leave them UNREAD and give `wkb`.
    """

    rows: np.ndarray[Any, Any]
    columns: dict[str, pa.Array]
    geometry: np.ndarray[Any, Any]
    problems: tuple[Problem, ...] = ()
    wkb: pa.Array | None = None


@dataclass(frozen=True)
class Source:
    """An opened file. `batches` may be called once, while the folder it was opened in is there; close what it returns."""

    format: str
    columns: tuple[str, ...]
    batches: Callable[[], Generator[Batch, None, None]]
    crs: str | None = None  # "EPSG:2450" or a WKT; None: the file names none
    crs_from: Text | None = None  # where that stands
    encoding: str = ""
    encoding_from: Text | None = None
    count: int | None = None  # rows, where that is known beforehand
    cut_names: bool = False  # column names may have been cut at 10 bytes
    position: tuple[str, ...] = ()  # columns that hold the coordinates
    problems: tuple[Problem, ...] = ()
    typed: bool = True  # the file says itself of what type a column is (not so where all is text, as in CSV)
    shapeless: bool = False  # a table: no row has a position, `no_position` among the problems says so
    axes: str | None = None  # "latlon" or "xy": the order in which the file's own coordinates stand
    kind: str | None = None  # geometry type as the file declares it; it may be wrong
    addresses: Addresses | None = None  # what places its rows, where it has addresses and no coordinates
    unplaced: str = ""  # its column of addresses, where the city has no index to find them in
    layers: tuple[str, ...] = ()  # all layers or data sets of the file, each opened with Options.part
    layer: str = ""  # which of them this is
