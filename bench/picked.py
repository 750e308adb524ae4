"""A thousand different tiles of about 20 kB as they go over the wire: found by asking."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from statistics import mean
from typing import Any

from bench.measure import Requests
from bench.places import SEED, every_filled_tile, path_of
from bench.server import Server
from gisapp.installation import Installation

WANTED, COUNT = 20_000, 1000
NEAR = (14_000, 27_000)  # bytes: when so many of these are found, no more are asked for
ENCODING = "gzip, deflate, br, zstd"  # what browsers send
AT_ONCE = 4
PUBLIC = (
    ("base.building", 15),
    ("base.building,roads.street", 15),
    ("base.building", 14),
    ("base.building,base.road_edge,land_use.land_use", 16),
    ("base.building,base.road_edge,land_use.land_use,roads.street", 15),
    ("roads.street,land_use.land_use", 14),
)
RESTRICTED = (
    ("tax.parcel", 16),
    ("tax.parcel", 15),
    ("tax.parcel,tax.house", 16),
    ("tax.parcel,tax.house,base.building", 16),
    ("tax.house", 15),
)


@dataclass(frozen=True)
class Picked:
    """Tiles by their paths, with the bytes that each answer's body had."""

    sizes: Mapping[str, int]

    @property
    def paths(self) -> list[str]:
        """The paths, in an order by chance."""
        return list(self.sizes)

    @property
    def mean_bytes(self) -> int:
        """Of a body."""
        return round(mean(self.sizes.values()))

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        sizes = self.sizes.values()
        return {
            "count": len(sizes),
            "mean_bytes": self.mean_bytes,
            "min_bytes": min(sizes),
            "max_bytes": max(sizes),
        }


def pick(
    installation: Installation,
    server: Server,
    groups: tuple[tuple[str, int], ...],
    headers: Mapping[str, str],
) -> Picked:
    """The COUNT tiles nearest to WANTED bytes of these joined layers and zooms."""
    sizes: dict[str, int] = {}
    for layers, zoom in groups:
        first = installation.catalogue.layer(layers.split(",")[0])
        paths = [path_of(layers, tile) for tile in every_filled_tile(installation, first, zoom)][: 2 * COUNT]
        sizes |= _sizes(server, headers, paths)
        if sum(NEAR[0] <= size <= NEAR[1] for size in sizes.values()) >= COUNT:
            break
    like = [path for path, size in sizes.items() if WANTED / 4 <= size <= WANTED * 3]
    nearest = sorted(like, key=lambda path: (abs(sizes[path] - WANTED), path))[:COUNT]
    random.Random(SEED).shuffle(nearest)
    return Picked({path: sizes[path] for path in nearest})


def kept(server: Server, picked: Picked, headers: Mapping[str, str]) -> Picked:
    """The same tiles, asked again now: they are in the cache, and their sizes are those that it hands out.

    What is kept may be packed anew, more tightly, after the first asker had an answer: so they are asked twice.
    """
    _sizes(server, headers, picked.paths)
    time.sleep(1.0)
    return Picked(_sizes(server, headers, picked.paths))


def _sizes(server: Server, headers: Mapping[str, str], paths: list[str]) -> dict[str, int]:
    clients = [server.requests({**headers, "Accept-Encoding": ENCODING}, keep=True) for _ in range(AT_ONCE)]

    def ask(client: Requests, own: list[str]) -> list[tuple[str, int]]:
        return [(path, len(client.need(path).body)) for path in own]

    with ThreadPoolExecutor(AT_ONCE) as pool:
        parts = pool.map(ask, clients, [paths[place::AT_ONCE] for place in range(AT_ONCE)])
        found = dict(pair for part in parts for pair in part)
    return {path: found[path] for path in paths}
