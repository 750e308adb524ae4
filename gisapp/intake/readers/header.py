"""Which row of a table is its header, and names for its columns."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gisapp.intake.problem import NOTE, WARNING, Problem

LOOKED_AT = 30  # rows at the top of a table
LONGEST_TITLE = 5  # rows above a header; more of them are a table of their own
NUMBER = re.compile(r"[-+]?\d+(\.\d+)?([eE][-+]?\d+)?")

Row = Sequence[str | None]


def find_header(rows: Sequence[Row]) -> int | None:
    """Index of the header among a table's first rows; None where there is none and the first row is data.

    Titles and notes above it fill fewer columns than the table has. Numbers may be headings; only a row that is
    like those after it in every column, and has a position or nothing but numbers among them, is no header.
    """
    filled = [sum(bool(cell and cell.strip()) for cell in row) for row in rows[:LOOKED_AT]]
    there = [count for count in filled if count]
    if not there:
        return None
    usual = sorted(there)[len(there) // 2]
    wide = max(2, (usual + 1) // 2) if usual > 1 else 1
    first = next((i for i, count in enumerate(filled) if count >= wide), None)
    if first is None or first > LONGEST_TITLE:
        first = next(i for i, count in enumerate(filled) if count)
    return (
        None
        if _is_data(
            rows[first], [row for row, n in zip(rows[first + 1 :], filled[first + 1 :], strict=False) if n]
        )
        else first
    )


def _is_data(row: Row, others: Sequence[Row]) -> bool:
    """Whether a row holds a position as those after it do: nobody heads a column with 35.7548."""
    if not others:
        return False
    columns = [
        i
        for i, cell in enumerate(row)
        if _decimal(cell) and all(_decimal(o[i]) for o in others[:5] if i < len(o))
    ]
    values = [abs(float((row[i] or "").strip())) for i in columns]
    return any(20 <= v <= 46 for v in values) and any(122 <= v <= 154 for v in values)


def _decimal(cell: str | None) -> bool:
    text = (cell or "").strip()
    return "." in text and len(text.partition(".")[2]) >= 3 and NUMBER.fullmatch(text) is not None


def name_columns(header: Row) -> tuple[list[str], list[Problem]]:
    """Column names that differ from one another and are not empty, and what had to be done for that."""
    names: list[str] = []
    problems = []
    for number, cell in enumerate(header, 1):
        text = cell or ""
        name = " ".join(text.split())
        if "\n" in text.strip() or "\r" in text.strip():
            ja, en = "見出しの中の改行を空白にしました", "a line break in the heading became a space"
            problems.append(Problem(NOTE, "header_line_break", ja, en, column=name))
        if not name:
            name = f"列{number}"
            ja, en = (
                "見出しが空のため、列の番号を名前にしました",
                "the heading is empty; the column's number is its name",
            )
            problems.append(Problem(WARNING, "header_odd", ja, en, column=name))
        if name in names:
            ja, en = (
                "同じ見出しの列が2つあります（初めの列を使います）",
                "two columns have this heading; the first is used",
            )
            problems.append(Problem(WARNING, "duplicate_field_name", ja, en, column=name))
            name = _free(name, names)
        names.append(name)
    return names, problems


def _free(name: str, names: list[str]) -> str:
    number = 2
    while f"{name} ({number})" in names:
        number += 1
    return f"{name} ({number})"


def names_without_header(rows: Sequence[Row]) -> tuple[list[str], list[Problem]]:
    """Names for a table that has no header: 列1, 列2 …, with 緯度 and 経度 where the values can be nothing else."""
    width = max(len(row) for row in rows)
    names = [f"列{number}" for number in range(1, width + 1)]
    for name, low, high in (("緯度", 20.0, 46.0), ("経度", 122.0, 154.0)):
        fitting = [
            i for i in range(width) if all(_within(row, i, low, high) for row in rows[:LOOKED_AT] if any(row))
        ]
        if len(fitting) == 1:
            names[fitting[0]] = name
    ja = f"見出しの行がないため、列の名前を付けました（{'、'.join(names[:10])}）"
    return names, [
        Problem(
            WARNING, "no_header", ja, f"there is no header row; the columns are named {', '.join(names[:10])}"
        )
    ]


def _within(row: Row, index: int, low: float, high: float) -> bool:
    return index < len(row) and _decimal(row[index]) and low <= float((row[index] or "").strip()) <= high


def skipped(index: int) -> list[Problem]:
    """What is said of rows above the header."""
    if not index:
        return []
    ja = f"見出しは{index + 1}行目です（その上の行は読みません）"
    return [Problem(NOTE, "header_odd", ja, f"the header is row {index + 1}; the rows above it are not read")]
