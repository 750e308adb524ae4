"""The server under test: everything that `gisapp up` starts, as a city runs it, and how to make its tiles cold."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg

from bench import processes
from bench.city import command, environment
from bench.measure import Requests
from gisapp import cluster
from gisapp.cli.up import web_command, web_environment
from gisapp.settings import ROOT, Settings, load_city

TARGET = re.compile(r"gisapp[\w.]*:\w+")
PLAIN = {"Accept-Encoding": "identity"}
FORGET = ("tiles", "forget", "--kept")


@dataclass(frozen=True)
class Server:
    """A server that answers."""

    settings: Settings
    address: str
    parent: int  # the process whose children are the workers

    def workers(self) -> list[int]:
        """The process ids of the web workers."""
        return processes.children(self.parent)

    def requests(
        self, headers: Mapping[str, str] | None = None, *, keep: bool = False, seconds: float = 120
    ) -> Requests:
        """A client that takes answers uncompressed unless told otherwise, and waits so long for one."""
        return Requests(self.address, {**PLAIN, **(headers or {})}, keep=keep, seconds=seconds)

    def warm(
        self, layer: str, zoom: int, headers: Mapping[str, str] | None = None, at_once: int = 16
    ) -> None:
        """Let every worker open its connections to the database: by tiles at the world's edge, which hold nothing."""
        clients = [self.requests(headers) for _ in range(at_once)]
        for turn in range(3):
            paths = [f"/tiles/{layer}/{zoom}/{turn * at_once + place}/0.mvt" for place in range(at_once)]
            with ThreadPoolExecutor(at_once) as pool:
                list(pool.map(Requests.need, clients, paths))

    def one_each(self, headers: Mapping[str, str] | None = None) -> dict[int, Requests]:
        """A kept connection to every worker, by its process id."""

        def connect() -> tuple[Requests, int]:
            client = self.requests(headers, keep=True)
            client.need("/healthz")
            return client, client.local_port

        return processes.one_for_each(connect, self.settings.port, self.workers())


@contextmanager
def serving(settings: Settings, more: Mapping[str, str] | None = None) -> Iterator[Server]:
    """`gisapp up` while the block lasts; every web worker answers when it begins. Ends the city's cluster too."""
    child = subprocess.Popen(
        [command("gisapp"), "up", "--no-open-message"],
        env=environment(settings, more),
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    note = settings.home / "run" / f"{settings.city}.json"
    try:
        processes.wait_until(lambda: note.exists() or _ended(child), 120, "gisapp up")
        parent = json.loads(note.read_text())["web"]
        yield _answering(Server(settings, f"http://127.0.0.1:{settings.port}", parent), child)
    finally:
        child.terminate()
        child.wait(60)


@contextmanager
def serving_other(settings: Settings, target: str, variables: Mapping[str, str]) -> Iterator[Server]:
    """Another WSGI application, served as gisapp's is: the same program, number of workers and threads."""
    words = [target if TARGET.fullmatch(word) else word for word in web_command(settings)]
    if target not in words:
        raise SystemExit(f"bench: no application's name to replace in {' '.join(words)}")
    child = subprocess.Popen(
        words, env=web_environment(settings) | dict(variables), cwd=ROOT, start_new_session=True
    )
    try:
        server = Server(settings, f"http://127.0.0.1:{settings.port}", child.pid)
        yield _answering(server, child)
    finally:
        child.terminate()
        child.wait(20)


def target_of(settings: Settings) -> str:
    """The name of gisapp's own application in the command that starts it."""
    return next(word for word in web_command(settings) if TARGET.fullmatch(word))


def forget(settings: Settings, more: Mapping[str, str] | None = None) -> bool:
    """Empty the tile cache; False where this gisapp keeps none, so that every tile is cold anyway."""
    asked = [command("gisapp"), *FORGET]
    done = subprocess.run(asked, cwd=ROOT, env=environment(settings, more), capture_output=True, text=True)
    if done.returncode != 0 and "No such command" not in done.stderr:
        raise SystemExit(f"gisapp {' '.join(FORGET)}: {done.stderr[-1000:]}")
    if done.returncode != 0 and not _renew_epoch(settings):
        return False
    time.sleep(0.5)  # every worker has learned it by then
    return True


def _renew_epoch(settings: Settings) -> bool:
    """Do what a restored backup does to the caches; False where the database knows of no cache."""
    with superuser(settings, load_city(settings.city).database) as connection:
        known = connection.execute("SELECT to_regclass('gisapp.tile_state')").fetchone()
        if known is None or known[0] is None:
            return False
        connection.execute("UPDATE gisapp.tile_state SET epoch = gen_random_uuid()")
        return True


@contextmanager
def superuser(settings: Settings, database: str = "postgres") -> Iterator[psycopg.Connection[Any]]:
    """The embedded cluster as its superuser sees it."""
    place = cluster.locate(settings)
    words = {"host": str(place.socket), "user": cluster.SUPERUSER, "password": place.password}
    with psycopg.connect(dbname=database, port=cluster.PORT, autocommit=True, **words) as connection:  # type: ignore[arg-type]
        yield connection


def _ended(child: subprocess.Popen[bytes]) -> bool:
    if child.poll() is not None:
        raise SystemExit(f"bench: the server ended with {child.returncode}")
    return False


def _answering(server: Server, child: subprocess.Popen[bytes]) -> Server:
    def answers() -> bool:
        _ended(child)
        try:
            return len(server.workers()) >= server.settings.workers and bool(server.one_each())
        except (OSError, RuntimeError):
            return False

    processes.wait_until(answers, 120, f"a server at {server.address}")
    return server
