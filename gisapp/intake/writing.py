"""Rows written to the database while the next ones are read and shaped; into an empty layer straight away.

What is published in the end was staged before, because it is judged as a whole. The many rows of an empty layer may go into
its new table as they come instead (gisapp.intake.beside). Where it does not take one, the file is read again and staged, so that
everything that is wrong with it is said.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import numpy as np
import psycopg
import pyarrow as pa

from gisapp.catalogue.layer import Layer
from gisapp.intake.beside import Beside, NotTaken, is_empty, make_beside, may_be_replaced
from gisapp.intake.copy import copy_rows
from gisapp.intake.problem import Problem
from gisapp.intake.repairs import Keeper
from gisapp.intake.source import Batch
from gisapp.intake.stage import Stage, stage_rows
from gisapp.revisions.apply import lock_layer

Array = np.ndarray[Any, Any]


class Writer:
    """Writes one batch at a time on a thread of its own: the database works while this process does.

    Nobody else may use the connection inside the block, which ends when all is written. What a batch raises, the next
    one does.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "writing")
        self._last: Future[None] | None = None

    def __enter__(self) -> Writer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.shutdown()
        if kind is None and self._last is not None:
            self._last.result()

    def write(self, task: Callable[[], None]) -> None:
        """Have the task done after the one before, which has ended when this returns."""
        if self._last is not None:
            self._last.result()
        self._last = self._thread.submit(task)


@dataclass
class Straight:
    """The rows of one file that go into an empty layer's new table as they come, under a revision that was noted before."""

    raw: psycopg.Connection[Any]
    beside: Beside
    revision: int
    rows: int = 0

    def add(self, columns: dict[str, pa.Array], geometry: Array, srid: int) -> None:
        """Append rows. Raises NotTaken; the transaction is lost then."""
        if not len(geometry):
            return
        try:
            copy_rows(self.raw, self.beside.name, columns, geometry, srid, self.revision)
        except psycopg.IntegrityError as error:
            raise NotTaken from error
        self.rows += len(geometry)

    def counts(self) -> dict[str, int]:
        """What changed in the layer."""
        return {"added": self.rows, "changed": 0, "removed": 0, "unchanged": 0}


@dataclass(frozen=True)
class Into:
    """Where the rows of a file go: the stage, with a table of what was repaired; or straight into the layer."""

    raw: psycopg.Connection[Any]
    stage: Stage
    srid: int
    keeper: Keeper | None = None
    straight: Straight | None = None

    def write(
        self,
        batch: Batch,
        kept: Array,
        columns: dict[str, pa.Array],
        geometry: Array,
        problems: list[Problem],
    ) -> None:
        """Append the rows of the batch that are `kept`, of which `columns` and `geometry` are what they became."""
        if self.straight is not None:
            self.straight.add(columns, geometry, self.srid)
            return
        stage_rows(self.raw, self.stage, columns, geometry, batch.rows[kept], self.srid)
        if self.keeper is not None:
            self.keeper.keep(batch, kept, columns, problems)


def way_straight(raw: psycopg.Connection[Any], layer: Layer) -> Beside | None:
    """A new table that takes the rows as they come, where the layer is empty, nothing is asked of them all, nobody writes to it.

    Then it is locked for other writers, who wait until the transaction ends.
    """
    if layer.overlap == "forbid" or not is_empty(raw, layer) or not may_be_replaced(raw, layer):
        return None
    try:
        with raw.transaction():
            lock_layer(raw, layer, wait=False)
    except psycopg.errors.LockNotAvailable:
        return None
    return make_beside(raw, layer) if is_empty(raw, layer) else None
