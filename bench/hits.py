"""Hits under load: 1,000 different tiles of about 20 kB, as a visitor, a signed-in person and a token, while eight cold
requests are always running; beside the same server that answers with a constant body of that size."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from statistics import median
from typing import Any

from bench import constant
from bench.accounts import person_of, session_of, token_of
from bench.city import WORK
from bench.coldload import ColdLoad, cold_paths
from bench.picked import ENCODING, PUBLIC, RESTRICTED, Picked, kept, pick
from bench.processes import processor_seconds, watched_memory
from bench.server import Server, forget, serving_other, target_of
from bench.wrk import Wrk
from gisapp.installation import Installation

CONNECTIONS = 16
ROUNDS, SECONDS = 13, 1.5  # many short ones: the machine is faster or slower within seconds
SETTLING = 1.0  # seconds, not measured: who was not heard of for some seconds is looked up again
REACH = {"ratio": 0.8, "per_second": 15_000, "p99_ms": 10.0, "memory_mb": 250.0}
DEPARTMENT = "tax"
NEVER_COPIED = {"content-length", "date", "server", "connection", "set-cookie", "transfer-encoding"}


def hits(
    installation: Installation, server: Server, seconds: float = SECONDS, rounds: int = ROUNDS
) -> dict[str, Any]:
    """Rows: who asks; requests a second, percentiles, and the ratios to the constant, in a server of its own and within
    gisapp's processes: medians of rounds in which the three take turns, each under the same cold load. A ratio is
    of what was measured in the same round."""
    login = person_of(installation, DEPARTMENT)
    session, token = session_of(server, login), token_of(installation, login)
    public = pick(installation, server, PUBLIC, {})
    own = pick(installation, server, RESTRICTED, session)

    def renew() -> None:  # also what was asked to find the thousand is cold then
        if forget(server.settings):
            kept(server, public, {})
            kept(server, own, session)

    renew()
    public, own = kept(server, public, {}), kept(server, own, session)
    cold = ColdLoad(server, cold_paths(installation, {*public.paths, *own.paths}), renew)
    result: dict[str, Any] = {"tiles": {"public": public.as_dict(), "restricted": own.as_dict()}}
    askers = {"visitor": (public, {}), "session": (own, session), "token": (own, token)}
    rows = []
    with (
        watched_memory(server.workers()) as memory,
        _alone(server, public) as alone,
        _within(server, public) as within,
    ):
        for name, (picked, headers) in askers.items():
            asked = {**headers, "Accept-Encoding": ENCODING}
            runs: dict[str, list[dict[str, Any]]] = {"gisapp": [], "constant": [], "constant_within": []}
            for _ in range(rounds):
                runs["gisapp"].append(_run(server, picked.paths, asked, cold, seconds))
                runs["constant"].append(_run(alone, picked.paths, asked, cold, seconds))
                paths = [constant.PATH + path for path in picked.paths]
                runs["constant_within"].append(_run(within, paths, asked, cold, seconds, loaded=within))
            rows.append(
                {"asker": name, **{which: _middle(all_) for which, all_ in runs.items()}, **_ratios(runs)}
            )
            print(json.dumps(rows[-1]), flush=True)
    result |= {"rows": rows, "memory_of_workers": memory, "cold_load": cold.totals(), "reach": REACH}
    return result


def _ratios(runs: Mapping[str, list[dict[str, Any]]]) -> dict[str, float]:
    ours = [run["per_second"] for run in runs["gisapp"]]
    of = {"ratio": "constant", "ratio_within": "constant_within"}
    return {
        name: round(median(one / run["per_second"] for one, run in zip(ours, runs[which], strict=True)), 3)
        for name, which in of.items()
    }


def _run(
    target: Server,
    paths: list[str],
    headers: Mapping[str, str],
    cold: ColdLoad,
    seconds: float,
    loaded: Server | None = None,
) -> dict[str, Any]:
    """One run beside the cold load on gisapp (or on `loaded`), measured once everybody is known again."""
    with cold.running(seconds + SETTLING, loaded) as load:
        Wrk(target.address, paths, headers, connections=CONNECTIONS, seconds=SETTLING).result()
        before, began = processor_seconds(target.workers()), time.perf_counter()
        run = Wrk(target.address, paths, headers, connections=CONNECTIONS, seconds=seconds).result()
        used = (processor_seconds(target.workers()) - before) / (time.perf_counter() - began)
    return run | {
        "server_cores": round(used, 2),
        "cold_per_second": load["per_second"],
        "cold_p50_ms": load["p50_ms"],
    }


def _middle(runs: list[dict[str, Any]]) -> dict[str, Any]:
    names = ("per_second", "p50_ms", "p95_ms", "p99_ms", "bytes_each", "driver_cores", "server_cores")
    more = ("cold_per_second", "cold_p50_ms")
    middle = {name: round(median(run[name] for run in runs), 3) for name in (*names, *more)}
    return {
        **middle,
        "per_second": round(middle["per_second"]),
        "of_rounds": [run["per_second"] for run in runs],
    }


@contextmanager
def _alone(server: Server, picked: Picked) -> Iterator[Server]:
    """A server of its own that answers with the constant and does nothing else."""
    settings = replace(server.settings, port=server.settings.port + 1)
    with serving_other(settings, "bench.constant:alone", _described(server, picked)) as other:
        yield other


@contextmanager
def _within(server: Server, picked: Picked) -> Iterator[Server]:
    """A second gisapp over the same cache, whose processes answer with the constant before gisapp's own application."""
    settings = replace(server.settings, port=server.settings.port + 5)
    variables = _described(server, picked) | {"BENCH_APPLICATION": target_of(server.settings)}
    with serving_other(settings, "bench.constant:within_gisapp", variables) as other:
        yield other


def _described(server: Server, picked: Picked) -> dict[str, str]:
    """The constant: as large as the picked tiles on average, under the headers that a hit has."""
    answer = server.requests({"Accept-Encoding": ENCODING}).need(picked.paths[0])
    headers = [(name, value) for name, value in answer.headers.items() if name.lower() not in NEVER_COPIED]
    file = WORK / "constant.json"
    file.write_text(json.dumps({"size": picked.mean_bytes, "headers": headers}))
    return {"BENCH_CONSTANT": str(file)}
