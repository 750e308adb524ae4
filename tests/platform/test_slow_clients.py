"""Clients that send or read slowly, that leave, or that ask for much at once, and a real server that goes on answering others."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
import requests

from gisapp import cluster
from gisapp.at_once import WAITING
from gisapp.cli.up import HEADERS_MS
from gisapp.installation import Installation
from tests.conftest import serving

THREADS, MOST, LIMIT = 24, 3, 2.0
BRIDGES = "/ogc/collections/roads.bridge/items?limit=1"
STREETS = "/ogc/collections/roads.street/items?limit=1"
SCRIPT = "/static/vendor/maplibre-gl-5.24.1/maplibre-gl-csp.js"
SLOW, MANY, GONE = "127.0.0.2", "127.0.0.3", "127.0.0.4"  # addresses of one machine each


@pytest.fixture(scope="module")
def small_server(installation: Installation) -> Iterator[str]:
    """One web process with few threads, and a short limit for a statement."""
    small = replace(installation, settings=replace(installation.settings, workers=1, threads=THREADS))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GISAPP_STATEMENT_TIMEOUT_MS", str(round(LIMIT * 1000)))
        patch.setenv("GISAPP_REQUESTS_AT_ONCE", str(MOST))
        with serving(small) as address:
            requests.get(address + STREETS, timeout=30).raise_for_status()
            yield address


Open = Callable[..., socket.socket]


@pytest.fixture(scope="module")
def opened(small_server: str) -> Iterator[Open]:
    """Opens a connection from an address and sends the beginning of something."""
    with contextlib.ExitStack() as stack:

        def connect(begin: str, address: str = SLOW) -> socket.socket:
            one = stack.enter_context(socket.socket())
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            one.settimeout(20)
            one.bind((address, 0))
            one.connect(("127.0.0.1", urlsplit(small_server).port))
            one.sendall(begin.encode())
            return one

        yield connect


@pytest.fixture(scope="module")
def dribbling(opened: Open) -> tuple[float, list[socket.socket]]:
    """As many as there are threads, and more, that never end the first line of their headers."""
    return time.monotonic(), [opened("GET / HTTP/1.1\r\nHo") for _ in range(2 * THREADS)]


@contextlib.contextmanager
def locked(installation: Installation) -> Iterator[None]:
    """Whatever reads bridges waits, as a long statement does."""
    with installation.database.transaction("owner") as connection:
        connection.exec_driver_sql("LOCK TABLE roads.bridge IN ACCESS EXCLUSIVE MODE")
        yield
        connection.rollback()


def at_work(installation: Installation) -> list[tuple[Any, ...]]:
    """The sessions of audiences and of `app` that are within a statement or a transaction."""
    its = cluster.locate(installation.settings)
    with psycopg.connect(
        host=str(its.socket), user=cluster.SUPERUSER, password=its.password, dbname=installation.city.database
    ) as raw:  # nobody else sees what others are at
        return raw.execute(
            "SELECT usename, state, query FROM pg_stat_activity WHERE datname = current_database() AND state <> 'idle'"
            " AND pid <> pg_backend_pid() AND usename ~ '_(aud_.*|app)$' AND backend_type = 'client backend'"
        ).fetchall()


def answers_quickly(server: str) -> bool:
    """Whether somebody else gets a page, a script, a feature and a tile at once."""
    began = time.monotonic()
    for path in ("/healthz", SCRIPT, STREETS, "/tiles/roads.street/14/14552/6451.mvt"):
        requests.get(server + path, timeout=5).raise_for_status()
    return time.monotonic() - began < 3


def until(so: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not (found := so()) and time.monotonic() < end:
        time.sleep(0.05)
    return found


def test_who_sends_slowly_holds_up_nobody_else(
    small_server: str, opened: Open, dribbling: Any, installation: Installation
) -> None:
    body = f"POST /sign-in HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {2**20}\r\n\r\n"
    for _ in range(2 * THREADS):
        opened(body + "login=")
    time.sleep(0.3)
    assert answers_quickly(small_server)
    assert until(lambda: not at_work(installation), LIMIT / 2), "a slow body holds a session of the database"


def test_who_reads_slowly_holds_up_nobody_else(
    small_server: str, opened: Open, installation: Installation
) -> None:
    for path in (SCRIPT, "/tiles/base.building/13/7276/3225.mvt"):
        for _ in range(2 * THREADS):
            opened(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n", MANY)
    for _ in range(2):
        opened("GET /api/export?layer=tax.parcel&format=geojson HTTP/1.1\r\nHost: a\r\n\r\n", MANY)
    assert answers_quickly(small_server)
    assert until(lambda: not at_work(installation), 10), "a slow reader holds a session of the database"


def test_one_address_gets_so_many_sessions_and_the_rest_is_refused_with_a_sentence(
    small_server: str, installation: Installation
) -> None:
    def ask(number: int) -> requests.Response:
        with requests.Session() as session:
            session.mount("http://", From(GONE))
            return session.get(small_server + BRIDGES, timeout=30)

    count = MOST * (1 + WAITING) + 4
    with ThreadPoolExecutor(count) as pool, locked(installation):
        asked = [pool.submit(ask, number) for number in range(count)]
        assert until(lambda: sum(one.done() for one in asked) >= 4, 5)
        # Others may be at work as well for a moment: whoever keeps tiles asks every tenth of a second what has changed.
        reading = [query for _, _, query in at_work(installation) if "bridge_number" in query]
        assert len(reading) == MOST, reading
        assert answers_quickly(small_server)
        refused = next(one.result() for one in asked if one.done())
    said = refused.json()
    assert refused.status_code == 429 and int(refused.headers["Retry-After"]) > 0
    assert f"{MOST} 件" in said["title"] and f"At most {MOST} requests" in said["title_en"]
    assert ask(0).status_code == 200, "a place was not given back"


def test_a_statement_whose_asker_left_ends_at_its_time_limit(
    small_server: str, opened: Open, installation: Installation
) -> None:
    with locked(installation):
        asker = opened(f"GET {BRIDGES} HTTP/1.1\r\nHost: a\r\n\r\n", GONE)
        assert until(lambda: len(at_work(installation)) == 1, 5)
        asker.close()
        assert until(lambda: not at_work(installation), LIMIT + 2)


def test_who_does_not_end_the_headers_is_cut_off(dribbling: tuple[float, list[socket.socket]]) -> None:
    began, slow = dribbling
    while time.monotonic() - began < HEADERS_MS / 1000 + 5:
        with contextlib.suppress(OSError):
            slow[0].sendall(b"o")
        slow[0].settimeout(0.5)
        try:
            slow[0].recv(1000)
        except TimeoutError:
            continue
        except OSError:
            pass
        return
    raise AssertionError("still open")


class From(requests.adapters.HTTPAdapter):
    """Asks from another address of this machine."""

    def __init__(self, address: str) -> None:
        self._address = address
        super().__init__()

    def init_poolmanager(self, *words: Any, **more: Any) -> None:
        super().init_poolmanager(*words, source_address=(self._address, 0), **more)
