"""The embedded cluster: where it may live, that it is closed to others, that it comes back after a crash."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from gisapp import cluster
from gisapp.settings import Settings


@pytest.fixture
def started() -> Iterator[list[cluster.Cluster]]:
    """Clusters that the test started; they are stopped and removed afterwards."""
    clusters: list[cluster.Cluster] = []
    yield clusters
    for one in clusters:
        cluster.stop(one)
        shutil.rmtree(one.data.parent, ignore_errors=True)
        shutil.rmtree(one.socket, ignore_errors=True)


def ask(one: cluster.Cluster, question: str) -> str:
    with psycopg.connect(
        host=str(one.socket),
        port=cluster.PORT,
        user=cluster.SUPERUSER,
        password=one.password,
        dbname="postgres",
    ) as c:
        row = c.execute(question).fetchone()  # type: ignore[call-overload]
        return str(row[0]) if row else ""


def test_it_starts_in_a_home_that_is_closed_to_others_and_too_long_for_a_socket(
    tmp_path: Path, started: list[cluster.Cluster]
) -> None:
    home = tmp_path / ("とても長い名前のフォルダ" * 3) / "home"
    home.mkdir(parents=True)
    tmp_path.chmod(0o700)
    one = cluster.locate(Settings(home=home))
    started.append(one)
    cluster.start(one)
    assert ask(one, "SHOW jit") == "off"
    assert ask(one, "SHOW listen_addresses") == ""
    assert ask(one, "SHOW password_encryption") == "scram-sha-256"
    assert cluster.locate(Settings(home=home)) == one


def test_the_server_is_never_root_and_its_folders_are_closed(home: Path) -> None:
    one = cluster.locate(Settings(home=home))
    pid = int((one.data / "postmaster.pid").read_text().splitlines()[0])
    owner = Path(f"/proc/{pid}").stat().st_uid
    assert owner != 0
    assert owner == (pwd.getpwnam("postgres").pw_uid if os.geteuid() == 0 else os.geteuid())
    assert one.socket.stat().st_mode & 0o077 == 0
    assert one.data.stat().st_mode & 0o077 == 0


def test_nobody_connects_without_the_password(home: Path) -> None:
    one = cluster.locate(Settings(home=home))
    with pytest.raises(psycopg.OperationalError, match="password"):
        ask(replace(one, password="guessed"), "SELECT 1")


def test_after_kill_9_the_next_start_recovers_what_was_committed(started: list[cluster.Cluster]) -> None:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        os.chmod(folder, 0o755)
        one = cluster.locate(Settings(home=Path(folder)))
        started.append(one)
        cluster.start(one)
        with psycopg.connect(
            host=str(one.socket), user=cluster.SUPERUSER, password=one.password, dbname="postgres"
        ) as c:
            c.execute("CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
        pid = int((one.data / "postmaster.pid").read_text().splitlines()[0])
        children = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True).stdout.split()
        for process in [pid, *map(int, children)]:
            with contextlib.suppress(ProcessLookupError):  # children notice the server's end and leave
                os.kill(process, signal.SIGKILL)
        cluster.start(one)
        assert ask(one, "SELECT count(*) FROM kept") == "1000"


def test_an_interrupted_creation_begins_again(started: list[cluster.Cluster]) -> None:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        os.chmod(folder, 0o755)
        one = cluster.locate(Settings(home=Path(folder)))
        started.append(one)
        half = one.data.with_name("data-new")
        half.mkdir(parents=True)
        (half / "PG_VERSION").write_text("15\n")
        cluster.start(one)
        assert ask(one, "SELECT 1") == "1"
