"""/account: one's own password and tokens. /one-time/<code>: a password over a link, also the first administrator's."""

from __future__ import annotations

import datetime
import re
from typing import Any

from flask import Blueprint, g, request, session
from flask_login import logout_user

from gisapp import errors, roles
from gisapp.access import one_time, tokens
from gisapp.access.guard import in_person, installation, open_to_all
from gisapp.access.listing import listed_person
from gisapp.access.page import is_refused, is_waiting, me, outcome, read, render, text, wish
from gisapp.access.passwords import check_password, hash_password
from gisapp.access.people import login_of
from gisapp.access.wishes import Change, Wish, ask, wait_for

account_pages = Blueprint("account_pages", __name__)
LONGEST_DAYS = 366
NO_STORE = {"Cache-Control": "no-store"}


@account_pages.get("/account")
@in_person
def show() -> str:
    """One's own posts, password and tokens."""
    return _show()


def _show(error: errors.GisappError | None = None, where: str = "", change: Change | None = None) -> str:
    departments = installation().catalogue.departments
    with installation().database.transaction(roles.APP) as connection:
        one = listed_person(connection, departments, me().id)
        held = tokens.tokens_of(connection, me().id)
    now = datetime.datetime.now(datetime.UTC)
    return render(
        "account",
        one=one,
        tokens=[(row, tokens.lost(installation().catalogue, row.layers)) for row in held],
        now=now,
        error=error,
        where=where,
        change=change or outcome(request.args.get("change")),
        longest_days=LONGEST_DAYS,
        form=request.form,
    )


@account_pages.post("/account/password")
@in_person
def change_password() -> Any:
    """Change one's own password; every session of this person ends."""
    person = me()
    try:
        with installation().database.transaction(roles.APP) as connection:
            check_password(connection, person.login, request.form.get("now", ""))
        change = wish("own_password", person.id, {}, {"password_hash": _new_hash(person.login)})
    except (errors.SignInFailed, errors.PersonInvalid, errors.ParameterInvalid) as error:
        return _show(error, "password"), error.status
    if is_refused(change) or is_waiting(change):
        return _show(where="password", change=change), 202 if is_waiting(change) else 403
    logout_user()
    session.clear()
    g.nobody = True
    return render("chosen", login=person.login)


def _new_hash(login: str) -> str:
    new = request.form.get("new", "")
    if new != request.form.get("again", ""):
        raise errors.ParameterInvalid(
            name="password",
            why_ja="新しいパスワードが2回とも同じではありません",
            why_en="the new passwords are not the same",
            example="…",
        )
    return hash_password(login, new)


@account_pages.post("/account/tokens")
@in_person
def issue_token() -> Any:
    """Issue a token within one's own rights, shown once."""
    try:
        detail = _token_wanted()
    except (errors.ParameterInvalid, errors.LayerNotFound, errors.DepartmentNotFound) as error:
        return _show(error, "tokens"), error.status
    fresh = tokens.make()
    change = wish("issue_token", me().id, detail, {"token_hash": tokens.hash_of(fresh).hex()})
    shown = "" if is_refused(change) else fresh
    page = render("made", what="token", shown=shown, change=change, back="/account", lead={})
    return page, 403 if is_refused(change) else 200, NO_STORE


def _token_wanted() -> dict[str, Any]:
    """What the form asks for. Raises errors.ParameterInvalid, LayerNotFound, DepartmentNotFound."""
    form = request.form
    named = re.split(r"[\s,、]+", text(form, "layers", 2000))
    layers = sorted({f"{d}.*" for d in form.getlist("departments")} | {layer for layer in named if layer})
    verbs = [verb for verb in tokens.VERBS if verb in form.getlist("verbs")]
    days: int = read(form, "days", int, "90") if form.get("days") else 90
    if not 1 <= days <= LONGEST_DAYS:
        why = {"why_ja": f"1〜{LONGEST_DAYS} 日です", "why_en": f"1 to {LONGEST_DAYS} days"}
        raise errors.ParameterInvalid(name="days", example="90", **why)
    tokens.require_scope(installation().catalogue, layers, verbs, days)
    return {"name": text(form, "name") or "script", "layers": layers, "verbs": verbs, "days": days}


@account_pages.post("/account/tokens/<int:token>/revoke")
@in_person
def revoke_token(token: int) -> Any:
    """Revoke one of one's own tokens."""
    change = wish("revoke_token", me().id, {"token": token})
    return _show(where="tokens", change=change), 403 if is_refused(change) else 200


@account_pages.get("/one-time/<string:code>")
@open_to_all
def open_link(code: str) -> Any:
    """The page of a link: to choose a password, or to become the first administrator. Raises errors.LinkInvalid."""
    return _link_page(code, None)


def _link_page(code: str, error: errors.GisappError | None) -> Any:
    g.nobody = True  # whoever opens it, it is about the person of the link
    link = _find_link(code)
    page = render("one_time", link=link, error=error, code=code, form=request.form)
    return page, error.status if error else 200, NO_STORE


def _find_link(code: str) -> one_time.Link:
    here = installation()
    with here.database.transaction(roles.APP) as connection:
        return one_time.find_link(connection, here.settings, here.city, code)


@account_pages.post("/one-time/<string:code>")
@open_to_all
def use_link(code: str) -> Any:
    """Use the link: the worker checks it again, and that nobody was first."""
    link = _find_link(code)
    detail: dict[str, Any] = {}
    try:
        login = link.login or login_of(request.form.get("login", ""))
        if link.login is None:
            detail = {"login": login, "name": text(request.form, "name") or login}
        secret = {"code": code, "password_hash": _new_hash(login)}
    except (errors.PersonInvalid, errors.ParameterInvalid) as error:
        return _link_page(code, error)
    change = wait_for(
        installation(), ask(installation(), Wish("use_link", None, link.person_id, detail, secret))
    )
    g.nobody = True
    if is_refused(change):
        return render("made", what="link", shown="", change=change, back="/sign-in", lead={}), 403, NO_STORE
    return render("chosen", login=login, waiting=is_waiting(change))
