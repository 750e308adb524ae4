"""Uploads over HTTP: receive a file, say how it goes, publish or discard it. The work itself is the worker's."""

from __future__ import annotations

import shutil
import uuid
from pathlib import Path, PurePath
from typing import Any

from flask import Blueprint, jsonify, request, url_for
from sqlalchemy import Row

from gisapp import errors, roles
from gisapp.access import trail
from gisapp.access.guard import asker, changes_layer, installation, require_change, signed_in
from gisapp.access.policy import may_change
from gisapp.intake.jobs import defer
from gisapp.intake.options import parse_options
from gisapp.intake.sniff import check_name, kind_of
from gisapp.intake.uploads import add_upload, file_of, find_upload, folder_of, purge, set_state

uploads = Blueprint("uploads", __name__)
LONGEST_NAME = 200


@uploads.post("/api/layers/<string:layer>/uploads")
@changes_layer("upload")
def receive(layer: str) -> Any:
    """Take a file for the layer: multipart `file`, and mode, crs, encoding, part, set (repeatable), publish (1 or 0)."""
    options = parse_options(
        request.form.get("mode", "replace"),
        request.form.get("crs", ""),
        request.form.get("encoding", ""),
        request.form.get("part", ""),
        request.form.getlist("set"),
    )
    publish = _publish_wanted()
    if publish:
        require_change(layer, "publish")
    upload_id = uuid.uuid4()
    name = _keep_file(upload_id)
    person = asker().person
    assert person is not None
    try:
        _look_at(file_of(installation().settings, upload_id), name)
        with installation().database.transaction(roles.APP) as connection:
            kept = options.as_json() | {"publish": publish}
            add_upload(connection, upload_id, layer, name, kept, person.id)
            defer(connection, upload_id, layer)
            trail.note_with(connection, "uploaded", layer, upload=str(upload_id), file=name, **kept)
    except BaseException:
        purge(installation().settings, upload_id)
        raise
    where = url_for("uploads.show", upload_id=upload_id)
    return jsonify(id=str(upload_id), state="received", url=where), 202, {"Location": where}


@uploads.get("/api/uploads/<uuid:upload_id>")
@signed_in
def show(upload_id: uuid.UUID) -> Any:
    """How an upload goes: state, done (0 to 1), and its report once there is one."""
    row = _own_upload(upload_id)
    return jsonify(
        id=str(row.id),
        layer=row.layer,
        file=row.file_name,
        state=row.state,
        done=round(row.done, 3),
        report=row.report,
        created_at=row.created_at.isoformat(),
        finished_at=row.finished_at.isoformat() if row.finished_at else None,
    )


@uploads.post("/api/uploads/<uuid:upload_id>/publish")
@signed_in
def publish(upload_id: uuid.UUID) -> Any:
    """Publish an upload that was checked and found good."""
    require_change(_own_upload(upload_id).layer, "publish")
    with installation().database.transaction(roles.APP) as connection:
        row = find_upload(connection, upload_id, lock=True)
        if row.state != "checked":
            raise errors.UploadState(id=upload_id, state=row.state)
        set_state(connection, upload_id, "publishing", done=0.0)
        defer(connection, upload_id, row.layer)
        trail.note_with(connection, "publish_asked", row.layer, upload=str(upload_id))
    return jsonify(
        id=str(upload_id), state="publishing", url=url_for("uploads.show", upload_id=upload_id)
    ), 202


@uploads.post("/api/uploads/<uuid:upload_id>/discard")
@signed_in
def discard(upload_id: uuid.UUID) -> Any:
    """Throw away an upload that was checked."""
    require_change(_own_upload(upload_id).layer, "upload")
    with installation().database.transaction(roles.APP) as connection:
        row = find_upload(connection, upload_id, lock=True)
        if row.state != "checked":
            raise errors.UploadState(id=upload_id, state=row.state)
        set_state(connection, upload_id, "discarded")
        trail.note_with(connection, "upload_discarded", row.layer, upload=str(upload_id))
    purge(installation().settings, upload_id)
    return jsonify(id=str(upload_id), state="discarded")


def _own_upload(upload_id: uuid.UUID) -> Row[Any]:
    """The upload, if the asker may upload to its layer. Raises errors.UploadNotFound: hidden and missing are one."""
    with installation().database.transaction(roles.APP) as connection:
        row = find_upload(connection, upload_id)
    layer = installation().catalogue.layers.get(row.layer)
    if layer is None or not may_change(asker(), layer, "upload").allowed:
        raise errors.UploadNotFound(id=upload_id)
    return row


def _look_at(path: Path, name: str) -> None:
    """Refuse at once what a glance shows to be wrong. Raises errors.FileRefused."""
    try:
        check_name(name, kind_of(path))
    except errors.FileRefused as refusal:
        refusal.values["file"] = name
        raise


def _publish_wanted() -> bool:
    said = request.form.get("publish", "1").strip().lower()
    if said not in {"1", "0", "true", "false", "yes", "no"}:
        why = {"why_ja": "1 か 0 です", "why_en": "it is 1 or 0"}
        raise errors.ParameterInvalid(name="publish", example="publish=0", **why)
    return said in {"1", "true", "yes"}


def _keep_file(upload_id: uuid.UUID) -> str:
    """Put the uploaded file into its own folder; returns the name it came with. Raises errors.ParameterInvalid."""
    received = request.files.get("file")
    name = PurePath((received.filename or "").replace("\\", "/")).name[-LONGEST_NAME:] if received else ""
    name = "".join(letter for letter in name if letter.isprintable())
    if received is None or not name:
        why = {"why_ja": "ファイルが付いていません", "why_en": "there is no file"}
        raise errors.ParameterInvalid(name="file", example="curl -F file=@roads.zip", **why)
    settings = installation().settings
    folder_of(settings, upload_id).mkdir(parents=True, mode=0o700)
    with file_of(settings, upload_id).open("wb") as kept:
        shutil.copyfileobj(received.stream, kept, 2**20)
    return name
