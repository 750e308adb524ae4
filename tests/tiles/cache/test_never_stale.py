"""Random edits from several connections while many read: nobody sees anything older than what was committed 200 ms before.

Every AED's name is its version. Writers know when a version's commit returned; a reader who asked later than 200 ms
after that must see this version or a newer one. `make soak` runs it for longer.
"""

from __future__ import annotations

import http.client
import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from gisapp.installation import Installation
from tests.conftest import serving
from tests.tiles.cache.town import LAYER, Town, connect
from tests.tiles.decoding import decode

LATE = 0.2
NOTED = 1.0  # seconds within which a writer has noted a commit, on however busy a machine
WRITERS, READERS, EACH = 3, 4, 8
STEP = 60.0


@dataclass
class Truth:
    """What was committed when: version and time, by AED. None: it was removed."""

    committed: dict[int, list[tuple[float, int | None]]] = field(default_factory=dict)
    versions: int = 0
    seen: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def next(self) -> int:
        with self.lock:
            self.versions += 1
            return self.versions

    def commit(self, id: int, version: int | None) -> None:
        self.committed.setdefault(id, []).append((time.monotonic(), version))

    def wrong(self, look: Look) -> list[str]:
        """What somebody saw that was no longer so when they asked, or did not see that was so already.

        Judged when all is over: a version may be seen before its writer has noted that its commit returned.
        """
        said = []
        for id, history in self.committed.items():
            before = [number for number, (when, _) in enumerate(history) if when + LATE < look.asked]
            if not before:
                continue
            last, version = before[-1], history[before[-1]][1]
            later = [each for when, each in history[last + 1 :] if when < look.answered + NOTED]
            shown = look.shown.get(id)
            if shown is None and version is not None and look.whole and None not in later:
                said.append(f"AED {id} is not shown, version {version} was committed")
            if shown is not None and shown != version and shown not in later:
                said.append(f"AED {id}: version {shown} is shown, then {version} was committed")
        return said


@dataclass(frozen=True)
class Look:
    """What a tile showed. whole: all AEDs lie in it."""

    asked: float
    answered: float
    shown: dict[int, int]
    whole: bool


