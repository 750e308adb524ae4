"""`layers sync` keeps the history tables like their layers: columns, names, and rights of the own department only."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from gisapp.catalogue.layer import Field, Layer, Text
from gisapp.catalogue.load import Catalogue
from gisapp.installation import Installation
from gisapp.schema.sync import sync
from tests.intake.conftest import ask

COLUMNS = (
    "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(:name) AND attnum > 0 AND NOT attisdropped"
)


@pytest.fixture
def town(city_installation: Callable[[str], Installation]) -> Iterator[Installation]:
    one = city_installation("musashimurayama")
    yield one
    with one.database.transaction("owner") as connection:
        connection.execute(
            text("DROP TABLE IF EXISTS facilities.aed_new, history.facilities__aed_new CASCADE")
        )
    sync(one, allow_drop=True)


def with_aed(town: Installation, **changed: Any) -> Installation:
    layers: Mapping[str, Layer] = {
        changed.get("id", name) if name == "facilities.aed" else name: replace(layer, **changed)
        if name == "facilities.aed"
        else layer
        for name, layer in town.catalogue.layers.items()
    }
    return replace(town, catalogue=Catalogue(town.catalogue.departments, layers))


def test_a_new_field_is_a_new_column_of_the_history_and_a_dropped_one_goes(town: Installation) -> None:
    layer = town.catalogue.layer("facilities.aed")
    more = with_aed(
        town, fields=(*layer.fields, Field("checked", "date", Text("点検日", "Checked"), layer.see))
    )
    assert "add column history.facilities__aed.checked" in sync(more)
    assert ("checked",) in ask(town, COLUMNS, name="history.facilities__aed")
    assert "drop column history.facilities__aed.checked" in sync(town, allow_drop=True)
    assert sync(town) == []


def test_the_history_is_renamed_with_its_layer_and_keeps_its_rows(town: Installation) -> None:
    with town.database.transaction("owner") as connection:
        connection.execute(text("TRUNCATE facilities.aed, history.facilities__aed"))
        connection.execute(
            text(
                "INSERT INTO history.facilities__aed (revision, id, became, old_revision, geom) "
                "VALUES (1, 7, 'removed', 0, ST_SetSRID(ST_MakePoint(0, 0), 6677))"
            )
        )
    sync(with_aed(town, id="facilities.aed_new", name="aed_new", was="aed"))
    assert ask(town, "SELECT id FROM history.facilities__aed_new") == [(7,)]
    assert ask(town, "SELECT to_regclass('history.facilities__aed') IS NULL") == [(True,)]


def test_a_right_too_many_is_taken_away(town: Installation) -> None:
    with town.database.transaction("owner") as connection:
        public = town.database.role("aud_public")
        connection.exec_driver_sql(f'GRANT SELECT ON history.tax__parcel TO "{public}"')
    assert sync(town) == ["revoke select on history.tax__parcel from aud_public"]
