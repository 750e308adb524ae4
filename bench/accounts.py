"""Who asks: a visitor, somebody who signed in through the real form, or their token."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

import requests

from bench.server import Server
from gisapp.access import tokens
from gisapp.catalogue.layer import Layer
from gisapp.cli.people import add_person
from gisapp.installation import Installation

PASSWORD = "correct horse battery"
BROWSER = "gisapp-bench"
"""A session belongs to one browser: whoever shows its cookie names this one too."""


def person_of(installation: Installation, department: str) -> str:
    """The login of somebody who may look at what the department may see, added where missing."""
    login = f"bench_{department}"
    with installation.database.transaction("owner") as connection:
        known = connection.exec_driver_sql("SELECT 1 FROM gisapp.person WHERE login = %s", (login,)).scalar()
    if not known:
        add_person(installation, login, "bench", PASSWORD, {department: "viewer"})
    return login


def session_of(server: Server, login: str) -> dict[str, str]:
    """The headers of a browser in which they signed in."""
    browser = requests.Session()
    browser.headers["User-Agent"] = BROWSER
    form = browser.get(f"{server.address}/sign-in", timeout=60).text
    found = re.search(r'name="csrf_token" value="([^"]+)"', form)
    if found is None:
        raise SystemExit("bench: the sign-in form has no csrf_token")
    data = {"login": login, "password": PASSWORD, "csrf_token": found[1]}
    answer = browser.post(f"{server.address}/sign-in", data=data, timeout=60, allow_redirects=False)
    if answer.status_code != 302:
        raise SystemExit(f"bench: signing in as {login} gave {answer.status_code}")
    cookie = "; ".join(f"{one.name}={one.value}" for one in browser.cookies)
    return {"Cookie": cookie, "User-Agent": BROWSER}


def token_of(installation: Installation, login: str) -> dict[str, str]:
    """The headers of a script that holds a token of theirs for reading everything."""
    with installation.database.transaction("owner") as connection:
        token = tokens.issue(connection, login, "bench", ["*"], ["read"], 1)
    return {"Authorization": f"Bearer {token}"}


class Askers:
    """The headers under which a layer is asked for: none where visitors see it, else those of a signed-in person."""

    def __init__(self, installation: Installation, server: Server) -> None:
        self._installation, self._server = installation, server
        self._session = cache(lambda department: session_of(server, person_of(installation, department)))

    def of(self, layer: Layer) -> tuple[str, Mapping[str, str]]:
        """Who, in a word, and their headers."""
        if any(not view.needs for view in layer.views()):
            return "visitor", {}
        return layer.department, self._session(layer.department)
