"""Signing in: the form, its dangers, and what a changed right does."""

from __future__ import annotations

import time

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from gisapp.access import passwords, people
from gisapp.access.guard import FRESH_SECONDS
from gisapp.access.sign_in import safe_next
from gisapp.cli.people import add_person
from gisapp.installation import Installation

PASSWORD = "correct horse battery"


def csrf(client: FlaskClient) -> str:
    return client.get("/sign-in").get_data(as_text=True).split('name="csrf_token" value="')[1].split('"')[0]


def enter(client: FlaskClient, login: str, password: str, **more: str):  # type: ignore[no-untyped-def]
    return client.post(
        "/sign-in", data={"login": login, "password": password, "csrf_token": csrf(client), **more}
    )


def sees_parcels(client: FlaskClient) -> bool:
    listed = client.get("/ogc/collections?f=json").get_json()["collections"]
    return "tax.parcel" in {collection["id"] for collection in listed}


@pytest.fixture
def person(installation: Installation, request: pytest.FixtureRequest) -> str:
    login = request.node.name[:60]
    add_person(installation, login, "試験", PASSWORD, {"tax": "viewer"})
    return login


def test_a_person_of_the_tax_department_sees_more_than_a_visitor(client: FlaskClient, person: str) -> None:
    assert not sees_parcels(client)
    assert enter(client, person, PASSWORD).status_code == 302
    assert sees_parcels(client)


def alert(answer: TestResponse) -> str:
    return answer.get_data(as_text=True).split('role="alert"')[1].split("</p>")[0]


def test_a_wrong_password_and_an_unknown_login_get_the_same_answer(client: FlaskClient, person: str) -> None:
    wrong = enter(client, person, "wrong password!!")
    unknown = enter(client, "nobody-here", "wrong password!!")
    assert wrong.status_code == unknown.status_code == 401
    assert alert(wrong) == alert(unknown)


@pytest.mark.parametrize("login", ["a\x00b", "\ud83d", "x" * 10_000, "' OR 1=1 --", "😀"])
def test_an_odd_login_is_a_wrong_login(client: FlaskClient, login: str) -> None:
    data = {"login": login.encode("utf-8", "surrogatepass"), "password": "x", "csrf_token": csrf(client)}
    assert client.post("/sign-in", data=data).status_code == 401


def test_after_five_wrong_passwords_even_the_right_one_waits(client: FlaskClient, person: str) -> None:
    for _ in range(passwords.FREE_TRIES):
        assert enter(client, person, "wrong password!!").status_code == 401
    waiting, unknown = enter(client, person, PASSWORD), enter(client, "nobody-here", PASSWORD)
    assert waiting.status_code == unknown.status_code == 401
    assert alert(waiting) == alert(unknown) and "15分" in alert(waiting)
    assert not sees_parcels(client)


def test_a_form_without_its_token_is_refused(client: FlaskClient, person: str) -> None:
    answer = client.post("/sign-in", data={"login": person, "password": PASSWORD})
    assert answer.status_code == 400
    assert not sees_parcels(client)


def test_a_session_from_before_signing_in_is_not_carried_over(client: FlaskClient, person: str) -> None:
    with client.session_transaction() as session:
        session["planted"] = "by somebody else"
    enter(client, person, PASSWORD)
    with client.session_transaction() as session:
        assert "planted" not in session


def test_signing_out_ends_the_rights(client: FlaskClient, person: str) -> None:
    enter(client, person, PASSWORD)
    assert client.post("/sign-out", data={"csrf_token": csrf(client)}).status_code == 302
    assert not sees_parcels(client)


def test_a_changed_cookie_is_nobody(app: Flask, client: FlaskClient, person: str) -> None:
    enter(client, person, PASSWORD)
    cookie = client.get_cookie("gisapp_session")
    assert cookie is not None and cookie.http_only and cookie.same_site == "Lax"
    other = app.test_client()
    other.set_cookie("gisapp_session", cookie.value[:-2] + ("aa" if cookie.value[-2:] != "aa" else "bb"))
    assert not sees_parcels(other)


def test_a_right_taken_away_ends_within_seconds(
    client: FlaskClient, person: str, installation: Installation
) -> None:
    enter(client, person, PASSWORD)
    assert sees_parcels(client)
    with installation.database.transaction("owner") as connection:
        people.revoke(connection, person, "tax")
    time.sleep(FRESH_SECONDS + 0.1)
    assert not sees_parcels(client)


def test_a_new_password_signs_out_everywhere(
    client: FlaskClient, person: str, installation: Installation
) -> None:
    enter(client, person, PASSWORD)
    with installation.database.transaction("owner") as connection:
        people.set_password(connection, person, "another password!")
    time.sleep(FRESH_SECONDS + 0.1)
    assert not sees_parcels(client)


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "",
        None,
        "/a\\b",
        "maps",
        "/\x00a",
    ],
)
def test_signing_in_never_leads_to_another_site(target: str | None) -> None:
    assert safe_next(target) == "/"


def test_signing_in_leads_back_to_the_page_that_asked(client: FlaskClient, person: str) -> None:
    assert (
        enter(client, person, PASSWORD, next="/maps/tax?lang=en").headers["Location"] == "/maps/tax?lang=en"
    )
    assert safe_next("/maps/tax?lang=en") == "/maps/tax?lang=en"


def test_many_tries_from_one_address_are_slowed(client: FlaskClient) -> None:
    statuses = [
        client.post("/sign-in", data={"login": "x"}, environ_base={"REMOTE_ADDR": "10.9.9.9"}).status_code
        for _ in range(70)
    ]
    assert statuses[-1] == 429


def test_the_page_speaks_english_when_asked(client: FlaskClient) -> None:
    assert "Sign in" in client.get("/sign-in?lang=en").get_data(as_text=True)


def test_passwords_are_kept_as_argon2_only(installation: Installation, person: str) -> None:
    with installation.database.transaction("owner") as connection:
        stored = connection.exec_driver_sql(
            "SELECT password_hash FROM gisapp.person WHERE login = %s", (person,)
        ).scalar()
    assert str(stored).startswith("$argon2id$")
