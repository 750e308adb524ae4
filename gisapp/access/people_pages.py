"""/people: who may sign in, their posts, duties and last days. For system administrators, in person.

Everything that changes a right is a wish that the worker performs (`access.wishes`); the page says what became of it.
"""

from __future__ import annotations

import datetime
from typing import Any

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from gisapp import errors, roles
from gisapp.access import one_time
from gisapp.access.guard import installation, on_duty
from gisapp.access.listing import Listed, list_people, listed_person
from gisapp.access.page import at, is_refused, me, outcome, read, render, text, wish
from gisapp.access.people import ADMINISTRATOR, DUTIES, ROLES, login_of, today
from gisapp.access.wishes import Change, changes

people_pages = Blueprint("people_pages", __name__)
SHOWN = 200  # people on one page; a search finds the others


@people_pages.get("/people")
@on_duty(ADMINISTRATOR)
def index() -> str:
    """The list, with search and the form to add somebody."""
    return _index(None)


def _index(error: errors.GisappError | None) -> str:
    search = request.args.get("q", "").strip()[:100]
    with installation().database.transaction(roles.APP) as connection:
        departments = installation().catalogue.departments
        found = list_people(connection, departments, search=search, limit=SHOWN + 1)
        recent = changes(connection, kinds=("add", "change", "reset"), limit=8)
    return render(
        "people",
        found=found[:SHOWN],
        more=len(found) > SHOWN,
        search=search,
        recent=recent,
        error=error,
        form=request.form,
        today=today(),
    )


@people_pages.post("/people")
@on_duty(ADMINISTRATOR)
def add() -> Any:
    """Add somebody, with a link to choose a password by."""
    try:
        form = request.form
        detail: dict[str, Any] = {"login": login_of(text(form, "login")), "name": text(form, "name")}
        detail |= {"duty": _duty(), "until": _until(), "posts": {d: r for d, r in _posts().items() if r}}
        _require_free(detail["login"])
    except errors.GisappError as error:
        return _index(error), error.status
    return _with_link("add", None, detail, detail["name"] or detail["login"], "/people")


def _require_free(login: str) -> None:
    with installation().database.transaction(roles.APP) as connection:
        there = list_people(connection, {}, search=login)
    if any(one.login == login for one in there):
        raise errors.PersonInvalid(login=login, why_ja="すでに登録されています", why_en="is there already")


@people_pages.get("/people/<int:person>")
@on_duty(ADMINISTRATOR)
def show(person: int) -> str:
    """One person, with what was changed before. Raises errors.PageNotFound."""
    return _show(person, outcome(request.args.get("change")))


def _show(person: int, change: Change | None, error: errors.GisappError | None = None) -> str:
    one = _find(person)
    with installation().database.transaction(roles.APP) as connection:
        earlier = changes(connection, of=person)
    about = change if change is not None and change.person_id == person else None
    return render(
        "person", one=one, earlier=earlier, change=about, error=error, nothing="nothing" in request.args
    )


@people_pages.post("/people/<int:person>")
@on_duty(ADMINISTRATOR)
def save(person: int) -> Any:
    """Ask for what differs between the form and the person as they are."""
    before = _find(person)
    try:
        detail = _differences(before)
    except errors.GisappError as error:
        return _show(person, None, error), error.status
    if not detail:
        return redirect(at(f"/people/{person}?nothing"))
    return _asked(person, detail)


@people_pages.post("/people/<int:person>/deactivate")
@on_duty(ADMINISTRATOR)
def deactivate(person: int) -> Response:
    """Let somebody in no more."""
    return _asked(_find(person).id, {"active": False})


@people_pages.post("/people/<int:person>/activate")
@on_duty(ADMINISTRATOR)
def activate(person: int) -> Response:
    """Let somebody in again."""
    return _asked(_find(person).id, {"active": True})


@people_pages.post("/people/<int:person>/link")
@on_duty(ADMINISTRATOR)
def reset(person: int) -> Any:
    """Make a link to choose a new password by, shown once."""
    one = _find(person)
    return _with_link("reset", person, {}, one.name, f"/people/{person}")


def _asked(person: int, detail: dict[str, Any]) -> Response:
    change = wish("change", person, detail)
    return redirect(at(f"/people/{person}?change={change.id}"))


def _with_link(kind: str, person: int | None, detail: dict[str, Any], name: str, back: str) -> Any:
    here = installation()
    code = one_time.make_code(here.settings, here.city)
    change = wish(kind, person, detail, {"link_hash": one_time.hash_of(code).hex()})
    if change.person_id is not None:
        back = f"/people/{change.person_id}"
    shown = "" if is_refused(change) else f"{request.host_url}one-time/{code}"
    page = render("made", what="link", shown=shown, change=change, back=back, lead={"name": name})
    return page, 403 if is_refused(change) else 200, {"Cache-Control": "no-store"}


def _find(person: int) -> Listed:
    with installation().database.transaction(roles.APP) as connection:
        return listed_person(connection, installation().catalogue.departments, person)


def _differences(before: Listed) -> dict[str, Any]:
    """What the form wants otherwise than it is: posts, duty, until, name."""
    if before.id == me().id:
        raise errors.NotAllowed(
            why_ja="自分の権限は自分では変えられません", why_en="you cannot change your own rights"
        )
    held: dict[str, str | None] = {**before.roles, **dict.fromkeys(before.lost, "lost")}
    wanted = _posts()
    posts = {d: role for d, role in wanted.items() if role != held.get(d) and role != "lost"}
    new = {"name": text(request.form, "name"), "duty": _duty(), "until": _until()}
    old = {
        "name": before.name,
        "duty": before.duty,
        "until": before.ends_on.isoformat() if before.ends_on else None,
    }
    detail: dict[str, Any] = {key: value for key, value in new.items() if value != old[key]}
    return detail | ({"posts": posts} if posts else {})


def _posts() -> dict[str, str | None]:
    """The posts of the form: department → role, None for none. Raises errors.ParameterInvalid."""
    posts: dict[str, str | None] = {}
    for name, value in request.form.items():
        if name.startswith("post-"):
            if value not in ("", "lost", *ROLES):
                raise errors.ParameterInvalid(
                    name=name, why_ja="役割ではありません", why_en="is no role", example=ROLES[0]
                )
            posts[name.removeprefix("post-")] = value or None
    return posts


def _duty() -> str | None:
    duty = text(request.form, "duty") or None
    if duty not in (None, *DUTIES):
        raise errors.ParameterInvalid(
            name="duty", why_ja="職務ではありません", why_en="is no duty", example=DUTIES[0]
        )
    return duty


def _until() -> str | None:
    day = read(request.form, "until", datetime.date.fromisoformat, "2027-03-31")
    return day.isoformat() if day else None
