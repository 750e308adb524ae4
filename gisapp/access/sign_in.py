"""Signing in and out with a password: /sign-in, /sign-out."""

from __future__ import annotations

import hashlib
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Flask, current_app, g, redirect, render_template, request, session, url_for
from flask_login import LoginManager, UserMixin, login_user, logout_user
from werkzeug.wrappers import Response

from gisapp import errors, roles
from gisapp.access import people, trail
from gisapp.access.guard import asker, fresh_person, installation, open_to_all
from gisapp.access.passwords import check_password

sign_in = Blueprint("sign_in", __name__)


BROWSER = "browser"


def browser() -> str:
    """What tells this browser at this address from others: bound into the session, so that a copied cookie is worth nothing
    elsewhere. (Flask-Login's own protection passes over sessions that are permanent.)"""
    seen = f"{request.remote_addr}|{request.headers.get('User-Agent', '')}"
    return hashlib.sha256(seen.encode()).hexdigest()[:32]


class SignedIn(UserMixin):
    """A person as Flask-Login knows one. The cookie holds `id:session_number`, signed."""

    def __init__(self, person: people.Person) -> None:
        self.person = person

    def get_id(self) -> str:
        return f"{self.person.id}:{self.person.session_number}"


def init_app(app: Flask) -> None:
    """Tell Flask-Login how to find the person that a session cookie names."""
    manager = LoginManager(app)

    @manager.user_loader
    def load(cookie_id: str) -> SignedIn | None:
        person_id, _, session_number = cookie_id.partition(":")
        if not (person_id.isdigit() and session_number.isdigit()):
            return None
        if session.get(BROWSER) != browser():  # another browser or address with the same cookie is nobody
            return None
        person = fresh_person(int(person_id))
        if person is None:
            g.ended_person = int(person_id)  # the guard says why
            return None
        return SignedIn(person) if person.session_number == int(session_number) else None


@sign_in.get("/sign-in")
@open_to_all
def form() -> str:
    """The form."""
    return render_template(
        "access/sign_in.html", next=safe_next(request.args.get("next")), error=None, lang=_lang()
    )


@sign_in.post("/sign-in")
@open_to_all
def enter() -> Any:
    """Check name and password; then on to the page that asked for it."""
    onward = safe_next(request.form.get("next"))
    try:
        with installation().database.transaction(roles.APP) as connection:
            who = check_password(connection, request.form.get("login", ""), request.form.get("password", ""))
        begin_session(who)
    except (errors.SignInFailed, errors.AccountEnded) as error:
        why = "account-waits" if error.values.get("waits") else error.code
        trail.note_failed_sign_in(request.form.get("login", ""), why)
        return render_template("access/sign_in.html", next=onward, error=error, lang=_lang()), error.status
    return redirect(onward)


def begin_session(person_id: int, how: str = "password") -> None:
    """Sign somebody in who has proven who they are. Raises errors.AccountEnded."""
    with installation().database.transaction(roles.APP) as connection:
        person = people.find_person(connection, person_id)
        if person is None:
            people.require_standing(connection, person_id)
            raise errors.SignInFailed()
    session.clear()  # nothing of the visitor's session lives on in the person's
    session.permanent = True
    session[BROWSER] = browser()
    trail.begin_session(person, how)
    login_user(SignedIn(person))
    current_app.extensions.get("gisapp_people", {}).pop(person.id, None)


@sign_in.post("/sign-out")
@open_to_all
def leave() -> Response:
    """End the session in this browser."""
    left = trail.entry("sign_out") if asker().person is not None else None
    logout_user()
    session.clear()
    g.pop("asker", None)
    if left is not None:  # last: the session has ended even where this cannot be written
        trail.write(left)
    return redirect(url_for("maps.index"))


def safe_next(target: str | None) -> str:
    """A path of this site to go on to; `/` for anything that would lead elsewhere."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")) or "\\" in target:
        return "/"
    parts = urlsplit(target)
    return "/" if parts.scheme or parts.netloc or any(ord(c) < 32 for c in target) else target


def _lang() -> str:
    return "en" if request.args.get("lang") == "en" else "ja"
