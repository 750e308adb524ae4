"""Everybody at every address of the API, with what schemathesis makes of its definition, right and wrong.

No answer is a failure of the server or one that the definition does not name, none has another form than it says, and
none tells of the inside. `make test` sends a few requests of each operation as three of them in turn, `make soak` many as all.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator

import pytest
import requests

from gisapp.access import tokens
from gisapp.installation import Installation
from tests.conftest import PASSWORD
from tests.intake.conftest import forget_jobs
from tests.ogc.fuzzing import Sessions, attack, operations

QUICK, SOAK = 2, 20
SIGNED_IN = ("tax", "roads", "administrator", "auditor")
TOKENS = {"token to read": ("tax", ["read"]), "token to edit": ("facilities", list(tokens.VERBS))}


@pytest.fixture(scope="module")
def people(installation: Installation, server: str) -> Iterator[Sessions]:
    """Nobody, people who signed in through the form, tokens. What they add to the city is removed."""
    before = _last_of_each(installation)
    yield {
        "visitor": requests.Session(),
        **{who: _enter(server, who) for who in SIGNED_IN},
        **{name: _with_token(installation, *words) for name, words in TOKENS.items()},
    }
    forget_jobs(installation)
    with installation.database.transaction("owner") as connection:
        for layer, last in before.items():
            connection.exec_driver_sql(f"DELETE FROM {layer} WHERE id > %s", (last,))


def _last_of_each(installation: Installation) -> dict[str, int]:
    with installation.database.transaction("owner") as connection:
        return {
            layer: connection.exec_driver_sql(f"SELECT coalesce(max(id), 0) FROM {layer}").scalar_one()
            for layer in installation.catalogue.layers
        }


def _enter(server: str, who: str) -> requests.Session:
    session = requests.Session()
    page = session.get(f"{server}/sign-in").text
    form = page.split('name="csrf_token" value="')[1].split('"')[0]
    words = {"login": who, "password": PASSWORD, "csrf_token": form}
    assert session.post(f"{server}/sign-in", data=words, allow_redirects=False).status_code == 302
    page = session.get(f"{server}/account").text  # the session is a new one: so is what its forms carry
    session.headers["X-CSRFToken"] = page.split('name="csrf_token" value="')[1].split('"')[0]
    return session


def _with_token(installation: Installation, login: str, verbs: list[str]) -> requests.Session:
    session = requests.Session()
    with installation.database.transaction("owner") as connection:
        token = tokens.issue(connection, login, "schemathesis", ["*"], verbs, 1)
    session.headers["Authorization"] = f"Bearer {token}"
    return session


def attack_all(
    people: Sessions, server: str, here: Installation, examples: int, at_once: int
) -> dict[str, Counter[tuple[str, int]]]:
    """Everybody at every operation, `at_once` of them at each in turn; by operation, how often who got which status."""
    definition = people["tax"].get(f"{server}/ogc/api").json()
    failed, seen, turns = [], {}, itertools.cycle(people.items())
    for operation, base in operations(definition):
        some = dict(itertools.islice(turns, at_once))
        try:
            seen[operation.label] = attack(operation, base, some, here, examples)
        except (AssertionError, BaseExceptionGroup) as error:
            failed.append(f"{operation.label}: {error}")
    assert not failed, "\n\n".join(failed)
    return seen


def test_everybody_gets_what_the_definition_says(
    people: Sessions, server: str, installation: Installation
) -> None:
    seen = attack_all(people, server, installation, QUICK, at_once=3)
    statuses = {status for one in seen.values() for _, status in one}
    assert {200, 400, 401, 403, 404} <= statuses
    assert {who for one in seen.values() for who, _ in one} == people.keys()


@pytest.mark.soak
def test_everybody_gets_it_of_many_requests(
    people: Sessions, server: str, installation: Installation
) -> None:
    seen = attack_all(people, server, installation, SOAK, at_once=len(people))
    answered = {label for label, one in seen.items() if any(status < 300 for _, status in one)}
    reading = {label for label in seen if label.startswith("GET") and "{uploadId}" not in label}
    assert reading | {"POST /collections/{collectionId}/items"} <= answered
