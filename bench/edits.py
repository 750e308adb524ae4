"""From an edit's commit to a fresh tile, on every web worker; and whether the neighbours' tiles stay hits.

A feature is changed as a department's publisher would with `psql`; then the tile is asked for over a connection to
each worker until its bytes differ from before, and back again: the second edit of a pair must give the first bytes.
At generalised zooms a pair begins when the worker has nothing left to do from edits before it; the second edit comes as
soon as the first is seen, while lower zooms are still made.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg import sql

from bench.accounts import Askers
from bench.contents import contents
from bench.measure import Requests, Times
from bench.places import SEED, Tile, path_of, zooms_of
from bench.processes import wait_until
from bench.server import Server
from gisapp import roles
from gisapp.catalogue.layer import Layer
from gisapp.generalise.follow import behind
from gisapp.geo.tiles import BUFFER, EXTENT, WORLD, tile_box
from gisapp.installation import Installation

EDITS = 60  # pairs for the tiles that read the layer's table, and so many again at lower zooms
GENERAL = 2  # pairs at a generalised zoom: each is seconds of work, which the next one has to wait for
PATIENCE = 15.0  # seconds: a tile that is stale for longer is counted as lost
# Seconds between two looks; who waits for seconds need not take a processor for it.
PAUSE, PAUSE_GENERAL = 0.002, 0.05
REST = 180.0  # seconds within which the worker has caught up with the edits of the row before
REACH_MS, REACH_GENERAL_MS = 200.0, 5000.0
# What a neighbour is found to be. At generalised zooms one may change rightly: what was moved is part of a block that reaches it.
NEIGHBOURS = ("hits", "misses", "changed", "untold")
CHANGED = ("base.building", "roads.street", "tax.parcel", "city_planning.zoning")
LEAST_METRES = 5.0
MOVE = sql.SQL("UPDATE {table} SET geom = ST_Translate(geom, {metres}, {metres}) WHERE id = %s")
# Large enough to be seen at the zoom: from the largest ones, some by chance; and a corner of each, whose tile changes
# when it is moved (the middle of a large one may lie in a tile that it covers before and after, or not touch at all).
LARGEST = """
    SELECT id, ST_XMin(geom_web), ST_YMin(geom_web), ST_XMax(geom_web), ST_YMax(geom_web), ST_X(corner), ST_Y(corner) FROM (
        SELECT id, geom_web, (SELECT d.geom FROM ST_DumpPoints(geom_web) AS d LIMIT 1) AS corner FROM {table}
        ORDER BY greatest(ST_XMax(geom_web) - ST_XMin(geom_web), ST_YMax(geom_web) - ST_YMin(geom_web)) DESC LIMIT {most}) AS f
    ORDER BY md5(id::text || '{seed}') LIMIT {count}
