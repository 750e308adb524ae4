"""Uploaded files while they wait: their rows in `gisapp.upload` and their folders under GISAPP_HOME/uploads."""

from __future__ import annotations

import shutil
import uuid
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from gisapp import errors
from gisapp.intake.models import upload
from gisapp.intake.problem import ERROR, Problem
from gisapp.settings import Settings

ENDED = ("published", "refused", "failed", "discarded")
WAITING_DAYS = 7  # an upload that was checked and never published is discarded after this


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
) -> None:
    """Note a file that was received whole. `options` are those of Options.as_json and `publish`."""
    row = {"id": upload_id, "layer": layer, "file_name": file_name, "options": options, "person_id": who}
    connection.execute(sa.insert(upload).values(row))


def find_upload(connection: Connection, upload_id: uuid.UUID, *, lock: bool = False) -> Row[Any]:
    """The upload's row. Raises errors.UploadNotFound."""
    query = sa.select(upload).where(upload.c.id == upload_id)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise errors.UploadNotFound(id=upload_id)
    return row


def set_state(
    connection: Connection,
    upload_id: uuid.UUID,
    state: str,
    *,
    done: float | None = None,
    report: dict[str, Any] | None = None,
) -> None:
    """Move an upload on; `done` is 0 to 1."""
    values: dict[str, Any] = {"state": state}
    if done is not None:
        values["done"] = done
    if report is not None:
        values["report"] = report
    if state in ENDED:
        values |= {"done": 1.0, "finished_at": sa.func.now()}
    connection.execute(sa.update(upload).where(upload.c.id == upload_id).values(values))


def set_done(connection: Connection, upload_id: uuid.UUID, done: float) -> None:
    """Note how far an upload is, 0 to 1."""
    connection.execute(sa.update(upload).where(upload.c.id == upload_id).values(done=done))


def fail_upload(connection: Connection, upload_id: uuid.UUID, ja: str, en: str) -> bool:
    """Say that an upload failed through no fault of the file; False where it has ended or was checked already."""
    row = find_upload(connection, upload_id, lock=True)
    if row.state in (*ENDED, "checked"):
        return False
    set_state(connection, upload_id, "failed", report=bare_report(row, Problem(ERROR, "failed", ja, en)))
    return True


def bare_report(row: Row[Any], problem: Problem) -> dict[str, Any]:
    """A report of an upload whose file was not even opened."""
    return {"ok": False, "file": row.file_name, "layer": row.layer, "problems": [problem.as_json()]}


def purge(settings: Settings, upload_id: uuid.UUID) -> None:
    """Remove the uploaded file: what it held is in the layer now, or nowhere."""
    shutil.rmtree(folder_of(settings, upload_id), ignore_errors=True)


def forget_old_uploads(connection: Connection, settings: Settings) -> None:
    """Discard uploads that waited too long to be published, and remove files whose upload has ended."""
    old = sa.func.now() - sa.func.make_interval(0, 0, 0, WAITING_DAYS)
    stale = (upload.c.state == "checked") & (upload.c.created_at < old)
    values = {"state": "discarded", "finished_at": sa.func.now()}
    connection.execute(sa.update(upload).where(stale).values(values))
    waiting = set(connection.scalars(sa.select(upload.c.id).where(upload.c.state.not_in(ENDED))))
    for folder in (settings.home / "uploads").glob("*-*-*-*-*"):
        if uuid.UUID(folder.name) not in waiting:
            shutil.rmtree(folder, ignore_errors=True)
