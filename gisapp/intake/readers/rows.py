"""Rows that a reader of ours makes one by one, gathered into batches."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from gisapp.intake.problem import Problem
from gisapp.intake.source import Batch

FEATURES_AT_ONCE = 10_000
Record = tuple[int, Sequence[str | None]]  # row number, cells
Feature = tuple[int, Sequence[str | None], Any]  # row number, cells, shape


def in_batches(
    features: Iterable[Feature | Problem], names: Sequence[str], at_once: int = FEATURES_AT_ONCE
) -> Generator[Batch, None, None]:
    """Features and what is found on the way as batches; cells are texts."""
    rows: list[Feature] = []
    problems: list[Problem] = []
    for one in features:
        if isinstance(one, Problem):
            problems.append(one)
            continue
        rows.append(one)
        if len(rows) == at_once:
            yield _batch(rows, names, problems)
            rows, problems = [], []
    if rows or problems:
        yield _batch(rows, names, problems)


def _batch(features: list[Feature], names: Sequence[str], problems: list[Problem]) -> Batch:
    numbers = np.array([number for number, _, _ in features], dtype=np.int64)
    columns = {
        name: pa.array([cells[i] for _, cells, _ in features], pa.string()) for i, name in enumerate(names)
    }
    geometry = np.full(len(features), None, dtype=object)
    geometry[:] = [shape for _, _, shape in features]
    return Batch(numbers, columns, geometry, tuple(problems))


Records = Callable[[], Iterable[Record | Problem]]
