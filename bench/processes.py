"""Processes of a running server, as the kernel tells of them: which worker holds a connection, how much memory each has."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

Client = TypeVar("Client")
TRIES = 400


def children(pid: int) -> list[int]:
    """The processes that a process started."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        found += [int(number) for number in task.read_text().split()]
    return sorted(found)


def descendants(pid: int) -> list[int]:
    """The processes that a process started, those that they started, and so on."""
    found: list[int] = []
    with suppress(OSError):  # ended meanwhile
        for child in children(pid):
            found += [child, *descendants(child)]
    return found


def spent(pid: int) -> float:
    """Seconds of processor time of a process, of those it started, and of those of them that have ended."""

    def ticks(one: int, words: slice) -> int:
        return sum(map(int, Path(f"/proc/{one}/stat").read_text().rsplit(")", 1)[1].split()[words]))

    own = ticks(pid, slice(11, 15))
    for child in children(pid):
        with suppress(OSError):  # ended meanwhile
            own += ticks(child, slice(11, 15))
    return own / os.sysconf("SC_CLK_TCK")


def holder(server_port: int, client_port: int, pids: Iterable[int]) -> int | None:
    """Which of these processes holds the server's end of a connection over the loopback; None: none yet."""
    wanted = None
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        words = line.split()
        ends = tuple(int(words[place].split(":")[1], 16) for place in (1, 2))
        if ends == (server_port, client_port):
            wanted = f"socket:[{words[9]}]"
    for pid in pids:
        for file in Path(f"/proc/{pid}/fd").iterdir():
            try:
                if os.readlink(file) == wanted:
                    return pid
            except OSError:  # closed meanwhile
                continue
    return None


def one_for_each(
    connect: Callable[[], tuple[Client, int]], server_port: int, pids: list[int]
) -> dict[int, Client]:
    """A connection to every one of a server's workers, by its process id.

    `connect` opens one, asks something over it, and returns it with our end's port. Raises RuntimeError where some
    worker never takes one.
    """
    found: dict[int, Client] = {}
    for _ in range(TRIES):
        client, port = connect()
        pid = holder(server_port, port, pids)
        if pid is not None:
            found.setdefault(pid, client)
        if len(found) == len(pids):
            return found
    raise RuntimeError(f"only {sorted(found)} of the workers {pids} take connections")


def memory(pid: int) -> tuple[float, float]:
    """Megabytes (10⁶ bytes) that a process has: resident, and its fair share of what it shares with others."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    kilobytes = {name: int(value) for name, value in re.findall(r"^(Rss|Pss):\s+(\d+) kB", text, re.M)}
    return kilobytes["Rss"] * 1024 / 1e6, kilobytes["Pss"] * 1024 / 1e6


@contextmanager
def looking(look: Callable[[], None], every: float) -> Iterator[None]:
    """Look again and again, with so many seconds between, while the block runs."""
    done = threading.Event()

    def go_on() -> None:
        while not done.wait(every):
            look()

    watcher = threading.Thread(target=go_on)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()


@contextmanager
def watched_memory(pids: list[int], every: float = 0.25) -> Iterator[dict[str, dict[str, float]]]:
    """The most memory that each process had while the block ran: filled when it ends."""
    most = {str(pid): {"rss_mb": 0.0, "pss_mb": 0.0} for pid in pids}

    def look() -> None:
        for pid in pids:
            resident, share = memory(pid)
            row = most[str(pid)]
            row["rss_mb"] = round(max(row["rss_mb"], resident), 1)
            row["pss_mb"] = round(max(row["pss_mb"], share), 1)

    with looking(look, every):
        yield most


def processor_seconds(pids: Iterable[int]) -> float:
    """Processor time that these processes have used so far."""
    ticks = os.sysconf("SC_CLK_TCK")
    total = 0.0
    for pid in pids:
        words = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        total += (int(words[11]) + int(words[12])) / ticks
    return total


def wait_until(true: Callable[[], bool], seconds: float, what: str) -> None:
    """Wait for something. Raises RuntimeError, naming it, when it does not come in time."""
    until = time.monotonic() + seconds
    while not true():
        if time.monotonic() > until:
            raise RuntimeError(f"{what}: not within {seconds:g} s")
        time.sleep(0.05)
