"""Writing entries: in the transaction of what they tell of, or at once, before a restricted answer leaves.

One statement for any number of entries, so one round trip; writers never wait for each other.
"""

from __future__ import annotations

import json
import os
import pwd
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from gisapp import errors, roles
from gisapp.audit.events import EVENTS
from gisapp.db import Database

_INSERT = """
INSERT INTO gisapp.audit_entry (person_id, login, departments, via, address, what, layer, features, details)
SELECT * FROM jsonb_to_recordset(%s::jsonb) AS e (person_id bigint, login text, departments text[], via text,
  address text, what text, layer text, features bigint[], details jsonb)
"""


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
    connection.exec_driver_sql(_INSERT, (_as_json(entries),))


def record_now(database: Database, *entries: Entry) -> None:
    """Write entries and commit them. Raises errors.AuditUnavailable when they cannot be written."""
    try:
        with database.reading(roles.APP) as connection:  # one statement, committed by itself
            record(connection, *entries)
    except (errors.GisappError, SQLAlchemyError) as error:
        raise errors.AuditUnavailable() from error


def _as_json(entries: tuple[Entry, ...]) -> str:
    for entry in entries:
        if entry.what not in EVENTS:
            raise KeyError(entry.what)
    rows = [
        {
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
        for entry in entries
    ]
    text = json.dumps(rows, ensure_ascii=False, default=str).replace("\\u0000", "\\ufffd")
    return text.encode("utf-8", "replace").decode()  # what jsonb takes: no NUL, no half of a surrogate pair
