"""How cold tiles slow down while a city grows at equal density: 50,000, 500,000 and 2,000,000 parcels.

All cities are served at once and asked in turn, tile by tile: a machine whose speed changes within minutes changes it for
all of them. Tiles are asked, forgotten and asked again. The first round is not counted: it reads what a large city's
files hold from the disk, which says nothing about the tiles.

At low zooms one tile holds all of a small city and a part of a large one. Such tiles are not equally dense: rows say whether
the tiles of both were equally full.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from bench import city
from bench.accounts import Askers
from bench.measure import Times, load_average
from bench.places import filled_tiles, path_of, zooms_of
from bench.server import Server, forget, serving
from gisapp.catalogue.layer import Layer
from gisapp.installation import Installation

SIZES = (50_000, 500_000, 2_000_000)
QUICKLY_MADE = 500_000  # parcels: larger cities are made only when told to
REACH = 1.5
TILES, ROUNDS = 20, 3
FLOOR_MS = 5.0  # below, the noise of a shared machine is larger than what the city's size does
FULL = 1.25  # tiles count as equally full up to so many times the bytes
Key = tuple[str, int]  # layer and zoom
Found = list[tuple[float, int]]  # milliseconds and bytes of tiles


@dataclass(frozen=True)
class City:
    """One of the cities, served."""

    installation: Installation
    server: Server
    headers: Mapping[str, Mapping[str, str]]  # by layer

    def tiles(self, layer: Layer, zoom: int) -> list[str]:
        """The addresses of some tiles that hold something of the layer's table."""
        return [path_of(layer.id, tile) for tile in filled_tiles(self.installation, layer, zoom, TILES)]

    def ask(self, layer: str, path: str) -> tuple[float, int] | None:
        """Milliseconds and bytes of a cold tile; None: it is empty, nothing of the layer is large enough to be drawn."""
        answer = self.server.requests(self.headers[layer]).need(path)
        if answer.from_cache:
            raise SystemExit(f"bench: {path} was not cold")
        return (answer.milliseconds, len(answer.body)) if answer.body else None


def growth(sizes: list[int], *, make_missing: bool) -> dict[str, Any]:
    """p95 of every layer and zoom in each city, and the ratio of the largest to the smallest."""
    missing = [size for size in sizes if not city.kept(city.settings_of(size))]
    for size in [size for size in missing if size <= QUICKLY_MADE or make_missing]:
        city.make(city.settings_of(size), size)
        missing.remove(size)
    there = sorted(set(sizes) - set(missing))
    with ExitStack() as stack:
        cities = [stack.enter_context(_served(size, place)) for place, size in enumerate(there)]
        rows = _rows(_measured(cities))
    worst = [max(each, default=0.0) for each in zip(*(row["p95_ms"] for row in rows), strict=True)]
    return {
        "sizes": there,
        "not_measured": missing,
        "rows": rows,
        "equally_full": _verdict([row for row in rows if row["equally_full"]]),
        "all": _verdict(rows),
        "all_rows_ratio": round(worst[-1] / worst[0], 2) if len(worst) > 1 else None,
        "reach": REACH,
        "floor_ms": FLOOR_MS,
        "load_average_after": load_average(),
    }


@contextmanager
def _served(size: int, place: int) -> Iterator[City]:
    settings = city.settings_of(size, city.first_port() + place)
    with city.opened(settings) as installation, serving(settings) as server:
        askers = Askers(installation, server)
        headers = {layer.id: askers.of(layer)[1] for layer in installation.catalogue.layers.values()}
        yield City(installation, server, headers)


def _measured(cities: list[City]) -> dict[Key, list[Found]]:
    """What was found of every layer and zoom, a list for each city."""
    plan = dict(_plan(cities))
    measured: dict[Key, list[Found]] = {key: [[] for _ in cities] for key in plan}
    for turn in range(ROUNDS):
        for one in cities:
            forget(one.server.settings)
        for (layer, zoom), paths in plan.items():
            print(f"\rround {turn + 1} of {ROUNDS}: {layer} z{zoom}".ljust(70), end="", flush=True)
            for tiles in zip_longest(*paths):
                for one, path, found in zip(cities, tiles, measured[layer, zoom], strict=True):
                    answer = one.ask(layer, path) if path else None
                    if answer is not None and turn > 0:
                        found.append(answer)
    print()
    return measured


def _plan(cities: list[City]) -> Iterator[tuple[Key, list[list[str]]]]:
    for layer in cities[0].installation.catalogue.layers.values():
        described = cities[0].server.requests(cities[0].headers[layer.id]).need(f"/tiles/{layer.id}.json")
        zooms = zooms_of(json.loads(described.body), layer.id)
        for one in cities:
            one.server.warm(layer.id, zooms.last, one.headers[layer.id])
        for zoom in zooms.all:
            yield (layer.id, zoom), [one.tiles(layer, zoom) for one in cities]


def _rows(measured: dict[Key, list[Found]]) -> list[dict[str, Any]]:
    rows = []
    for (layer, zoom), each in sorted(measured.items()):
        if not all(each):  # empty in one of the cities
            continue
        p95, size = ([Times(tuple(found[n] for found in one)).p95 for one in each] for n in (0, 1))
        rows.append(
            {
                "layer": layer,
                "zoom": zoom,
                "p95_ms": p95,
                "p95_bytes": [round(one) for one in size],
                "ratio": round(p95[-1] / p95[0], 2),
                "counts": p95[-1] > FLOOR_MS,
                "equally_full": size[-1] <= FULL * size[0],
            }
        )
    return rows


def _verdict(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Of the rows that count: how many, how many are within what is to be reached, and the steepest."""
    ratios = [row["ratio"] for row in rows if row["counts"]]
    within = sum(ratio < REACH for ratio in ratios)
    return {"rows": len(ratios), "within": within, "worst_ratio": max(ratios, default=None)}
