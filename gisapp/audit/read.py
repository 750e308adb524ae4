"""Reading the audit: pages of entries, newest first, and the same as CSV."""

from __future__ import annotations

import csv
import datetime
import io
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from gisapp.audit.events import EVENTS
from gisapp.audit.models import audit_entry as entry

JAPAN = datetime.timezone(datetime.timedelta(hours=9))
AT_ONCE = 2000  # rows of a CSV read together
HEAD = (
    "番号",
    "日時",
    "ログイン名",
    "部署",
    "経路",
    "アドレス",
    "操作",
    "操作コード",
    "レイヤー",
    "地物",
    "詳細",
)
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a spreadsheet takes for the beginning of a formula (OWASP, CSV Injection), full width as well."""


@dataclass(frozen=True)
class Wanted:
    """Which entries: of a login, an event, a layer; from the first day to the last (Japanese time); below a number."""

    login: str = ""
    what: str = ""
    layer: str = ""
    first: datetime.date | None = None
    last: datetime.date | None = None
    before: int | None = None


def page(connection: Connection, wanted: Wanted, limit: int) -> list[Row[Any]]:
    """Up to `limit` entries, the newest first. For the next page ask `before` the last one's number."""
    query = sa.select(entry).order_by(entry.c.id.desc()).limit(limit)
    for column, value in (
        (entry.c.login, wanted.login),
        (entry.c.what, wanted.what),
        (entry.c.layer, wanted.layer),
    ):
        if value:
            query = query.where(column == value)
    if wanted.first:
        query = query.where(entry.c.at >= _midnight(wanted.first))
    if wanted.last:
        query = query.where(entry.c.at < _midnight(wanted.last) + datetime.timedelta(days=1))
    if wanted.before is not None:
        query = query.where(entry.c.id < wanted.before)
    return list(connection.execute(query))


def _midnight(day: datetime.date) -> datetime.datetime:
    return datetime.datetime.combine(day, datetime.time(), JAPAN)


def csv_lines(reading: Callable[[], AbstractContextManager[Connection]], wanted: Wanted) -> Iterator[str]:
    """The entries as CSV for a spreadsheet: UTF-8 with a mark at its beginning, CRLF, no cell that is run as a formula.

    Read in pieces; no connection is held while the asker takes them. `reading` opens one.
    """
    yield "\ufeff" + _csv([HEAD])
    while True:
        with reading() as connection:
            rows = page(connection, wanted, AT_ONCE)
        yield _csv([_cells(row) for row in rows])
        if len(rows) < AT_ONCE:
            return
        wanted = replace(wanted, before=rows[-1].id)


def as_dict(row: Row[Any]) -> dict[str, Any]:
    """One entry for JSON; its time is Japanese."""
    return {
        "id": row.id,
        "at": row.at.astimezone(JAPAN).isoformat(timespec="milliseconds"),
        "login": row.login,
        "departments": row.departments,
        "via": row.via,
        "address": row.address,
        "what": row.what,
        "layer": row.layer,
        "features": row.features,
        "details": row.details,
    }


def _cells(row: Row[Any]) -> list[str]:
    name = EVENTS.get(row.what)
    at = f"{row.at.astimezone(JAPAN):%Y-%m-%d %H:%M:%S}"
    features = " ".join(map(str, row.features))
    details = json.dumps(row.details, ensure_ascii=False) if row.details else ""
    cells = [str(row.id), at, row.login, " ".join(row.departments), row.via, row.address]
    cells += [name.ja if name else row.what, row.what, row.layer, features, details]
    return [_harmless(cell) for cell in cells]


def _harmless(cell: str) -> str:
    return "'" + cell if cell.lstrip(" ").startswith(FORMULA) else cell


def _csv(rows: list[Any]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue()
