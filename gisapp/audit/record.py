"""Writing entries: in the transaction of what they tell of, or at once, before a restricted answer leaves.

One statement for any number of entries, so one round trip. At once, a process writes over one connection that it keeps (`together`):
what comes while entries are being written goes with the next statement, so that many requests share a commit.
"""

from __future__ import annotations

import json
import os
import pwd
import threading
import weakref
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import psycopg
from sqlalchemy import Connection

from gisapp import errors, roles
from gisapp.audit.events import EVENTS
from gisapp.audit.together import Together
from gisapp.db import Database

_INSERT = """
INSERT INTO gisapp.audit_entry (person_id, login, departments, via, address, what, layer, features, details)
SELECT * FROM jsonb_to_recordset(%s::jsonb) AS e (person_id bigint, login text, departments text[], via text,
  address text, what text, layer text, features bigint[], details jsonb)
"""


OWN = (psycopg.DataError, psycopg.IntegrityError)
"""What the rows of one request may be refused for."""


@dataclass(frozen=True)
class Who:
    """Who did it, and how they came: `via` is session:…, token:…, address:…, upload:… or shell; `address` the network address."""

    login: str
    person_id: int | None = None
    departments: tuple[str, ...] = ()
    via: str = ""
    address: str = ""


@dataclass(frozen=True)
class Entry:
    """One thing that somebody did. `what` is a code of `events.EVENTS`; `details` are JSON values, never a secret."""

    what: str
    who: Who
    layer: str = ""
    features: tuple[int, ...] = ()
    details: dict[str, Any] = field(default_factory=dict)


def shell_user() -> Who:
    """Whoever runs this command on the server: the account of the process, whatever its environment says."""
    account = os.getuid()
    try:
        name = pwd.getpwuid(account).pw_name
    except KeyError:
        name = str(account)
    return Who(f"shell:{name}", via="shell")


def record(connection: Connection, *entries: Entry) -> None:
    """Write entries in the transaction of `connection` (of `app` or `owner`): they stay or go with what they tell of."""
    connection.exec_driver_sql(_INSERT, (_list_of(_rows(entries)),))


def record_now(database: Database, *entries: Entry) -> None:
    """Write entries and commit them. Raises errors.AuditUnavailable when they cannot be written."""
    with _making:
        queue = _queues.get(database)
        if queue is None:
            queue = _queues[database] = Together(_Pen(weakref.ref(database)).write, OWN)
    try:
        queue.write(_rows(entries))
    except (errors.GisappError, psycopg.Error) as error:
        raise errors.AuditUnavailable() from error


_queues: weakref.WeakKeyDictionary[Database, Together[str]] = weakref.WeakKeyDictionary()
_making = threading.Lock()


class _Pen:
    """Writes rows over the connection that a process keeps for it."""

    def __init__(self, database: weakref.ref[Database]) -> None:
        self._database = database

    def write(self, rows: list[list[str]]) -> None:
        """Write and commit the rows of some requests. Raises errors.DatabaseAway, psycopg.Error."""
        database = self._database()
        assert database is not None  # whoever asked holds it
        raw = database.kept(roles.APP)
        raw.execute(_INSERT, (_list_of(row for each in rows for row in each),), prepare=True)


def _list_of(rows: Iterable[str]) -> str:
    return f"[{','.join(rows)}]"


def _rows(entries: tuple[Entry, ...]) -> list[str]:
    return [_row(entry) for entry in entries]


def _row(entry: Entry) -> str:
    if entry.what not in EVENTS:
        raise KeyError(entry.what)
    row = {
        "person_id": entry.who.person_id,
        "login": entry.who.login,
        "departments": sorted(entry.who.departments),
        "via": entry.who.via,
        "address": entry.who.address,
        "what": entry.what,
        "layer": entry.layer,
        "features": entry.features,
        "details": entry.details,
    }
    text = json.dumps(row, ensure_ascii=False, default=str).replace("\\u0000", "\\ufffd")
    return text.encode("utf-8", "replace").decode()  # what jsonb takes: no NUL, no half of a surrogate pair
