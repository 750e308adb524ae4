"""One step of an upload, in the background: check it, publish it, undo that; then purge what is needed no more.

Each step ends in the transaction that does it, so it may be begun again after a crash: nothing is done twice, and
nothing is half done.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable
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
from gisapp.intake.progress import Progress
from gisapp.intake.proposal import propose
from gisapp.intake.report import ROWS_KEPT, Report
from gisapp.intake.uploads import (
    NO_LAYER,
    bare_report,
    drop_staged,
    file_of,
    find_upload,
    purge,
    set_done,
    set_state,
)
from gisapp.intake.waiting import compare_again, publish_staged, undo_published

log = logging.getLogger("gisapp.intake")
TELL_EVERY = 0.5  # seconds between two notes of progress
READING = 0.7  # the part of the work that is reading; publishing is the rest


def process_upload(installation: Installation, upload_id: uuid.UUID) -> None:
    """Take an upload as far as it goes by itself.

    Published, or `checked` with its rows staged (when publishing was not asked for), `asking` (an option decides) or
    refused. One that is `publishing` or `undoing` ends that. Raises errors.UploadNotFound; any other exception is a
    mistake of ours and leaves the layer as it was.
    """
    row = _begin(installation, upload_id)
    if row.state == "discarded":
        drop_staged(installation.database, upload_id)
        return
    if row.state not in ("received", "checking", "publishing", "undoing"):
        return
    try:
        order = _order(installation, row)
        if row.state == "undoing":
            undo_published(installation, row, order)
        elif row.state == "publishing" and row.difference is not None:
            if publish_staged(installation, row, order, _publishing(installation, upload_id)):
                purge(installation.settings, upload_id)
        elif order.layer is None:
            _propose(installation, row, order)
        elif row.options.get("compare_only") and compare_again(installation, row, order):
            return
        else:
            _check(installation, row, order)
    except errors.GisappError as error:
        if error.status >= 500:  # the database is away, not the file wrong
            raise
        _refuse(installation, row, error)


def _check(installation: Installation, row: Row[Any], order: Order) -> None:
    def before_commit(connection: Connection, report: Report) -> None:
        said = {"report": report.as_json(ROWS_KEPT), "difference": report.difference}
        state = "checked" if order.keep else "published"
        set_state(connection, row.id, state, seen=report.seen or None, revision=report.revision, **said)

    load_file(installation, order, progress=_teller(installation, row.id), before_commit=before_commit)
    if not order.keep:
        purge(installation.settings, row.id)


def _propose(installation: Installation, row: Row[Any], order: Order) -> None:
    """Ask for the layer of a file that was sent without one."""
    with installation.database.transaction("owner") as connection:
        person = find_person(connection, row.person_id)
    report = propose(installation, order, Asker(person))
    with installation.database.transaction("owner") as connection:
        set_state(connection, row.id, "asking", report=report.as_json(ROWS_KEPT), difference=None)


def _begin(installation: Installation, upload_id: uuid.UUID) -> Row[Any]:
    """The upload as it was; it is `checking` from here on if it was `received`."""
    with installation.database.transaction("owner") as connection:
        row = find_upload(connection, upload_id, lock=True)
        if row.state == "received":
            set_state(connection, upload_id, "checking", done=0.0)
    return row


def _order(installation: Installation, row: Row[Any]) -> Order:
    """What is to be loaded. Whoever sent the file must still be allowed to. Raises errors.NotAllowed, LayerNotFound."""
    layer = None if row.layer == NO_LAYER else installation.catalogue.layer(row.layer)
    publishing = bool(row.options["publish"]) or row.state in ("publishing", "undoing")
    with installation.database.transaction("owner") as connection:
        asked_by = row.options.get("by") if row.state in ("publishing", "undoing") else None
        person = find_person(connection, asked_by or row.person_id)
    if person is None:
        raise errors.NotAllowed(
            why_ja="送った人の利用が終わっています", why_en="its sender's account has ended"
        )
    if layer is not None:
        allowed = may_change(Asker(person), layer, "publish" if publishing else "upload")
        if not allowed.allowed:
            raise errors.NotAllowed(why_ja=allowed.why_ja, why_en=allowed.why_en)
    return Order(
        file_of(installation.settings, row.id),
        row.file_name,
        layer,
        options_from_json(row.options),
        person.login,
        author=Who(person.login, person.id, tuple(sorted(person.departments)), f"upload:{row.id}"),
        keep=None if publishing else row.id,
        declined=tuple(row.options.get("declined", ())),
    )


def _publishing(
    installation: Installation, upload_id: uuid.UUID, after: float = 0.0
) -> Callable[[float], None]:
    """Notes how much of publishing is done, outside of the transaction that publishes; `after`: what was done before."""

    def tell(share: float) -> None:
        with installation.database.transaction("owner") as connection:
            set_done(connection, upload_id, after + (1 - after) * share)

    return tell


def _teller(installation: Installation, upload_id: uuid.UUID) -> Progress:
    """Notes `done` now and then, outside of the transaction that loads."""
    told = time.monotonic()

    def tell(rows: int, total: int | None) -> None:
        nonlocal told
        if time.monotonic() - told < TELL_EVERY:
            return
        told = time.monotonic()
        done = READING * (min(rows / total, 1.0) if total else rows / (rows + 100_000))
        with installation.database.transaction("owner") as connection:
            set_done(connection, upload_id, done)

    return Progress(tell, _publishing(installation, upload_id, READING))


def _refuse(installation: Installation, row: Row[Any], error: errors.GisappError) -> None:
    """Say why a step could not be done: a file is refused or asks; what is published stays so, with a notice."""
    ja, en = (f"{error.sentence(lang)} {error.remedy(lang)}" for lang in ("ja", "en"))
    with installation.database.transaction("owner") as connection:
        if row.state == "undoing":
            set_state(connection, row.id, "published", notice={"code": error.code, "ja": ja, "en": en})
            return
        outcome = error.values.get("outcome")
        report = (
            outcome.as_json(ROWS_KEPT)
            if isinstance(outcome, Report)
            else bare_report(row, Problem(ERROR, error.code, ja, en))
        )
        state = "asking" if report.get("outcome") == "ask" else "refused"
        set_state(connection, row.id, state, report=report, difference=None)
    drop_staged(installation.database, row.id)
    if state == "refused":
        purge(installation.settings, row.id)