"""


def edits(installation: Installation, server: Server, count: int = EDITS) -> dict[str, Any]:
    """A row for each layer and zoom: milliseconds from the commit's return to the fresh answer on the slowest worker."""
    askers = Askers(installation, server)
    rows = []
    for name in CHANGED:
        layer = installation.catalogue.layer(name)
        _, headers = askers.of(layer)
        connections = server.one_each(headers)
        described = json.loads(next(iter(connections.values())).need(f"/tiles/{layer.id}.json").body)
        zooms = zooms_of(described, layer.id)
        low = [zoom for zoom in zooms.all if zoom < zooms.last]
        plan = [(zooms.last, count // len(CHANGED))]
        plan += [(zoom, max(2, count // len(CHANGED) // len(low))) for zoom in low]
        for zoom, pairs in plan:
            held = contents(layer, zoom)
            if held is not None:
                pairs = pairs if held.of_table else GENERAL
                rows.append(_row(installation, connections, layer, zoom, pairs, table=held.of_table))
                print(json.dumps(rows[-1] | {"latencies_ms": None}), flush=True)
    return {"rows": rows, **_verdict(rows), "reach_ms": {"table": REACH_MS, "generalised": REACH_GENERAL_MS}}


def _row(
    installation: Installation,
    connections: dict[int, Requests],
    layer: Layer,
    zoom: int,
    pairs: int,
    *,
    table: bool,
) -> dict[str, Any]:
    latencies: list[float] = []
    lost = unchanged = 0
    neighbours = dict.fromkeys(NEIGHBOURS, 0)
    url = installation.database.url(roles.publisher(layer.department)).set(drivername="postgresql")
    with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as publisher:
        for number, tile, around in _places(installation, layer, zoom, pairs):
            first = None
            if not table:
                wait_until(lambda: _at_rest(installation, connections), REST, "the worker's rest")
            for metres in (_metres(zoom), -_metres(zoom)):
                before = _settled(connections, path_of(layer.id, tile))
                first = first if first is not None else before
                bodies = {
                    other: _settled(connections, other)
                    for other in [path_of(layer.id, one) for one in around]
                }
                _edit(publisher, layer, metres, number)
                took = _until_fresh(
                    connections, path_of(layer.id, tile), before, PAUSE if table else PAUSE_GENERAL
                )
                if took is None:
                    lost += 1
                    continue
                latencies.append(took)
                _look_around(connections, bodies, neighbours)
            after = _settled(connections, path_of(layer.id, tile))
            unchanged += after == first
    times = Times(tuple(latencies)) if latencies else None
    return {
        "layer": layer.id,
        "zoom": zoom,
        "reads_the_table": table,
        **(times.as_dict() | {"max_ms": times.within(100)} if times else {"n": 0}),
        "not_seen": lost,
        "undone_to_the_same_bytes": f"{unchanged} of {pairs}",
        "neighbours": neighbours,
        "latencies_ms": [round(one, 1) for one in sorted(latencies)],
    }


def _at_rest(installation: Installation, connections: dict[int, Requests]) -> bool:
    """Whether generalised tables have nothing to catch up with. Asks each worker, too: who is silent is hung up on."""
    for client in connections.values():
        client.need("/healthz")
    time.sleep(PAUSE_GENERAL)
    return not behind(installation)


def _edit(publisher: psycopg.Connection[Any], layer: Layer, metres: float, number: int) -> None:
    table = sql.Identifier(layer.department, layer.name)
    update = MOVE.format(table=table, metres=sql.Literal(metres))
    if publisher.execute(update, (number,)).rowcount != 1:
        raise SystemExit(f"bench: {layer.id} {number} could not be changed")


def _metres(zoom: int) -> float:
    """How far a feature is moved: two pixels of the zoom at least, so that the tile must change."""
    return max(LEAST_METRES, round(2 * WORLD / 2**zoom / 256))


def _until_fresh(connections: dict[int, Requests], path: str, before: bytes, pause: float) -> float | None:
    """Milliseconds until every worker gave other bytes; None: not within PATIENCE."""
    began = time.perf_counter()
    stale = dict(connections)
    while stale:
        for pid, client in list(stale.items()):
            if client.need(path).body != before:
                del stale[pid]
        took = time.perf_counter() - began
        if took > PATIENCE:
            return None
        if stale:
            time.sleep(pause)
    return (time.perf_counter() - began) * 1000


def _settled(connections: dict[int, Requests], path: str) -> bytes:
    """The tile that all workers give, in the cache of each: asked again until they agree."""
    until = time.monotonic() + PATIENCE
    while True:
        bodies = {client.need(path).body for client in (*connections.values(), *connections.values())}
        if len(bodies) == 1:
            return bodies.pop()
        if time.monotonic() > until:
            raise SystemExit(f"bench: the workers do not agree on {path}")
        time.sleep(0.05)


def _look_around(connections: dict[int, Requests], before: dict[str, bytes], counted: dict[str, int]) -> None:
    for path, body in before.items():
        for client in connections.values():
            answer = client.need(path)
            if answer.body != body:
                counted["changed"] += 1
            else:
                hit = answer.from_cache
                counted["untold" if hit is None else "hits" if hit else "misses"] += 1


def _places(
    installation: Installation, layer: Layer, zoom: int, count: int
) -> Iterator[tuple[int, Tile, list[Tile]]]:
    """Features, the tile that holds a corner of each, and the tiles around it that the feature does not touch."""
    most = (5 if zoom < layer.max_zoom else 200) * count
    query = LARGEST.format(table=layer.id, most=most, seed=SEED, count=count)
    with installation.database.transaction("owner") as connection:
        rows = connection.exec_driver_sql(query).all()
    side = WORLD / 2**zoom
    for number, west, south, east, north, across, up in rows:
        x, y = int((across + WORLD / 2) // side), int((WORLD / 2 - up) // side)
        near = [(zoom, x + i, y + j) for i in (-1, 0, 1) for j in (-1, 0, 1) if (i, j) != (0, 0)]
        slack = 2 * _metres(zoom)
        box = (west - slack, south - slack, east + slack, north + slack)
        yield int(number), (zoom, x, y), [tile for tile in near if not _touches(tile, box)]


def _touches(tile: Tile, box: tuple[float, float, float, float]) -> bool:
    west, south, east, north = tile_box(*tile)
    reach = (east - west) * BUFFER / EXTENT
    return not (
        box[0] > east + reach or box[2] < west - reach or box[1] > north + reach or box[3] < south - reach
    )


def _verdict(rows: list[dict[str, Any]]) -> dict[str, Any]:
    def whole(table: bool) -> dict[str, Any]:
        chosen = [row for row in rows if row["reads_the_table"] is table]
        all_times = [one for row in chosen for one in row["latencies_ms"]]
        lost = sum(row["not_seen"] for row in chosen)
        if not all_times:
            return {"n": 0, "not_seen": lost}
        times = Times(tuple(all_times))
        return {**times.as_dict(), "max_ms": times.within(100), "not_seen": lost}

    told = {name: sum(row["neighbours"][name] for row in rows) for name in NEIGHBOURS}
    return {"table": whole(True), "generalised": whole(False), "neighbours": told}
