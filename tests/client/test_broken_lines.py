"""The client on a bad line: servers that are away, say that they are busy, break off in the middle, or lose their answers.

Between client and the real server stands a small relay that misbehaves as it is told.
"""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from gisapp import client as clients
from gisapp.client import Client, NotReached
from gisapp.installation import Installation
from tests.client.conftest import streets
from tests.conftest import free_port
from tests.intake.conftest import ask

Trouble = Callable[[str, int], str]


class Relay:
    """Passes requests on; `trouble(method, number)` says "" (well), "busy", "away" or "lost" (done, but not answered)."""

    def __init__(self, target: str, trouble: Trouble) -> None:
        self.asked: list[tuple[str, int]] = []  # method, bytes of its body
        self.trouble, self.target = trouble, target.removeprefix("http://")
        relay = self

        class Handler(BaseHTTPRequestHandler):
            def handle_one(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                relay.asked.append((self.command, len(body)))
                what = relay.trouble(self.command, sum(one[0] == self.command for one in relay.asked))
                if what == "busy":
                    self.send_response(503)
                    self.send_header("Retry-After", "1")
                    self.send_header("Content-Length", "0")
                    return self.end_headers()
                if what != "away":
                    status, headers, content = relay.pass_on(
                        self.command, self.path, body, dict(self.headers)
                    )
                if what in ("away", "lost"):
                    self.close_connection = True
                    return self.connection.close()
                self.send_response(status)
                for name, value in headers:
                    if name.lower() in ("content-type", "content-length", "retry-after"):
                        self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)
                return None

            do_GET = do_POST = do_PATCH = handle_one

            def log_message(self, *words: Any) -> None:
                """Nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def pass_on(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Any:
        line = http.client.HTTPConnection(self.target, timeout=30)
        headers = {k: v for k, v in headers.items() if k.lower() not in ("host", "accept-encoding")}
        line.request(method, path, body, headers)
        answer = line.getresponse()
        return answer.status, answer.getheaders(), answer.read()

    def count(self, method: str) -> int:
        return sum(one[0] == method for one in self.asked)


@pytest.fixture
def relay(running: str) -> Iterator[Callable[[Trouble], Relay]]:
    made: list[Relay] = []

    def make(trouble: Trouble) -> Relay:
        made.append(Relay(running, trouble))
        return made[-1]

    yield make
    for one in made:
        one.server.shutdown()
        one.server.server_close()


@pytest.fixture
def long_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A file of five pieces."""
    monkeypatch.setattr(clients, "PIECE", 2**16)
    path = streets(tmp_path / "long.geojson", 5)
    path.write_text(path.read_text("utf-8") + " " * (2**18 + 7), "utf-8")
    return path


def test_a_large_file_goes_on_where_the_line_broke(
    relay: Any,
    token: str,
    city: Installation,
    long_file: Path,
) -> None:
    """The second piece never arrives, of the fourth only the answer is lost, and begin and publish come twice."""
    troubles = {("POST", 1): "lost", ("PATCH", 2): "away", ("PATCH", 5): "lost"}
    line = relay(lambda method, number: troubles.get((method, number), ""))
    report = Client(line.url, token).upload("roads.street", long_file, publish=False)
    assert report["state"] == "checked" and report["rows"]["read"] == 5
    sent = sum(size for method, size in line.asked if method == "PATCH")
    assert sent < long_file.stat().st_size + 3 * 2**16 and line.count("POST") == 2
    line.trouble = lambda method, number: "lost" if (method, number) == ("POST", 3) else ""
    client = Client(line.url, token)
    assert client.publish(report["id"])["state"] in ("publishing", "published")
    assert client.wait(report["id"])["state"] == "published"
    ids = ask(city, "SELECT count(*) FROM gisapp.upload WHERE file_name = 'long.geojson'")
    assert ids == [(1,)]


def test_a_busy_server_is_left_alone_for_as_long_as_it_says(relay: Any, token: str) -> None:
    line = relay(lambda method, number: "busy" if number == 1 else "")
    began = time.monotonic()
    assert Client(line.url, token).layers()
    assert time.monotonic() - began >= 1.0 and line.count("GET") == 2


def test_patience_ends_with_a_sentence(relay: Any, token: str) -> None:
    line = relay(lambda method, number: "busy")
    with pytest.raises(NotReached, match="503"):
        Client(line.url, token, patience=0.5).layers()
    with pytest.raises(NotReached):
        Client(f"http://127.0.0.1:{free_port()}", "gisapp_x", patience=1).layers()


def test_a_script_that_was_killed_runs_again_under_the_same_id(
    relay: Any,
    token: str,
    client: Client,
    long_file: Path,
) -> None:
    own = "5d0f5a3e-6f44-4f5e-9a0e-2f1a6f1c7a01"
    line = relay(lambda method, number: "away" if method == "PATCH" and number > 2 else "")
    with pytest.raises(NotReached):
        Client(line.url, token, patience=0).upload("roads.street", long_file, upload_id=own, mode="append")
    line.trouble = lambda method, number: ""
    line.asked.clear()
    first = Client(line.url, token).upload("roads.street", long_file, upload_id=own, mode="append")
    assert first["state"] == "published" and line.count("PATCH") == 3
    again = Client(line.url, token).upload("roads.street", long_file, upload_id=own, mode="append")
    assert again["revision"] == first["revision"] and line.count("PATCH") == 3
