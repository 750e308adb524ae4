"""/audit: the audit for those whose duty it is to read it. They see who did what and none of the data."""

from __future__ import annotations

import dataclasses
import datetime
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, render_template, request
from sqlalchemy import Row

from gisapp import roles
from gisapp.access import trail
from gisapp.access.guard import installation, on_duty
from gisapp.audit.events import EVENTS
from gisapp.audit.read import JAPAN, Wanted, csv_lines, page
from gisapp.features.parameters import invalid, known

audit = Blueprint("audit", __name__)

FILTERS = ("login", "what", "layer", "first", "last")
A_PAGE = 100


@audit.get("/audit")
@on_duty("auditor")
def search() -> Response:
    """A page of entries, the newest first. Reading is recorded too. Raises errors.ParameterInvalid."""
    values = known(request.args, (*FILTERS, "before", "lang"))
    wanted = _wanted(values)
    asked = {name: values[name] for name in FILTERS if values.get(name)}
    trail.note("audit_read", asked=asked)
    with installation().database.reading(roles.AUDITOR) as connection:
        found = page(connection, wanted, A_PAGE + 1)
    language = {"lang": "en"} if values.get("lang") == "en" else {}
    older = {**asked, **language, "before": found[A_PAGE - 1].id} if len(found) > A_PAGE else None
    content = render_template(
        "audit/page.html",
        lang=language.get("lang", "ja"),
        values=values,
        events=EVENTS,
        layers=installation().catalogue.layers,
        rows=[_shown(row) for row in found[:A_PAGE]],
        older="/audit?" + urlencode(older) if older else None,
        as_csv="/audit.csv?" + urlencode(asked),
    )
    return Response(content, mimetype="text/html")


@audit.get("/audit.csv")
@on_duty("auditor")
def download() -> Response:
    """The entries found as CSV for a spreadsheet. Raises errors.ParameterInvalid."""
    values = known(request.args, FILTERS)
    wanted = _wanted(values)
    trail.note("audit_exported", asked={name: value for name, value in values.items() if value})
    database = installation().database
    response = Response(csv_lines(lambda: database.reading(roles.AUDITOR), wanted), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="audit-{_today():%Y%m%d}.csv"'
    response.headers["Cache-Control"] = "no-store"
    return response


def _wanted(values: dict[str, str]) -> Wanted:
    what = values.get("what", "")
    if what and what not in EVENTS:
        raise invalid("what", "そのような操作はありません", "there is no such event", "what=sign_in")
    before = values.get("before", "")
    if before and not (before.isascii() and before.isdigit() and len(before) < 19):
        raise invalid("before", "記録の番号です", "it is the number of an entry", "before=1000")
    wanted = Wanted(
        login=values.get("login", "").strip().casefold(),
        what=what,
        layer=values.get("layer", "").strip(),
        first=_day(values, "first"),
        last=_day(values, "last"),
    )
    return dataclasses.replace(wanted, before=int(before)) if before else wanted


def _day(values: dict[str, str], name: str) -> datetime.date | None:
    raw = values.get(name, "")
    if not raw:
        return None
    try:
        found = datetime.date.fromisoformat(raw)
        if not 1900 < found.year < 3000:
            raise ValueError(raw)
    except ValueError as error:
        raise invalid(name, "日付です", "it is a date", f"{name}=2026-04-01") from error
    return found


def _shown(row: Row[Any]) -> dict[str, Any]:
    return {**row._mapping, "at": row.at.astimezone(JAPAN)}


def _today() -> datetime.date:
    return datetime.datetime.now(JAPAN).date()
