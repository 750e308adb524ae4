"""`gisapp geocode`: a CSV of addresses with the places beside them, and a list of the rows that somebody should look at."""

from __future__ import annotations

import csv
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
from tqdm import tqdm

from gisapp import errors
from gisapp.catalogue.search import searchable
from gisapp.installation import open_for_shell
from gisapp.search.answer import FOUND, Answer
from gisapp.search.geocode import AT_ONCE, geocode
from gisapp.search.queries import Hit
from gisapp.settings import load_settings
from gisapp.text.encodings import encoding_of_file
from gisapp.text.matching import match_key

ADDRESS = tuple(
    map(
        match_key,
        (
            "住所",
            "所在地",
            "所在地_連結表記",
            "所在",
            "設置場所",
            "住所地",
            "address",
            "所在地番",
            "町字番地",
            "地番",
        ),
    )
)
ADDED = ("経度", "緯度", "一致レベル", "一致した部分", "残った部分", "判定", "理由")
REVIEW = ("行", "住所", "判定", "理由", "候補1", "候補2", "候補3")
STATES = {"found": "一致", "unsure": "要確認", "not_found": "不明", "not_in_city": "市外"}
_FORMULA = re.compile(r"[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?[0-9][0-9.,]*")


@click.command("geocode")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--column", "columns", multiple=True, help="Column of the address; several are joined in their order."
)
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="Where to; by default <file>-geocoded.csv."
)
@click.option("--guess", is_flag=True, help="For the review list, also look for misspelt names (slower).")
def geocode_command(file: Path, columns: tuple[str, ...], out: Path | None, guess: bool) -> None:
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
    began, states = time.monotonic(), Counter[str]()
    layers = searchable(installation.catalogue)
    header, rows = _table(file)
    places = [header.index(name) for name in columns if name in header] or _address_column(
        file, header, columns
    )
    with (
        out.open("w", encoding="utf-8-sig", newline="") as made,
        review.open("w", encoding="utf-8-sig", newline="") as doubtful,
        installation.database.transaction("owner") as connection,
        tqdm(desc=file.name, unit=" rows", disable=not sys.stderr.isatty(), leave=False) as bar,
    ):
        writer, reviewer = csv.writer(made), csv.writer(doubtful)
        writer.writerow(map(safe, (*header, *ADDED)))
        reviewer.writerow(REVIEW)
        number, known = 1, dict[str, list[Hit]]()
        for chunk in _chunks(rows):
            texts = ["".join(row[at] if at < len(row) else "" for at in places) for row in chunk]
            answers = geocode(connection, layers, installation.city, texts, guess=guess, known=known)
            for row, text, answer in zip(chunk, texts, answers, strict=True):
                number += 1
                states[answer.status] += 1
                padded = [*row, *[""] * (len(header) - len(row))]
                writer.writerow(map(safe, (*padded, *_added(answer))))
                if answer.status != FOUND:
                    reviewer.writerow(map(safe, (str(number), text, *_doubt(answer))))
            bar.update(len(chunk))
    _say(out, review, states, time.monotonic() - began)


def _table(file: Path) -> tuple[list[str], Iterator[list[str]]]:
    codec = encoding_of_file(file) or "utf-8"
    rows = csv.reader(file.open(encoding=codec, errors="replace", newline=""))
    return next(rows, []), rows


def _address_column(file: Path, header: list[str], asked: Sequence[str]) -> list[int]:
    keys = list(map(match_key, header))
    found = next((keys.index(name) for name in ADDRESS if name in keys), None)
    if found is None or asked:
        raise errors.ColumnNotFound(file=file.name, columns=", ".join(header)[:500])
    return [found]


def _chunks(rows: Iterator[list[str]]) -> Iterator[list[list[str]]]:
    chunk: list[list[str]] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == AT_ONCE:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _added(answer: Answer) -> tuple[str, ...]:
    """What goes beside a row: a place only where it is certain."""
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
    return f"'{cell}" if _FORMULA.match(cell) and not _NUMBER.fullmatch(cell) else cell


def _say(out: Path, review: Path, states: Counter[str], seconds: float) -> None:
    total = sum(states.values())
    said = "、".join(f"{STATES[state]} {count:,}" for state, count in states.most_common())
    click.echo(f"{total:,} 行 / rows：{said}（{seconds:.1f} s、{total / max(seconds, 1e-6):,.0f} rows/s）")
    click.echo(f"→ {out}\n→ {review}（見直す行 / to review: {total - states[FOUND]:,}）")


COMMANDS = [geocode_command]
