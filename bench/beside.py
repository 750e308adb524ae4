"""gisapp beside its peers, tile by tile in turn: the same tables, columns and minute, each tile asked once of each."""

from __future__ import annotations

import json
from contextlib import ExitStack
from typing import Any

from mapbox_vector_tile.Mapbox import vector_tile_pb2

from bench.accounts import Askers
from bench.contents import contents
from bench.measure import Answer, Times
from bench.peers import PATIENCE, Peer, View, make_views
from bench.peers.mapserver import mapserver
from bench.peers.martin import martin
from bench.peers.pygeoapi import pygeoapi
from bench.peers.tipg import tipg
from bench.places import Tile, Zooms, filled_tiles, path_of, zooms_of
from bench.server import Server, forget
from gisapp.catalogue.layer import Layer
from gisapp.installation import Installation

COMPARED = ("base.building", "tax.parcel", "roads.street", "city_planning.zoning", "base.address_point")
EQUAL_ZOOMS = range(14, 19)
LOW_ZOOMS = range(5, 14)
TILES, LOW_TILES, FLOOR_TILES = 20, 4, 20
BUDGET = 10.0  # seconds that one peer may use for a row: what is slower is asked for fewer tiles
EQUAL_FROM = 1  # zooms below a layer's last where gisapp's tile still holds every feature


def beside(installation: Installation, server: Server, tiles: int = TILES) -> dict[str, Any]:
    """Rows of the zooms where all read the layer's table, and rows of low zooms beside tipg on the raw table."""
    layers = [installation.catalogue.layers[name] for name in COMPARED]
    return on_equal_terms(installation, server, layers, EQUAL_ZOOMS, LOW_ZOOMS, tiles=tiles)


def on_equal_terms(
    installation: Installation,
    server: Server,
    layers: list[Layer],
    high: range,
    low: range = range(0),
    *,
    tiles: int = TILES,
) -> dict[str, Any]:
    """The same of any layers: all peers at the zooms of `high`, tipg alone at those of `low`."""
    ours, zooms = _ours(installation, server, layers)
    views = [
        View(layer.id, zoom, held.columns, held.where if zoom in high else "")  # low: the raw table
        for layer in layers
        for zoom in zooms[layer.id].all
        if (zoom in high or zoom in low) and (held := contents(layer, zoom))
    ]
    make_views(installation, views)
    forget(server.settings)
    high_views = [view for view in views if view.zoom in high]
    chosen = {(view.layer, view.zoom) for view in views}
    asked = [(layer, zoom) for layer in layers for zoom in (*high, *low) if (layer.id, zoom) in chosen]
    rows, below, floor = [], [], {}
    with ExitStack() as stack:
        raw = stack.enter_context(tipg(installation))
        others = [raw, stack.enter_context(mapserver(installation, high_views))]
        others += [
            stack.enter_context(pygeoapi(installation, high_views)),
            stack.enter_context(martin(installation, high_views)),
        ]
        _warm(others, high_views)
        _warm([raw], views)
        for layer, zoom in asked:
            if zoom in high:
                equal = zoom >= zooms[layer.id].last - EQUAL_FROM
                rows.append(_row(installation, [ours, *others], layer, zoom, tiles, equal=equal))
            else:
                below.append(_row(installation, [ours, raw], layer, zoom, LOW_TILES, equal=False))
        if low:
            floor = _floor([ours, raw], layers[0].id, low[-1])
    versions = {peer.name: peer.version for peer in others}
    return {
        "versions_of_peers": versions,
        "rows": rows,
        "low": below,
        "empty_tile_p50_ms": floor,
        **_verdict(rows, below),
    }


def _floor(peers: list[Peer], layer: str, zoom: int) -> dict[str, float]:
    """Medians of tiles that hold nothing: no tile can take less."""
    tiles = [(zoom, number, number) for number in range(1, 1 + FLOOR_TILES)]
    return {
        peer.name: Times(tuple(_ask(peer, layer, tile).milliseconds for tile in tiles)).p50 for peer in peers
    }


def _verdict(rows: list[dict[str, Any]], low: list[dict[str, Any]]) -> dict[str, Any]:
    """Where gisapp is not as fast as is to be reached; every miss by its name."""
    name = "{layer} z{zoom}".format_map
    slower = [
        name(row) for row in rows if row["zoom"] >= 16 and row["gisapp"]["p50_ms"] > row["tipg"]["p50_ms"]
    ]
    times = {name(row): round(row["tipg"]["p50_ms"] / row["gisapp"]["p50_ms"], 1) for row in low}
    return {"slower_than_tipg_from_z16": slower, "low_zooms_times_faster": times}


