"""Large files in pieces: announce the file, send it piece by piece, go on where it broke off. As tus does, smaller.

    POST  /api/layers/<layer>/uploads   size=<bytes> name=<file name> …   → 201, offset 0
    PATCH /api/uploads/<id>             Upload-Offset: <bytes there>      → 200, the new offset
    GET   /api/uploads/<id>             after a break: `offset` says how much is there

The length of the file on the disk is what has been received: bytes that arrived before a connection broke count.
"""

from __future__ import annotations

import fcntl
import hashlib
import uuid
from pathlib import Path
from typing import IO, Any

from flask import Blueprint, jsonify, request, url_for
from sqlalchemy import Row, update

from gisapp import errors, roles
from gisapp.access import trail
from gisapp.access.guard import installation, signed_in
from gisapp.intake.asked import look_at, own_upload, person_id, plain_name, require_verb
from gisapp.intake.jobs import defer
from gisapp.intake.models import upload
from gisapp.intake.uploads import NO_LAYER, add_upload, file_of, find_upload, folder_of, purge, set_state

pieces = Blueprint("pieces", __name__)
LARGEST_PIECE = 64 * 2**20
AT_ONCE = 2**18


def expect(layer: str, options: dict[str, Any]) -> Any:
    """Begin an upload whose file comes in pieces: form fields name, size, and optionally sha256 (of the whole) and id.

    `id` is a UUID of the sender's making: said again, it names the upload that was begun, so that a request whose answer
    got lost may be repeated. Raises errors.ParameterInvalid, TooLarge.
    """
    name, size = plain_name(request.form.get("name")), _size(request.form.get("size", ""))
    if not name:
        why = {"why_ja": "ファイルの名前がありません", "why_en": "there is no file name"}
        raise errors.ParameterInvalid(name="name", example="name=roads.zip", **why)
    upload_id = _id(request.form.get("id", ""))
    kept = options | {"sha256": _sha256(request.form.get("sha256", ""))}
    with installation().database.transaction(roles.APP) as connection:
        try:
            row = find_upload(connection, upload_id)
        except errors.UploadNotFound:
            add_upload(connection, upload_id, layer, name, kept, person_id(), size=size)
        else:
            if (row.person_id, row.size) != (person_id(), size) or layer not in (row.layer, NO_LAYER):
                raise errors.UploadNotFound(id=upload_id)
            if (
                row.state != "receiving"
            ):  # everything is there: what became of it is what the sender wants to know
                return _begun(upload_id, row.state, size, size)
    settings = installation().settings
    folder_of(settings, upload_id).mkdir(parents=True, mode=0o700, exist_ok=True)
    path = file_of(settings, upload_id)
    path.touch()
    return _begun(upload_id, "receiving", path.stat().st_size, size)


def _begun(upload_id: uuid.UUID, state: str, there: int, size: int) -> Any:
    where = url_for("uploads.show", upload_id=upload_id)
    said = {"id": str(upload_id), "state": state, "url": where, "offset": there, "size": size}
    return jsonify(said), 201, {"Location": where}


