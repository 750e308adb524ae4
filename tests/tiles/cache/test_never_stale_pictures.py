"""One AED wanders while many ask two web processes for the picture in which it lies: where it was 200 ms ago is not shown."""

from __future__ import annotations

import http.client
import io
import random
import threading
import time
from urllib.parse import urlsplit

import numpy as np
from PIL import Image

from tests.conftest import serving
from tests.tiles.cache.town import LAYER, Town

LATE = 0.2
PLACES = 8  # side by side in one picture: version n stands at place n % 8
STEP = 30.0 * 0.968  # metres: 30 pixels at zoom 17
SECONDS = 12.0


def shown(picture: bytes) -> int:
    """In which of the places the dot is drawn."""
    drawn = np.asarray(Image.open(io.BytesIO(picture)).convert("RGBA"))[:, :, 3] > 128
    (columns,) = drawn.any(axis=0).nonzero()
    return round((float(columns.mean()) - 22) / 30)


def test_nobody_sees_a_picture_that_is_older_than_200_ms(town: Town) -> None:
    west, north = start_of_picture(town)
    _, x, y = town.tile(west + 128, north - 128, zoom=17)
    path, committed, begun = f"/tiles/{LAYER}/17/{x}/{y}.png", [], []
    looks: list[tuple[float, float, int]] = []
    failures: list[str] = []

    def move(version: int) -> None:
        begun.append(time.monotonic())
        town.put(1, "", west + 22 * 0.968 + version % PLACES * STEP, north - 100)
        committed.append(time.monotonic())

    def ask(address: str, seed: int) -> None:
        host, chance = urlsplit(address), random.Random(seed)
        try:
            while time.monotonic() < until:
                connection = http.client.HTTPConnection(host.hostname or "", host.port, timeout=30)
                for _ in range(chance.randint(1, 20)):
                    asked = time.monotonic()
                    connection.request("GET", path)
                    answer = connection.getresponse()
                    body = answer.read()
                    assert answer.status == 200, body
                    looks.append((asked, time.monotonic(), shown(body)))
                connection.close()
        except Exception as error:
            failures.append(repr(error))

    chance = random.Random(3)
    with serving(town.installation) as address:
        move(0)
        until = time.monotonic() + SECONDS
        threads = [threading.Thread(target=ask, args=(address, n)) for n in range(4)]
        for thread in threads:
            thread.start()
        while time.monotonic() < until:
            time.sleep(chance.choice([0.05, 0.3, 0.9]))
            move(len(begun))
        for thread in threads:
            thread.join()
    assert not failures, failures[:3]
    wrong = [look for look in looks if look[2] not in allowed(look, committed, begun)]
    assert not wrong, f"{len(wrong)} of {len(looks)}: {wrong[:3]}"
    told = [look for look in looks if len(allowed(look, committed, begun)) <= 3]
    assert len(told) > 100 and len(begun) > 10 and len({look[2] for look in told}) == PLACES


def allowed(look: tuple[float, float, int], committed: list[float], begun: list[float]) -> set[int]:
    """Places of the versions that may be seen: the newest that must be, and those whose writing began before the answer."""
    least = max((n for n, when in enumerate(committed) if when + LATE < look[0]), default=0)
    newest = max(n for n, when in enumerate(begun) if when < look[1])
    return {n % PLACES for n in range(least, newest + 1)}


def start_of_picture(town: Town) -> tuple[float, float]:
    """Metres from the town's middle to the north-western corner of a picture."""
    found = [0.0, 0.0]
    for axis, (east, south) in ((1, (1, 0)), (2, (0, 1))):
        low, high, first = 0.0, 400.0, town.tile(zoom=17)[axis]
        for _ in range(14):
            middle = (low + high) / 2
            beyond = town.tile(east * middle, -south * middle, zoom=17)[axis] > first
            low, high = (low, middle) if beyond else (middle, high)
        found[axis - 1] = high
    return found[0], -found[1]
