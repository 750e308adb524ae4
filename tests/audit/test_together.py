"""Entries of many requests share a commit, and nobody's fails for another's."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from gisapp import errors
from gisapp.audit.record import Entry, Who, record_now
from gisapp.audit.together import Together
from gisapp.installation import Installation, open_for_web
from tests.audit.conftest import superuser

MANY = 16


@contextmanager
def waiting(installation: Installation, entries: list[Entry]) -> Iterator[list[Future[None]]]:
    """Entries that so many threads have written meanwhile; they are done after the block."""
    here = open_for_web(installation.settings)
    name = installation.database.address.database
    with ThreadPoolExecutor(len(entries)) as pool:
        with superuser(installation, name) as keeper, keeper.transaction():
            keeper.execute("LOCK TABLE gisapp.audit_entry IN SHARE MODE")
            asked = [pool.submit(record_now, here.database, entry) for entry in entries]
            time.sleep(0.3)  # so that they are all at the table's door
        yield asked
    here.database.close()


def entry(login: str, **details: Any) -> Entry:
    return Entry("feature_viewed", Who(login), "tax.parcel", (1,), details)


def written(installation: Installation, login: str) -> list[tuple[int, int]]:
    """The number and the transaction of each entry of `login`."""
    with superuser(installation, installation.database.address.database) as raw:
        asked = "SELECT (details->>'n')::int, txid::text::bigint FROM gisapp.audit_entry WHERE login = %s"
        return raw.execute(asked, [login]).fetchall()


def test_what_comes_while_others_are_written_goes_together_and_once(installation: Installation) -> None:
    with waiting(installation, [entry("together", n=n) for n in range(MANY)]) as asked:
        for one in asked:
            one.result(10)
    found = written(installation, "together")
    assert sorted(n for n, _ in found) == list(range(MANY))
    assert len({txid for _, txid in found}) == 2, "the first that came, and all others"


def test_an_entry_that_is_refused_fails_alone(installation: Installation) -> None:
    name = installation.database.address.database
    with superuser(installation, name) as keeper:
        keeper.execute(
            "ALTER TABLE gisapp.audit_entry ADD CONSTRAINT odd CHECK (details->>'n' <> '7') NOT VALID"
        )
    try:
        with waiting(installation, [entry("alone", n=n) for n in range(MANY)]) as asked:
            failed = [n for n, one in enumerate(asked) if one.exception(10)]
            assert isinstance(asked[7].exception(), errors.AuditUnavailable)
    finally:
        with superuser(installation, name) as keeper:
            keeper.execute("ALTER TABLE gisapp.audit_entry DROP CONSTRAINT odd")
    assert failed == [7]
    assert sorted(n for n, _ in written(installation, "alone")) == [n for n in range(MANY) if n != 7]


def test_after_a_lost_connection_the_next_entry_is_written(installation: Installation) -> None:
    here = open_for_web(installation.settings)
    record_now(here.database, entry("lost", n=1))
    lost = here.database.kept("app").info.backend_pid
    with superuser(installation, installation.database.address.database) as keeper:
        keeper.execute("SELECT pg_terminate_backend(%s, 5000)", [lost])
    with pytest.raises(errors.AuditUnavailable):
        record_now(here.database, entry("lost", n=2))
    record_now(here.database, entry("lost", n=3))
    assert sorted(n for n, _ in written(installation, "lost")) == [1, 3]
    assert here.database.connections()[0] == 1
    here.database.close()


def test_everybody_hears_of_a_failure_that_is_nobodys_own() -> None:
    def fail(batch: list[list[int]]) -> None:
        raise psycopg.OperationalError("away")

    together = Together(fail, (psycopg.DataError,))
    with ThreadPoolExecutor(MANY) as pool:
        asked = [pool.submit(together.write, [n]) for n in range(MANY)]
        assert all(isinstance(one.exception(10), psycopg.OperationalError) for one in asked)