class Writer:
    """Changes the AEDs that are its own, in transactions short and long, kept and given up."""

    def __init__(self, installation: Installation, truth: Truth, ids: list[int], seed: int) -> None:
        self.raw, self.truth, self.ids = connect(installation, "publisher_facilities"), truth, ids
        self.chance, self.srid = random.Random(seed), installation.city.srid
        self.busy: dict[int, int] = {}

    def write(self, id: int) -> int:
        version = self.truth.next()
        self.raw.execute("DELETE FROM facilities.public_facility WHERE id = %s", [id])
        self.raw.execute(
            "INSERT INTO facilities.public_facility (id, name, geom) OVERRIDING SYSTEM VALUE "
            "VALUES (%s, %s, ST_SetSRID(ST_MakePoint(%s, %s), %s))",
            [id, str(version), -40_000 + id % 6 * STEP, -27_000 + id // 6 * STEP, self.srid],
        )
        return version

    def rename(self, id: int) -> int:
        version = self.truth.next()
        done = self.raw.execute(
            "UPDATE facilities.public_facility SET name = %s WHERE id = %s", [str(version), id]
        )
        return version if done.rowcount else self.write(id)

    def step(self) -> None:
        some = self.chance.sample(self.ids, self.chance.randint(1, 3))
        act = self.chance.choice([self.once, self.once, self.slowly, self.given_up, self.removed])
        act(some)

    def once(self, ids: list[int]) -> None:
        with self.raw.transaction():
            done = {id: self.rename(id) for id in ids}
        self._committed(done)

    def slowly(self, ids: list[int]) -> None:
        with self.raw.transaction():
            done = {id: self.chance.choice([self.write, self.rename])(id) for id in ids}
            time.sleep(self.chance.uniform(0.05, 0.6))
        self._committed(done)

    def given_up(self, ids: list[int]) -> None:
        with self.raw.transaction():
            for id in ids:
                self.write(id)
            time.sleep(self.chance.uniform(0, 0.1))
            raise psycopg.Rollback()

    def removed(self, ids: list[int]) -> None:
        self.raw.execute("DELETE FROM facilities.public_facility WHERE id = ANY(%s)", [ids])
        self._committed(dict.fromkeys(ids))

    def _committed(self, done: dict[int, Any]) -> None:
        for id, version in done.items():
            self.truth.commit(id, version)


class Turns:
    """Many write at once, but none while all is emptied: else nobody could say in which order things were committed."""

    def __init__(self) -> None:
        self.at_work, self.emptying, self.changed = 0, False, threading.Condition()

    @contextmanager
    def write(self) -> Iterator[None]:
        with self.changed:
            self.changed.wait_for(lambda: not self.emptying)
            self.at_work += 1
        yield
        with self.changed:
            self.at_work -= 1
            self.changed.notify_all()

    @contextmanager
    def empty(self) -> Iterator[None]:
        with self.changed:
            self.emptying = True
            self.changed.wait_for(lambda: self.at_work == 0)
        yield
        with self.changed:
            self.emptying = False
            self.changed.notify_all()


def empty_and_fill(installation: Installation, truth: Truth, writers: list[Writer], turns: Turns) -> None:
    """TRUNCATE and all anew, while no writer is at work."""
    with turns.empty(), connect(installation) as raw:
        with raw.transaction():
            raw.execute("TRUNCATE facilities.public_facility")
            for writer in writers:
                for id in writer.ids[::2]:
                    raw.execute(
                        "INSERT INTO facilities.public_facility (id, name, geom) OVERRIDING SYSTEM VALUE "
                        "VALUES (%s, %s, ST_SetSRID(ST_MakePoint(%s, %s), %s))",
                        [
                            id,
                            str(version := truth.next()),
                            -40_000 + id % 6 * STEP,
                            -27_000 + id // 6 * STEP,
                            writer.srid,
                        ],
                    )
                    writer.busy[id] = version
        for writer in writers:
            for id in writer.ids:
                truth.commit(id, writer.busy.pop(id, None))


def read(
    address: str, tiles: list[tuple[int, int, int]], truth: Truth, seed: int, until: float
) -> list[Look]:
    """Ask for tiles until then; what they showed."""
    host, chance, looks = urlsplit(address), random.Random(seed), []
    while time.monotonic() < until:
        connection = http.client.HTTPConnection(host.hostname or "", host.port, timeout=20)
        for _ in range(chance.randint(1, 30)):
            tile = chance.choice(tiles)
            asked = time.monotonic()
            connection.request("GET", f"/tiles/{LAYER}/{'/'.join(map(str, tile))}.mvt")
            answer = connection.getresponse()
            body = answer.read()
            assert answer.status == 200, body
            shown = {one.id: int(one.properties["name"]) for one in decode(body, *tile).get(LAYER, [])}
            looks.append(Look(asked, time.monotonic(), shown, whole=tile[0] == 14))
        connection.close()
    return looks


def storm(town: Town, address: str, seconds: float, seed: int) -> Truth:
    truth, turns, errors = Truth(), Turns(), []
    ids = list(range(WRITERS * EACH))
    writers = [Writer(town.installation, truth, ids[n::WRITERS], seed + n) for n in range(WRITERS)]
    tiles = sorted({town.tile(id % 6 * STEP, id // 6 * STEP, zoom) for id in ids for zoom in (14, 15, 16)})
    until, looks = time.monotonic() + seconds, []

    def writing(writer: Writer) -> None:
        while time.monotonic() < until:
            with turns.write():
                writer.step()
            time.sleep(writer.chance.uniform(0, 0.05))

    def emptying() -> None:
        while time.monotonic() < until - 1:
            time.sleep(2.5)
            empty_and_fill(town.installation, truth, writers, turns)

    def guarded(work: Callable[[], object]) -> Callable[[], None]:
        def run() -> None:
            try:
                looks.extend(work() or [])  # type: ignore[call-overload]
            except Exception as error:
                errors.append(repr(error))

        return run

    jobs = [guarded(lambda w=w: writing(w)) for w in writers] + [guarded(emptying)]  # type: ignore[misc]
    jobs += [guarded(lambda n=n: read(address, tiles, truth, seed + 100 + n, until)) for n in range(READERS)]  # type: ignore[misc]
    threads = [threading.Thread(target=job) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for writer in writers:
        writer.raw.close()
    assert not errors, errors[:3]
    wrong = [said for look in looks for said in truth.wrong(look)]
    assert not wrong, f"{len(wrong)} of {len(looks)} tiles: {wrong[:5]}"
    truth.seen = len(looks)
    return truth


def test_nobody_sees_a_tile_that_is_older_than_200_ms(town: Town) -> None:
    with serving(town.installation) as address:
        truth = storm(town, address, seconds=12, seed=1)
    assert truth.seen > 200 and truth.versions > 100


@pytest.mark.soak
def test_nobody_sees_a_stale_tile_for_ten_minutes(town: Town) -> None:
    with serving(town.installation) as address:
        for seed in range(int(os.environ.get("SOAK_ROUNDS", "10"))):
            assert storm(town, address, seconds=60, seed=1000 * seed).seen > 1000
