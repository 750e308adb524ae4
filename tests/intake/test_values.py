"""Values of a column as the type of its field."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from gisapp.catalogue.layer import PUBLIC, CodeList, Field, Text
from gisapp.intake.values import Converted, convert

SURFACE = CodeList("surface", {"1": Text("アスファルト", "Asphalt"), "2": Text("コンクリート", "Concrete")})
TOKYO = datetime.timezone(datetime.timedelta(hours=9))


def read(kind: str, values: Any, codes: CodeList | None = None) -> Converted:
    array = values if isinstance(values, pa.Array) else pa.array(values)
    field = Field("f", kind, Text("項目", "Field"), PUBLIC, codes="surface" if codes else None)
    return convert(array, field, codes, np.arange(1, len(array) + 1), show=True)


@pytest.mark.parametrize(
    ("kind", "values", "expected"),
    [
        ("text", ["  本町 ", "", "　", None, "あ　い"], ["本町", None, None, None, "あ　い"]),
        ("text", [1.0, 2.5, None], ["1", "2.5", None]),
        ("text", [[1, 2], None], ["[1, 2]", None]),
        ("integer", [1.0, float("nan"), None], [1, None, None]),
        ("integer", ["１，２３４", " 5 ", "80.0", ""], [1234, 5, 80, None]),
        ("number", ["1.5", "２．５", None, " "], [1.5, 2.5, None, None]),
        ("number", [1, 2, None], [1.0, 2.0, None]),
        ("boolean", ["○", "×", "1", ""], [True, False, True, None]),
        ("boolean", [1, 0, None], [True, False, None]),
        ("date", ["R8.4.1", "2026-04-01", ""], [datetime.date(2026, 4, 1)] * 2 + [None]),
    ],
)
def test_values_are_read_as_people_write_them(kind: str, values: list[Any], expected: list[Any]) -> None:
    found = read(kind, values)
    assert found.values.to_pylist() == expected and found.problems == ()


def test_times_keep_their_moment() -> None:
    expected = [datetime.datetime(2026, 4, 1, 10, 30, tzinfo=TOKYO)]
    assert read("datetime", ["2026年4月1日 10時30分"]).values.to_pylist() == expected
    naive = pa.array([datetime.datetime(2026, 4, 1, 10, 30)], pa.timestamp("ms"))
    assert read("datetime", naive).values.to_pylist() == expected
    utc = pa.array([datetime.datetime(2026, 4, 1, 1, 30)], pa.timestamp("ms", "UTC"))
    assert read("datetime", utc).values.to_pylist() == expected
    assert read("date", naive).values.to_pylist() == [datetime.date(2026, 4, 1)]


def test_nul_bytes_that_the_database_cannot_hold_are_left_out() -> None:
    assert read("text", ["本\0町\0", "\0"]).values.to_pylist() == ["本町", None]


def test_titles_of_codes_become_codes() -> None:
    found = read("integer", ["アスファルト", "asphalt", "2", "２", "2.0", " Concrete ", None], SURFACE)
    assert found.values.to_pylist() == [1, 1, 2, 2, 2, 2, None] and found.problems == ()


def test_codes_not_in_the_list_are_kept_and_said() -> None:
    found = read("integer", [1, 9, 9], SURFACE)
    (problem,) = found.problems
    assert found.values.to_pylist() == [1, 9, 9]
    assert (problem.level, problem.code, problem.rows) == ("warning", "unknown_code", (2, 3))


@pytest.mark.parametrize(
    ("kind", "values", "rows"),
    [
        ("integer", ["1", "一つ", "1.5"], (2, 3)),
        ("integer", [1.0, 1.5], (2,)),
        ("number", ["1", "NaN", "inf", "広い"], (2, 3, 4)),
        ("number", [1.0, float("inf")], (2,)),
        ("boolean", ["1", "多分"], (2,)),
        ("date", ["2026-04-01", "2026-02-30"], (2,)),
    ],
)
def test_what_makes_no_sense_is_an_error_with_its_rows(
    kind: str, values: list[Any], rows: tuple[int, ...]
) -> None:
    found = read(kind, values)
    (problem,) = found.problems
    assert (problem.level, problem.code, problem.rows, problem.column) == (
        "error",
        "wrong_value",
        rows,
        "項目",
    )
    assert all(found.values[row - 1].as_py() is None for row in rows)


def test_whole_numbers_are_never_rounded() -> None:
    largest = 2**53 + 1
    assert read("integer", [str(largest)]).values.to_pylist() == [largest]
    assert read("integer", pa.array([largest], pa.int64())).values.to_pylist() == [largest]
    assert read("text", pa.array([largest], pa.int64())).values.to_pylist() == [str(largest)]
