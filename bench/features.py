"""Features as GeoJSON beside tipg and pygeoapi: the same table, fields, order and minute, each asked in turn.

A page of 10,000 (milliseconds), and how many pages of 10 a second four clients get.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from bench.measure import Requests, Times
from bench.peers import View, make_views
from bench.peers.pygeoapi import pygeoapi
from bench.peers.tipg import tipg
from bench.server import Server
from bench.wrk import Wrk
from gisapp.features.expressions import fields_of
from gisapp.installation import Installation

LAYER = "base.building"
MANY, FEW = 10_000, 10
ROUNDS, SECONDS, CLIENTS = 15, 6.0, 4
Path = Callable[[int], str]


def features(installation: Installation, server: Server) -> dict[str, Any]:
    """Both figures of each server, and how many times faster gisapp is than the faster peer."""
    layer = installation.catalogue.layer(LAYER)
    view = View(LAYER, 0, fields_of(layer.views()[0]))
    make_views(installation, [view])
    with ExitStack() as stack:
        peers = [stack.enter_context(tipg(installation)), stack.enter_context(pygeoapi(installation, [view]))]
        asked: dict[str, tuple[str, Path]] = {
            "gisapp": (server.address, lambda limit: f"/ogc/collections/{LAYER}/items?limit={limit}")
        }
        for peer in peers:
            assert peer.address and peer.items
            asked[peer.name] = (peer.address, peer.items(view))
        rows = _measured(asked)
    others = [row for row in rows if row["server"] != "gisapp"]
    ours = rows[0]
    return {
        "rows": rows,
        "times_faster_many": round(min(row["many"]["p50_ms"] for row in others) / ours["many"]["p50_ms"], 2),
        "times_more_few": round(ours["few_per_second"] / max(row["few_per_second"] for row in others), 2),
    }


def _measured(asked: dict[str, tuple[str, Path]]) -> list[dict[str, Any]]:
    clients = {
        name: Requests(address, {"Accept-Encoding": "identity"}, keep=False)
        for name, (address, _) in asked.items()
    }
    many: dict[str, list[float]] = {name: [] for name in asked}
    same = set()
    for turn in range(ROUNDS + 3):
        for name, (_, path) in asked.items():
            answer = clients[name].need(path(MANY))
            if turn >= 3:  # three rounds to warm everybody
                many[name].append(answer.milliseconds)
            else:
                same.add(len(json.loads(answer.body)["features"]))
    if len(same) != 1:
        raise SystemExit(f"bench: the servers answer with different numbers of features: {same}")
    return [
        {
            "server": name,
            "many": Times(tuple(many[name])).as_dict(),
            "few_per_second": round(_per_second(address, path(FEW)), 1),
        }
        for name, (address, path) in asked.items()
    ]


def _per_second(address: str, path: str) -> float:
    """Answers a second that CLIENTS connections of wrk get together."""
    warm = Wrk(address, [path], {"Accept-Encoding": "identity"}, connections=CLIENTS, seconds=1)
    warm.result()
    asked = Wrk(address, [path], {"Accept-Encoding": "identity"}, connections=CLIENTS, seconds=SECONDS)
    return float(asked.result()["per_second"])
