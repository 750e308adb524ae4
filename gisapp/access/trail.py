"""What a request leaves in the audit: called by routes before a restricted answer leaves.

Restricted is whatever a visitor does not get: a layer that is hidden from visitors, or columns that they have not. What
everybody may see is not recorded, whoever asks. When an entry cannot be written, the request fails (AuditUnavailable).
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable
from typing import Any

from flask import current_app, request, session
from sqlalchemy import Connection

from gisapp.access.guard import asker, installation
from gisapp.access.people import Person
from gisapp.audit.record import Entry, Who, record, record_now
from gisapp.catalogue.layer import Layer, View

OPENED_AGAIN_SECONDS = 600.0
"""A layer drawn by tiles is one entry a session in this time (and web process), not one a tile."""
MOST_KEPT = 20_000
SESSION_KEY = "audit_session"


def who() -> Who:
    """Who asks, as the audit names them: also a visitor (an empty login)."""
    found = asker()
    if found.person is None:
        return Who("", address=request.remote_addr or "")
    if found.address:
        return _named(found.person, f"address:{found.address.name}")
    return _named(found.person, f"token:{found.token.id}" if found.token else _session())


def begin_session(person: Person, how: str) -> None:
    """Record that `person` signs in (`how`: password, oidc), and give the new session a name that is no secret.

    Call it with the session cleared, before the answer. Raises errors.AuditUnavailable.
    """
    name = secrets.token_hex(6)
    write(Entry("sign_in", _named(person, f"session:{name}"), details={"how": how, **_browser()}))
    session[SESSION_KEY] = name


def note_failed_sign_in(login: str, why: str) -> None:
    """Record a sign-in that failed: `login` as typed, `why` as an error's code. Raises errors.AuditUnavailable."""
    typed = Who(login.strip().casefold()[:100], via="sign-in", address=request.remote_addr or "")
    write(Entry("sign_in_failed", typed, details={"why": why, **_browser()}))


def note(what: str, layer: Layer | str = "", features: Iterable[int] = (), **details: Any) -> None:
    """Record one thing that the asker does, at once. Raises errors.AuditUnavailable."""
    write(entry(what, layer, features, **details))


def write(*entries: Entry) -> None:
    """Write entries at once. Raises errors.AuditUnavailable."""
    record_now(installation().database, *entries)


def note_with(connection: Connection, what: str, layer: Layer | str = "", **details: Any) -> None:
    """Record it in a transaction of `app` that does it: both stay or neither."""
    record(connection, entry(what, layer, **details))


def entry(what: str, layer: Layer | str = "", features: Iterable[int] = (), **details: Any) -> Entry:
    """The entry of something that the asker does."""
    layer_id = layer if isinstance(layer, str) else layer.id
    return Entry(what, who(), layer_id, tuple(features), details)


def note_viewed(found: Iterable[tuple[Layer, View, int]], **details: Any) -> None:
    """Record the features that an answer shows: an entry for each layer whose view is restricted, written together.

    Raises errors.AuditUnavailable.
    """
    seen: dict[Layer, list[int]] = {}
    for layer, view, feature in found:
        if view.needs:
            seen.setdefault(layer, []).append(feature)
    if seen:
        entries = [entry("feature_viewed", layer, ids, **details) for layer, ids in seen.items()]
        write(*entries)


def note_opened(layers: Iterable[str]) -> None:
    """Record that restricted layers are drawn; once a session and layer for a while. Raises errors.AuditUnavailable."""
    wanted = list(layers)
    if not wanted:
        return
    person, now = who(), time.monotonic()
    opened: dict[tuple[str, str, str], float] = current_app.extensions.setdefault("gisapp_opened", {})
    fresh = [id for id in wanted if now - opened.get(_key(person, id), -1e9) > OPENED_AGAIN_SECONDS]
    if not fresh:
        return
    write(*(Entry("layer_opened", person, id) for id in fresh))
    if len(opened) > MOST_KEPT:
        opened.clear()  # somebody is recorded once more than needed
    opened.update({_key(person, id): now for id in fresh})


def _key(person: Who, layer: str) -> tuple[str, str, str]:
    return person.login, person.via, layer


def _named(person: Person, via: str) -> Who:
    return Who(person.login, person.id, tuple(sorted(person.departments)), via, request.remote_addr or "")


def _session() -> str:
    return f"session:{session.get(SESSION_KEY, '?')}"


def _browser() -> dict[str, str]:
    return {"browser": request.headers.get("User-Agent", "")[:200]}
