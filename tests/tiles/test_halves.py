"""A crowded tile that two connections read by halves is, byte for byte, the tile that one connection reads."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from gisapp import roles
from gisapp.catalogue.layer import View, view_for
from gisapp.geo.tiles import tiles_over
from gisapp.installation import Installation
from gisapp.tiles.halves import joined, read_halves
from gisapp.tiles.maker import Maker
from gisapp.tiles.plan import Plan, plan
from gisapp.tiles.queries import parameters, read_tiles
from gisapp.tiles.setup import open_cache
from tests.statements import statements
from tests.tiles.decoding import decode

TAX = frozenset({"tax"})


@pytest.fixture
def helpers() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as helpers:
        yield helpers


def plan_of(installation: Installation, name: str) -> Plan:
    layer = installation.catalogue.layer(name)
    view = view_for(layer, TAX)
    assert isinstance(view, View)
    return plan(layer, view)


def places(installation: Installation, name: str, z: int) -> list[tuple[int, int]]:
    """Tiles over the layer, some of them at its edge or beside it."""
    with installation.database.transaction("owner") as connection:
        sql = f"SELECT ST_XMin(b), ST_YMin(b), ST_XMax(b), ST_YMax(b) FROM (SELECT ST_Extent(ST_Transform(geom, 4326)) AS b FROM {name}) AS e"
        west, south, east, north = connection.exec_driver_sql(sql).one()
    return list(tiles_over((west - 0.02, south - 0.02, east + 0.02, north + 0.02), z))[::3]


@pytest.mark.parametrize("name", ["tax.parcel", "tax.house", "base.building"])
def test_two_halves_are_the_whole(
    installation: Installation, staff: dict[str, str], helpers: ThreadPoolExecutor, name: str
) -> None:
    one, role = plan_of(installation, name), roles.audience(TAX)
    z = one.max_zoom - 1
    assert one.at(z).in_halves
    filled = 0
    for x, y in places(installation, name, z):
        values = parameters(z, x, y)
        whole = read_tiles(installation.database, role, (one,), z, x, y, helpers)[1][0]
        found = read_halves(installation.database, role, one, z, values, helpers)
        assert found is not None and found[1] == whole, f"{z}/{x}/{y}"
        filled += len(decode(whole, z, x, y).get(name, [])) > 1
    assert filled > 1


def test_halves_of_two_moments_are_not_put_together(
    installation: Installation, staff: dict[str, str]
) -> None:
    class Interrupted(ThreadPoolExecutor):
        """Somebody commits something between the two halves."""

        def submit(self, work: Any, *words: Any, **named: Any) -> Future[Any]:
            future = super().submit(work, *words, **named)
            future.result()
            with installation.database.transaction("owner") as connection:
                connection.exec_driver_sql("SELECT pg_current_xact_id()")
            return future

    one, (x, y) = plan_of(installation, "tax.parcel"), places(installation, "tax.parcel", 15)[0]
    with Interrupted(1) as helper:
        values = parameters(15, x, y)
        assert read_halves(installation.database, roles.audience(TAX), one, 15, values, helper) is None


@pytest.mark.parametrize(("at_once", "number"), [(1, 1), (2, 2)])
def test_a_second_connection_is_taken_where_there_is_a_place_for_it(
    installation: Installation, staff: dict[str, str], at_once: int, number: int
) -> None:
    cache = open_cache(installation)
    x, y = places(installation, "tax.parcel", 15)[at_once]
    one = plan_of(installation, "tax.parcel")
    try:
        cache.follower.begin_anew()
        with statements() as said:
            Maker(installation.database, cache, at_once).tile(roles.audience(TAX), [one], 15, x, y, "")
    finally:
        cache.close()
    assert len([statement for statement in said if "ST_AsMVT" in statement]) == number


def test_what_is_no_layer_without_attributes_is_not_put_together() -> None:
    whole = b"\x1a\x0c\x0a\x01a\x12\x02\x08\x01\x28\x80\x20\x78\x02"
    assert joined("a", whole, b"") == whole == joined("a", b"", whole)
    both = joined("a", whole, whole)
    assert both is not None and both.count(b"\x12\x02\x08\x01") == 2 and both[1] == 16
    with_key = b"\x1a\x0f" + whole[2:-5] + b"\x1a\x01k" + whole[-5:]
    assert joined("b", whole, whole) is None and joined("a", whole + whole, whole) is None
    assert joined("a", with_key[:-1], whole) is None
