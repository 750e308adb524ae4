"""The bench's own tools: what they say is so."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import mapbox_vector_tile
import shapely

from bench import askers, processes
from bench.edits import _touches
from bench.measure import Answer, Times
from bench.noisy import VERTICES, polygon
from bench.places import every_filled_tile, filled_tiles, path_of
from bench.server import Server
from gisapp.geo.tiles import tile_box
from gisapp.installation import Installation


def test_percentiles_are_of_the_ordered_times() -> None:
    times = Times(tuple(float(number) for number in range(100, 0, -1)))
    assert (times.p50, times.p95, times.within(99), times.within(100)) == (50.5, 96.0, 100.0, 100.0)


def test_hits_and_misses_are_read_as_rfc_9211_writes_them() -> None:
    def said(value: str | None) -> bool | None:
        return Answer(1.0, 200, b"", {} if value is None else {"Cache-Status": value}).from_cache

    assert said("gisapp; hit") is True
    assert said("gisapp; hit; ttl=30") is True
    assert said("gisapp; fwd=miss; stored") is False
    assert said("gisapp; fwd=uri-miss") is False
    assert said(None) is None


def test_asked_tiles_hold_something_and_are_the_same_every_time(
    installation: Installation, server: str
) -> None:
    layer = installation.catalogue.layer("base.building")
    tiles = filled_tiles(installation, layer, 16, 6)
    assert tiles == filled_tiles(installation, layer, 16, 6) and len(set(tiles)) == 6
    assert set(tiles) <= set(every_filled_tile(installation, layer, 16))
    client = _server(installation, server).requests()
    for tile in tiles:
        held = mapbox_vector_tile.decode(client.need(path_of(layer.id, tile)).body)
        assert held["base.building"]["features"], tile


def test_where_tiles_are_few_all_are_asked(installation: Installation) -> None:
    layer = installation.catalogue.layer("base.building")
    few = filled_tiles(installation, layer, 13, 40)
    assert sorted(few) == sorted(every_filled_tile(installation, layer, 13))


def test_every_worker_is_reached_and_weighed(installation: Installation, server: str) -> None:
    one = _server(installation, server)
    workers = one.workers()
    assert len(workers) == installation.settings.workers
    assert set(one.one_each()) == set(workers)
    for pid in workers:
        resident, share = processes.memory(pid)
        assert 20 < share <= resident < 1000


def _server(installation: Installation, address: str) -> Server:
    """The server of the tests as the bench sees one."""
    port = address.rsplit(":", 1)[1]
    ours = [pid for pid in processes.children(os.getpid()) if port in _words(pid)]
    return Server(replace(installation.settings, port=int(port)), address, ours[0])


def _words(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")


def test_statements_are_counted_once_each_in_the_log(tmp_path: Path) -> None:
    log = tmp_path / "cluster.log"
    log.write_text("2026 [1] LOG:  execute _pg3_0: SELECT ST_AsMVT(tile) old\n")
    before = log.stat().st_size
    with log.open("a") as file:
        file.write(
            "2026 [1] LOG:  execute _pg3_0: SELECT (SELECT ST_AsMVT(tile,\n  'x'))\n"
            "2026 [1] DETAIL:  parameters: $1 = '15'\n"
            "2026 [2] LOG:  execute <unnamed>: SELECT 1\n"
            "2026 [2] LOG:  duration: 2001.3 ms  execute _pg3_0: SELECT ST_AsMVT(tile)\n"
            "2026 [2] LOG:  statement: SELECT ST_AsMVT(tile)\n"
        )
    assert askers._statements(log, before) == 2


def test_a_neighbour_is_untouched_only_beyond_its_buffer() -> None:
    tile = (16, 58211, 25806)
    west, south, east, north = tile_box(*tile)
    reach = (east - west) / 64
    assert _touches(tile, (east + reach - 1, south, east + reach + 50, north))
    assert not _touches(tile, (east + reach + 1, south, east + reach + 50, north))


def test_the_noisy_polygon_is_valid_and_as_large_as_it_says() -> None:
    shape = shapely.from_geojson(json.dumps(polygon()["features"][0]["geometry"]))
    assert shape.is_valid and shapely.get_num_coordinates(shape) == VERTICES + 1
