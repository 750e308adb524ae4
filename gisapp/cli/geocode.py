"""`gisapp geocode`: a CSV of addresses with the places beside them, and a list of the rows that somebody should look at."""

from __future__ import annotations

import csv
import io
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import click
from tqdm import tqdm

from gisapp import errors
from gisapp.features.cells import BEGINNINGS
from gisapp.installation import open_for_shell
from gisapp.search.answer import FOUND, Answer
from gisapp.search.columns import address_columns
from gisapp.search.spread import answered
from gisapp.settings import load_settings
from gisapp.text.encodings import encoding_of_file

ADDED = ("経度", "緯度", "一致レベル", "一致した部分", "残った部分", "判定", "理由")
REVIEW = ("行", "住所", "判定", "理由", "候補1", "候補2", "候補3")
STATES = {"found": "一致", "unsure": "要確認", "not_found": "不明", "not_in_city": "市外"}
_NUMBER = re.compile(r"[+-]?[0-9][0-9.,]*")


@click.command("geocode")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--column", "columns", multiple=True, help="Column of the address; several are joined in their order."
)
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="Where to; by default <file>-geocoded.csv."
)
@click.option(
    "--encoding",
    type=click.Choice(["utf-8", "cp932"]),
    default="utf-8",
    help="How the tables are written; any encoding is read.",
)
@click.option("--guess", is_flag=True, help="For the review list, also look for misspelt names (slower).")
def geocode_command(
    file: Path, columns: tuple[str, ...], out: Path | None, encoding: str, guess: bool
) -> None:
    """住所の表に位置を付ける。Put places beside the addresses of a CSV; nothing leaves this machine.

    Rows that are not certain get no place and go to a review list, <out>-review.csv.

    \b
    Examples:
      gisapp geocode list.csv
      gisapp geocode list.csv --column 町名 --column 番地
    """
    installation = open_for_shell(load_settings())
    out = out or file.with_name(f"{file.stem}-geocoded.csv")
    review = out.with_name(f"{out.stem}-review.csv")
    if file.resolve() in (out.resolve(), review.resolve()):
        why = {"why_ja": "書き出し先が元のファイルです", "why_en": "it would be written over itself"}
        raise errors.TableRefused(file=file.name, **why)
    began, states = time.monotonic(), Counter[str]()
    with file.open("rb") as source, tqdm(**_bar(file)) as bar:
        header, rows = _table(file, source)
        address = _addresses(file, header, columns)
        with _written(out, encoding) as writer, _written(review, encoding) as reviewer:
            writer.writerow(map(safe, (*header, *ADDED)))
            reviewer.writerow(REVIEW)
            number = 1
            addressed = ((row, address(row)) for row in rows)
            for chunk, told in answered(installation, addressed, tell, guess=guess):
                for row, said in zip(chunk, told, strict=True):
                    number += 1
                    states[said.status] += 1
                    padded = [*row, *[""] * (len(header) - len(row))]
                    writer.writerow(map(safe, (*padded, *said.added)))
                    if said.status != FOUND:
                        reviewer.writerow(map(safe, (str(number), address(row), *said.doubt)))
                bar.update(len(chunk))
    _say(out, review, states, time.monotonic() - began)


class Said(NamedTuple):
    """What the tables say of an answer: beside its row, and in the review list."""

    status: str
    added: tuple[str, ...]
    doubt: tuple[str, ...]


def tell(answer: Answer) -> Said:
    """A place only where it is certain."""
    return Said(answer.status, _added(answer), _doubt(answer) if answer.status != FOUND else ())


def _bar(file: Path) -> dict[str, Any]:
    shown = sys.stderr.isatty()
    words = {"desc": file.name, "unit": " rows", "disable": not shown, "leave": False}
    return {**words, "total": _lines(file) if shown else None}


def _lines(file: Path) -> int:
    """About how many rows there are: lines, which a cell may hold too."""
    with file.open("rb") as source:
        return max(sum(block.count(b"\n") for block in iter(lambda: source.read(2**20), b"")) - 1, 0)


@contextmanager
def _written(path: Path, encoding: str) -> Iterator[Any]:
    codec = "utf-8-sig" if encoding == "utf-8" else encoding  # spreadsheets tell UTF-8 by its mark
    with path.open("w", encoding=codec, errors="replace", newline="") as made:
        yield csv.writer(made)


def _table(file: Path, source: BinaryIO) -> tuple[list[str], Iterator[list[str]]]:
    codec = encoding_of_file(file) or "utf-8"
    rows = csv.reader(io.TextIOWrapper(source, codec, errors="replace", newline=""))

    def read() -> Iterator[list[str]]:
        try:
            yield from rows
        except csv.Error as error:
            why_ja, why_en = f"{rows.line_num} 行目が読めません", f"line {rows.line_num} cannot be read"
            raise errors.TableRefused(file=file.name, why_ja=why_ja, why_en=why_en) from error

    found = read()
    return next(found, []), found


def _addresses(file: Path, header: list[str], asked: Sequence[str]) -> Callable[[Sequence[str]], str]:
    """What reads the address of a row: of the columns that were asked for, or of those that are headed so."""
    there = [header.index(name) for name in asked if name in header]
    if there:
        return lambda row: "".join(_cell(row, place) for place in there)
    columns = None if asked else address_columns(header)
    if columns is None:
        raise errors.ColumnNotFound(file=file.name, columns=", ".join(header)[:500])
    return lambda row: columns.read(lambda name: _cell(row, header.index(name)))


def _cell(row: Sequence[str], place: int) -> str:
    return row[place] if place < len(row) else ""


def _added(answer: Answer) -> tuple[str, ...]:
    state, reason = STATES[answer.status], answer.reason.ja
    if answer.status != FOUND or not answer.matches:
        return ("", "", "", "", "", state, reason)
    match = answer.matches[0]
    level = "" if match.level is None else str(match.level)
    return (f"{match.lon:.7f}", f"{match.lat:.7f}", level, match.matched, match.left, state, reason)


def _doubt(answer: Answer) -> tuple[str, ...]:
    names = [match.label for match in answer.matches[:3]]
    return (STATES[answer.status], answer.reason.ja, *names, *[""] * (3 - len(names)))


def safe(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula; plain numbers stay as they are."""
    return f"'{cell}" if cell.startswith(BEGINNINGS) and not _NUMBER.fullmatch(cell) else cell


def _say(out: Path, review: Path, states: Counter[str], seconds: float) -> None:
    total = sum(states.values())
    said = "、".join(f"{STATES[state]} {count:,}" for state, count in states.most_common())
    click.echo(f"{total:,} 行 / rows：{said}（{seconds:.1f} s、{total / max(seconds, 1e-6):,.0f} rows/s）")
    click.echo(f"→ {out}\n→ {review}（見直す行 / to review: {total - states[FOUND]:,}）")


COMMANDS = [geocode_command]
