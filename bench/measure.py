"""Small tools of all benches: medians, requests over one kept connection, what machine this is."""

from __future__ import annotations

import http.client
import os
import platform
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit


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
        ordered = sorted(self.milliseconds)
        return round(ordered[min(int(len(ordered) * 0.95), len(ordered) - 1)], 2)

    def as_dict(self) -> dict[str, float | int]:
        """For JSON."""
        return {"n": len(self.milliseconds), "p50_ms": self.p50, "p95_ms": self.p95}


class Requests:
    """GET requests to one server; over one kept connection, or over a new one each time.

    Between two servers a new one each is fair: a kept one may wait 40 ms for the client's delayed acknowledgement,
    depending on how the server cuts its answer into packets, which says nothing about tiles.
    """

    def __init__(self, base: str, headers: dict[str, str] | None = None, *, keep: bool = True) -> None:
        parts = urlsplit(base)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=120)
        self._headers, self._keep = headers or {}, keep

    def get(self, path: str) -> tuple[float, int, bytes]:
        """Milliseconds until the whole answer was read, its status and its body."""
        began = time.perf_counter()
        self._connection.request("GET", path, headers=self._headers)
        answer = self._connection.getresponse()
        body = answer.read()
        took = (time.perf_counter() - began) * 1000
        if not self._keep:
            self._connection.close()
        return took, answer.status, body


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
        "python": platform.python_version(),
        "measured_at": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
    }
