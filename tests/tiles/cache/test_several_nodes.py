"""Several nodes over one database: each keeps its own tiles, and all follow the same notes of changes."""

from __future__ import annotations

from pathlib import Path

from gisapp.catalogue.layer import view_for
from gisapp.roles import PUBLIC_AUDIENCE
from gisapp.tiles.cache import codings
from gisapp.tiles.cache.cache import TileCache
from gisapp.tiles.cache.made import HIT, MISS
from gisapp.tiles.maker import Maker
from gisapp.tiles.plan import plan
from tests.tiles.cache.town import LAYER, Town


def test_an_edit_reaches_every_node_and_only_the_tiles_it_touches(town: Town, tmp_path: Path) -> None:
    database = town.client.application.extensions["gisapp"].database
    caches = [TileCache(database, tmp_path / name, 10**8, 10**7, 10) for name in ("a", "b")]
    layer = town.installation.catalogue.layer(LAYER)
    view = view_for(layer, frozenset())
    assert view is not None
    nodes, plans = [Maker(database, cache, 1) for cache in caches], [plan(layer, view)]

    def ask(node: Maker, tile: tuple[int, int, int]) -> tuple[str, bytes]:
        found = node.tile(PUBLIC_AUDIENCE, plans, *tile, codings.IDENTITY)
        return found.how, found.entry.kept.body

    town.put(1, "前")
    town.put(2, "遠く", x=3000)
    here, there = town.tile(), town.tile(3000)
    for node in nodes:
        assert [ask(node, tile)[0] for tile in (here, there)] == [MISS, MISS]
    with town.changing():
        town.put(1, "後")
    for node in nodes:
        how, body = ask(node, here)
        assert "後".encode() in body and how == MISS
        assert ask(node, there)[0] == HIT
        assert ask(node, here)[0] == HIT
    for cache in caches:
        cache.close()