def _ours(installation: Installation, server: Server, layers: list[Layer]) -> tuple[Peer, dict[str, Zooms]]:
    askers = Askers(installation, server)
    clients = {layer.id: server.requests(askers.of(layer)[1]) for layer in layers}
    described = {
        name: json.loads(client.need(f"/tiles/{name}.json").body) for name, client in clients.items()
    }
    zooms = {name: zooms_of(one, name) for name, one in described.items()}
    for layer in layers:
        server.warm(layer.id, zooms[layer.id].last, askers.of(layer)[1])

    def ask(layer: str, tile: Tile) -> Answer:
        answer = clients[layer].ask(path_of(layer, tile))
        if answer.from_cache:
            raise SystemExit(f"bench: {path_of(layer, tile)} was not cold")
        return answer

    return Peer("gisapp", "", ask), zooms


def _warm(peers: list[Peer], views: list[View]) -> None:
    """Every process of every peer opens its connections and reads what it reads once: at an empty tile."""
    for peer in peers:
        for view in views:
            for _ in range(4):
                peer.ask(view.layer, (view.zoom, 0, 0))


def _row(
    installation: Installation, peers: list[Peer], layer: Layer, zoom: int, tiles: int, *, equal: bool
) -> dict[str, Any]:
    """One layer and zoom; who is asked first moves on by one with every tile, as the first one warms the buffers."""
    answers: dict[str, list[tuple[Tile, Answer]]] = {peer.name: [] for peer in peers}
    for number, tile in enumerate(filled_tiles(installation, layer, zoom, tiles)):
        turn = number % len(peers)
        for peer in (*peers[turn:], *peers[:turn]):
            spent = sum(answer.milliseconds for _, answer in answers[peer.name]) / 1000
            if spent < BUDGET:
                answers[peer.name].append((tile, _ask(peer, layer.id, tile)))
    result: dict[str, Any] = {"layer": layer.id, "zoom": zoom, "same_features": equal}
    counted = {peer.name: _features(layer.id, answers[peer.name]) for peer in peers}
    for peer in peers:
        result[peer.name] = _figures(answers[peer.name]) | _missing(counted["gisapp"], counted[peer.name])
    print(json.dumps(result), flush=True)
    return result


def _ask(peer: Peer, layer: str, tile: Tile) -> Answer:
    answer = peer.ask(layer, tile)
    if (
        answer.milliseconds >= PATIENCE * 1000
    ):  # PostgreSQL ended its statement: whatever the peer makes of it
        return Answer(PATIENCE * 1000, 504, b"", {})
    if answer.status not in (200, 204):
        raise SystemExit(f"bench: {peer.name} {answer.status} at {layer} {tile}: {answer.body[:300]!r}")
    return answer


def _figures(answers: list[tuple[Tile, Answer]]) -> dict[str, Any]:
    times = Times(tuple(answer.milliseconds for _, answer in answers))
    whole = [answer for _, answer in answers if answer.status != 504]
    late = len(answers) - len(whole)
    size = {"bytes": sum(len(answer.body) for answer in whole) // len(whole)} if whole else {}
    return {**times.as_dict(), **size, **({"not_in_time": late} if late else {})}


def _features(layer: str, answers: list[tuple[Tile, Answer]]) -> dict[Tile, int]:
    return {tile: count(answer.body, layer) for tile, answer in answers if answer.status != 504}


def count(body: bytes, layer: str) -> int:
    """How many features a tile holds, by a decoder that is not ours; gisapp's label points (of other layers in it) not
    counted, whatever a peer calls the layer."""
    decoded = vector_tile_pb2.tile()
    decoded.ParseFromString(body)
    sizes = {one.name: len(one.features) for one in decoded.layers}
    return sizes.get(layer, sum(sizes.values()))


def _missing(ours: dict[Tile, int], theirs: dict[Tile, int]) -> dict[str, int]:
    """Features of the tiles that both gave: in all, and how many fewer (tipg, pygeoapi: those of the buffer only)."""
    both = ours.keys() & theirs.keys()
    total, other = sum(ours[tile] for tile in both), sum(theirs[tile] for tile in both)
    return {"features": other, "fewer_than_gisapp": total - other}
