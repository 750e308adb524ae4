"""What the audit adds to a request, with fsync on: `python -m bench.audit` (writes bench/results/audit.json).

1. insert: one entry, committed, in one round trip, by 1, 8 and 32 at once; and what the disk takes to sync 8 kB.
2. after a pause: what any committed row costs here when the processors slept before it.
3. request: a restricted feature over HTTP, from 1, 8 and 32 clients at once that ask without a pause (the machine is saturated
   then: every share of a processor counts many times) and from 32 that pause half a second, of two servers in turn: as `gisapp up` starts it (but for noting how long each entry took: `spent`), and one that writes no entries.
4. seal: how many entries a second the sealer chains and `verify` checks.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any, LiteralString

from bench.city import UNLIMITED, make, settings_of
from bench.measure import Requests, Times, machine
from gisapp import cluster, roles
from gisapp.access import tokens
from gisapp.audit import seal
from gisapp.audit.record import Entry, Who, record_now
from gisapp.audit.roots import root_files
from gisapp.audit.verify import verify
from gisapp.cli.people import add_person
from gisapp.cli.up import wait_until_answering, web_command, web_environment
from gisapp.installation import Installation, open_for_shell, open_for_web, sealing_database
from gisapp.settings import ROOT, Settings

RESULTS = ROOT / "bench" / "results" / "audit.json"
AT_ONCE = 32
ROUNDS = 12
PAUSE = 0.5  # seconds between two requests of one client, on average: a person who clicks on and on
UNRECORDED = "t.write = lambda *entries: None"
TIMED = """
import os, time
file, write = os.open(os.environ['TIMES'], os.O_WRONLY | os.O_APPEND | os.O_CREAT), t.write
def timed(*entries):
    began = time.perf_counter()
    write(*entries)
    os.write(file, b'%.3f ' % ((time.perf_counter() - began) * 1000))
t.write = timed
"""
"""What the bench's servers do to `gisapp.access.trail` before Granian forks its workers."""


def main() -> None:
    """Measure and print."""
    settings = settings_of(2000, 8767)
    make(settings, 2000)
    installation = open_for_shell(settings)
    try:
        with installation.database.transaction("owner") as connection:
            said = connection.exec_driver_sql(
                "SELECT current_setting('fsync'), current_setting('synchronous_commit')"
            )
            result: dict[str, Any] = {"machine": machine(), "fsync_and_synchronous_commit": list(said.one())}
        result["load_average_before"] = [round(one, 2) for one in os.getloadavg()]
        result["fdatasync"] = fsync(settings.home)
        result["insert"] = {str(n): insert(settings, n) for n in (1, 8, AT_ONCE)}
        result["after_a_pause"] = after_a_pause(installation)
        result["request"] = requests(installation)
        result["seal"] = sealing(installation)
    finally:
        installation.database.close()
        cluster.stop(cluster.locate(settings))
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n")
    print(json.dumps(result, indent=1, ensure_ascii=False))


