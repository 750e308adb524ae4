"""Signing in through the form, and the worker that performs what pages ask for."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from gisapp.cli.people import add_person
from gisapp.installation import Installation
from gisapp.settings import ROOT
from tests.conftest import PASSWORD


def csrf(client: FlaskClient, address: str = "/sign-in") -> str:
    """The token of a page's form."""
    page = client.get(address).get_data(as_text=True)
    return page.split('name="csrf_token" value="')[1].split('"')[0]


AT_MOST = 5.0  # seconds until a changed right takes effect


def send(
    client: FlaskClient, address: str, form: dict[str, Any] | None = None, at: str = "/account"
) -> TestResponse:
    """Send a form with the token of the page `at`."""
    return client.post(address, data={**(form or {}), "csrf_token": csrf(client, at)})


def number_of(installation: Installation, login: str) -> int:
    """The id of the person with that login."""
    with installation.database.transaction("owner") as connection:
        return int(
            connection.scalar(sa.text("SELECT id FROM gisapp.person WHERE login = :l"), {"l": login}) or 0
        )


def sees_owners(client: FlaskClient, **headers: str) -> bool:
    """Whether owners' names are shown: to the tax department only."""
    answer = client.get("/ogc/collections/tax.parcel/items?limit=1", headers=headers)
    return "owner_name" in answer.get_data(as_text=True)


def within(seconds: float, so: Callable[[], bool]) -> bool:
    """Whether it comes about in time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if so():
            return True
        time.sleep(0.1)
    return so()


@pytest.fixture
def somebody(installation: Installation, request: pytest.FixtureRequest) -> str:
    login = request.node.name[:60].casefold()
    add_person(installation, login, "試験 花子", PASSWORD, {"roads": "viewer"})
    return login


@pytest.fixture
def enter() -> Callable[..., int]:
    """Sends the sign-in form; gives the status."""

    def send(client: FlaskClient, login: str, password: str = PASSWORD) -> int:
        form = {"login": login, "password": password, "csrf_token": csrf(client)}
        return client.post("/sign-in", data=form).status_code

    return send


@contextlib.contextmanager
def working(installation: Installation) -> Iterator[None]:
    """The worker of an installation, as a process of its own, as `gisapp up` starts it."""
    home, city = str(installation.settings.home), installation.city.key
    environment = {**os.environ, "GISAPP_HOME": home, "GISAPP_CITY": city}
    command = [sys.executable, "-m", "gisapp.cli.worker"]
    child = subprocess.Popen(
        command, env=environment, cwd=ROOT, stdin=subprocess.DEVNULL, start_new_session=True
    )
    yield
    child.terminate()
    assert child.wait(60) == 0  # a table that is being made of a layer ends at its next chunk


@pytest.fixture(scope="module")
def worker(installation: Installation) -> Iterator[None]:
    """The worker of the sample city."""
    with working(installation):
        yield