@pieces.patch("/api/uploads/<uuid:upload_id>")
@signed_in
def receive_piece(upload_id: uuid.UUID) -> Any:
    """Take the bytes that follow on `Upload-Offset`; the last ones put the file into the queue.

    Raises errors.UploadState, OffsetWrong (409, says how much is there), TooLarge, FileRefused.
    """
    row = own_upload(upload_id)
    require_verb(row, "publish" if row.options["publish"] else "upload")
    if row.state != "receiving" or row.person_id != person_id():
        raise errors.UploadState(id=upload_id, state=row.state)
    if (request.content_length or 0) > LARGEST_PIECE:
        raise errors.TooLarge(limit_mb=LARGEST_PIECE // 2**20)
    path = file_of(installation().settings, upload_id)
    with path.open("ab") as kept:
        try:
            fcntl.flock(kept, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:  # another request is writing: whoever sends twice asks again
            raise errors.OffsetWrong(id=upload_id, offset=path.stat().st_size) from error
        there = _append(kept, row)
    if there < row.size:
        with installation().database.transaction(roles.APP) as connection:
            connection.execute(update(upload).where(upload.c.id == upload_id).values(received=there))
        return _offset(upload_id, "receiving", there)
    _finish(row, path)
    return _offset(upload_id, "received", there)


def _append(kept: IO[bytes], row: Row[Any]) -> int:
    """Write the request's body at the end of the file; returns its length. What came before a break stays."""
    there = kept.seek(0, 2)
    said = request.headers.get("Upload-Offset", "")
    if not (said.isascii() and said.isdigit()) or int(said) != there:
        raise errors.OffsetWrong(id=row.id, offset=there)
    while chunk := request.stream.read(min(AT_ONCE, row.size - there + 1)):
        if there + len(chunk) > row.size:
            why = {"why_ja": "知らせた大きさより長いデータです", "why_en": "there is more than was announced"}
            raise errors.ParameterInvalid(name="size", example=f"size={there + len(chunk)}", **why)
        kept.write(chunk)
        there += len(chunk)
    return there


def _finish(row: Row[Any], path: Path) -> None:
    """Everything is there: look at it and have it processed. Raises errors.FileRefused, UploadState."""
    settings = installation().settings
    try:
        _require_whole(path, row.options.get("sha256") or "", row.file_name)
        look_at(path, row.file_name)
    except errors.FileRefused:
        with installation().database.transaction(roles.APP) as connection:
            set_state(connection, row.id, "discarded")
        purge(settings, row.id)
        raise
    with installation().database.transaction(roles.APP) as connection:
        found = find_upload(connection, row.id, lock=True)
        if found.state != "receiving":
            raise errors.UploadState(id=row.id, state=found.state)
        set_state(connection, row.id, "received", received=row.size)
        defer(connection, row.id, row.layer)
        said = {key: value for key, value in row.options.items() if key != "sha256"}
        trail.note_with(connection, "uploaded", row.layer, upload=str(row.id), file=row.file_name, **said)


def _require_whole(path: Path, sha256: str, name: str) -> None:
    if not sha256:
        return
    with path.open("rb") as whole:
        found = hashlib.file_digest(whole, "sha256").hexdigest()
    if found != sha256:
        raise errors.FileRefused(
            problem="damaged",
            file=name,
            why_ja="送信の途中で内容が変わっています（SHA-256 が違います）",
            why_en="it changed while it was sent (its SHA-256 is another)",
            do_ja="ファイルの書き込みが終わってから、もう一度送ってください。",
            do_en="Send it again when nobody writes to it.",
        )


def _offset(upload_id: uuid.UUID, state: str, there: int) -> Any:
    where = url_for("uploads.show", upload_id=upload_id)
    body = jsonify(id=str(upload_id), state=state, url=where, offset=there)
    return body, 200, {"Upload-Offset": str(there)}


def _size(said: str) -> int:
    if not (said.isascii() and said.isdigit()) or len(said) > 15 or int(said) < 1:
        why = {"why_ja": "バイト数です", "why_en": "it is a number of bytes"}
        raise errors.ParameterInvalid(name="size", example="size=123456", **why)
    limit = installation().settings.upload_limit_mb
    if int(said) > limit * 2**20:
        raise errors.TooLarge(limit_mb=limit)
    return int(said)


def _id(said: str) -> uuid.UUID:
    try:
        return uuid.UUID(said) if said else uuid.uuid4()
    except ValueError as error:
        why = {"why_ja": "UUID です", "why_en": "it is a UUID"}
        raise errors.ParameterInvalid(name="id", example=f"id={uuid.UUID(int=0)}", **why) from error


def _sha256(said: str) -> str:
    if said and not (len(said) == 64 and set(said.lower()) <= set("0123456789abcdef")):
        why = {"why_ja": "SHA-256 の16進数です", "why_en": "it is a SHA-256 in hexadecimal"}
        raise errors.ParameterInvalid(name="sha256", example="sha256=…", **why)
    return said.lower()
