"""All columns of some rows as the layer's fields."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from gisapp.catalogue.layer import Field, Layer
from gisapp.intake.columns import ColumnMap
from gisapp.intake.problem import Problem
from gisapp.intake.source import Batch
from gisapp.intake.values import TYPES, convert, missing_values


def convert_columns(
    layer: Layer, mapped: ColumnMap, batch: Batch, kept: np.ndarray[Any, Any]
) -> tuple[dict[str, pa.Array], list[Problem]]:
    """Field name → values of the rows that are `kept`; every problem names the rows and the column."""
    rows = batch.rows[kept]
    chosen = pa.array(kept)
    columns = {}
    problems: list[Problem] = []
    for field in layer.fields:
        given = _given(field, mapped, batch, chosen, len(rows))
        if given is None:
            columns[field.name] = pa.nulls(len(rows), TYPES[field.type])
            continue
        read = convert(given, field, layer.code_list(field.name), rows, show=_may_be_shown(layer, field))
        columns[field.name] = read.values
        problems += read.problems
        if not any(problem.level == "error" for problem in read.problems):
            problems += missing_values(read.values, field, rows)
    return columns, problems


def _given(field: Field, mapped: ColumnMap, batch: Batch, chosen: pa.Array, count: int) -> pa.Array | None:
    if field.name in mapped.constants:
        return pa.array([mapped.constants[field.name]] * count, pa.string())
    if field.name in mapped.fields:
        return batch.columns[mapped.fields[field.name]].filter(chosen)
    return None


def _may_be_shown(layer: Layer, field: Field) -> bool:
    """Whether a report may quote the field's values: reports are read by more people than restricted columns."""
    return "public" in layer.see and "public" in field.see and not field.personal
