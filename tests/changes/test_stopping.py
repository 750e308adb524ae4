"""Who builds a derived table ends soon when asked to, also in the middle of a long statement, and nothing of it is kept."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from gisapp.changes.derived import Raw, Stopped, stopping
from gisapp.generalise import follow as generalised
from gisapp.installation import Installation
from gisapp.search import follow as searched

SOON = 3.0  # seconds


@contextmanager
def asked_to_stop(after: float) -> Iterator[Callable[[], bool]]:
    asked = threading.Event()
    timer = threading.Timer(after, asked.set)
    timer.start()
    yield asked.is_set
    timer.cancel()


def test_a_long_statement_is_cancelled(city_installation: Callable[[str], Installation]) -> None:
    one = city_installation("yaizu")
    began = time.monotonic()
    with asked_to_stop(0.2) as stop, one.database.transaction("owner") as connection:
        raw: Raw = connection.connection.dbapi_connection  # type: ignore[assignment]
        with pytest.raises(Stopped), stopping(raw, stop):
            raw.execute("SELECT pg_sleep(30)")
        raw.rollback()
    assert time.monotonic() - began < SOON


@pytest.mark.parametrize(
    ("change", "follow", "lock"),
    [
        ("UPDATE gisapp.generalised SET declared = ''", generalised.follow, generalised.ONE_AT_A_TIME),
        ("UPDATE gisapp.search_index SET declared = ''", searched.follow, searched.ONE_AT_A_TIME),
    ],
    ids=["generalised tables", "search tables"],
)
def test_who_follows_ends_in_the_middle_of_a_statement(
    city_installation: Callable[[str], Installation],
    change: str,
    follow: Callable[[Installation, Callable[[], bool]], int],
    lock: int,
) -> None:
    one = city_installation("yaizu")
    with one.database.transaction("owner") as connection:
        connection.exec_driver_sql(change)  # all is to be built anew
    with one.database.transaction("owner") as other:
        other.exec_driver_sql("SELECT pg_advisory_xact_lock(%s)", (lock,))  # and waits for this
        began = time.monotonic()
        with asked_to_stop(0.3) as stop, pytest.raises(Stopped):
            follow(one, stop)
        assert 0.3 < time.monotonic() - began < SOON
    follow(one, lambda: False)  # begun anew at the next start, to its end
    with one.database.transaction("owner") as connection:
        table = change.split()[1]
        assert connection.exec_driver_sql(f"SELECT count(*) FROM {table} WHERE declared = ''").scalar() == 0
