"""The town that the tests of the cache change."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from gisapp import create_app
from gisapp import installation as installations
from gisapp.installation import Installation
from tests.conftest import visitor
from tests.tiles.cache.town import Town, connect


@pytest.fixture
def town(city_installation: Callable[[str], Installation]) -> Iterator[Town]:
    """武蔵村山市 without AEDs, an application over it with a cache that holds nothing, and a visitor."""
    one = city_installation("musashimurayama")
    app = create_app(installations.open_for_web(one.settings))
    with connect(one) as raw:
        raw.execute("TRUNCATE facilities.public_facility, facilities.public_toilet")
        app.extensions["gisapp_maker"].cache.follower.begin_anew()
        yield Town(one, visitor(app), raw)
        raw.execute("TRUNCATE facilities.public_facility, facilities.public_toilet")
    if app.extensions["gisapp_keeper"]:
        app.extensions["gisapp_keeper"].stop()
    app.extensions["gisapp_maker"].cache.close()
