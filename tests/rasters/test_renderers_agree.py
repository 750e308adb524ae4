"""MapLibre in Chromium and Mapnik draw the same place alike, for every layer there is.

Without names nothing is left to taste. Over all layers at two zooms, mean colours of cells of 16 × 16 pixels are 0.5 of
255 apart at most and 8 in the worst cell (the dashes of the city's border), and 0.5 % of pixels differ much: the limits
are twice that. A layer drawn in another class's colour, or with lines two pixels too wide, is beyond them.
Names are placed by two algorithms. They may stand elsewhere along a road, but there is about as much of them.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from both import MapLibre, cells, differing, mapnik, screens, without_names
from playwright.sync_api import Browser

from gisapp.catalogue.layer import Layer
from gisapp.catalogue.load import load_catalogue
from gisapp.rasters.painters import Painters
from gisapp.settings import load_city
from tests.rasters.asking import Ask, PlaceOf, Read

pytestmark = pytest.mark.browser
LAYERS = list(load_catalogue(load_city("sample")).layers)
BASE_MAP = ["base.boundary", "base.building", "roads.street", "base.water", "base.railway", "base.town"]


@pytest.fixture(scope="module")
def open_screen(browser: Browser) -> Callable[[int], MapLibre]:
    return screens(browser)


@pytest.fixture(scope="module")
def screen(open_screen: Callable[[int], MapLibre]) -> MapLibre:
    return open_screen(1)


@pytest.mark.parametrize("layer_id", LAYERS)
def test_fills_lines_and_circles_are_alike(
    screen: MapLibre, painters: Painters, planned: Ask, read: Read, place_of: PlaceOf, layer_id: str
) -> None:
    layer, plan = planned(layer_id)
    bare = [(without_names(layer), plan)]
    for z in {plan.max_zoom, (plan.min_zoom + plan.max_zoom) // 2}:
        x, y = place_of(layer_id, z)
        one, two = screen.draw(bare, read, z, x, y), mapnik(painters, bare, read, z, x, y)
        apart = cells(one, two)
        assert apart.mean() <= 1, (z, apart.mean())
        assert apart.max() <= 10, (z, apart.max())
        assert differing(one, two) <= 0.01, z


def test_something_is_compared(painters: Painters, planned: Ask, read: Read, place_of: PlaceOf) -> None:
    for layer_id in LAYERS:
        layer, plan = planned(layer_id)
        x, y = place_of(layer_id, plan.max_zoom)
        drawn = mapnik(painters, [(layer, plan)], read, plan.max_zoom, x, y)
        assert (drawn < 255).any(axis=2).sum() > 20, layer_id


@pytest.mark.parametrize(
    ("layer_id", "change"),
    [("tax.parcel", {"line-width": 2.5}), ("city_planning.zoning", {"fill-color": "#ed7d8c"})],
)
def test_the_comparison_would_notice_a_wider_line_and_a_wrong_class(
    painters: Painters, planned: Ask, read: Read, place_of: PlaceOf, layer_id: str, change: dict[str, object]
) -> None:
    layer, plan = planned(layer_id)
    x, y = place_of(layer_id, 16)
    bare = without_names(layer)
    good = mapnik(painters, [(bare, plan)], read, 16, x, y)
    style = tuple({**part, "paint": {**part["paint"], **change}} for part in bare.style)
    bad = mapnik(painters, [(Layer(**{**bare.__dict__, "style": style}), plan)], read, 16, x, y)
    assert cells(good, bad).max() > 10 or cells(good, bad).mean() > 1


@pytest.mark.parametrize("layer_id", ["disaster.shelter", "facilities.public_facility", "facilities.aed"])
def test_names_at_points_stand_where_maplibre_writes_them(
    screen: MapLibre,
    painters: Painters,
    planned: Ask,
    read: Read,
    place_of: PlaceOf,
    layer_id: str,
) -> None:
    asked = [planned(layer_id)]
    x, y = place_of(layer_id, 16)
    one, two = screen.draw(asked, read, 16, x, y), mapnik(painters, asked, read, 16, x, y)
    bare = mapnik(painters, [(without_names(asked[0][0]), asked[0][1])], read, 16, x, y)
    named = cells(bare, two) > 4  # the cells with names in them
    assert named.sum() >= 4
    apart = cells(one, two)
    assert apart.max() < 0.5 * cells(bare, one).max(), (
        "names of MapLibre's that Mapnik has not there, or others"
    )
    assert apart.mean() <= 1.5


@pytest.mark.parametrize("z", [14, 16])
def test_a_whole_base_map_has_as_many_names(
    screen: MapLibre, painters: Painters, planned: Ask, read: Read, place_of: PlaceOf, z: int
) -> None:
    asked = [planned(layer_id) for layer_id in BASE_MAP]
    bare = [(without_names(layer), plan) for layer, plan in asked]
    x, y = place_of("base.building", z)
    names = [
        np.abs(screen.draw(asked, read, z, x, y) - screen.draw(bare, read, z, x, y)).mean(),
        np.abs(mapnik(painters, asked, read, z, x, y) - mapnik(painters, bare, read, z, x, y)).mean(),
    ]
    assert names[0] > 0.5
    assert 0.5 <= names[1] / names[0] <= 2


def test_a_sharp_screen_is_served_sharp_pictures(
    open_screen: Callable[[int], MapLibre], painters: Painters, planned: Ask, read: Read, place_of: PlaceOf
) -> None:
    sharp = open_screen(2)
    for layer_id in ("base.building", "disaster.hydrant", "roads.street", "tax.parcel"):
        layer, plan = planned(layer_id)
        bare = [(without_names(layer), plan)]
        x, y = place_of(layer_id, plan.max_zoom)
        one = sharp.draw(bare, read, plan.max_zoom, x, y)
        two = mapnik(painters, bare, read, plan.max_zoom, x, y, ratio=2)
        assert one.shape == two.shape == (1024, 1024, 3)
        apart = cells(one, two)
        assert apart.mean() <= 1.5 and apart.max() <= 10, layer_id
