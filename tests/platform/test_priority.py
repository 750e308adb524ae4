"""What makes tiles gives way to what sends those that are ready, also where Linux groups tasks by session."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from gisapp import priority, roles
from gisapp.installation import Installation

# whoever started before any session was opened belongs to none, and its file is empty
LEVELS = "import os; print(os.nice(0), *open('/proc/self/autogroup').read().split()[-1:])"
GIVE_WAY = f"from gisapp import priority; priority.give_way(7); priority.give_way(7); {LEVELS}"
CONNECTED = """
import os, sys
from gisapp import priority
from gisapp.db import Address, Database
priority.give_way(int(sys.argv[1]))
database = Database(Address(sys.argv[2], int(sys.argv[3]), sys.argv[4]), bytes.fromhex(sys.argv[5]), limit=1)
with database.transaction(sys.argv[6]) as connection:
    print(connection.exec_driver_sql("SELECT pg_backend_pid()").scalar(), flush=True)
    input()
"""
needs_sessions = pytest.mark.skipif(
    not Path("/proc/self/autogroup").exists(), reason="this kernel does not group tasks by session"
)


def said(code: str, *, leads: bool) -> list[int]:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, start_new_session=leads
    )
    return [int(level) for level in done.stdout.split()]


def session_of(pid: int) -> int:
    """The nice value of a process's session."""
    return int(Path(f"/proc/{pid}/autogroup").read_text().split()[-1])


@needs_sessions
def test_a_process_that_leads_its_session_lowers_the_session_and_itself_once() -> None:
    assert said(GIVE_WAY, leads=True) == [7, 7]


@needs_sessions
def test_a_process_of_another_ones_session_lowers_only_itself() -> None:
    _, *ours = said(LEVELS, leads=False)
    assert said(GIVE_WAY, leads=False) == [7, *ours]


@needs_sessions
@pytest.mark.parametrize("nice", [0, priority.COMPUTES, 12])
def test_a_backend_gives_way_as_far_as_the_process_that_it_works_for(
    installation: Installation, nice: int
) -> None:
    database = installation.database
    where = database.address.host, str(database.address.port), database.address.database
    words = [str(nice), *where, database._secret.hex(), roles.audience(())]
    with subprocess.Popen(
        [sys.executable, "-c", CONNECTED, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdin and child.stdout
        backend = int(child.stdout.readline())
        wait_until(lambda: session_of(backend) == nice)
        assert os.getpriority(os.PRIO_PROCESS, backend) >= nice
        child.communicate("\n")


def test_a_number_that_is_no_backend_of_postgresql_is_left_alone() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        priority._lower_backend(child.pid, 7)
        assert os.getpriority(os.PRIO_PROCESS, child.pid) == os.getpriority(os.PRIO_PROCESS, 0)
        child.communicate(b"\n")


def wait_until(true: Callable[[], bool], seconds: float = 10) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until
        time.sleep(0.05)
