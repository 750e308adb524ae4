"""The sealer: nothing is skipped, nobody waits, and it goes on after what may happen to it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from gisapp import roles
from gisapp.audit import seal
from gisapp.audit.record import Entry, Who, record
from gisapp.installation import sealing_database
from tests.audit.conftest import Book

WRITE = (
    "INSERT INTO gisapp.audit_entry (login, departments, via, address, what, layer, features, details) "
    "VALUES (%s, '{}', '', '', 'searched', '', '{}', '{}')"
)


def test_an_entry_that_commits_late_is_not_skipped_and_delays_nobody(book: Book) -> None:
    database = book.installation.database
    with book.sealer() as raw:
        state = seal.look(raw, book.files)
        with database.transaction("owner") as slow:
            record(slow, Entry("published", Who("slow"), "roads.street"))
            book.write("quick1", "quick2")
            state = seal.seal(raw, state, book.files)
            assert [row.login for row in sealed(book)] == ["quick1", "quick2"]
            book.write("quick3")
            state = seal.seal(raw, state, book.files)
        state = seal.seal(raw, state, book.files)
        book.write("last")
        seal.seal(raw, state, book.files)
    assert [row.login for row in sealed(book)] == ["quick1", "quick2", "quick3", "slow", "last"]
    assert book.kind() is None and book.verify().unsealed == 0


def test_a_sealer_started_anew_finds_what_committed_late(book: Book) -> None:
    with book.installation.database.transaction("owner") as slow:
        record(slow, Entry("published", Who("slow"), "roads.street"))
        book.write("quick")
        book.seal()
    book.seal()
    assert [row.login for row in sealed(book)] == ["quick", "slow"]


def test_after_a_restore_transaction_numbers_begin_anew_and_sealing_goes_on(book: Book) -> None:
    book.write("a", "b", "c")
    book.seal()
    book.tamper(
        "UPDATE gisapp.audit_seal SET horizon = '900000000000'",
        "UPDATE gisapp.audit_entry SET txid = '900000000000'",
    )
    old = book.ids()[-1]
    book.write("restored")
    with book.sealer() as raw:
        begun = seal.look(raw, book.files)
        assert (begun.low, begun.floor) == (0, old)  # what was there before is not looked at again
        seal.seal(raw, begun, book.files)
        again = seal.look(raw, book.files)
    assert again.entry == book.ids()[-1] > old and 0 < again.low < 900000000000
    assert book.verify().unsealed == 0


def sealed(book: Book) -> list[Any]:
    return book.ask(
        "SELECT e.login, s.position FROM gisapp.audit_seal s JOIN gisapp.audit_entry e ON e.id = s.entry ORDER BY s.position"
    )


@pytest.fixture
def sealer(book: Book) -> Iterator[Callable[[], None]]:
    """Starts a sealer as its process runs it; it is ended afterwards."""
    stop, threads = threading.Event(), []

    def start() -> None:
        words = (sealing_database(book.installation), book.files, stop)
        threads.append(threading.Thread(target=seal.run, args=words, daemon=True))
        threads[-1].start()

    yield start
    stop.set()
    for thread in threads:
        thread.join(5)


def all_sealed(book: Book, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if book.verify().unsealed == 0:
            return True
        time.sleep(0.05)
    return False


def test_32_write_at_once_and_each_entry_is_sealed_within_a_second(
    book: Book, sealer: Callable[[], None]
) -> None:
    url = book.installation.database.url("app").set(drivername="postgresql").render_as_string(False)
    ready = threading.Barrier(32)
    wrong: list[BaseException] = []

    def write(number: int) -> None:
        try:
            with psycopg.connect(url, autocommit=True) as connection:
                ready.wait(20)
                for _ in range(10):
                    connection.execute(WRITE, [f"w{number}"])
        except BaseException as error:
            wrong.append(error)

    sealer()
    writers = [threading.Thread(target=write, args=(number,)) for number in range(32)]
    for one in writers:
        one.start()
    for one in writers:
        one.join()
    assert not wrong and all_sealed(book, 2)
    finding = book.verify()
    assert finding.entries == 320 and finding.broken is None
    late = "SELECT max(extract(epoch FROM s.sealed_at - e.at)) FROM gisapp.audit_seal s JOIN gisapp.audit_entry e ON e.id = s.entry"
    assert book.ask(late)[0][0] < 1.0


def test_a_second_sealer_waits_until_the_first_has_ended(book: Book, sealer: Callable[[], None]) -> None:
    with book.sealer() as first:
        first.execute("SELECT pg_advisory_lock(%s)", [seal.ONE_SEALER])
        sealer()
        book.write("a")
        assert not all_sealed(book, 1.0)
        first.execute("SELECT pg_advisory_unlock_all()")
    assert all_sealed(book, 3.0)


def test_a_sealer_whose_connection_was_ended_goes_on(book: Book, sealer: Callable[[], None]) -> None:
    sealer()
    book.write("a")
    assert all_sealed(book, 3.0)
    name = book.installation.database.role(roles.SEALER)
    book.tamper(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{name}'")
    book.write("b")
    assert all_sealed(book, 5.0)
