"""Single rows far from all others: usually a place that was looked up wrongly. Said, never refused: islands are far too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import shapely

from gisapp.intake.problem import NOTE, Problem

Array = np.ndarray[Any, Any]
FEWEST = 20  # rows from which "all others" means something
TIMES = 6.0  # as far as three quarters of the rows lie from their middle
FAR_M = 50_000.0
ALONE_M = 20_000.0
MOST_CHECKED = 500  # rows that far are no exceptions any more


class Spread:
    """Where rows lie, gathered batch by batch; `geometry` in the city's plane system, in metres."""

    def __init__(self) -> None:
        self._points: list[Array] = []
        self._rows: list[Array] = []

    def add(self, geometry: Array, rows: Array) -> None:
        """Take the middle of each shape."""
        boxes = shapely.bounds(geometry)
        self._points.append((boxes[:, :2] + boxes[:, 2:]) / 2)
        self._rows.append(rows)

    def outliers(self) -> Iterator[Problem]:
        """A note that names the rows which lie far from the middle of all, with no other place near them."""
        if sum(map(len, self._rows)) < FEWEST:
            return
        points, rows = np.concatenate(self._points), np.concatenate(self._rows)
        distance = np.hypot(*(points - np.median(points, axis=0)).T)
        far = np.flatnonzero(distance > max(TIMES * float(np.percentile(distance, 75)), FAR_M))
        if not 0 < len(far) <= MOST_CHECKED:
            return
        alone = [i for i in far if self._is_alone(points, int(i))]
        if alone:
            farthest = distance[alone].max() / 1000
            ja = f"ほかの行から遠く離れています（最大 {farthest:,.0f} km）。位置を確かめてください"
            en = f"far away from all other rows (up to {farthest:,.0f} km); see whether they are in the right place"
            yield Problem(NOTE, "coordinate_outlier", ja, en, tuple(int(rows[i]) for i in alone))

    @staticmethod
    def _is_alone(points: Array, i: int) -> bool:
        others = np.hypot(*(points - points[i]).T)
        return int(((others < ALONE_M) & (others > 1.0)).sum()) == 0
