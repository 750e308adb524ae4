"""Signing in through the form."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

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
