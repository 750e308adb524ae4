"""`make check` asks about known vulnerabilities of the parts; where nobody can be asked it says so and does not fail."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from gisapp.settings import ROOT
from tests.conftest import free_port


def check(*options: str, **more: str) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, str(ROOT / ".ci" / "known-vulnerabilities"), *options]
    return subprocess.run(words, capture_output=True, text=True, env=os.environ | more, check=False)


class Advisories(BaseHTTPRequestHandler):
    """Knows of one vulnerability, of one part, as the open format of advisories has it."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        name, version = asked["package"]["name"], asked["version"]
        affected = {
            "package": {"name": name, "ecosystem": "PyPI"},
            "versions": [version],
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "999.0"}]}],
        }
        known = {"id": "PYSEC-0000-1", "summary": "made up", "details": "", "affected": [affected]}
        body = json.dumps({"vulns": [known]} if name == "flask" else {}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the test says what it saw."""


@pytest.fixture
def advisories() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Advisories)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()


def test_a_known_vulnerability_fails_with_the_part_and_the_version_that_mends_it(advisories: str) -> None:
    done = check("-s", "osv", "--osv-url", advisories, NO_PROXY="127.0.0.1", no_proxy="127.0.0.1")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "flask" in done.stdout and "PYSEC-0000-1" in done.stdout and "999.0" in done.stdout
    assert "vulnerable: 1" in done.stdout


def test_a_closed_network_is_said_plainly_and_does_not_fail() -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    done = check("-s", "osv", "--osv-url", nobody, NO_PROXY="127.0.0.1", no_proxy="127.0.0.1")
    assert done.returncode == 0, done.stderr
    assert (
        "NOT checked" in done.stdout and "調べていません" in done.stdout and "vulnerable:" not in done.stdout
    )


def test_a_mistake_in_asking_is_no_closed_network() -> None:
    assert check("--no-such-option").returncode != 0


def test_make_check_asks() -> None:
    assert ".ci/known-vulnerabilities" in (ROOT / "Makefile").read_text().split("check:")[1]
