"""The first administrator: a link that the shell prints, which works once and only while there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient

from gisapp import create_app
from gisapp import installation as installations
from gisapp.cli import main
from gisapp.installation import Installation
from tests.access.conftest import csrf, working
from tests.conftest import visitor

PASSWORD = {"new": "a first password", "again": "a first password"}


@pytest.fixture(scope="module")
def city(city_installation: Callable[[str], Installation]) -> Iterator[Installation]:
    """A city of its own, with a worker."""
    one = city_installation("yaizu")
    with working(one):
        yield one


@pytest.fixture(scope="module")
def app(city: Installation) -> Flask:
    return create_app(installations.open_for_web(city.settings))


@pytest.fixture(autouse=True)
def no_administrator(city: Installation) -> None:
    with city.database.transaction("owner") as connection:
        connection.execute(sa.text("UPDATE gisapp.person SET duty = NULL"))


def link(city: Installation) -> str:
    environment = {"GISAPP_HOME": str(city.settings.home), "GISAPP_CITY": city.city.key}
    done = CliRunner().invoke(main, ["people", "first-administrator"], env=environment)
    assert done.exit_code == 0, done.output
    return "/one-time/" + done.output.split("/one-time/")[1].split()[0]


def use(client: FlaskClient, address: str, login: str) -> int:
    return client.post(address, data={"login": login, "name": "情報 花子", "csrf_token": csrf(client, address), **PASSWORD}).status_code  # fmt: skip


def test_the_link_makes_the_administrator_once(
    city: Installation, app: Flask, enter: Callable[..., int]
) -> None:
    address, client = link(city), visitor(app)
    assert "最初のシステム管理者" in client.get(address).get_data(as_text=True)
    form = csrf(client, address)
    assert use(client, address, "joho") == 200
    again = visitor(app)
    assert again.get(address).status_code == 410
    late = client.post(address, data={"login": "late", "csrf_token": form, **PASSWORD})
    assert late.status_code == 410
    assert enter(client, "joho", PASSWORD["new"]) == 302
    assert client.get("/people").status_code == 200
    environment = {"GISAPP_HOME": str(city.settings.home), "GISAPP_CITY": city.city.key}
    refused = CliRunner().invoke(main, ["people", "first-administrator"], env=environment)
    assert refused.exit_code == 1 and "システム管理者がすでにいます" in refused.output


def test_a_newer_link_ends_the_older_and_time_ends_both(city: Installation, app: Flask) -> None:
    client, older, newer = visitor(app), link(city), link(city)
    assert client.get(older).status_code == 410 and client.get(newer).status_code == 200
    with city.database.transaction("owner") as connection:
        connection.execute(sa.text("UPDATE gisapp.one_time_link SET expires_at = now()"))
    answer = client.get(newer, headers={"Accept": "text/html"})
    assert answer.status_code == 410 and "期限が切れています" in answer.get_data(as_text=True)


def test_two_who_open_it_at_once_do_not_both_become_administrator(city: Installation, app: Flask) -> None:
    address, first, second = link(city), visitor(app), visitor(app)
    tokens = [csrf(client, address) for client in (first, second)]
    statuses = [
        client.post(address, data={"login": f"racer-{n}", "csrf_token": token, **PASSWORD}).status_code
        for n, (client, token) in enumerate(zip((first, second), tokens, strict=True))
    ]
    assert statuses[0] == 200 and statuses[1] in (403, 410)
    with city.database.transaction("owner") as connection:
        assert (
            connection.scalar(sa.text("SELECT count(*) FROM gisapp.person WHERE duty = 'administrator'")) == 1
        )


@pytest.mark.parametrize("code", ["x", "x.y", "..", "a" * 300, "%00", "日本語.x"])
def test_a_made_up_link_is_a_sentence(app: Flask, code: str) -> None:
    answer = visitor(app).get(f"/one-time/{code}", headers={"Accept": "text/html"})
    assert (
        answer.status_code in (404, 410)
        and "リンク" in answer.get_data(as_text=True)
        or answer.status_code == 404
    )


def test_a_taken_login_or_a_short_password_leaves_the_link_usable(city: Installation, app: Flask) -> None:
    address, client = link(city), visitor(app)
    short = client.post(
        address, data={"login": "second", "csrf_token": csrf(client, address), "new": "a", "again": "a"}
    )
    assert short.status_code == 400
    assert use(client, address, "second") == 200
