"""Time limits hold although a role may change its own settings: somebody else ends what takes too long."""

from __future__ import annotations

import threading
import time

import psycopg
import pytest

from gisapp import roles
from gisapp.cli.sealer import end_overlong, longest_seconds, watch
from gisapp.installation import Installation, sealing_database

TAX = roles.audience(frozenset({"tax"}))
SLEEPS = "SELECT pg_sleep(60)"
CATCHES = (
    "DO $$ BEGIN LOOP BEGIN PERFORM pg_sleep(60); EXCEPTION WHEN query_canceled THEN END; END LOOP; END $$"
)


def connected(installation: Installation, role: str) -> psycopg.Connection:
    url = installation.database.url(role).set(drivername="postgresql")
    return psycopg.connect(url.render_as_string(hide_password=False), autocommit=True)


@pytest.mark.parametrize(
    ("role", "hostile", "end"),
    [
        (roles.PUBLIC_AUDIENCE, SLEEPS, psycopg.errors.QueryCanceled),
        (TAX, CATCHES, psycopg.OperationalError),
    ],
)
def test_a_statement_that_lifted_its_own_limit_is_ended_all_the_same(
    installation: Installation, role: str, hostile: str, end: type[Exception]
) -> None:
    stop = threading.Event()
    watcher = threading.Thread(target=watch, args=(sealing_database(installation), 1.1, stop))
    began = time.monotonic()
    watcher.start()
    try:
        with pytest.raises(end), connected(installation, role) as raw:
            raw.execute("SET statement_timeout = 0")
            raw.execute(hostile)
        assert 1 < time.monotonic() - began < 8
    finally:
        stop.set()
        watcher.join()


def test_a_transaction_held_open_is_ended_and_the_owner_is_left_alone(installation: Installation) -> None:
    with (
        sealing_database(installation).standing(roles.SEALER) as sealer,
        connected(installation, TAX) as raw,
        installation.database.standing("owner") as owner,
    ):
        raw.execute("SET idle_in_transaction_session_timeout = 0")
        for one in (raw, owner):
            one.execute("BEGIN")
        time.sleep(1.2)
        assert end_overlong(sealer, 60) == 0
        assert end_overlong(sealer, 1) == 1
        with pytest.raises(psycopg.OperationalError):
            raw.execute("SELECT 1")
        owner.execute("SELECT 1")


def test_nobody_else_may_end_anything(installation: Installation) -> None:
    for role in (TAX, roles.APP):
        with connected(installation, role) as raw, pytest.raises(psycopg.errors.InsufficientPrivilege):
            raw.execute("SELECT gisapp.end_overlong(1)")
    with (
        connected(installation, TAX) as other,
        sealing_database(installation).standing(roles.SEALER) as sealer,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        sealer.execute("SELECT pg_cancel_backend(%s)", [other.info.backend_pid])


def test_the_limit_is_longer_than_an_export_may_take(installation: Installation) -> None:
    settings = installation.settings
    assert longest_seconds(settings) > 10 * settings.statement_timeout_ms / 1000
