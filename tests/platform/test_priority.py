"""What makes tiles gives way to what sends those that are ready, also where Linux groups tasks by session."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from gisapp import priority, roles
from gisapp.db import Database
from gisapp.installation import Installation

LEVELS = "import os; print(os.nice(0), open('/proc/self/autogroup').read().split()[-1])"
GIVE_WAY = f"from gisapp import priority; priority.give_way(); priority.give_way(); {LEVELS}"
needs_sessions = pytest.mark.skipif(
    not Path("/proc/self/autogroup").exists(), reason="this kernel does not group tasks by session"
)


def said(code: str, *, leads: bool) -> list[int]:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, start_new_session=leads
    )
    return [int(level) for level in done.stdout.split()]


def lowered(pid: int) -> tuple[int, int]:
    """Nice value of a process and of its session."""
    return os.getpriority(os.PRIO_PROCESS, pid), int(Path(f"/proc/{pid}/autogroup").read_text().split()[-1])


@needs_sessions
def test_a_process_that_leads_its_session_lowers_the_session_and_itself_once() -> None:
    assert said(GIVE_WAY, leads=True) == [priority.COMPUTES, priority.COMPUTES]


@needs_sessions
def test_a_process_of_another_ones_session_lowers_only_itself() -> None:
    _, ours = said(LEVELS, leads=False)
    assert said(GIVE_WAY, leads=False) == [priority.COMPUTES, ours]


@needs_sessions
def test_the_tile_makers_backends_give_way_and_no_others(installation: Installation) -> None:
    database = installation.database
    low = Database(database.address, database._secret, limit=2, backends_nice=priority.COMPUTES)
    pids = []
    for one in (low, database):
        with one.transaction(roles.audience(())) as connection:
            pids.append(connection.scalar(sa.text("SELECT pg_backend_pid()")))
    until = time.monotonic() + 10
    while lowered(pids[0]) != (priority.COMPUTES, priority.COMPUTES) and time.monotonic() < until:
        time.sleep(0.05)
    assert lowered(pids[0]) == (priority.COMPUTES, priority.COMPUTES)
    assert lowered(pids[1])[1] == 0
    low.close()


def test_a_number_that_is_no_backend_of_postgresql_is_left_alone() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        priority._lower_backend(child.pid, priority.COMPUTES)
        assert os.getpriority(os.PRIO_PROCESS, child.pid) == os.getpriority(os.PRIO_PROCESS, 0)
        child.communicate(b"\n")
