"""What costs much may be asked for so many times a minute: a person is counted wherever they are, a visitor by address."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from flask import Flask
from flask.ctx import RequestContext
from flask.testing import FlaskClient

from gisapp import at_once, create_app, errors, rate_limits
from gisapp import installation as installations
from gisapp.access import tokens
from gisapp.access.counted import counted_as
from gisapp.features.turns import turn
from gisapp.installation import Installation
from tests.conftest import visitor

MOST = 3
SEARCH = "/api/suggest?q=本"


@pytest.fixture(scope="module")
def limited(installation: Installation, staff: dict[str, str]) -> Iterator[Flask]:
    settings = replace(installation.settings, exports_per_minute=1, questions_per_minute=MOST)
    here = installations.open_for_web(settings)
    yield create_app(here)
    here.database.close()


def statuses(client: FlaskClient, times: int, address: str = SEARCH, **headers: str) -> list[int]:
    return [client.get(address, headers=headers).status_code for _ in range(times)]


def test_one_more_is_refused_with_a_sentence_and_when_to_come_back(limited: Flask) -> None:
    client = visitor(limited)
    assert statuses(client, MOST) == [200] * MOST
    answer = client.get(SEARCH)
    assert answer.status_code == 429 and 1 <= int(answer.headers["Retry-After"]) <= 60
    said = answer.get_json()
    assert f"{MOST} 回" in said["title"] and "export" in said["detail_en"]
    assert statuses(visitor(limited), 1) == [200], "another address"
    assert client.get("/api/export?layer=roads.bridge").status_code == 200, "counted apart"
    assert client.get("/api/export?layer=roads.bridge").status_code == 429


def test_a_person_is_counted_over_all_addresses(limited: Flask, installation: Installation) -> None:
    with installation.database.transaction("owner") as connection:
        token = tokens.issue(connection, "roads", "often", ["*"], ["read"], 1)
    bearer = {"Authorization": f"Bearer {token}"}
    clients = [visitor(limited) for _ in range(MOST + 1)]
    assert [statuses(one, 1, **bearer)[0] for one in clients] == [200] * MOST + [429]
    assert statuses(clients[0], 1) == [200], "the visitor at that address"


def test_windows_end_are_swept_and_start_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    now, threads = [1_000.0], threading.active_count()
    monkeypatch.setattr(rate_limits.time, "time", lambda: now[0])
    counters = rate_limits.Counters()
    assert [counters.incr("one", 60) for _ in range(3)] == [1, 2, 3]
    now[0] = 1_059.0
    assert counters.incr("other", 60) == 1
    assert (counters.incr("one", 60), counters.get("one"), counters.get_expiry("one")) == (4, 4, 1_060.0)
    now[0] = 1_061.0
    assert counters.get("one") == 0 and counters.incr("third", 60) == 1
    assert counters.reset() == 2, "the window that ended was swept, the one that goes on was not"
    assert threading.active_count() == threads


def test_no_count_is_lost_between_threads() -> None:
    counters = rate_limits.Counters()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: counters.incr("one", 60), range(2_000)))
    assert counters.get("one") == 2_000
    counters.clear("one")
    assert counters.get("one") == 0


def test_pages_tiles_and_lists_are_not_counted(limited: Flask) -> None:
    client = visitor(limited)
    for address in ("/healthz", "/tiles/roads.street.json", "/ogc/collections"):
        assert statuses(client, 2 * MOST, address) == [200] * 2 * MOST


def test_what_is_counted_is_there(limited: Flask) -> None:
    assert rate_limits.QUESTIONS | rate_limits.EXPORTS <= set(limited.view_functions)


def test_what_is_not_counted_at_once_is_there(limited: Flask) -> None:
    assert set(limited.view_functions) >= at_once.UNCOUNTED


def test_places_are_given_back_however_a_request_ends(limited: Flask) -> None:
    places: at_once.AtOnce = limited.extensions["gisapp_at_once"]
    client = visitor(limited)
    for address, status in (("/", 200), ("/none", 404), ("/api/nearest?layer=none", 404), (SEARCH, 200)):
        assert client.get(address).status_code == status
    assert client.head("/api/export?layer=roads.bridge").status_code == 200
    assert places.names() == {}
    sent = visitor(limited).get("/api/export?layer=roads.bridge")
    assert len(places.names()) == 1, "an export takes a place until it has been sent"
    assert sent.get_data() and places.names() == {}
    left = visitor(limited).get("/api/export?layer=roads.bridge")
    left.close()
    assert places.names() == {}, "its reader left"


def test_a_token_that_is_not_valid_is_counted_by_its_address(limited: Flask) -> None:
    with limited.test_request_context("/", headers={"Authorization": "Bearer no"}):
        assert counted_as() == "address:None"


def test_who_waits_gets_the_place_of_whoever_ends() -> None:
    places = at_once.AtOnce(1, patience=5)
    places.enter("a")
    places.enter("b")
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(places.enter, "a")
        assert not waiting.done()
        places.leave("a")
        waiting.result(3)
    assert places.names() == {"a": 1, "b": 1}
    with pytest.raises(errors.TooManyAtOnce):
        at_once.AtOnce(0, patience=0).enter("a")


def test_one_asker_has_half_of_the_turns_for_long_questions(limited: Flask) -> None:
    def context(address: str) -> RequestContext:
        return limited.test_request_context("/", environ_base={"REMOTE_ADDR": address})

    with context("10.9.9.1"), turn(), turn():
        with pytest.raises(errors.TooManyAtOnce), turn():
            pass
        with context("10.9.9.2"), turn(), turn(), pytest.raises(errors.Busy), context("10.9.9.3"), turn():
            pass
    with context("10.9.9.1"), turn():
        pass
