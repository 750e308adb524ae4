"""Uploads over HTTP: receive a file, say how it goes, check it again, publish, undo or discard it.

The work itself is the worker's. Large files may come in pieces: see `pieces`.
"""

from __future__ import annotations

import shutil
import uuid
from typing import Any

from flask import Blueprint, jsonify, request, url_for

from gisapp import errors, roles
from gisapp.access import trail
from gisapp.access.guard import (
    changeable_layers,
    changes_layer,
    in_person,
    installation,
    require_change,
    signed_in,
)
from gisapp.intake.asked import (
    as_json,
    in_state,
    look_at,
    options_said,
    own_upload,
    person_id,
    plain_name,
    require_verb,
    yes,
)
from gisapp.intake.jobs import defer
from gisapp.intake.pieces import expect
from gisapp.intake.uploads import (
    NO_LAYER,
    WAITING,
    add_upload,
    file_of,
    find_upload,
    folder_of,
    list_uploads,
    purge,
    set_state,
)

uploads = Blueprint("uploads", __name__)


@uploads.post("/api/layers/<string:layer>/uploads")
@changes_layer("upload")
def receive(layer: str) -> Any:
    """Take a file for the layer: multipart `file`, and mode, crs, encoding, part, set (repeatable), publish (1 or 0).

    With `size` and `name` instead of `file` the file comes in pieces afterwards.
    """
    kept = options_said(request.form)
    publish = yes(request.form, "publish", "1")
    if publish:
        require_change(layer, "publish")
    return _take(layer, kept | {"publish": publish})


@uploads.post("/api/uploads")
@in_person
def receive_without_layer() -> Any:
    """Take a file whose layer is still to be named: the upload asks for it, and proposes those that fit."""
    if not changeable_layers():
        raise errors.NotAllowed(
            why_ja="更新できるレイヤーがありません", why_en="there is no layer that you may change"
        )
    return _take(NO_LAYER, options_said(request.form) | {"publish": False})


def _take(layer: str, kept: dict[str, Any]) -> Any:
    if "size" in request.form and "file" not in request.files:
        return expect(layer, kept)
    upload_id = uuid.uuid4()
    name = _keep_file(upload_id)
    try:
        look_at(file_of(installation().settings, upload_id), name)
        with installation().database.transaction(roles.APP) as connection:
            add_upload(connection, upload_id, layer, name, kept, person_id())
            defer(connection, upload_id, layer)
            trail.note_with(connection, "uploaded", layer, upload=str(upload_id), file=name, **kept)
    except BaseException:
        purge(installation().settings, upload_id)
        raise
    return _accepted(upload_id, "received")


@uploads.get("/api/uploads")
@signed_in
def index() -> Any:
    """The asker's own uploads, the newest first."""
    with installation().database.transaction(roles.APP) as connection:
        rows = list_uploads(connection, person_id())
    there = installation().catalogue.layers
    mine = [row for row in rows if row.layer in there or row.layer == NO_LAYER]
    return jsonify(uploads=[as_json(row, whole=False) for row in mine])


@uploads.get("/api/uploads/<uuid:upload_id>")
@signed_in
def show(upload_id: uuid.UUID) -> Any:
    """How an upload goes: state, done (0 to 1), its difference to the layer, and its report once there is one."""
    return jsonify(as_json(own_upload(upload_id)))


@uploads.post("/api/uploads/<uuid:upload_id>/check")
@signed_in
def check(upload_id: uuid.UUID) -> Any:
    """Check the file again, which need not be sent again: with other options, or without repairs of some kinds.

    mode, crs, encoding, part, set as at first (what is not said stays); `decline`: codes of repairs (repeatable, empty:
    none). Where only `decline` is said, the staged rows are compared anew and nothing is read. `layer`: the layer that the
    file is for, where it was sent without one or for another.
    """
    require_verb(own_upload(upload_id), "upload")
    named = {"layer": require_change(request.form["layer"], "upload").id} if "layer" in request.form else {}
    with installation().database.transaction(roles.APP) as connection:
        row = in_state(connection, upload_id, "checked", "asking")
        options = options_said(request.form, row.options)
        if "decline" in request.form:
            options["declined"] = sorted({code for code in request.form.getlist("decline") if code})
        options["compare_only"] = row.state == "checked" and set(request.form) <= {"decline", "csrf_token"}
        set_state(connection, upload_id, "received", done=0.0, options=options, **named)
        defer(connection, upload_id, named.get("layer", row.layer))
    return _accepted(upload_id, "received")


@uploads.post("/api/uploads/<uuid:upload_id>/publish")
@signed_in
def publish(upload_id: uuid.UUID) -> Any:
    """Publish an upload that was checked. `anyway=1`: also when the layer changed since the difference was computed."""
    require_change(own_upload(upload_id).layer, "publish")
    anyway = yes(request.form, "anyway", "0")
    with installation().database.transaction(roles.APP) as connection:
        row = in_state(connection, upload_id, "checked")
        options = {**row.options, "anyway": anyway, "by": person_id()}
        set_state(connection, upload_id, "publishing", done=0.0, options=options)
        defer(connection, upload_id, row.layer)
        trail.note_with(connection, "publish_asked", row.layer, upload=str(upload_id))
    return _accepted(upload_id, "publishing")


@uploads.post("/api/uploads/<uuid:upload_id>/undo")
@signed_in
def undo(upload_id: uuid.UUID) -> Any:
    """Undo what an upload published, where no later revision changed the same rows."""
    require_change(own_upload(upload_id).layer, "publish")
    with installation().database.transaction(roles.APP) as connection:
        row = in_state(connection, upload_id, "published")
        set_state(connection, upload_id, "undoing", done=0.0, options={**row.options, "by": person_id()})
        defer(connection, upload_id, row.layer)
        trail.note_with(connection, "undo_asked", row.layer, upload=str(upload_id), revision=row.revision)
    return _accepted(upload_id, "undoing")


@uploads.post("/api/uploads/<uuid:upload_id>/discard")
@signed_in
def discard(upload_id: uuid.UUID) -> Any:
    """Throw away an upload that waits for a person; the worker removes its staged rows."""
    require_verb(own_upload(upload_id), "upload")
    with installation().database.transaction(roles.APP) as connection:
        row = in_state(connection, upload_id, *WAITING)
        set_state(connection, upload_id, "discarded")
        defer(connection, upload_id, row.layer)
        trail.note_with(connection, "upload_discarded", row.layer, upload=str(upload_id))
    purge(installation().settings, upload_id)
    with installation().database.transaction(roles.APP) as connection:
        return jsonify(as_json(find_upload(connection, upload_id)))


def _accepted(upload_id: uuid.UUID, state: str) -> Any:
    where = url_for("uploads.show", upload_id=upload_id)
    return jsonify(id=str(upload_id), state=state, url=where), 202, {"Location": where}


def _keep_file(upload_id: uuid.UUID) -> str:
    """Put the uploaded file into its own folder; returns the name it came with. Raises errors.ParameterInvalid."""
    received = request.files.get("file")
    name = plain_name(received.filename) if received else ""
    if received is None or not name:
        why = {"why_ja": "ファイルが付いていません", "why_en": "there is no file"}
        raise errors.ParameterInvalid(name="file", example="curl -F file=@roads.zip", **why)
    settings = installation().settings
    folder_of(settings, upload_id).mkdir(parents=True, mode=0o700)
    with file_of(settings, upload_id).open("wb") as kept:
        shutil.copyfileobj(received.stream, kept, 2**20)
    return name
