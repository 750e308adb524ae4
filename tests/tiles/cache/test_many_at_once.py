"""Many ask at once, of several web processes: one statement, and the others wait for it."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql

from gisapp import cluster, roles
from gisapp.geo.tiles import tile_at
from gisapp.installation import Installation
from tests.conftest import serving
from tests.tiles.cache.town import Town, connect

ASKERS = 100


@pytest.fixture(scope="module")
def log(installation: Installation) -> Iterator[Path]:
    """The database's log, in which every statement of visitors is written."""
    place = cluster.locate(installation.settings)
    role = sql.Identifier(installation.database.role(roles.PUBLIC_AUDIENCE))
    known = {
        "host": str(place.socket),
        "port": cluster.PORT,
        "user": cluster.SUPERUSER,
        "password": place.password,
    }
    with psycopg.connect(**known, dbname="postgres", autocommit=True) as superuser:
        superuser.execute(sql.SQL("ALTER ROLE {} SET log_statement = 'all'").format(role))
        yield place.log
        superuser.execute(sql.SQL("ALTER ROLE {} RESET log_statement").format(role))


@pytest.fixture(scope="module")
def address(installation: Installation, log: Path) -> Iterator[str]:
    with serving(installation) as address:
        yield address


def statements(log: Path) -> int:
    """How many tiles of buildings were asked of the database."""
    return log.read_text(errors="replace").count("ST_AsMVT(_tile, 'base.building'")


def test_a_hundred_askers_of_a_cold_tile_cost_one_statement(
    installation: Installation, address: str, log: Path
) -> None:
    with connect(installation) as raw:
        box = "SELECT ST_Transform(ST_SetSRID(ST_Extent(geom)::geometry, %s), 4326) AS b FROM base.building"
        question = "SELECT ST_X(ST_Centroid(b)), ST_Y(ST_Centroid(b)) FROM ({}) AS f"
        row = raw.execute(sql.SQL(question).format(sql.SQL(box)), [installation.city.srid]).fetchone()
        raw.execute("UPDATE gisapp.tile_state SET epoch = gen_random_uuid()")
    assert row is not None
    x, y = tile_at(*row, 13)
    path, host = f"/tiles/base.building/13/{x}/{y}.mvt", urlsplit(address)
    warm_up(host.hostname or "", host.port or 0)
    before = statements(log)
    start, answers = threading.Barrier(ASKERS), []

    def ask() -> None:
        connection = http.client.HTTPConnection(host.hostname or "", host.port, timeout=30)
        connection.connect()
        start.wait()
        connection.request("GET", path)
        answer = connection.getresponse()
        answers.append((answer.status, answer.read(), answer.headers["Cache-Status"]))

    threads = [threading.Thread(target=ask) for _ in range(ASKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {status for status, _, _ in answers} == {200}
    assert len({body for _, body, _ in answers}) == 1 and len(answers[0][1]) > 1000
    assert statements(log) - before == 1


def warm_up(host: str, port: int) -> None:
    """Every web process opens its connections."""
    for number in range(40):
        connection = http.client.HTTPConnection(host, port, timeout=30)
        connection.request("GET", f"/tiles/base.town/14/{number}/0.mvt")
        assert connection.getresponse().status == 200
        connection.close()


def test_where_too_many_wait_the_next_is_told_to_come_back(town: Town) -> None:
    maker = town.client.application.extensions["gisapp_maker"]
    flight = maker.cache._parts()[1]
    flight._waiting = flight._most_waiting
    try:
        answer = town.get(town.tile())
    finally:
        flight._waiting = 0
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "1"
    assert answer.get_json()["title"]
    assert town.get(town.tile()).status_code == 200
