"""Excel workbooks (.xlsx): one sheet is one table; read row by row, so that a long one does not fill the memory."""

from __future__ import annotations

import datetime
import struct
import zipfile
import zlib
from collections.abc import Generator, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any, NoReturn
from xml.etree.ElementTree import ParseError

import openpyxl
from defusedxml import DefusedXmlException
from openpyxl.utils.exceptions import InvalidFileException

from gisapp.catalogue.layer import Text
from gisapp.intake.archive import check_archive
from gisapp.intake.problem import NOTE, Problem, refuse
from gisapp.intake.readers.header import LOOKED_AT, find_header, name_columns, names_without_header, skipped
from gisapp.intake.readers.position import placed
from gisapp.intake.readers.rows import Feature, in_batches
from gisapp.intake.several import refuse_several
from gisapp.intake.source import Batch, Source

WIDEST = 1_000  # columns; sheets claim 16,384 when a whole row was coloured
FAILURES = (
    InvalidFileException, zipfile.BadZipFile, zlib.error, struct.error, ParseError, LookupError, ValueError, TypeError,
    AttributeError, AssertionError, ArithmeticError, OSError, EOFError, RuntimeError,
)  # fmt: skip
"""What openpyxl and what it stands on raise for workbooks that make no sense."""


def open_xlsx(path: Path, part: str) -> Source:
    """The only sheet with rows, or the sheet `part`; rows lie where their own columns say. Raises errors.FileRefused."""
    check_archive(path)
    try:
        with closing(_workbook(path)) as book:
            tops = {sheet.title: top for sheet in book.worksheets if (top := _top(sheet))}
    except DefusedXmlException:
        why = ("ブックの XML に実体（ENTITY）の宣言があります", "its XML declares entities")
        refuse("xml_entity", why, ("Excel で保存し直してください。", "Save it again with Excel."))
    except FAILURES:
        _refuse_broken()
    if not tops:
        why = ("値の入ったシートがありません", "no sheet has any values")
        refuse("empty_file", why, ("シートを確かめてください。", "See which sheet was saved."))
    if part not in tops and (part or len(tops) > 1):
        refuse_several(list(tops), part)
    name = part or next(iter(tops))
    rows = tops[name]
    header = find_header(rows)
    if header is None:
        names, problems = names_without_header(rows)
    else:
        names, problems = name_columns(_trimmed(rows[header]))
        problems += skipped(header)

    def batches() -> Generator[Batch, None, None]:
        return in_batches(_records(path, name, len(names), -1 if header is None else header), names)

    return placed(
        Source(
            format=f"Excel（シート「{name}」）",
            columns=tuple(names),
            typed=False,
            batches=batches,
            encoding="utf-8",
            encoding_from=Text("形式の規定による", "by the format's rule"),
            problems=tuple(problems),
            layers=tuple(tops),
            layer=name,
        )
    )


def _workbook(path: Path) -> Any:
    return openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)


def _top(sheet: Any) -> list[list[str | None]]:
    """The first rows of a sheet as texts; none where it is empty."""
    rows = [[_text(cell) for cell in row] for row in islice(_rows(sheet), LOOKED_AT)]
    return rows if any(cell for row in rows for cell in row) else []


def _rows(sheet: Any) -> Iterator[tuple[Any, ...]]:
    if not hasattr(sheet, "iter_rows"):  # a sheet of nothing but a chart
        return iter(())
    sheet.reset_dimensions()  # what the file claims of its size may be wrong
    rows: Iterator[tuple[Any, ...]] = sheet.iter_rows(values_only=True, max_col=WIDEST)
    return rows


def _trimmed(row: list[str | None]) -> list[str | None]:
    last = max(i for i, cell in enumerate(row) if cell and cell.strip())
    return row[: last + 1]


def _records(path: Path, name: str, width: int, header: int) -> Iterator[Feature | Problem]:
    number = 0
    try:
        with closing(_workbook(path)) as book:
            for index, row in enumerate(_rows(book[name])):
                if index <= header:
                    continue
                number += 1
                cells = [_text(cell) for cell in row[:width]]
                if not any(cells):
                    yield Problem(
                        NOTE, "blank_row", "空の行を除きました", "blank rows are left out", (number,)
                    )
                    continue
                yield number, [*cells, *[None] * (width - len(cells))], None
    except (DefusedXmlException, *FAILURES):
        _refuse_broken()


def _text(value: object) -> str | None:
    """A cell as a person sees it, except that numbers keep their digits: 1.0 → "1", a day → "2026-04-01"."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        return value.date().isoformat()
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
        return value.isoformat()
    return str(value)


def _refuse_broken() -> NoReturn:
    why = ("Excel のブックが壊れています", "the Excel workbook is broken")
    refuse(
        "corrupt_record",
        why,
        ("Excel で開いて保存し直してください。", "Open it with Excel and save it again."),
    )
