"""Small tools of all benches: medians, requests over one connection, what machine and which versions these are."""

from __future__ import annotations

import http.client
import importlib.metadata
import os
import platform
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlsplit

from gisapp.settings import ROOT

VERSIONS = ("granian", "Flask", "psycopg", "SQLAlchemy", "isal")


@dataclass(frozen=True)
class Times:
    """Milliseconds of repeated runs of one thing."""

    milliseconds: tuple[float, ...]

    @property
    def p50(self) -> float:
        """The median."""
        return round(median(self.milliseconds), 2)

    @property
    def p95(self) -> float:
        """The time that 95 of 100 runs stay under."""
        return self.within(95)

    def within(self, percent: float) -> float:
        """The time that `percent` of 100 runs stay under."""
        ordered = sorted(self.milliseconds)
        return round(ordered[min(int(len(ordered) * percent / 100), len(ordered) - 1)], 2)

    def as_dict(self) -> dict[str, float | int]:
        """For JSON."""
        return {"n": len(self.milliseconds), "p50_ms": self.p50, "p95_ms": self.p95}


@dataclass(frozen=True)
class Answer:
    """What a server said, and the milliseconds until its whole answer was read."""

    milliseconds: float
    status: int
    body: bytes
    headers: Message | Mapping[str, str]

    @property
    def from_cache(self) -> bool | None:
        """Whether the server says that it had the answer ready (RFC 9211); None: it does not say."""
        said = self.headers.get("Cache-Status")
        return None if said is None else "hit" in said.split(";")[1].split("=")[0]


class Requests:
    """GET requests to one server; over one kept connection, or over a new one each time.

    Between two servers a new one each is fair: a kept one may wait 40 ms for the client's delayed acknowledgement,
    depending on how the server cuts its answer into packets, which says nothing about tiles.
    """

    def __init__(
        self, base: str, headers: dict[str, str] | None = None, *, keep: bool = True, seconds: float = 120
    ) -> None:
        parts = urlsplit(base)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=seconds)
        self._headers, self._keep = headers or {}, keep

    @property
    def local_port(self) -> int:
        """Our end of the kept connection."""
        assert self._connection.sock is not None
        return int(self._connection.sock.getsockname()[1])

    def ask(self, path: str) -> Answer:
        """The answer at a path. Raises OSError when none came in time."""
        began = time.perf_counter()
        try:
            self._connection.request("GET", path, headers=self._headers)
            answer = self._connection.getresponse()
            body = answer.read()
        except OSError:
            self._connection.close()
            raise
        took = (time.perf_counter() - began) * 1000
        if not self._keep:
            self._connection.close()
        return Answer(took, answer.status, body, answer.headers)

    def get(self, path: str) -> tuple[float, int, bytes]:
        """Milliseconds, status and body."""
        answer = self.ask(path)
        return answer.milliseconds, answer.status, answer.body

    def need(self, path: str) -> Answer:
        """The answer, which must be 200: whatever else says that the bench does not measure what it means to."""
        answer = self.ask(path)
        if answer.status != 200:
            raise SystemExit(f"bench: {answer.status} at {path}: {answer.body[:300]!r}")
        return answer


def machine() -> dict[str, object]:
    """What the figures were measured on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    names = [
        line.split(":")[1].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    return {
        "cores": os.cpu_count(),
        "memory_gib": round(memory, 1),
        "cpu": names[0] if names else platform.machine(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "measured_at": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
    }


def load_average() -> list[float]:
    """How busy the machine was over the last 1, 5 and 15 minutes: above the number of cores, figures are too high."""
    return [round(one, 2) for one in os.getloadavg()]


def commit() -> str:
    """The commit that is checked out, with a `+` where files differ from it."""
    said = _git("rev-parse", "--short=12", "HEAD")
    return said + ("+" if _git("status", "--porcelain", "gisapp", "layers", "migrations") else "")


def versions() -> dict[str, Any]:
    """Of the libraries that take part in a tile."""
    return {name: importlib.metadata.version(name) for name in VERSIONS}


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else "unknown"
