"""wrk (C) as the driver of loads: what it measured, and the processor time that it took itself."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.city import WORK
from gisapp.settings import ROOT

SCRIPT = ROOT / "bench" / "hits.lua"


class Wrk:
    """One run of wrk over paths of a server; it runs from when it is made until `result` was asked for."""

    def __init__(
        self,
        address: str,
        paths: list[str],
        headers: Mapping[str, str],
        *,
        connections: int,
        seconds: float,
        threads: int = 1,
        once: bool = False,
    ) -> None:
        _install()
        name = f"{os.getpid()}-{time.monotonic_ns()}"
        self._files = [WORK / f"{name}.paths", WORK / f"{name}.headers"]
        self._files[0].write_text("\n".join(paths) + "\n")
        self._files[1].write_text("".join(f"{key}: {value}\n" for key, value in headers.items()))
        words = ["wrk", "-t", str(threads), "-c", str(connections), "-d", f"{max(round(seconds), 1)}s"]
        words += ["--timeout", "30s", "-s", str(SCRIPT), address, "--", *map(str, self._files)]
        self._output = WORK / f"{name}.out"
        with self._output.open("wb") as output:
            self._child = subprocess.Popen(
                [*words, *(["once"] if once else [])], stdout=output, stderr=output, start_new_session=True
            )
        self._began = time.monotonic()

    def running(self) -> bool:
        """Whether it still asks."""
        return Path(f"/proc/{self._child.pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"

    def stop(self) -> None:
        """Ask it to end now (wrk then says what it measured so far)."""
        self._child.send_signal(2)

    def result(self) -> dict[str, Any]:
        """Wait for its end. Stops the bench where an answer was wrong or none came."""
        _, status, usage = os.wait4(self._child.pid, 0)
        self._child.returncode = os.waitstatus_to_exitcode(status)
        said = self._output.read_text()
        for file in (*self._files, self._output):
            file.unlink()
        found = [line for line in said.splitlines() if line.startswith("JSON ")]
        if not found:
            raise SystemExit(f"bench: wrk said {said[-1000:]}")
        one: dict[str, Any] = json.loads(found[0].removeprefix("JSON "))
        if one["bad_status"] or one["broken"] or one["late"] or not one["requests"]:
            raise SystemExit(f"bench: wrong or missing answers under load: {one}")
        one["per_second"] = round(one["requests"] / one["seconds"])
        one["bytes_each"] = round(one["bytes"] / one["requests"])
        one["driver_cores"] = round((usage.ru_utime + usage.ru_stime) / one["seconds"], 2)
        return one


def _install() -> None:
    subprocess.run([ROOT / ".ci" / "packages", "wrk, which drives the bench's loads", "wrk"], check=True)
