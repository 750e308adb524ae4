"""A changed vector tile of a table made ahead, noted by its centre, reaches the metatiles that are drawn from it and no other."""

from __future__ import annotations

import random

import pytest

from gisapp.catalogue.layer import view_for
from gisapp.catalogue.load import load_catalogue
from gisapp.changes.follow import Change
from gisapp.geo.tiles import exists, tile_box
from gisapp.rasters.metatile import REACH, metatile_of
from gisapp.rasters.pictures import picture_set
from gisapp.settings import load_city
from gisapp.tiles.cache.reach import touches
from gisapp.tiles.plan import plan

LAYER = load_catalogue(load_city("sample")).layer("disaster.shelter")


@pytest.mark.parametrize("z", [1, 2, 3, 12, 15, 17, 18, 20])
def test_a_tile_reaches_the_metatiles_that_are_drawn_from_it(z: int) -> None:
    view = view_for(LAYER, frozenset())
    assert view is not None
    plans, chance = (plan(LAYER, view),), random.Random(z)
    reach = picture_set(plans, z, 2, "png").reach
    for _ in range(200):
        x, y = chance.randrange(2**z), chance.randrange(2**z)
        metatile = metatile_of(plans, z, x, y, 2, "png")
        drawn_from = set(metatile.vector_tiles(REACH))
        own_x, own_y = chance.choice(sorted(drawn_from))
        tile = own_x + chance.randint(-2, 2), own_y + chance.randint(-2, 2)
        if not exists(metatile.vector_zoom, *tile):
            continue
        west, south, east, north = tile_box(metatile.vector_zoom, *tile)
        middle = (west + east) / 2, (south + north) / 2
        change = Change(1, 5, LAYER.id, None, ((*middle, *middle),), metatile.vector_zoom)
        touched = touches(change, z, x, y, reach)
        near = set(
            metatile.vector_tiles(REACH + 4 * metatile.vector_side // 4096 + 1)
        )  # what rounding may add
        assert touched or tile not in drawn_from, (x, y, tile)
        assert not touched or tile in near, (x, y, tile)
