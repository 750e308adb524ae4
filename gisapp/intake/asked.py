"""What the routes of uploads have in common: the upload an address names, what a form says, an upload as JSON."""

from __future__ import annotations

import uuid
from pathlib import Path, PurePath
from typing import Any

from flask import request, url_for
from sqlalchemy import Connection, Row
from werkzeug.datastructures import MultiDict

from gisapp import errors, roles
from gisapp.access.guard import asker, installation, require_change
from gisapp.access.policy import may_change
from gisapp.intake.options import parse_options
from gisapp.intake.sniff import check_name, kind_of
from gisapp.intake.uploads import NO_LAYER, WAITING, file_of, find_upload

LONGEST_NAME = 200
WORDS = ("crs", "encoding", "part", "only", "places")
YES, NO = frozenset({"1", "true", "yes"}), frozenset({"0", "false", "no"})


def own_upload(upload_id: uuid.UUID) -> Row[Any]:
    """The upload, if the asker may upload to its layer. Raises errors.UploadNotFound: hidden and missing are one."""
    with installation().database.transaction(roles.APP) as connection:
        row = find_upload(connection, upload_id)
    layer = installation().catalogue.layers.get(row.layer)
    if row.layer == NO_LAYER:
        mine = asker().person is not None and asker().token is None and row.person_id == person_id()
    else:
        mine = layer is not None and may_change(asker(), layer, "upload").allowed
    if not mine:
        raise errors.UploadNotFound(id=upload_id)
    return row


def require_verb(row: Row[Any], verb: str) -> None:
    """Require that the asker may do `verb` to the upload's layer; one without a layer is its sender's. Raises as the guard does."""
    if row.layer != NO_LAYER:
        require_change(row.layer, verb)


def in_state(connection: Connection, upload_id: uuid.UUID, *states: str) -> Row[Any]:
    """The upload, locked. Raises errors.UploadState where it is in none of these states."""
    row = find_upload(connection, upload_id, lock=True)
    if row.state not in states:
        raise errors.UploadState(id=upload_id, state=row.state)
    return row


def person_id() -> int:
    """Who asks. Raises errors.SignInNeeded."""
    person = asker().person
    if person is None:
        raise errors.SignInNeeded()
    return person.id


def options_said(form: MultiDict[str, str], kept: dict[str, Any] | None = None) -> dict[str, Any]:
    """Options as they are kept with an upload: what the form says, else what was said before (`kept`).

    Raises errors.ParameterInvalid.
    """
    before = kept or {}
    constants = (
        form.getlist("set") if "set" in form else [f"{k}={v}" for k, v in before.get("set", {}).items()]
    )
    crs, encoding, part, only, places = (form.get(name, before.get(name, "")) for name in WORDS)
    mode = form.get("mode", before.get("mode", "replace"))
    options = parse_options(mode, crs, encoding, part, constants, only, places)
    return {**before, **options.as_json()}


def yes(form: MultiDict[str, str], name: str, default: str) -> bool:
    """A yes or no of a form. Raises errors.ParameterInvalid."""
    said = form.get(name, default).strip().lower()
    if said not in YES | NO:
        raise errors.ParameterInvalid(
            name=name, example=f"{name}=0", why_ja="1 か 0 です", why_en="it is 1 or 0"
        )
    return said in YES


def plain_name(name: str | None) -> str:
    """A file's name as it may be shown: no folders, nothing that does not print; empty where nothing is left."""
    last = PurePath((name or "").replace("\\", "/")).name[-LONGEST_NAME:]
    return "".join(letter for letter in last if letter.isprintable())


def look_at(path: Path, name: str) -> None:
    """Refuse at once what a glance shows to be wrong. Raises errors.FileRefused."""
    try:
        check_name(name, kind_of(path))
    except errors.FileRefused as refusal:
        refusal.values["file"] = name
        raise


def as_json(row: Row[Any], *, whole: bool = True) -> dict[str, Any]:
    """An upload for programs; not `whole`: as one of a list, without its report and options."""
    layer = installation().catalogue.layers.get(row.layer)
    short = {
        "id": str(row.id),
        "url": url_for("uploads.show", upload_id=row.id),
        "layer": row.layer,
        "layer_title": layer.title.get(language()) if layer else row.layer,
        "file": row.file_name,
        "mode": row.options["mode"],
        "state": row.state,
        "done": round(row.done, 3),
        "difference": row.difference or (row.report or {}).get("difference"),
        "revision": row.revision,
        "notice": row.notice,
        "created_at": row.created_at.isoformat(),
        "finished_at": row.finished_at.isoformat() if row.finished_at else None,
    }
    if not whole:
        return short
    return short | {
        "options": row.options,
        "can": can(row),
        "report": row.report,
        "size": row.size,
        "offset": _there(row),
    }


def _there(row: Row[Any]) -> int:
    """How many bytes of the file are there: while it comes in pieces, also those that came before a connection broke."""
    try:
        path = file_of(installation().settings, row.id)
        return path.stat().st_size if row.state == "receiving" else int(row.received)
    except OSError:
        return int(row.received)


def can(row: Row[Any]) -> list[str]:
    """What the asker may do with the upload next."""
    if row.layer == NO_LAYER:
        return ["check", "discard"] if row.state == "asking" else ["discard"] if row.state in WAITING else []
    layer = installation().catalogue.layer(row.layer)
    possible = {"checked": ["publish", "check", "discard"], "asking": ["check", "discard"]}.get(
        row.state, ["discard"] if row.state in WAITING else ["undo"] if row.state == "published" else []
    )
    publisher = may_change(asker(), layer, "publish").allowed
    return [verb for verb in possible if publisher or verb not in ("publish", "undo")]


def language() -> str:
    """The language of words in an answer: Japanese unless `?lang=en`."""
    return "en" if request.args.get("lang") == "en" else "ja"
