"""Other servers on the same tables in the same minute: installed by the bench in environments of their own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from bench.city import WORK
from gisapp import roles
from gisapp.installation import Installation

TIPG = "tipg==1.6.1"


def environment_of(name: str, *requirements: str) -> Path:
    """The folder of the programs of a virtual environment that holds `requirements`, made at first use."""
    folder = WORK / f"peer-{name}"
    done = folder / ".installed"
    if not done.exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run(
            [folder / "bin" / "pip", "install", "-q", *requirements], check=True, stderr=subprocess.DEVNULL
        )
        done.touch()
    return folder / "bin"


def login(installation: Installation) -> str:
    """The URL of a login with the public's rights that may also make temporary tables, which peers need."""
    database = installation.database
    public, name = database.role(roles.PUBLIC_AUDIENCE), database.role("bench_peer")
    with database.transaction("owner") as connection:
        if not connection.exec_driver_sql("SELECT 1 FROM pg_roles WHERE rolname = %s", (name,)).scalar():
            connection.exec_driver_sql(
                f"CREATE ROLE \"{name}\" LOGIN PASSWORD '{database.password('bench_peer')}'"
            )
        connection.exec_driver_sql(f'GRANT "{public}" TO "{name}"')
        connection.exec_driver_sql(
            f'GRANT CONNECT, TEMP ON DATABASE "{database.address.database}" TO "{name}"'
        )
    url = database.url("bench_peer")
    host = quote(
        str(url.query["host"]), safe=""
    )  # the socket's folder in the host's place: all clients read that
    return f"postgresql://{url.username}:{url.password}@{host}/{url.database}"


@contextmanager
def tipg(database_url: str, schemas: list[str], port: int) -> Iterator[str]:
    """A running tipg with two workers over the views that the login of `database_url` may read; yields its address."""
    programs = environment_of("tipg", TIPG, "uvicorn")
    variables = {
        "DATABASE_URL": database_url,
        "TIPG_DB_SCHEMAS": '["' + '","'.join(schemas) + '"]',
        "TIPG_MAX_FEATURES_PER_TILE": "1000000",
    }
    words = [
        str(programs / "uvicorn"),
        "tipg.main:app",
        "--port",
        str(port),
        "--workers",
        "2",
        "--log-level",
        "error",
    ]
    server = subprocess.Popen(words, env=os.environ | variables, start_new_session=True)
    try:
        wait_for(port, server)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(10)


def wait_for(port: int, server: subprocess.Popen[bytes], seconds: float = 60) -> None:
    """Wait until something listens there. Raises RuntimeError when the server ended or did not in time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if server.poll() is not None:
            break
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError("the peer did not start")
