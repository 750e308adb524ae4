"""/account over the real worker: one's own password and tokens, and nobody else's."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from gisapp.cli.people import add_person
from gisapp.installation import Installation
from tests.access.conftest import AT_MOST, sees_owners, send, within
from tests.conftest import PASSWORD, visitor

pytestmark = pytest.mark.usefixtures("worker")
Enter = Callable[..., int]


def test_ones_own_token_is_shown_once_works_within_its_scope_and_is_revoked(
    app: Flask, staff: dict[str, str], installation: Installation, enter: Enter
) -> None:
    add_person(installation, "script-owner", "", PASSWORD, {"tax": "editor"})
    client = visitor(app)
    enter(client, "script-owner")
    form = {"name": "毎晩", "departments": ["tax"], "verbs": ["read"], "days": "30", "layers": "roads.street"}
    made = send(client, "/account/tokens", form).get_data(as_text=True)
    token = re.findall(r"gisapp_[\w-]{40,}", made)[0]
    bearer = {"Authorization": f"Bearer {token}"}
    assert within(AT_MOST, lambda: visitor(app).get("/ogc/collections", headers=bearer).status_code == 200)
    assert sees_owners(visitor(app), **bearer)
    upload = visitor(app).post("/api/layers/tax.parcel/uploads", headers=bearer)
    assert upload.status_code == 403 and "tax.parcel の upload に使えません" in upload.get_json()["title"]
    page = client.get("/account").get_data(as_text=True)
    assert token not in page and "毎晩" in page and "tax.*" in page and "未使用" not in page
    revoke = re.findall(r'action="(/account/tokens/\d+/revoke)"', page)[0]
    stranger = visitor(app)
    enter(stranger, "roads")
    assert send(stranger, revoke).status_code == 403
    assert send(client, revoke).status_code == 200
    title = lambda: visitor(app).get("/ogc/collections", headers=bearer).get_json().get("title", "")  # noqa: E731
    assert within(AT_MOST, lambda: "失効" in title())


@pytest.mark.parametrize(
    "form",
    [
        {"departments": [], "layers": ""},
        {"layers": "no.such"},
        {"departments": ["nowhere"]},
        {"layers": "roads.street", "verbs": []},
        {"layers": "roads.street", "days": "0"},
        {"layers": "roads.street", "days": "many"},
    ],
)
def test_a_token_that_makes_no_sense_is_refused_with_a_sentence(
    signed_in: Callable[[str], FlaskClient], form: dict[str, Any]
) -> None:
    answer = send(signed_in("roads"), "/account/tokens", {"name": "x", "verbs": ["read"], "days": "9"} | form)
    assert answer.status_code in (400, 404) and 'role="alert"' in answer.get_data(as_text=True)


def test_ones_own_password_is_changed_with_the_current_one(app: Flask, somebody: str, enter: Enter) -> None:
    client, other = visitor(app), visitor(app)
    enter(client, somebody)
    enter(other, somebody)
    new = {"new": "a new password!", "again": "a new password!"}
    assert send(client, "/account/password", new | {"now": "not this one"}).status_code == 401
    assert send(client, "/account/password", new | {"now": PASSWORD, "again": "x"}).status_code == 400
    done = send(client, "/account/password", new | {"now": PASSWORD})
    assert done.status_code == 200 and "パスワードを決めました" in done.get_data(as_text=True)
    assert client.get("/account").status_code == 401
    assert within(AT_MOST, lambda: other.get("/account").status_code == 401)
    assert enter(other, somebody) == 401 and enter(other, somebody, "a new password!") == 302
