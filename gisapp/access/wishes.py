"""What somebody asked for on a page that changes who may do what: recorded here, performed by the worker.

The web process may not give a right. It adds a row to `gisapp.right_change`, which it can neither change nor remove
afterwards, and puts a job into the queue; `schema.perform`, in the worker, checks again and does it. A row carries a
signature by the web process's secret file, so that SQL smuggled into role `app` alone makes no wish that counts; who
has the whole web process can wish in anybody's name, and leaves a row each time. See docs/design.md.
"""

from __future__ import annotations

import datetime
import hmac
import json
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from gisapp import jobs, keys, roles
from gisapp.access.models import person, right_change
from gisapp.installation import Installation

QUEUE = "people"
PERFORM = "people.perform"
PATIENCE = 3.0  # seconds that a page waits for the worker before it says "waiting"
STEP = 0.05
ASKED, DONE, REFUSED = "asked", "done", "refused"


@dataclass(frozen=True)
class Wish:
    """One change that somebody asks for. `detail` may be read by anybody who manages people; `secret` by the worker only."""

    kind: str
    asker_id: int | None
    person_id: int | None
    detail: dict[str, Any] = field(default_factory=dict)
    secret: dict[str, str] = field(default_factory=dict)
    id: uuid.UUID = field(default_factory=uuid.uuid4)


@dataclass(frozen=True)
class Change:
    """A wish as a page shows it."""

    id: uuid.UUID
    at: datetime.datetime
    kind: str
    asker: str | None
    person: str | None
    person_id: int | None
    detail: dict[str, Any]
    state: str
    why_ja: str | None
    why_en: str | None


def ask(installation: Installation, wish: Wish) -> uuid.UUID:
    """Record a wish and queue its job, in one transaction; returns its id."""
    row = {
        "id": wish.id,
        "kind": wish.kind,
        "asker_id": wish.asker_id,
        "person_id": wish.person_id,
        "detail": wish.detail,
        "secret": wish.secret,
        "signature": signature(installation, wish),
    }
    with installation.database.transaction(roles.APP) as connection:
        connection.execute(sa.insert(right_change).values(row))
        jobs.put(connection, QUEUE, PERFORM, QUEUE, {"wish": str(wish.id)})
    return wish.id


def signature(installation: Installation, wish: Wish) -> str:
    """What only a process with the secret file `web` can write under this wish, and under no other."""
    words = [str(wish.id), wish.kind, wish.asker_id, wish.person_id, wish.detail, wish.secret]
    secret = keys.read_secret(installation.settings.home, "web")
    said = json.dumps(words, sort_keys=True, ensure_ascii=True)
    return keys.derive(secret, "wish", installation.city.key, said)


def is_signed(installation: Installation, wish: Wish, said: str) -> bool:
    """Whether a process of ours wrote the wish as it stands."""
    return hmac.compare_digest(signature(installation, wish), said)


def wait_for(installation: Installation, wish_id: uuid.UUID) -> Change:
    """The wish once it is done or refused, or as it is after a few seconds."""
    until = time.monotonic() + PATIENCE
    while True:
        change = find_change(installation, wish_id)
        if change.state != ASKED or time.monotonic() > until:
            return change
        time.sleep(STEP)


def find_change(installation: Installation, wish_id: uuid.UUID) -> Change:
    """The wish with that id. Raises sqlalchemy.exc.NoResultFound."""
    with installation.database.reading(roles.APP) as connection:
        return _change(connection.execute(_changes().where(right_change.c.id == wish_id)).one())


def changes(
    connection: Connection, *, of: int | None = None, kinds: tuple[str, ...] = (), limit: int = 20
) -> list[Change]:
    """The newest wishes, first the newest; `of`: those about this person."""
    query = _changes().order_by(right_change.c.at.desc()).limit(limit)
    if of is not None:
        query = query.where(right_change.c.person_id == of)
    if kinds:
        query = query.where(right_change.c.kind.in_(kinds))
    return [_change(row) for row in connection.execute(query)]


def _changes() -> sa.Select[Any]:
    c = right_change.c
    asker, about = person.alias("asker"), person.alias("about")
    return (
        sa.select(
            c.id, c.at, c.kind, c.person_id, c.detail, c.state, c.why_ja, c.why_en,
            asker.c.name.label("asker"), about.c.name.label("person"),
        )
        .select_from(right_change)
        .outerjoin(asker, asker.c.id == c.asker_id)
        .outerjoin(about, about.c.id == c.person_id)
    )  # fmt: skip


def _change(row: sa.Row[Any]) -> Change:
    return Change(
        row.id,
        row.at,
        row.kind,
        row.asker,
        row.person,
        row.person_id,
        row.detail,
        row.state,
        row.why_ja,
        row.why_en,
    )
