"""What an upload that waits would change, and what was repaired in it: only for those who may change the layer."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from flask import Blueprint, Response, jsonify, request
from sqlalchemy import Row

from gisapp import answers, errors
from gisapp.access import trail
from gisapp.access.guard import asker, audience_role, installation, signed_in
from gisapp.access.policy import view_of
from gisapp.features.parameters import invalid, known, whole
from gisapp.intake.asked import language, own_upload
from gisapp.intake.raw import raw_connection
from gisapp.intake.shown import (
    WHATS,
    Shown,
    difference_rows,
    difference_shapes,
    repair_kinds,
    repaired_rows,
)
from gisapp.intake.stage import kept_stage
from gisapp.intake.uploads import NO_LAYER

differences = Blueprint("differences", __name__)
MOST_ROWS, USUAL_ROWS = 500, 50
MOST_SHAPES = 3000


@differences.get("/api/uploads/<uuid:upload_id>/difference")
@signed_in
def table(upload_id: uuid.UUID) -> Any:
    """A page of the difference: `what` (added, changed, removed; all where not said), `limit`, `page` from 1, `lang`."""
    values = known(request.args, ("what", "limit", "page", "lang"))
    what = values.get("what", "")
    if what and what not in WHATS:
        listed = ", ".join(WHATS)
        raise invalid("what", f"{listed} のどれかです", f"it is one of {listed}", "what=changed")
    limit, offset = _page(values)
    row = own_upload(upload_id)
    with _staged(row) as (raw, shown):
        rows = difference_rows(raw, shown, what, limit, offset, language())
    _note(shown, [one["id"] for one in rows])
    counts = row.difference or {}
    there = counts.get(what, 0) if what else sum(counts.get(name, 0) for name in WHATS)
    fields = [
        {"name": one.name, "title": one.title.get(language()), "personal": one.personal}
        for one in map(shown.layer.field, shown.fields)
    ]
    return jsonify(counts=counts, fields=fields, rows=rows, more=offset + len(rows) < there)


@differences.get("/api/uploads/<uuid:upload_id>/difference.geojson")
@signed_in
def shapes(upload_id: uuid.UUID) -> Response:
    """The difference for a map: what (added, changed, before, removed), id and row of each shape."""
    known(request.args, ("lang",))
    with _staged(own_upload(upload_id)) as (raw, shown):
        text, ids = difference_shapes(raw, shown, MOST_SHAPES)
    _note(shown, ids)
    return answers.send(text.encode(), "application/geo+json")


@differences.get("/api/uploads/<uuid:upload_id>/repairs")
@signed_in
def repairs(upload_id: uuid.UUID) -> Any:
    """The kinds of repairs with their numbers of rows; with `code` a page of one kind, before and after."""
    values = known(request.args, ("code", "limit", "page", "lang"))
    limit, offset = _page(values)
    row = own_upload(upload_id)
    declined = row.options.get("declined", [])
    with _staged(row) as (raw, shown):
        kinds = repair_kinds(raw, shown)
        rows = repaired_rows(raw, shown, values["code"], limit, offset) if values.get("code") else []
    titles = {field.name: field.title.get(language()) for field in shown.layer.fields}
    said = [{**one, "title": titles.get(one.get("field") or "")} for one in rows]
    return jsonify(kinds=[{**kind, "declined": kind["code"] in declined} for kind in kinds], rows=said)


@contextmanager
def _staged(row: Row[Any]) -> Iterator[tuple[psycopg.Connection[Any], Shown]]:
    """The staged rows as the asker may see them. Raises errors.UploadState where there are none, NotAllowed."""
    if row.layer == NO_LAYER:
        raise errors.UploadState(id=row.id, state=row.state)
    layer = installation().catalogue.layer(row.layer)
    view = view_of(asker(), layer)
    if view is None:
        raise errors.NotAllowed(
            why_ja="このトークンではレイヤーを読めません", why_en="this token may not read the layer"
        )
    if row.state not in ("checked", "publishing"):
        raise errors.UploadState(id=row.id, state=row.state)
    try:
        with installation().database.transaction(audience_role()) as connection:
            yield raw_connection(connection), Shown(layer, view, kept_stage(row.id))
    except psycopg.errors.UndefinedTable as error:  # published or discarded this moment
        raise errors.UploadState(id=row.id, state=row.state) from error


def _note(shown: Shown, ids: Sequence[int | None]) -> None:
    there = (id_ for id_ in ids if id_ is not None)
    trail.note_viewed(((shown.layer, shown.view, id_) for id_ in there), channel="uploads")


def _page(values: dict[str, str]) -> tuple[int, int]:
    limit = min(whole(values, "limit", USUAL_ROWS), MOST_ROWS)
    return limit, limit * (min(whole(values, "page", 1), 10**9) - 1)
