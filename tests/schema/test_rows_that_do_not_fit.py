"""A layer folder changed so that rows which are there no longer fit: a sentence, and nothing is changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from gisapp import errors
from gisapp.installation import Installation
from tests.schema.parks import TREE, Parks
from tests.schema.test_sync import TOML

MANY = TOML.replace('"Point"', '"MultiPoint"')
TWO = f"""
INSERT INTO {TREE} (number, kind, geom)
SELECT n::text, 'けやき', ST_SetSRID(ST_MakePoint(-40000 + n, -27000), 6677) FROM generate_series(1, 2) AS n
"""


@pytest.fixture(scope="module")
def made(
    city_installation: Callable[[str], Installation], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Parks]:
    with Parks.opened(city_installation("musashimurayama"), tmp_path_factory.mktemp("parks")) as parks:
        parks.with_layer(TOML)
        yield parks


@pytest.fixture
def parks(made: Parks) -> Parks:
    made.ask(f"TRUNCATE {TREE}")
    made.ask(TWO)
    return made


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        ('type = "integer"', 'type = "date"', "cannot become the new one"),
        ('[fields.kind]\ntype = "text"', '[fields.kind]\ntype = "integer"', "does not fit the new type"),
        ('type = "integer"', 'type = "integer"\nrequired = true', "is empty"),
        ('key = ["number"]', 'key = ["kind"]', "have the same key"),
    ],
)
def test_rows_that_do_not_fit_stop_the_sync_with_a_sentence(
    parks: Parks, before: str, after: str, why: str
) -> None:
    with pytest.raises(errors.SyncStopped, match=f"{TREE}.*{why}") as stopped:
        parks.with_layer(TOML.replace(before, after))
    said = str(stopped.value) + stopped.value.sentence("ja")
    assert not [word for word in ("けやき", "ALTER", "SQL", "psycopg") if word in said]
    assert parks.with_layer(TOML) == []


def test_shapes_of_one_part_may_become_single_and_others_stop_the_sync(parks: Parks) -> None:
    parks.with_layer(MANY)
    parks.ask(f"UPDATE {TREE} SET geom = ST_Union(geom, ST_Translate(geom, 9, 9)) WHERE number = '2'")
    with pytest.raises(errors.SyncStopped, match="change geometry of facilities.tree"):
        parks.with_layer(TOML)
    assert parks.with_layer(MANY) == []
    parks.ask(f"DELETE FROM {TREE} WHERE number = '2'")
    assert any("change geometry" in line for line in parks.with_layer(TOML))
    assert parks.ask(f"SELECT ST_AsText(geom) FROM {TREE}") == [("POINT(-39999 -27000)",)]
