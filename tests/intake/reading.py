"""Reading a file as the intake does, in its child process, without a database."""

from __future__ import annotations

import tempfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import pytest
import shapely

from gisapp import errors
from gisapp.intake.options import Options
from gisapp.intake.problem import Problem
from gisapp.intake.read import open_any
from gisapp.intake.source import Source


@dataclass
class Read:
    """A whole file: its source, rows as dicts, shapes, and everything that was said."""

    source: Source
    rows: list[dict[str, Any]]
    numbers: list[int]
    shapes: np.ndarray[Any, Any]
    problems: list[Problem]

    @property
    def codes(self) -> set[str]:
        return {problem.code for problem in self.problems}

    def area(self, epsg: int) -> float:
        """Square metres in a plane system."""
        steps = pyproj.Transformer.from_crs(self.source.crs, epsg, always_xy=True)
        there = self.shapes[~shapely.is_missing(self.shapes)]
        plane = shapely.transform(there, lambda xy: np.column_stack(steps.transform(xy[:, 0], xy[:, 1])))
        return float(shapely.area(plane).sum())


def read(path: Path, **said: Any) -> Read:
    """Read all of a file. `said`: part, crs, encoding. Raises errors.FileRefused."""
    with tempfile.TemporaryDirectory() as scratch:
        source = open_any(path, path.name, Options(**said), Path(scratch))
        rows, numbers, shapes, problems = [], [], [], list(source.problems)
        with closing(source.batches()) as batches:
            for batch in batches:
                assert set(batch.columns) == set(source.columns)
                values = {name: column.to_pylist() for name, column in batch.columns.items()}
                rows += [dict(zip(values, row, strict=True)) for row in zip(*values.values(), strict=True)]
                numbers += batch.rows.tolist()
                shapes += list(batch.geometry)
                problems += batch.problems
    array = np.full(len(shapes), None, dtype=object)
    array[:] = shapes
    return Read(source, rows, numbers, array, problems)


def refusal(path: Path, **said: Any) -> errors.FileRefused:
    """How a file is refused; its sentences are whole and say no path."""
    with pytest.raises(errors.FileRefused) as caught:
        read(path, **said)
    for lang in ("ja", "en"):
        sentence = caught.value.sentence(lang) + caught.value.remedy(lang)
        assert sentence.strip() and str(path.parent) not in sentence
    return caught.value


def refused(path: Path, **said: Any) -> str:
    """The code with which a file is refused."""
    return str(refusal(path, **said).values["problem"])
