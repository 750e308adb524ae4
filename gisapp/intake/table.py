"""Reading tables with coordinates: CSV and TSV of any common encoding, and JSON lists of flat objects."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Generator, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from gisapp.catalogue.layer import Text
from gisapp.geo.crs import JGD2011_LONLAT
from gisapp.intake.problem import NOTE, WARNING, Problem, refuse
from gisapp.intake.source import ROWS_AT_ONCE, Batch, Source
from gisapp.intake.values import trimmed
from gisapp.text.encodings import encoding_of_file
from gisapp.text.folding import fold
from gisapp.text.reading import read_number

LONGEST_CELL = 2**24
LARGEST_JSON = 256 * 2**20  # bytes; a list of objects is read whole
LATITUDE = (
    "緯度",
    "latitude",
    "lat",
    "北緯",
    "緯度(10進)",
    "緯度(世界測地系)",
    "緯度_10進",
    "latitude(wgs84)",
)
LONGITUDE = (
    "経度",
    "longitude",
    "lon",
    "lng",
    "long",
    "東経",
    "経度(10進)",
    "経度(世界測地系)",
    "経度_10進",
    "longitude(wgs84)",
)
EAST, NORTH = ("x", "x座標", "x(m)", "easting"), ("y", "y座標", "y(m)", "northing")
LIST_MARKS = (",", "\t", ";")

Record = tuple[int, list[str | None]]  # row number, cells


def open_csv(path: Path, forced_encoding: str) -> Source:
    """A table of text. Raises errors.FileRefused: no encoding fits, no header, no coordinates."""
    encoding = forced_encoding or encoding_of_file(path)
    if encoding is None:
        why = ("文字コードを判断できません", "its encoding cannot be told")
        do = (
            "UTF-8 で保存し直すか、`--encoding cp932` のように指定してください。",
            "Save it as UTF-8 or say `--encoding cp932`.",
        )
        refuse("encoding_unknown", why, do)
    header, mark = _header(path, encoding)
    names, problems = _names(header)
    said_by = Text("指定による", "as said") if forced_encoding else Text("内容から判断", "by evidence")
    return _source(
        f"CSV（{'タブ' if mark == chr(9) else 'コンマ' if mark == ',' else 'セミコロン'}区切り）",
        names,
        lambda: _csv_records(path, encoding, mark, len(names)),
        problems,
        (encoding, said_by),
    )


def _header(path: Path, encoding: str) -> tuple[list[str], str]:
    """The first row that is not blank, and what separates its cells."""
    csv.field_size_limit(LONGEST_CELL)
    try:
        with path.open(encoding=encoding, newline="") as file:
            start = file.read(65_536)
            first_line = next((line for line in start.splitlines() if line.strip()), "")
            mark = max(LIST_MARKS, key=first_line.count)
            for row in csv.reader(io.StringIO(start), delimiter=mark):
                if any(cell.strip() for cell in row):
                    return row, mark
    except (UnicodeError, csv.Error):
        pass
    why = ("見出しの行を読めません", "its header row cannot be read")
    do = (
        "CSV として保存し直すか、文字コードを指定してください。",
        "Save it as CSV again, or name its encoding.",
    )
    refuse("no_header", why, do)


def _names(header: list[str]) -> tuple[list[str], list[Problem]]:
    """Column names that differ from one another and are not empty."""
    names: list[str] = []
    problems = []
    for number, cell in enumerate(header, 1):
        name = " ".join(cell.split()) or f"列{number}"
        if name in names:
            ja, en = (
                "同じ見出しの列が2つあります（初めの列を使います）",
                "two columns have this heading; the first is used",
            )
            problems.append(Problem(WARNING, "duplicate_field_name", ja, en, column=name))
            name = f"{name} ({number})"
        names.append(name)
    return names, problems


def _csv_records(path: Path, encoding: str, mark: str, width: int) -> Iterator[Record | Problem]:
    """The rows after the header. Blank rows count, so that numbers are those a person sees, but are left out."""
    number = -1
    try:
        with path.open(encoding=encoding, newline="") as file:
            for cells in csv.reader(file, delimiter=mark):
                blank = not any(cell.strip() for cell in cells)
                if number < 0:
                    number += not blank
                    continue
                number += 1
                if blank:
                    yield Problem(
                        NOTE, "blank_row", "空の行を除きました", "blank rows are left out", (number,)
                    )
                    continue
                if len(cells) != width:
                    ja = f"列の数が見出し（{width}列）と違います"
                    yield Problem(
                        WARNING, "ragged_rows", ja, f"not as many cells as the header ({width})", (number,)
                    )
                yield number, [*cells[:width], *[None] * (width - len(cells))]
    except (UnicodeError, csv.Error):
        why = (f"{number + 1}行目を読めません", f"row {number + 1} cannot be read")
        do = ("引用符や文字コードを直してください。", "Correct its quotes or its encoding.")
        refuse("corrupt_record", why, do)


def open_json_list(path: Path) -> Source:
    """A JSON list of flat objects, each a row. Raises errors.FileRefused for any other JSON."""
    if path.stat().st_size > LARGEST_JSON:
        why = ("JSON の一覧として大きすぎます", "it is too large for a JSON list")
        refuse(
            "unsupported_variant",
            why,
            ("GeoJSON か CSV に変換してください。", "Convert it to GeoJSON or CSV."),
        )
    try:
        rows = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        why = ("JSON として壊れています", "it is not whole JSON")
        refuse(
            "truncated",
            why,
            ("もう一度書き出すか、受け取り直してください。", "Export it again or have it sent again."),
        )
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        why = ("項目名と値の一覧ではありません", "it is no list of rows with names and values")
        refuse(
            "unsupported_variant",
            why,
            ("GeoJSON か CSV に変換してください。", "Convert it to GeoJSON or CSV."),
        )
    names = list(dict.fromkeys(str(key) for row in rows for key in row))
    records = ((n, [_text(row.get(name)) for name in names]) for n, row in enumerate(rows, 1))
    said_by = Text("形式の規定による", "by the format's rule")
    return _source("JSON（一覧）", names, lambda: records, [], ("utf-8", said_by), count=len(rows))


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def _source(
    title: str,
    names: list[str],
    records: Callable[[], Iterable[Record | Problem]],
    problems: list[Problem],
    encoding: tuple[str, Text],
    count: int | None = None,
) -> Source:
    x, y, degrees = _position_columns(names)
    if degrees:
        problems.append(_assumed())
    return Source(
        format=title,
        columns=tuple(names),
        batches=lambda: _batches(records(), names, x, y),
        crs=JGD2011_LONLAT if degrees else None,
        crs_from=Text("緯度・経度の列", "columns of latitude and longitude"),
        encoding=encoding[0],
        encoding_from=encoding[1],
        count=count,
        position=(names[x], names[y]),
        problems=tuple(problems),
        typed=False,
    )


def _assumed() -> Problem:
    ja = "緯度・経度の測地系は書かれていないため、JGD2011（世界測地系）とみなしました"
    return Problem(NOTE, "crs_assumed", ja, "no datum is stated for latitude and longitude: JGD2011 is taken")


def _position_columns(names: list[str]) -> tuple[int, int, bool]:
    """Which columns hold x and y, and whether they are degrees. Raises errors.FileRefused where none do."""
    folded = [fold(name) for name in names]
    for xs, ys, degrees in ((LONGITUDE, LATITUDE, True), (EAST, NORTH, False)):
        x = next((folded.index(fold(word)) for word in xs if fold(word) in folded), None)
        y = next((folded.index(fold(word)) for word in ys if fold(word) in folded), None)
        if x is not None and y is not None:
            return x, y, degrees
    listed = "、".join(names[:20])
    why = (
        f"緯度・経度の列がありません（列：{listed}）",
        f"it has no columns of latitude and longitude ({listed})",
    )
    do = (
        "「緯度」「経度」という見出しの列を付けてください。",
        "Give it columns headed “latitude” and “longitude”.",
    )
    refuse("no_position", why, do)


def _batches(
    records: Iterable[Record | Problem], names: list[str], x: int, y: int
) -> Generator[Batch, None, None]:
    rows: list[Record] = []
    problems: list[Problem] = []
    for record in records:
        if isinstance(record, Problem):
            problems.append(record)
            continue
        rows.append(record)
        if len(rows) == ROWS_AT_ONCE:
            yield _batch(rows, names, x, y, problems)
            rows, problems = [], []
    if rows or problems:
        yield _batch(rows, names, x, y, problems)


def _batch(records: list[Record], names: list[str], x: int, y: int, problems: list[Problem]) -> Batch:
    numbers = np.array([number for number, _ in records], dtype=np.int64)
    rows = [cells for _, cells in records]
    columns = {name: pa.array([row[i] for row in rows], pa.string()) for i, name in enumerate(names)}
    position = np.column_stack([_coordinates(columns[names[x]]), _coordinates(columns[names[y]])])
    geometry = np.full(len(rows), None, dtype=object)
    there = np.isfinite(position).all(axis=1)
    if there.any():
        geometry[there] = shapely.points(position[there])
    return Batch(numbers, columns, geometry, tuple(problems))


def _coordinates(texts: pa.Array) -> np.ndarray[Any, Any]:
    """Texts as numbers, NaN where one is none: all at once where they are plain, else one by one."""
    try:
        return pc.cast(trimmed(texts), pa.float64()).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid:
        return np.array([_coordinate(text) for text in texts.to_pylist()], dtype=float)


def _coordinate(text: str | None) -> float:
    try:
        return read_number(text or "")
    except ValueError:
        return np.nan
