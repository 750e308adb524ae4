"""Cold tiles: every shipped layer at every zoom it is drawn, each tile asked once, with nothing in the cache."""

from __future__ import annotations

import json
from statistics import median
from typing import Any

from bench.accounts import Askers
from bench.measure import Times
from bench.places import Tile, filled_tiles, path_of, zooms_of
from bench.server import Server, forget
from gisapp.catalogue.layer import Layer
from gisapp.installation import Installation

TILES = 40
REACH_MS, REACH_BYTES = 50.0, 500_000


def cold(installation: Installation, server: Server, tiles: int = TILES) -> dict[str, Any]:
    """A row for every layer and zoom, and which rows miss what is to be reached."""
    kept = forget(server.settings)
    askers = Askers(installation, server)
    rows = [
        row
        for layer in installation.catalogue.layers.values()
        for row in layer_rows(installation, server, askers, layer, tiles)
    ]
    return {"cache_was_emptied": kept, "rows": rows, **verdict(rows)}


def verdict(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The worst of all rows, and those that miss what is to be reached."""
    name = "{layer} z{zoom}".format_map
    return {
        "worst_p95_ms": max(row["p95_ms"] for row in rows),
        "worst_bytes": max(row["max_bytes"] for row in rows),
        "too_slow": [name(row) for row in rows if row["p95_ms"] > REACH_MS],
        "too_large": [name(row) for row in rows if row["max_bytes"] > REACH_BYTES],
    }


def layer_rows(
    installation: Installation, server: Server, askers: Askers, layer: Layer, tiles: int
) -> list[dict[str, Any]]:
    """A row for every zoom of one layer."""
    who, headers = askers.of(layer)
    zooms = zooms_of(json.loads(server.requests(headers).need(f"/tiles/{layer.id}.json").body), layer.id)
    server.warm(layer.id, zooms.last, headers)
    rows = []
    for zoom in zooms.all:
        # Some hold nothing large enough to be seen: those do not count.
        candidates = filled_tiles(installation, layer, zoom, 2 * tiles)
        row = _row(server, headers, layer.id, candidates, tiles)
        if row is not None:
            rows.append({"layer": layer.id, "zoom": zoom, "asked_as": who, **row})
    return rows


def _row(
    server: Server, headers: Any, layer_id: str, candidates: list[Tile], tiles: int
) -> dict[str, Any] | None:
    requests = server.requests(headers)
    times: list[float] = []
    sizes: list[int] = []
    for tile in candidates:
        answer = requests.need(path_of(layer_id, tile))
        if answer.from_cache:
            raise SystemExit(f"bench: {path_of(layer_id, tile)} was not cold")
        if answer.body:
            times.append(answer.milliseconds)
            sizes.append(len(answer.body))
        if len(times) == tiles:
            break
    if not times:
        return None
    all_times = Times(tuple(times))
    return {
        **all_times.as_dict(),
        "max_ms": all_times.within(100),
        "median_bytes": int(median(sizes)),
        "max_bytes": max(sizes),
    }
