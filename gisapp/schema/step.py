"""One step of a plan: said before it is done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection


@dataclass(frozen=True)
class Step:
    """What will be done, in a line; what data it loses, if any; and how to do it with the owner's connection."""

    says: str
    run: Callable[[Connection], None]
    loses: str = ""


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
