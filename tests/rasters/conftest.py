"""Drawing processes for a whole run, and places of the sample city to draw."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from gisapp import roles
from gisapp.catalogue.layer import Layer, view_for
from gisapp.geo.tiles import tile_at
from gisapp.installation import Installation
from gisapp.rasters.painters import Painters
from gisapp.tiles.maker import drawn_at
from gisapp.tiles.plan import Plan, plan
from gisapp.tiles.queries import read_tiles
from tests.rasters.asking import Ask, PlaceOf, Read


@pytest.fixture(scope="session")
def painters() -> Iterator[Painters]:
    """One drawing process."""
    one = Painters(1)
    yield one
    one.close()


@pytest.fixture(scope="session")
def planned(installation: Installation) -> Ask:
    """A layer with its plan for whoever sees least of it."""

    def ask(layer_id: str) -> tuple[Layer, Plan]:
        layer = installation.catalogue.layer(layer_id)
        view = view_for(layer, frozenset()) or view_for(layer, frozenset({layer.department}))
        assert view is not None
        return layer, plan(layer, view)

    return ask


@pytest.fixture(scope="session")
def read(installation: Installation) -> Iterator[Read]:
    """Reads vector tiles as the department of their first layer."""

    def ask(plans: Sequence[Plan], z: int, x: int, y: int) -> bytes:
        owner = plans[0].made_of[0].department
        role = roles.PUBLIC_AUDIENCE if all(p.public for p in plans) else roles.audience([owner])
        drawn = drawn_at(plans, z)
        return b"".join(read_tiles(installation.database, role, drawn, z, x, y, helpers)[1]) if drawn else b""

    with ThreadPoolExecutor(3) as helpers:
        yield ask


@pytest.fixture(scope="session")
def place_of(installation: Installation) -> PlaceOf:
    """The tile at a zoom that holds a feature of a layer, the same one every time."""

    def ask(layer_id: str, z: int) -> tuple[int, int]:
        layer = installation.catalogue.layer(layer_id)
        seen = f"{layer.department}.{layer.views()[0].name}"
        with installation.database.transaction("owner") as connection:
            one = f"SELECT ST_Transform(ST_PointOnSurface(geom), 4326) AS p FROM {seen} ORDER BY md5(id::text) LIMIT 1"
            lon, lat = connection.exec_driver_sql(f"SELECT ST_X(p), ST_Y(p) FROM ({one}) AS f").one()
        return tile_at(lon, lat, z)

    return ask
