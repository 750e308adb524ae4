"""One uploaded file, in the background: check it, publish it or leave it for a person to publish; then purge it."""

from __future__ import annotations

import logging
import time
import uuid
from typing import Any

from sqlalchemy import Connection, Row

from gisapp import errors
from gisapp.access.people import find_person
from gisapp.access.policy import Asker, may_change
from gisapp.audit.record import Who
from gisapp.installation import Installation
from gisapp.intake.load import Order, load_file
from gisapp.intake.options import options_from_json
from gisapp.intake.problem import ERROR, Problem
from gisapp.intake.report import ROWS_KEPT, Report
from gisapp.intake.uploads import ENDED, bare_report, file_of, find_upload, purge, set_done, set_state

log = logging.getLogger("gisapp.intake")
TELL_EVERY = 0.5  # seconds between two notes of progress
READING = 0.9  # the part of the work that is reading; publishing is the rest


def process_upload(installation: Installation, upload_id: uuid.UUID) -> None:
    """Take an upload as far as it goes: published, checked (when publishing was not asked for) or refused.

    May be called again after a crash: the state changes in the transaction that publishes, so nothing is done twice.
    Raises errors.UploadNotFound; any other exception is a mistake of ours and leaves the layer as it was.
    """
    row, login = _begin(installation, upload_id)
    if row.state in (*ENDED, "checked"):
        return
    publishing = bool(row.options["publish"]) or row.state == "publishing"
    try:
        order = _order(installation, row, login, dry_run=not publishing)
        report = load_file(
            installation,
            order,
            progress=_teller(installation, upload_id),
            before_commit=(lambda connection, report: _published(connection, upload_id, report))
            if publishing
            else None,
        )
    except errors.GisappError as error:
        if error.status >= 500:  # the database is away, not the file wrong
            raise
        _end(installation, upload_id, "refused", _report_of(error, row))
        return
    if publishing:
        purge(installation.settings, upload_id)
    else:
        with installation.database.transaction("owner") as connection:
            set_state(connection, upload_id, "checked", done=1.0, report=report.as_json(ROWS_KEPT))


def _begin(installation: Installation, upload_id: uuid.UUID) -> tuple[Row[Any], str]:
    """The upload as it was, and the login of who sent it; it is `checking` from here on unless it is `publishing`."""
    with installation.database.transaction("owner") as connection:
        row = find_upload(connection, upload_id, lock=True)
        person = find_person(connection, row.person_id)
        if row.state == "received":
            set_state(connection, upload_id, "checking", done=0.0)
    return row, person.login if person else ""


def _order(installation: Installation, row: Row[Any], login: str, *, dry_run: bool) -> Order:
    """What is to be loaded. Whoever sent the file must still be allowed to. Raises errors.NotAllowed, LayerNotFound."""
    layer = installation.catalogue.layer(row.layer)
    with installation.database.transaction("owner") as connection:
        person = find_person(connection, row.person_id)
    allowed = may_change(Asker(person), layer, "upload" if dry_run else "publish")
    if not allowed.allowed:
        raise errors.NotAllowed(why_ja=allowed.why_ja, why_en=allowed.why_en)
    path = file_of(installation.settings, row.id)
    assert person is not None
    author = Who(login, person.id, tuple(sorted(person.departments)), f"upload:{row.id}")
    return Order(path, row.file_name, layer, options_from_json(row.options), login, dry_run, author)


def _teller(installation: Installation, upload_id: uuid.UUID) -> Any:
    """A progress callback that notes `done` now and then, outside of the transaction that loads."""
    told = time.monotonic()

    def tell(rows: int, total: int | None) -> None:
        nonlocal told
        if time.monotonic() - told < TELL_EVERY:
            return
        told = time.monotonic()
        done = READING * (min(rows / total, 1.0) if total else rows / (rows + 100_000))
        with installation.database.transaction("owner") as connection:
            set_done(connection, upload_id, done)

    return tell


def _published(connection: Connection, upload_id: uuid.UUID, report: Report) -> None:
    set_state(connection, upload_id, "published", report=report.as_json(ROWS_KEPT))


def _end(installation: Installation, upload_id: uuid.UUID, state: str, report: dict[str, Any]) -> None:
    with installation.database.transaction("owner") as connection:
        set_state(connection, upload_id, state, report=report)
    purge(installation.settings, upload_id)


def _report_of(error: errors.GisappError, row: Row[Any]) -> dict[str, Any]:
    outcome = error.values.get("outcome")
    if isinstance(outcome, Report):
        return outcome.as_json(ROWS_KEPT)
    ja, en = (f"{error.sentence(lang)} {error.remedy(lang)}" for lang in ("ja", "en"))
    return bare_report(row, Problem(ERROR, error.code, ja, en))
