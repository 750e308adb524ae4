"""A hundred askers of one cold tile at the same moment: how many statements ran, as PostgreSQL's own log tells."""

from __future__ import annotations

import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.accounts import Askers
from bench.measure import Times
from bench.places import every_filled_tile, path_of
from bench.server import Server, forget, superuser
from gisapp import cluster
from gisapp.installation import Installation

AT_ONCE, TILES = 100, 10
LAYERS = ("base.building", "tax.parcel")
STATEMENT = "ST_AsMVT("
SETTLE = 0.3  # seconds until the log is written


@contextmanager
def logged(installation: Installation) -> Iterator[Path]:
    """While the block lasts, whoever logs in to the cluster has every statement written to its log, once each."""
    with superuser(installation.settings) as connection:
        connection.execute("ALTER SYSTEM SET log_statement = 'all'")
        connection.execute("SELECT pg_reload_conf()")
        time.sleep(1.0)
        try:
            yield cluster.locate(installation.settings).log
        finally:
            connection.execute("ALTER SYSTEM RESET log_statement")
            connection.execute("SELECT pg_reload_conf()")


def askers(installation: Installation, server: Server, tiles: int = TILES) -> dict[str, Any]:
    """Rows: how many statements made a tile that AT_ONCE asked for, as often as that was; and how long the last waited."""
    forget(server.settings)
    who = Askers(installation, server)
    rows: list[dict[str, Any]] = []
    with logged(installation) as log:
        for name in LAYERS:
            layer = installation.catalogue.layer(name)
            asker, headers = who.of(layer)
            server.warm(name, layer.max_zoom, headers)
            zoom = max(layer.min_zoom, layer.max_zoom - 1)
            statements, waited, refused = [], [], 0
            for tile in every_filled_tile(installation, layer, zoom)[:tiles]:
                time.sleep(SETTLE)
                before = log.stat().st_size
                took, turned_away = _ask_together(server, path_of(name, tile), headers)
                waited.append(took)
                refused += turned_away
                time.sleep(SETTLE)
                statements.append(_statements(log, before))
            rows.append(
                {
                    "layer": name,
                    "zoom": zoom,
                    "asked_as": asker,
                    "tiles": len(statements),
                    "statements": {
                        str(number): times for number, times in sorted(Counter(statements).items())
                    },
                    "refused": refused,
                    "last_answer": Times(tuple(waited)).as_dict(),
                }
            )
    most = max(int(number) for row in rows for number in row["statements"])
    refused = sum(row["refused"] for row in rows)
    return {"at_once": AT_ONCE, "rows": rows, "most_statements": most, "refused": refused}


def _statements(log: Path, before: int) -> int:
    """Executed statements that make tiles, among the lines written since: `LOG:  execute …` or `LOG:  statement: …`."""
    with log.open("rb") as file:
        file.seek(before)
        entries = file.read().decode(errors="replace").split("LOG:  ")[1:]
    return sum(one.startswith(("execute", "statement")) and STATEMENT in one for one in entries)


def _ask_together(server: Server, path: str, headers: Mapping[str, str]) -> tuple[float, int]:
    """Milliseconds until the last of AT_ONCE answers was read, and how many were told to come again (503).

    Every one opened its connection before. Stops the bench when two got different tiles, or anything else.
    """
    lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1", "Connection: close", "Accept-Encoding: identity"]
    request = (
        "\r\n".join([*lines, *(f"{name}: {value}" for name, value in headers.items())]) + "\r\n\r\n"
    ).encode()
    sockets = [
        socket.create_connection(("127.0.0.1", server.settings.port), timeout=60) for _ in range(AT_ONCE)
    ]
    bodies: list[bytes] = []
    gate = threading.Barrier(AT_ONCE + 1)

    def ask(one: socket.socket) -> None:
        gate.wait()
        one.sendall(request)
        parts = []
        while part := one.recv(1 << 16):
            parts.append(part)
        one.close()
        bodies.append(b"".join(parts))

    threads = [threading.Thread(target=ask, args=(one,)) for one in sockets]
    for thread in threads:
        thread.start()
    gate.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    took = (time.perf_counter() - began) * 1000
    tiles = [body.partition(b"\r\n\r\n")[2] for body in bodies if body.startswith(b"HTTP/1.1 200")]
    refused = sum(body.startswith(b"HTTP/1.1 503") for body in bodies)
    if len(set(tiles)) != 1 or len(tiles) + refused != AT_ONCE:
        other = next((body for body in bodies if not body.startswith(b"HTTP/1.1 200")), b"")
        raise SystemExit(
            f"bench: {AT_ONCE} askers of {path} got {len(set(tiles))} different tiles; {other[:200]!r}"
        )
    return took, refused
