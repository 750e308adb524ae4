"""One step of a plan: said before it is done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import psycopg
from psycopg.errors import CannotCoerce, NotNullViolation, UniqueViolation
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from gisapp import errors


@dataclass(frozen=True)
class Step:
    """What will be done, in a line; what data it loses, if any; and how to do it with the owner's connection."""

    says: str
    run: Callable[[Connection], None]
    loses: str = ""


def perform(step: Step, connection: Connection) -> None:
    """Do it. Raises errors.SyncStopped where the rows that there are do not allow it; the transaction is lost then."""
    try:
        step.run(connection)
    except DBAPIError as error:
        for kind, ja, en in _WHY:
            if isinstance(error.orig, kind):
                raise errors.SyncStopped(step=step.says, why_ja=ja, why_en=en) from error
        raise


_WHY: tuple[tuple[type[psycopg.Error], str, str], ...] = (
    (
        NotNullViolation,
        "必須の項目が空の行があります。",
        "there are rows in which a required field is empty.",
    ),
    (UniqueViolation, "キーが同じ行が2つ以上あります。", "several rows have the same key."),
    (
        CannotCoerce,
        "その型の値を新しい型に変えることはできません。",
        "values of that type cannot become the new one.",
    ),
    (
        psycopg.DataError,
        "新しい型に合わない値や形状の行があります。",
        "there are rows whose value or shape does not fit the new type.",
    ),
)


def statement(says: str, sql: str, loses: str = "") -> Step:
    """A step that is SQL as it stands (identifiers already quoted)."""

    def run(connection: Connection) -> None:
        connection.exec_driver_sql(sql.replace("%", "%%"))

    return Step(says, run, loses)


def quote(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as an SQL literal (for statements that take no parameters, such as COMMENT)."""
    return "'" + text.replace("'", "''") + "'"
