"""`layers sync` keeps the generalised tables and their rights as the layer folders want them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from gisapp.catalogue.layer import Layer
from gisapp.catalogue.load import Catalogue
from gisapp.installation import Installation
from gisapp.schema.sync import sync


@pytest.fixture(scope="module")
def town(city_installation: Callable[[str], Installation]) -> Iterator[Installation]:
    one = city_installation("musashimurayama")
    yield one
    sync(one)


@pytest.fixture
def raw(town: Installation) -> Iterator[psycopg.Connection[Any]]:
    url = town.database.url("owner").set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection
    sync(town)


def with_layer(town: Installation, layer_id: str, **changed: Any) -> Installation:
    """The same city with one layer declared otherwise."""
    layers: Mapping[str, Layer] = {
        name: replace(layer, **changed) if name == layer_id else layer
        for name, layer in town.catalogue.layers.items()
    }
    return replace(town, catalogue=Catalogue(town.catalogue.departments, layers))


def test_a_fitting_database_has_nothing_to_do(town: Installation) -> None:
    assert sync(town) == []


def test_a_right_too_many_is_found_and_taken_away(town: Installation, raw: psycopg.Connection[Any]) -> None:
    public = town.database.role("aud_public")
    raw.execute(f'GRANT SELECT ON generalised.tax__parcel TO "{public}"')  # type: ignore[arg-type]
    assert sync(town) == ["revoke select on generalised.tax__parcel from aud_public"]


def test_a_table_that_lacks_a_column_is_made_anew(town: Installation, raw: psycopg.Connection[Any]) -> None:
    raw.execute("ALTER TABLE generalised.tax__parcel DROP COLUMN area")
    plan = sync(town)
    assert plan[:2] == ["drop table generalised.tax__parcel", "create table generalised.tax__parcel"]
    assert "grant select on generalised.tax__parcel to staff" in plan
    assert raw.execute("SELECT count(*) FROM gisapp.generalised WHERE layer = 'tax.parcel'").fetchall() == [
        (0,)
    ]


def test_a_layer_without_generalised_zooms_has_no_table(
    town: Installation, raw: psycopg.Connection[Any]
) -> None:
    plain = with_layer(town, "base.building", generalised=())
    assert "drop table generalised.base__building" in sync(plain)
    assert raw.execute("SELECT to_regclass('generalised.base__building')").fetchall() == [(None,)]
    assert "create table generalised.base__building" in sync(town)


def test_a_dry_run_changes_nothing(town: Installation, raw: psycopg.Connection[Any]) -> None:
    plain = with_layer(town, "base.building", generalised=())
    assert "drop table generalised.base__building" in sync(plain, dry_run=True)
    assert raw.execute("SELECT to_regclass('generalised.base__building') IS NULL").fetchall() == [(False,)]
