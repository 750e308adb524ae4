"""Tables of text: CSV and TSV of any common encoding."""

from __future__ import annotations

import csv
import io
from collections.abc import Generator, Iterator
from pathlib import Path

from gisapp.catalogue.layer import Text
from gisapp.intake.problem import NOTE, WARNING, Problem, refuse
from gisapp.intake.readers.header import LOOKED_AT, find_header, name_columns, names_without_header, skipped
from gisapp.intake.readers.position import placed
from gisapp.intake.readers.rows import Feature, in_batches
from gisapp.intake.source import ROWS_AT_ONCE, Batch, Source
from gisapp.text.encodings import encoding_of_file

LONGEST_CELL = 2**24
MOST_LINES = 20  # of one row; more of them are many rows behind a quote that was never closed
HEAD = 262_144  # characters in which the header must be
LIST_MARKS = (",", "\t", ";", "|")
WORDS = {",": "コンマ", "\t": "タブ", ";": "セミコロン", "|": "縦棒"}


def open_csv(path: Path, forced_encoding: str) -> Source:
    """A table of text; its rows lie where its own columns say. Raises errors.FileRefused: no encoding fits, no rows."""
    encoding = forced_encoding or encoding_of_file(path)
    if encoding is None:
        why = ("文字コードを判断できません", "its encoding cannot be told")
        do = (
            "UTF-8 で保存し直すか、`--encoding cp932` のように指定してください。",
            "Save it as UTF-8 or say `--encoding cp932`.",
        )
        refuse("encoding_unknown", why, do)
    rows, mark = _first_rows(path, encoding)
    header = find_header(rows)
    if header is None:
        names, problems = names_without_header(rows)
    else:
        names, problems = name_columns(rows[header])
        problems += skipped(header)
    if (extra := _extra(rows[(header or 0) + 1 :], len(names))) > 0:
        ja = f"見出しは{len(names)}列ですが、値は{len(names) + extra}列あります（見出しがずれているかもしれません）"
        en = f"there are {len(names)} headings and {len(names) + extra} columns of values: headings may be shifted"
        problems.append(Problem(WARNING, "ragged_rows", ja, en))
        names += [f"列{len(names) + n}" for n in range(1, extra + 1)]
    width = len(names)
    said_by = Text("指定による", "as said") if forced_encoding else Text("内容から判断", "by evidence")
    if not forced_encoding and encoding not in {"utf-8", "utf-8-sig", "utf-16"}:
        ja = f"文字コードは内容から {encoding} と判断しました"
        problems.append(Problem(NOTE, "encoding_guessed", ja, f"by its content the encoding is {encoding}"))

    def batches() -> Generator[Batch, None, None]:
        return in_batches(
            _records(path, encoding, mark, width, -1 if header is None else header), names, ROWS_AT_ONCE
        )

    return placed(
        Source(
            format=f"CSV（{WORDS[mark]}区切り）",
            columns=tuple(names),
            typed=False,
            batches=batches,
            encoding=encoding,
            encoding_from=said_by,
            problems=tuple(problems),
        )
    )


def _first_rows(path: Path, encoding: str) -> tuple[list[list[str]], str]:
    """The first rows, and what separates their cells: the mark that gives the most rows of the same width."""
    csv.field_size_limit(LONGEST_CELL)
    try:
        with path.open(encoding=encoding, newline="") as file:
            start = file.read(HEAD)
    except UnicodeError:
        refuse_unreadable(0)
    found = [(rows, mark) for mark in LIST_MARKS if (rows := _split(start, mark))]
    if not found or not any(cell.strip() for row in found[0][0] for cell in row):
        why = ("見出しの行を読めません", "its header row cannot be read")
        do = (
            "CSV として保存し直すか、文字コードを指定してください。",
            "Save it as CSV again, or name its encoding.",
        )
        refuse("no_header", why, do)
    return max(found, key=lambda pair: _evenness(pair[0]))


def _split(start: str, mark: str) -> list[list[str]]:
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(start), delimiter=mark):
            rows.append(row)
            if len(rows) == LOOKED_AT:
                break
    except csv.Error:
        pass
    return rows


def _evenness(rows: list[list[str]]) -> tuple[int, int]:
    """How many rows have the commonest width above one, and that width."""
    widths = [len(row) for row in rows if len(row) > 1]
    if not widths:
        return 0, 0
    common = max(set(widths), key=lambda width: (widths.count(width), width))
    return widths.count(common), common


def _extra(rows: list[list[str]], width: int) -> int:
    """Columns without a heading that every row has and that are not empty: data, whose names are shifted or missing."""
    full = [row for row in rows if any(cell.strip() for cell in row)]
    if not full or any(len(row) <= width for row in full):
        return 0
    last = max((i for row in full for i, cell in enumerate(row) if cell.strip()), default=0)
    return max(last + 1 - width, 0)


def _records(path: Path, encoding: str, mark: str, width: int, header: int) -> Iterator[Feature | Problem]:
    """The rows after the header. Blank rows count, so that numbers are those a person sees, but are left out."""
    number = 0
    try:
        with path.open(encoding=encoding, newline="") as file:
            reader = csv.reader(file, delimiter=mark)
            line = 0
            for index, cells in enumerate(reader):
                lines, line = reader.line_num - line, reader.line_num
                if index <= header:
                    continue
                number += 1
                if not any(cell.strip() for cell in cells):
                    yield Problem(
                        NOTE, "blank_row", "空の行を除きました", "blank rows are left out", (number,)
                    )
                    continue
                if len(cells) != width or lines > MOST_LINES:
                    yield from _about(cells, width, lines, number)
                    yield number, [*cells[:width], *[None] * (width - len(cells))], None
                else:
                    yield number, cells, None
    except (UnicodeError, csv.Error):
        refuse_unreadable(number + 1)


def _about(cells: list[str], width: int, lines: int, number: int) -> Iterator[Problem]:
    if len(cells) < width or any(cell.strip() for cell in cells[width:]):
        ja = f"列の数が見出し（{width}列）と違います"
        yield Problem(WARNING, "ragged_rows", ja, f"not as many cells as the header ({width})", (number,))
    if lines > MOST_LINES:
        ja = "引用符が閉じていないため、何行もが一つのセルになっているようです"
        en = "a quote seems not to be closed: many lines became one cell"
        yield Problem(WARNING, "unbalanced_quote", ja, en, (number,))


def refuse_unreadable(row: int) -> None:
    """Raises errors.FileRefused for a row that is no text or no CSV."""
    why = (f"{row}行目を読めません", f"row {row} cannot be read")
    refuse(
        "corrupt_record", why, ("引用符や文字コードを直してください。", "Correct its quotes or its encoding.")
    )
