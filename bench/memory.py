"""How much memory each web worker takes while sixteen connections ask for what is cached and eight for what is cold."""

from __future__ import annotations

from typing import Any

from bench.coldload import ColdLoad, cold_paths
from bench.picked import ENCODING, PUBLIC, kept, pick
from bench.processes import memory as memory_of
from bench.processes import watched_memory
from bench.server import Server, forget
from bench.wrk import Wrk
from gisapp.installation import Installation

CONNECTIONS, SECONDS = 16, 30.0
REACH_MB = 250.0


def memory(installation: Installation, server: Server, seconds: float = SECONDS) -> dict[str, Any]:
    """Megabytes of each worker at rest, at most while the loads ran, and after them."""
    rest = _all(server)
    public = pick(installation, server, PUBLIC, {})

    def renew() -> None:
        if forget(server.settings):
            kept(server, public, {})

    renew()
    load = ColdLoad(server, cold_paths(installation, set(public.paths)), renew)
    asked = {"Accept-Encoding": ENCODING}
    with watched_memory(server.workers()) as most, load.running(seconds):
        run = Wrk(server.address, public.paths, asked, connections=CONNECTIONS, seconds=seconds).result()
    return {
        "at_rest": rest,
        "under_load": most,
        "after": _all(server),
        "hits_per_second": run["per_second"],
        "cold_load": load.totals(),
        "reach_mb": REACH_MB,
    }


def _all(server: Server) -> dict[str, dict[str, float]]:
    found = {str(pid): memory_of(pid) for pid in server.workers()}
    return {
        pid: {"rss_mb": round(resident, 1), "pss_mb": round(share, 1)}
        for pid, (resident, share) in found.items()
    }
