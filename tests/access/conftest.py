"""Signing in through the form, and the worker that performs what pages ask for."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from flask.testing import FlaskClient

from gisapp.installation import Installation
from gisapp.settings import ROOT
from tests.conftest import PASSWORD


def csrf(client: FlaskClient, address: str = "/sign-in") -> str:
    """The token of a page's form."""
    page = client.get(address).get_data(as_text=True)
    return page.split('name="csrf_token" value="')[1].split('"')[0]


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
    assert child.wait(10) == 0


@pytest.fixture(scope="module")
def worker(installation: Installation) -> Iterator[None]:
    """The worker of the sample city."""
    with working(installation):
        yield