def insert(settings: Settings, at_once: int, each: int = 100) -> dict[str, Any]:
    """One committed entry by `at_once` writers in as many threads of 4 processes, as web processes have them."""
    processes = min(at_once, 4)
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        parts = [(settings, at_once // processes, each)] * processes
        began = time.perf_counter()
        times = sum(pool.starmap(_insert_many, parts), [])
        seconds = time.perf_counter() - began
    return Times(tuple(times)).as_dict() | {"per_second_at_least": round(len(times) / seconds)}


def after_a_pause(installation: Installation, each: int = 100) -> dict[str, Any]:
    """What one who comes now and then waits for: `SELECT 1`, and one row that is committed into a table without an index.

    The processors sleep between requests, and what woke them finds its caches cold: no entry can be faster than that row.
    """
    raw = installation.database.standing("owner")
    raw.execute("CREATE TABLE gisapp.bare (said text)")
    times: dict[LiteralString, list[float]] = {"SELECT 1": [], "INSERT INTO gisapp.bare VALUES ('x')": []}
    for _ in range(each):
        for statement, found in times.items():
            time.sleep(0.02)
            began = time.perf_counter()
            raw.execute(statement, prepare=True)
            found.append((time.perf_counter() - began) * 1000)
    raw.execute("DROP TABLE gisapp.bare")
    raw.close()
    asked, written = times.values()
    return {"asked": Times(tuple(asked)).as_dict(), "written": Times(tuple(written)).as_dict()}


def _insert_many(settings: Settings, threads: int, each: int) -> list[float]:
    database = open_for_web(replace(settings, max_connections=threads)).database
    entry = Entry(
        "feature_viewed",
        Who("bench", 1, ("tax",), "session:abc", "10.0.0.1"),
        "tax.parcel",
        (1,),
        {"channel": "ogc"},
    )

    def write(count: int) -> list[float]:
        times = []
        for _ in range(count):
            began = time.perf_counter()
            record_now(database, entry)
            times.append((time.perf_counter() - began) * 1000)
        return times

    write(10)
    times = _in_threads(threads, lambda number: write(each))
    database.close()
    return times


def _in_threads(count: int, work: Callable[[int], list[float]]) -> list[float]:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(count) as pool:
        return sum(pool.map(work, range(count)), [])


def requests(installation: Installation) -> dict[str, Any]:
    """One restricted feature over HTTP, with and without its entry, in turn over the same two servers."""
    add_person(installation, "bench", "bench", "correct horse battery", {"tax": "viewer"})
    with installation.database.transaction("owner") as connection:
        token = tokens.issue(connection, "bench", "bench", ["*"], ["read"], 1)
        feature = connection.exec_driver_sql("SELECT min(id) FROM tax.parcel").scalar()
    path = f"/ogc/collections/tax.parcel/items/{feature}"
    found: dict[str, Any] = {}
    kept = installation.settings.home / "times"
    with (
        _server(replace(installation.settings, port=8767), TIMED, kept) as recorded,
        _server(replace(installation.settings, port=8768), UNRECORDED, kept) as bare,
    ):
        for name, at_once, pause in (
            ("1", 1, 0.0),
            ("8", 8, 0.0),
            ("32", AT_ONCE, 0.0),
            ("32 paced", AT_ONCE, PAUSE),
        ):
            kept.write_text("")
            times: dict[str, list[list[float]]] = {"without": [], "with": []}
            rates: dict[str, list[float]] = {"without": [], "with": []}
            for _ in range(ROUNDS):
                for which, address in (("without", bare), ("with", recorded)):
                    began = time.perf_counter()
                    times[which].append(_ask(address, path, token, at_once, 160 // at_once, pause))
                    rates[which].append(len(times[which][-1]) / (time.perf_counter() - began))
            medians = {which: round(median(map(median, rounds)), 2) for which, rounds in times.items()}
            pairs = zip(times["with"], times["without"], strict=True)
            found[name] = {
                **{f"{which}_p50_ms": value for which, value in medians.items()},
                "added_ms": round(median(median(a) - median(b) for a, b in pairs), 2),
                "spent_p50_ms": Times(tuple(map(float, kept.read_text().split()))).p50,
                **{f"{which}_per_second": round(median(values)) for which, values in rates.items()},
            }
    return found


def _ask(address: str, path: str, token: str, at_once: int, each: int, pause: float) -> list[float]:
    def work(number: int) -> list[float]:
        client = Requests(address, {"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"})
        answers = []
        for _ in range(each):
            time.sleep(random.uniform(0, 2 * pause))
            answers.append(client.get(path))
        assert all(status == 200 for _, status, _ in answers), answers[0]
        return [milliseconds for milliseconds, _, _ in answers]

    return _in_threads(at_once, work)


@contextmanager
def _server(settings: Settings, before: str, times: Path) -> Iterator[str]:
    """A server that runs `before` in the process from which Granian forks its workers."""
    code = f"import gisapp.access.trail as t\n{before}\nfrom granian.cli import entrypoint\nentrypoint()"
    command = [sys.executable, "-c", code, *web_command(settings)[1:]]
    environment = web_environment(settings) | UNLIMITED | {"TIMES": str(times)}
    child = subprocess.Popen(command, env=environment, cwd=ROOT, start_new_session=True)
    try:
        assert wait_until_answering(settings, child)
        yield f"http://127.0.0.1:{settings.port}"
    finally:
        child.terminate()
        child.wait(10)


def fsync(folder: Path) -> dict[str, Any]:
    """How long the disk takes to write 8 kB safely: what no commit can be faster than."""
    times = []
    with (folder / "fsync").open("wb", buffering=0) as file:
        for _ in range(200):
            file.write(bytes(8192))
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            times.append((time.perf_counter() - began) * 1000)
    return Times(tuple(times)).as_dict()


def sealing(installation: Installation) -> dict[str, Any]:
    """Entries a second: chained, and verified."""
    database, files = sealing_database(installation), root_files(installation.settings)
    many = [Entry("searched", Who("bench"), details={"n": n}) for n in range(1000)]
    for _ in range(20):
        record_now(installation.database, *many)
    with database.reading(roles.SEALER) as connection:
        raw: Any = connection.connection.dbapi_connection
        state = seal.look(raw, files)
        before, began = state.position, time.perf_counter()
        while (after := seal.seal(raw, state, files)).position > state.position:
            state = after
        sealed = (state.position - before) / (time.perf_counter() - began)
    database.close()
    began = time.perf_counter()
    with installation.database.transaction(roles.AUDITOR) as connection:
        finding = verify(connection, files)
    assert finding.broken is None and finding.unsealed == 0, finding
    verified = finding.entries / (time.perf_counter() - began)
    return {
        "entries": finding.entries,
        "sealed_per_second": round(sealed),
        "verified_per_second": round(verified),
    }


if __name__ == "__main__":
    main()
