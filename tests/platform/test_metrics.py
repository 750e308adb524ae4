"""/metrics tells a monitor of the process that answers, and asks nobody."""

from __future__ import annotations

from tests.tiles.cache.conftest import town as town
from tests.tiles.cache.town import Town


def figures(town: Town) -> dict[str, float]:
    answer = town.client.get("/metrics")
    assert answer.mimetype == "text/plain"
    lines = [line for line in answer.get_data(as_text=True).splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


def test_hits_of_both_paths_misses_and_memory_are_counted(town: Town) -> None:
    thin, route = 'gisapp_tile_hits_total{path="thin"}', 'gisapp_tile_hits_total{path="route"}'
    town.put(1, "市役所")
    before = figures(town)
    town.get(town.tile())
    first = figures(town)
    assert first["gisapp_tile_misses_total"] == before["gisapp_tile_misses_total"] + 1
    for _ in range(3):
        town.get(town.tile())
    after = figures(town)
    assert after[thin] + after[route] == first[thin] + first[route] + 3
    assert after[thin] > first[thin]
    assert after["gisapp_tiles_in_memory"] == 1
    assert after["gisapp_tile_memory_bytes"] > 100
    assert after["gisapp_tile_behind_seconds"] < 10
    assert after["gisapp_tile_database_away"] == 0


def test_each_figure_says_its_kind_once(town: Town) -> None:
    text = town.client.get("/metrics").get_data(as_text=True)
    kinds = [line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")]
    assert len(kinds) == len(set(kinds))
    named = {line.split()[0].split("{")[0] for line in text.splitlines() if not line.startswith("#")}
    assert named == set(kinds)
