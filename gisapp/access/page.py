"""What the pages about people have in common: language, frame, and what became of a wish."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from flask import g, render_template, request
from sqlalchemy.exc import NoResultFound
from werkzeug.datastructures import MultiDict

from gisapp import errors
from gisapp.access import words
from gisapp.access.guard import asker, changeable_layers, installation
from gisapp.access.people import Person
from gisapp.access.wishes import ASKED, REFUSED, Change, Wish, ask, find_change, wait_for
from gisapp.text.reading import JAPAN


def language() -> str:
    """The page's language: Japanese unless `?lang=en`."""
    return "en" if request.args.get("lang") == "en" else "ja"


def at(path: str) -> str:
    """The address of another page in this page's language."""
    if language() == "ja":
        return path
    return f"{path}{'&' if '?' in path else '?'}lang=en"


def render(template: str, **values: Any) -> str:
    """A page of templates/access/ with the words of its language."""
    lang, departments = language(), installation().catalogue.departments
    lists = {
        name: words.in_language(getattr(words, name), lang) for name in ("ROLES", "DUTIES", "STATES", "VERBS")
    }
    return render_template(
        f"access/{template}.html",
        lang=lang,
        at=at,
        t=words.in_language(words.BOTH, lang),
        words=lists,
        departments=departments,
        describe=lambda change: words.describe(change, departments, lang),
        local=lambda moment: moment.astimezone(JAPAN),
        me=None if g.get("nobody") else asker().person,
        uploads=not g.get("nobody") and bool(changeable_layers()),
        **values,
    )


def me() -> Person:
    """Who is signed in. Raises errors.SignInNeeded."""
    person = asker().person
    if person is None:
        raise errors.SignInNeeded()
    return person


def wish(
    kind: str, person_id: int | None, detail: dict[str, Any], secret: dict[str, str] | None = None
) -> Change:
    """Ask for something in the name of who is signed in, and wait a little for what becomes of it."""
    made = Wish(kind, me().id, person_id, detail, secret or {})
    return wait_for(installation(), ask(installation(), made))


def outcome(said: str | None) -> Change | None:
    """The wish that an address names (`?change=`), for the page to say what became of it."""
    try:
        return find_change(installation(), uuid.UUID(said)) if said else None
    except (ValueError, NoResultFound):
        return None


def is_refused(change: Change) -> bool:
    """Whether the worker would not do it."""
    return change.state == REFUSED


def is_waiting(change: Change) -> bool:
    """Whether the worker has not come to it yet."""
    return change.state == ASKED


def text(form: MultiDict[str, str], name: str, longest: int = 100) -> str:
    """One line of a form, without spaces at its ends. Raises errors.ParameterInvalid where it is too long."""
    value = form.get(name, "").strip()
    if len(value) > longest or not value.isprintable():
        why = {"why_ja": f"1行、{longest}字までです", "why_en": f"one line of at most {longest} characters"}
        raise errors.ParameterInvalid(name=name, example="…", **why)
    return value


def read(form: MultiDict[str, str], name: str, how: Callable[[str], Any], example: str) -> Any:
    """A value of a form, None where it is empty. Raises errors.ParameterInvalid where `how` raises ValueError."""
    value = text(form, name)
    try:
        return how(value) if value else None
    except ValueError as error:
        why = {"why_ja": f"「{value}」は読めません", "why_en": f"“{value}” cannot be read"}
        raise errors.ParameterInvalid(name=name, example=example, **why) from error
