"""How cold tiles slow down while a city grows at equal density: 50,000, 500,000 and 2,000,000 parcels.

All cities are served at once and asked in turn, tile by tile: a machine whose speed changes within minutes changes it for
all of them. Tiles are asked, forgotten and asked again. The first round is not counted: it reads what a large city's
files hold from the disk, which says nothing about the tiles.

At low zooms one tile holds all of a small city and a part of a large one, and a small city has few tiles that are full. So
rows also compare, of equal density, each tile of the largest city with that of the smallest that is most nearly as full.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import zip_longest
from statistics import median
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
TILES, ROUNDS = 20, 6
FLOOR_MS = 5.0  # below, the noise of a shared machine is larger than what the city's size does
FULL = 1.25  # tiles count as equally full up to so many times the bytes
FEWEST = 5  # such tiles of the largest city: fewer say nothing
Key = tuple[str, int]  # layer and zoom
Tile = tuple[float, int]  # its milliseconds (the median of the rounds) and bytes
Asked = dict[str, list[Tile]]  # by address, what every round found


@dataclass(frozen=True)
class City:
    """One of the cities, served."""

    installation: Installation
    server: Server
    headers: Mapping[str, Mapping[str, str]]  # by layer

    def tiles(self, layer: Layer, zoom: int) -> list[str]:
        """The addresses of some tiles that hold something of the layer's table."""
        return [path_of(layer.id, tile) for tile in filled_tiles(self.installation, layer, zoom, TILES)]

    def ask(self, layer: str, path: str) -> Tile | None:
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
        measured = _measured(cities)
    measured = {key: each for key, each in measured.items() if all(each)}  # empty in none of the cities
    rows = _rows(measured)
    alike = [pair for each in measured.values() for pair in _pairs(each[0], each[-1])]
    of_all = [[tile for each in measured.values() for tile in each[which]] for which in (0, -1)]
    return {
        "sizes": there,
        "not_measured": missing,
        "rows": rows,
        "equally_full": _verdict([row["alike"] for row in rows if row["alike"]])
        | _together(*zip(*alike, strict=True)),
        "all": _verdict(rows) | _together(*of_all),
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


def _measured(cities: list[City]) -> dict[Key, list[list[Tile]]]:
    """What was found of every layer and zoom, a list for each city."""
    plan = dict(_plan(cities))
    measured: dict[Key, list[Asked]] = {key: [{} for _ in cities] for key in plan}
    for turn in range(ROUNDS):
        for one in cities:
            forget(one.server.settings)
        for (layer, zoom), paths in plan.items():
            print(f"\rround {turn + 1} of {ROUNDS}: {layer} z{zoom}".ljust(70), end="", flush=True)
            for number, tiles in enumerate(zip_longest(*paths)):
                asked = list(zip(cities, tiles, measured[layer, zoom], strict=True))
                first = (number + turn) % len(cities)  # who is asked first moves on by one
                for one, path, found in (*asked[first:], *asked[:first]):
                    answer = one.ask(layer, path) if path else None
                    if answer is not None and turn > 0:
                        found.setdefault(path, []).append(answer)
    print()
    return {key: [_tiles(asked) for asked in each] for key, each in measured.items()}


def _tiles(asked: Asked) -> list[Tile]:
    return [(median(time for time, _ in rounds), rounds[0][1]) for rounds in asked.values()]


def _plan(cities: list[City]) -> Iterator[tuple[Key, list[list[str]]]]:
    for layer in cities[0].installation.catalogue.layers.values():
        described = cities[0].server.requests(cities[0].headers[layer.id]).need(f"/tiles/{layer.id}.json")
        zooms = zooms_of(json.loads(described.body), layer.id)
        for one in cities:
            one.server.warm(layer.id, zooms.last, one.headers[layer.id])
        for zoom in zooms.all:
            yield (layer.id, zoom), [one.tiles(layer, zoom) for one in cities]


def _rows(measured: dict[Key, list[list[Tile]]]) -> list[dict[str, Any]]:
    rows = []
    for (layer, zoom), each in sorted(measured.items()):
        p95, size = ([Times(tuple(tile[n] for tile in one)).p95 for one in each] for n in (0, 1))
        row = {"layer": layer, "zoom": zoom, "p95_ms": p95, "p95_bytes": [round(one) for one in size]}
        rows.append({**row, **_grown(p95[0], p95[-1]), "alike": _alike(each[0], each[-1])})
    return rows


def _alike(small: list[Tile], large: list[Tile]) -> dict[str, Any] | None:
    """The tiles of a large city beside the small one's that are as full; None: too few are."""
    pairs = _pairs(small, large)
    if len(pairs) < FEWEST:
        return None
    together = _together(*zip(*pairs, strict=True))
    return together | _grown(*together["p95_ms"])


def _pairs(small: list[Tile], large: list[Tile]) -> list[tuple[Tile, Tile]]:
    """Each tile of the large city that one of the small city is as full as, with the one that is most nearly."""
    pairs = [(min(small, key=lambda tile: abs(tile[1] - found[1])), found) for found in large]
    return [(one, two) for one, two in pairs if one[1] <= FULL * two[1] and two[1] <= FULL * one[1]]


def _together(small: Sequence[Tile], large: Sequence[Tile]) -> dict[str, Any]:
    """p95 over all these tiles of a small city, and over those of a large one."""
    p95 = [Times(tuple(time for time, _ in tiles)).p95 for tiles in (small, large)]
    return {"tiles": len(large), "p95_ms": p95, "ratio": round(p95[1] / p95[0], 2)}


def _grown(small: float, large: float) -> dict[str, Any]:
    return {"ratio": round(large / small, 2), "counts": large > FLOOR_MS}


def _verdict(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Of the rows that count: how many, how many are within what is to be reached, and the steepest."""
    ratios = [row["ratio"] for row in rows if row["counts"]]
    within = sum(ratio < REACH for ratio in ratios)
    return {"rows": len(ratios), "within": within, "worst_ratio": max(ratios, default=None)}
