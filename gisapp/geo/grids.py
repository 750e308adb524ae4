"""The national grids between Japanese datums, applied as the Geospatial Information Authority's own programs do.

TKY2JGD (Tokyo Datum → JGD2000) and PatchJGD for the earthquake of 2011 (JGD2000 → JGD2011) hold a shift for the corners of
the third-order mesh, 30″ by 45″. A point is shifted only where all four corners of its cell have one. Files made of the
grids hold 0 at corners without; PROJ would shift by a mixture of a shift and nothing. Outside, TKY2JGD falls back on three
parameters (±9 m) and PatchJGD leaves the point where it is. The corners are asked of PROJ itself, so that every form
of the files that PROJ reads will do.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
from pyproj.datadir import get_data_dir, get_user_data_dir

Array = np.ndarray[Any, Any]
ROWS_A_DEGREE, COLUMNS_A_DEGREE = 120, 80  # of the third-order mesh (JIS X 0410)
STILL = 1e-12  # degrees: a corner that moves less has no shift
FORMS = (".tif", ".gsb")
SYSTEM_DATA = Path("/usr/share/proj")


@dataclass(frozen=True)
class Grid:
    """A grid as a file (None: only its fallback). `accuracy` in metres where it has a shift, as the EPSG register says."""

    name: str
    path: Path | None
    accuracy: float
    outside: str  # a PROJ pipeline for the points where it has none; empty: they stay

    def shift(self, lonlat: Array) -> tuple[Array, Array]:
        """Points (n × 2, degrees) shifted, and a flag for each that the grid itself has a shift for."""
        inside = self._has_shift(lonlat)
        moved = lonlat.copy()
        if inside.any():
            moved[inside] = _run(self._pipeline(), lonlat[inside])
        if self.outside and not inside.all():
            moved[~inside] = _run(self.outside, lonlat[~inside])
        return moved, inside

    def _pipeline(self) -> str:
        return f'+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad +step +proj=hgridshift +grids="{self.path}" +step +proj=unitconvert +xy_in=rad +xy_out=deg'

    def _has_shift(self, lonlat: Array) -> Array:
        """Whether all four corners of each point's cell have a shift."""
        good: Array = np.asarray(np.isfinite(lonlat).all(axis=1))
        if self.path is None:
            return np.zeros(len(lonlat), dtype=bool)
        per_degree = (COLUMNS_A_DEGREE, ROWS_A_DEGREE)
        cells = np.floor(np.where(good[:, None], lonlat, 0) * per_degree + 1e-9).astype(np.int64)
        corners = np.stack([cells + step for step in ((0, 0), (1, 0), (0, 1), (1, 1))], axis=1)
        unique, index = np.unique(corners.reshape(-1, 2), axis=0, return_inverse=True)
        nodes = unique / per_degree
        moved = _run(self._pipeline(), nodes)
        there: Array = np.asarray(np.isfinite(moved).all(axis=1)) & (
            np.abs(moved - nodes).max(axis=1) > STILL
        )
        return there[index].reshape(len(lonlat), 4).all(axis=1) & good


THREE_PARAMETERS = (
    "+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad +step +proj=cart +ellps=bessel "
    "+step +proj=helmert +x=-146.414 +y=507.337 +z=680.507 "
    "+step +inv +proj=cart +ellps=GRS80 +step +proj=unitconvert +xy_in=rad +xy_out=deg"
)
"""Tokyo Datum → JGD2000 by the parameters of 測量法施行令 / EPSG:15483, ±9 m."""


@dataclass(frozen=True)
class Grids:
    """The grids that are there; None for one that is not."""

    tky2jgd: Grid | None = None
    patchjgd: Grid | None = None


NO_GRIDS = Grids()
TKY2JGD, PATCHJGD = "tky2jgd", "touhokutaiheiyouoki2011"
"""What the files are called, in any case of letters."""


def find_grids(folders: Iterable[Path]) -> Grids:
    """The grids in the first of the folders that holds each; PROJ's own folders come after those given."""
    places = [*folders, Path(get_user_data_dir()), Path(get_data_dir()), SYSTEM_DATA]
    tokyo, patch = _file(places, TKY2JGD), _file(places, PATCHJGD)
    return Grids(
        Grid("TKY2JGD", tokyo, 0.2, THREE_PARAMETERS) if tokyo else None,
        Grid("PatchJGD (2011)", patch, 0.2, "") if patch else None,
    )


def _file(folders: Iterable[Path], stem: str) -> Path | None:
    for folder in folders:
        if folder.is_dir():
            for file in sorted(folder.iterdir()):
                if file.suffix.lower() in FORMS and file.stem.lower() == stem and file.is_file():
                    return file.resolve()
    return None


def _run(pipeline: str, lonlat: Array) -> Array:
    steps = pyproj.Transformer.from_pipeline(pipeline)
    return np.column_stack(steps.transform(lonlat[:, 0], lonlat[:, 1]))
