"""What was repaired in some rows, each with before and after, kept while an upload waits: a person may decline it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import psycopg
import pyarrow as pa
import shapely

from gisapp.intake.copy import copy_rows
from gisapp.intake.diagnose import Plan
from gisapp.intake.problem import REPAIR, Problem
from gisapp.intake.source import Batch
from gisapp.intake.stage import Stage, readable_fields
from gisapp.intake.values import as_text

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Keeper:
    """Puts the repairs of one file into its stage."""

    raw: psycopg.Connection[Any]
    stage: Stage
    plan: Plan
    srid: int

    def keep(
        self, batch: Batch, kept: Array, converted: dict[str, pa.Array], problems: Iterable[Problem]
    ) -> None:
        """Keep every repair that `problems` tell of, in the rows that are `kept` (a bool for each of the batch)."""
        for (code, column), rows in _repaired(problems).items():
            where = np.flatnonzero(np.isin(batch.rows, rows) & kept)
            if len(where):
                self._write(batch, code, column, where, np.cumsum(kept)[where] - 1, converted)

    def _write(
        self, batch: Batch, code: str, column: str, where: Array, after: Array, converted: dict[str, pa.Array]
    ) -> None:
        """`where`: places in the batch; `after`: the same rows' places among those kept."""
        count = len(where)
        nothing = pa.nulls(count, pa.string())
        columns: dict[str, Any] = {"field": nothing, "before": nothing, "after": nothing}
        shapes = np.full(count, None, dtype=object)
        field = self._field(column)
        if field:
            columns["field"] = pa.array([field] * count, pa.string())
            if field in readable_fields(self.plan.layer) and field in self.plan.columns.fields:
                given = batch.columns[self.plan.columns.fields[field]]
                columns["before"] = as_text(_chosen(given, where))
                columns["after"] = as_text(_chosen(converted[field], after))
        elif not column:
            shapes = self.plan.placed.shapes(shapely.force_2d(batch.geometry[where]))
        columns |= {"row": batch.rows[where], "code": pa.array([code] * count, pa.string())}
        copy_rows(self.raw, self.stage.repairs_name, columns, shapes, self.srid)

    def _field(self, column: str) -> str:
        """The field that a problem's column means: problems say the field's title, readers the column of the file."""
        by_title = {field.title.ja: field.name for field in self.plan.layer.fields}
        by_column = {name: field for field, name in self.plan.columns.fields.items()}
        return by_title.get(column) or by_column.get(column) or ""


def _repaired(problems: Iterable[Problem]) -> dict[tuple[str, str], list[int]]:
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    for problem in problems:
        if problem.level == REPAIR:
            found[problem.code, problem.column].extend(problem.rows)
    return found


def _chosen(values: Any, places: Array) -> Any:
    whole = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    return whole.take(pa.array(places))
