"""Other servers on the same tables: installed by the bench in places of their own, asked for the same tiles.

Every peer reads views that hold exactly the columns of gisapp's tile, with the geometry that gisapp's own statement
reads, so that what differs is the server.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from bench.city import WORK
from bench.measure import Answer
from bench.places import Tile
from gisapp.installation import Installation

SCHEMA = "bench_peers"
ROLE = "bench_peer"
PATIENCE = 20.0  # seconds for one tile: then PostgreSQL ends its statement, and it counts as that long
PROCESSES = 2  # of every peer, as gisapp's web workers


@dataclass(frozen=True)
class Peer:
    """Another server; `ask` takes a layer's id and a tile.

    items: for a view, the path of its first so many features as GeoJSON, below `address`.
    """

    name: str
    version: str
    ask: Callable[[str, Tile], Answer]
    address: str = ""
    items: Callable[[View], Callable[[int], str]] | None = None


@dataclass(frozen=True)
class View:
    """What the peers read of one layer at one zoom."""

    layer: str  # its id
    zoom: int
    columns: tuple[str, ...]  # besides id and geom_web
    where: str = ""  # SQL; empty: every feature

    @property
    def name(self) -> str:
        """The view's name in SCHEMA."""
        return f"{self.layer.replace('.', '_')}_z{self.zoom}"


def name_of(layer: str, tile: Tile) -> str:
    """The name of the view that a tile of a layer is made from."""
    return View(layer, tile[0], ()).name


def environment_of(name: str, *requirements: str) -> Path:
    """The folder of the programs of a virtual environment that holds `requirements`, made at first use."""
    folder = WORK / f"peer-{name}"
    done = folder / ".installed"
    if not done.exists() or done.read_text().split() != list(requirements):
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        subprocess.run(
            [folder / "bin" / "pip", "install", "-q", *requirements], check=True, stderr=subprocess.DEVNULL
        )
        done.write_text("\n".join(requirements))
    return folder / "bin"


def make_views(installation: Installation, views: list[View]) -> None:
    """Views with exactly these columns in a schema of their own, and a login that may read them and nothing else.

    The login may make temporary tables and functions, which tipg needs.
    """
    database = installation.database
    name = database.role(ROLE)
    with database.transaction("owner") as connection:
        if not connection.exec_driver_sql("SELECT 1 FROM pg_roles WHERE rolname = %s", (name,)).scalar():
            connection.exec_driver_sql(f"CREATE ROLE \"{name}\" LOGIN PASSWORD '{database.password(ROLE)}'")
        connection.exec_driver_sql(
            f'GRANT CONNECT, TEMP ON DATABASE "{database.address.database}" TO "{name}"'
        )
        limit = f"{PATIENCE:g}s"  # what nobody waits for any more must not go on beside the next one's tile
        connection.exec_driver_sql(f"ALTER ROLE \"{name}\" SET statement_timeout = '{limit}'")
        connection.exec_driver_sql(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
        connection.exec_driver_sql(f"CREATE SCHEMA {SCHEMA}")
        for view in views:
            columns = ", ".join(("id", *view.columns, "geom_web"))
            where = f" WHERE {view.where}" if view.where else ""
            connection.exec_driver_sql(
                f"CREATE VIEW {SCHEMA}.{view.name} AS SELECT {columns} FROM {view.layer}{where}"
            )
        connection.exec_driver_sql(f'GRANT USAGE ON SCHEMA {SCHEMA} TO "{name}"')
        connection.exec_driver_sql(f'GRANT SELECT ON ALL TABLES IN SCHEMA {SCHEMA} TO "{name}"')


def login(installation: Installation) -> dict[str, str]:
    """How the peers reach the database: host (a socket's folder or a name), port, user, password, database."""
    url = installation.database.url(ROLE)
    return {
        "host": str(url.query["host"]),
        "port": str(url.query["port"]),
        "user": str(url.username),
        "password": str(url.password),
        "database": str(url.database),
    }


def login_url(installation: Installation) -> str:
    """The same as a URL, with a socket's folder in the host's place: all clients read that."""
    one = login(installation)
    return f"postgresql://{one['user']}:{one['password']}@{quote(one['host'], safe='')}:{one['port']}/{one['database']}"


@contextmanager
def running(name: str, words: list[str], port: int, more: Mapping[str, str] | None = None) -> Iterator[None]:
    """A server that listens on `port` while the block lasts; what it says goes to a file. Ends all that it started."""
    with (WORK / f"{name}.log").open("wb") as log:
        server = subprocess.Popen(
            words, env={**os.environ, **(more or {})}, stdout=log, stderr=log, start_new_session=True
        )
    try:
        wait_for(port, server)
        yield
    finally:
        end(server)


def end(server: subprocess.Popen[bytes], seconds: float = 15) -> None:
    """End a server and everything in its process group."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(seconds)


def wait_for(port: int, server: subprocess.Popen[bytes], seconds: float = 90) -> None:
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
