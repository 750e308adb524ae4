"""Uploaded files while they wait: their rows in `gisapp.upload` and their folders under GISAPP_HOME/uploads."""

from __future__ import annotations

import contextlib
import shutil
import time
import uuid
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from gisapp import errors
from gisapp.db import Database
from gisapp.intake.models import upload
from gisapp.intake.problem import ERROR, Problem
from gisapp.intake.raw import raw_connection
from gisapp.intake.stage import drop_stage, staged_uploads
from gisapp.settings import Settings

ENDED = ("published", "undone", "refused", "failed", "discarded")
WAITING = ("receiving", "asking", "checked")  # for a person
NO_LAYER = ""  # of an upload, until a person has named one
WAITING_DAYS = 7  # an upload that waited for a person longer than this is discarded
NEW_SECONDS = 3600.0


def folder_of(settings: Settings, upload_id: uuid.UUID) -> Path:
    """Where the upload's file is, alone in a folder, until the upload has ended."""
    return settings.home / "uploads" / str(upload_id)


def file_of(settings: Settings, upload_id: uuid.UUID) -> Path:
    """The uploaded file. Its own name is kept in the database only: nobody outside names a file of the server."""
    return folder_of(settings, upload_id) / "file"


def add_upload(
    connection: Connection,
    upload_id: uuid.UUID,
    layer: str,
    file_name: str,
    options: dict[str, Any],
    who: int,
    *,
    size: int | None = None,
) -> None:
    """Note a file that was received whole, or one of `size` bytes that comes in pieces.

    `options` are those of Options.as_json and `publish`.
    """
    row = {"id": upload_id, "layer": layer, "file_name": file_name, "options": options, "person_id": who}
    coming = {} if size is None else {"state": "receiving", "size": size}
    connection.execute(sa.insert(upload).values(row | coming))


def list_uploads(connection: Connection, person_id: int, most: int = 50) -> list[Row[Any]]:
    """A person's uploads, the newest first."""
    query = sa.select(upload).where(upload.c.person_id == person_id)
    return list(connection.execute(query.order_by(upload.c.created_at.desc()).limit(most)))


def find_upload(connection: Connection, upload_id: uuid.UUID, *, lock: bool = False) -> Row[Any]:
    """The upload's row. Raises errors.UploadNotFound."""
    query = sa.select(upload).where(upload.c.id == upload_id)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise errors.UploadNotFound(id=upload_id)
    return row


def set_state(connection: Connection, upload_id: uuid.UUID, state: str, **values: Any) -> None:
    """Move an upload on. `values`: done (0 to 1), report, difference, seen, revision, notice, options, as they are kept.

    A notice stands until the next step.
    """
    moved = {"notice": None, **values, "state": state, "changed_at": sa.func.now()}
    if values.get("seen"):
        moved["compared_at"] = sa.func.now()
    if state in (*ENDED, "checked", "asking"):
        moved["done"] = 1.0
    if state in ENDED:
        moved["finished_at"] = sa.func.now()
    connection.execute(sa.update(upload).where(upload.c.id == upload_id).values(moved))


def set_done(connection: Connection, upload_id: uuid.UUID, done: float) -> None:
    """Note how far an upload is, 0 to 1."""
    connection.execute(sa.update(upload).where(upload.c.id == upload_id).values(done=done))


def fail_upload(connection: Connection, upload_id: uuid.UUID, ja: str, en: str) -> bool:
    """Say that a step failed through no fault of the file; True where the upload has ended with that.

    One that is staged can be published again, one that is published is so still: these only get a notice.
    """
    row = find_upload(connection, upload_id, lock=True)
    notice = {"code": "failed", "ja": ja, "en": en}
    if row.state == "undoing":
        set_state(connection, upload_id, "published", notice=notice)
    elif row.state == "publishing" and row.difference is not None:
        set_state(connection, upload_id, "checked", notice=notice)
    elif row.state not in (*ENDED, *WAITING):
        set_state(connection, upload_id, "failed", report=bare_report(row, Problem(ERROR, "failed", ja, en)))
        return True
    return False


def bare_report(row: Row[Any], problem: Problem) -> dict[str, Any]:
    """A report of an upload whose file was not even opened."""
    return {"ok": False, "file": row.file_name, "layer": row.layer, "problems": [problem.as_json()]}


def purge(settings: Settings, upload_id: uuid.UUID) -> None:
    """Remove the uploaded file: what it held is in the layer now, or nowhere."""
    shutil.rmtree(folder_of(settings, upload_id), ignore_errors=True)


def drop_staged(database: Database, upload_id: uuid.UUID) -> None:
    """Remove the staged rows of an upload that needs them no more; as the owner."""
    with database.transaction("owner") as connection:
        drop_stage(raw_connection(connection), upload_id)


def forget_old_uploads(connection: Connection, settings: Settings) -> None:
    """Discard uploads that waited too long for a person, and remove files and staged rows of those that have ended.

    Needs the owner's connection.
    """
    old = sa.func.now() - sa.func.make_interval(0, 0, 0, WAITING_DAYS)
    stale = upload.c.state.in_(WAITING) & (upload.c.changed_at < old)
    values = {"state": "discarded", "finished_at": sa.func.now()}
    connection.execute(sa.update(upload).where(stale).values(values))
    alive = set(connection.scalars(sa.select(upload.c.id).where(upload.c.state.not_in(ENDED))))
    for folder in (settings.home / "uploads").glob("*-*-*-*-*"):
        if uuid.UUID(folder.name) not in alive and not _is_new(folder):
            shutil.rmtree(folder, ignore_errors=True)
    raw = raw_connection(connection)
    for upload_id in staged_uploads(raw) - alive:
        drop_stage(raw, upload_id)


def _is_new(folder: Path) -> bool:
    """A file that is being received has a folder before it has a row."""
    with contextlib.suppress(OSError):
        return time.time() - folder.stat().st_mtime < NEW_SECONDS
    return False
