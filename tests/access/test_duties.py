"""Duties beside posts, last days, and departments that are there no more."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask.testing import FlaskClient

from gisapp import errors
from gisapp.access import people, tokens
from gisapp.access.guard import FRESH_SECONDS
from gisapp.access.listing import list_people
from gisapp.cli import main
from gisapp.cli.people import add_person
from gisapp.installation import Installation
from tests.conftest import PASSWORD

TODAY = people.today()
Run = Callable[..., tuple[int, str]]


def layers_of(client: FlaskClient, **headers: str) -> set[str]:
    return {
        one["id"] for one in client.get("/ogc/collections?f=json", headers=headers).get_json()["collections"]
    }


@pytest.fixture
def shell(installation: Installation) -> Run:
    """Runs `gisapp …`; gives the exit code and everything that was said."""

    def run(*words: str, given: str | None = None) -> tuple[int, str]:
        environment = {"GISAPP_HOME": str(installation.settings.home), "GISAPP_CITY": "sample"}
        done = CliRunner().invoke(main, list(words), env=environment, input=given)
        return done.exit_code, done.output

    return run


def end_yesterday(installation: Installation, login: str) -> None:
    with installation.database.transaction("owner") as connection:
        sql = sa.text("UPDATE gisapp.person SET ends_on = :day WHERE login = :login")
        connection.execute(sql, {"day": TODAY - datetime.timedelta(days=1), "login": login})


@pytest.mark.parametrize("duty", people.DUTIES)
def test_a_duty_shows_no_more_than_a_visitor_sees(
    client: FlaskClient, signed_in: Callable[[str], FlaskClient], duty: str
) -> None:
    assert layers_of(signed_in(duty)) == layers_of(client)


def test_an_auditor_holds_no_post(installation: Installation) -> None:
    with pytest.raises(errors.PersonInvalid, match="auditor"):
        add_person(installation, "both-1", "", PASSWORD, {"tax": "viewer"}, duty="auditor")
    add_person(installation, "both-2", "", PASSWORD, {"tax": "viewer"})
    with installation.database.transaction("owner") as connection, pytest.raises(errors.PersonInvalid):
        people.set_duty(connection, "both-2", "auditor")
    add_person(installation, "both-3", "", PASSWORD, {}, duty="auditor")
    with installation.database.transaction("owner") as connection, pytest.raises(errors.PersonInvalid):
        people.grant(connection, "both-3", "tax", "viewer")


def test_a_contractor_works_until_the_last_day_and_then_reads_why_not(
    installation: Installation, client: FlaskClient, enter: Callable[..., int]
) -> None:
    add_person(installation, "survey-co", "測量会社", PASSWORD, {"tax": "viewer"}, until=TODAY)
    with installation.database.transaction("owner") as connection:
        script = tokens.issue(connection, "survey-co", "script", ["*"], ["read"], 30)
    assert enter(client, "survey-co") == 302
    assert "tax.parcel" in layers_of(client)
    end_yesterday(installation, "survey-co")
    time.sleep(FRESH_SECONDS + 0.1)
    program = client.get("/ogc/collections")
    assert program.status_code == 401 and "最終日" in program.get_json()["title"]
    page = client.get("/", headers={"Accept": "text/html"})
    assert page.status_code == 401 and "最終日" in page.get_data(as_text=True)
    assert client.get("/", headers={"Accept": "text/html"}).status_code == 200  # a visitor from here on
    assert "tax.parcel" not in layers_of(client)
    assert enter(client, "survey-co") == 401
    refused = client.get("/ogc/collections", headers={"Authorization": f"Bearer {script}"})
    assert refused.status_code == 401 and "持ち主" in refused.get_json()["title"]


def test_a_wrong_password_does_not_tell_that_an_account_has_ended(
    installation: Installation, client: FlaskClient, enter: Callable[..., int]
) -> None:
    add_person(installation, "ended-1", "", PASSWORD, {}, until=TODAY)
    end_yesterday(installation, "ended-1")
    page = client.get("/sign-in").get_data(as_text=True)
    form = {
        "login": "ended-1",
        "password": "not this one",
        "csrf_token": page.split('name="csrf_token" value="')[1].split('"')[0],
    }
    assert "最終日" not in client.post("/sign-in", data=form).get_data(as_text=True)


def test_deactivating_in_the_shell_ends_a_session_and_activating_lets_in_again(
    installation: Installation, client: FlaskClient, enter: Callable[..., int], shell: Run
) -> None:
    assert (
        shell("people", "add", "leaver", "--post", "tax:viewer", "--password-stdin", given=PASSWORD)[0] == 0
    )
    assert enter(client, "leaver") == 302
    assert shell("people", "deactivate", "leaver") == (0, "")
    time.sleep(FRESH_SECONDS + 0.1)
    assert "停止" in client.get("/ogc/collections").get_json()["title"]
    assert shell("people", "activate", "leaver") == (0, "")
    assert enter(client, "leaver") == 302


def test_the_shell_sets_duty_and_last_day(installation: Installation, shell: Run) -> None:
    assert shell("people", "add", "helper", "--duty", "administrator", "--until", "2099-03-31")[0] == 0
    assert '"until": "2099-03-31"' in shell("people", "list", "--json")[1]
    assert shell("people", "until", "helper")[0] == 0
    assert shell("people", "duty", "helper", "none")[0] == 0
    with installation.database.transaction("owner") as connection:
        (one,) = list_people(connection, installation.catalogue.departments, search="helper")
    assert (one.duty, one.ends_on) == (None, None)
    code, said = shell("people", "until", "helper", "2001-03-31")
    assert code == 1 and "過ぎています" in said


def test_a_post_in_a_department_that_is_gone_counts_for_nothing_and_is_said(
    installation: Installation, client: FlaskClient, enter: Callable[..., int], shell: Run
) -> None:
    add_person(installation, "moved", "", PASSWORD, {"roads": "viewer"})
    with installation.database.transaction("owner") as connection:
        connection.execute(sa.text("INSERT INTO gisapp.membership SELECT id, 'merged_away', 'editor' FROM gisapp.person WHERE login = 'moved'"))  # fmt: skip
        script = tokens.issue(connection, "moved", "script", ["merged_away.*"], ["read"], 30)
    try:
        assert enter(client, "moved") == 302
        assert client.get("/", headers={"Accept": "text/html"}).status_code == 200
        assert "roads.street" in layers_of(client)
        assert "base.boundary" in layers_of(client, Authorization=f"Bearer {script}")
        code, said = shell("people", "list")
        assert code == 0 and "merged_away" in said and "departments.toml" in said
        assert "merged_away" in shell("tokens", "list")[1]
        assert shell("people", "grant", "moved", "tax", "viewer")[0] == 0  # the audience is made without it
    finally:
        assert shell("people", "revoke", "moved", "merged_away")[0] == 0
