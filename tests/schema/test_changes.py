"""Whatever changes a layer is noted, in the same transaction: which columns, and where, old and new."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql

from gisapp.installation import Installation
from gisapp.schema.changes import MANY
from gisapp.schema.sync import sync

POINT = "ST_SetSRID(ST_MakePoint({}, -27000), {})"


@pytest.fixture(scope="module")
def town(city_installation: Callable[[str], Installation]) -> Installation:
    return city_installation("musashimurayama")


@pytest.fixture
def raw(town: Installation) -> Iterator[psycopg.Connection[Any]]:
    """The owner's connection; what a test commits is removed."""
    url = town.database.url("owner").set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection
        connection.rollback()
        connection.execute("TRUNCATE disaster.hydrant")


def insert(raw: psycopg.Connection[Any], town: Installation, count: int = 1, x: int = -40_000) -> None:
    statement = "INSERT INTO disaster.hydrant (kind, geom) SELECT 1, ST_SetSRID(ST_MakePoint({} + n, -27000), {}) FROM generate_series(1, {}) AS n"
    raw.execute(sql.SQL(statement).format(x, town.city.srid, count))


def noted(raw: psycopg.Connection[Any], act: Callable[[], object]) -> list[tuple[Any, ...]]:
    """What `act` adds to the notes: columns, number of boxes (None: anywhere), zoom."""
    row = raw.execute("SELECT coalesce(max(id), 0) FROM gisapp.tile_change").fetchone()
    act()
    question = "SELECT relation, columns, cardinality(boxes) / 4, zoom FROM gisapp.tile_change WHERE id > %s ORDER BY id"
    assert row
    return raw.execute(question, row).fetchall()


def test_a_new_row_is_noted_with_its_box(raw: psycopg.Connection[Any], town: Installation) -> None:
    assert noted(raw, lambda: insert(raw, town, 3)) == [("disaster.hydrant", None, 3, None)]
    row = raw.execute("SELECT boxes FROM gisapp.tile_change ORDER BY id DESC LIMIT 1").fetchone()
    first = raw.execute(
        "SELECT ST_XMin(geom_web), ST_YMin(geom_web) FROM disaster.hydrant ORDER BY id LIMIT 1"
    ).fetchone()
    assert row and first and tuple(row[0][:4]) == (*first, *first)


def test_a_changed_attribute_is_noted_by_its_name_and_place(
    raw: psycopg.Connection[Any], town: Installation
) -> None:
    insert(raw, town, 2)
    change = "UPDATE disaster.hydrant SET kind = 2, revision = revision + 1"
    assert noted(raw, lambda: raw.execute(change)) == [("disaster.hydrant", ["kind"], 2, None)]


def test_a_moved_shape_is_noted_where_it_was_and_where_it_is(
    raw: psycopg.Connection[Any], town: Installation
) -> None:
    insert(raw, town)
    move = "UPDATE disaster.hydrant SET geom = ST_Translate(geom, 5, 0), kind = 2"
    assert noted(raw, lambda: raw.execute(move)) == [("disaster.hydrant", None, 2, None)]


def test_rows_that_changed_differently_are_noted_apart(
    raw: psycopg.Connection[Any], town: Installation
) -> None:
    insert(raw, town, 2)
    change = (
        "UPDATE disaster.hydrant SET kind = CASE WHEN id % 2 = 0 THEN '9' ELSE kind END, "
        "geom = CASE WHEN id % 2 = 1 THEN ST_Translate(geom, 1, 1) ELSE geom END"
    )
    assert sorted(map(str, noted(raw, lambda: raw.execute(change)))) == [
        "('disaster.hydrant', None, 2, None)",
        "('disaster.hydrant', ['kind'], 1, None)",
    ]


def test_another_id_is_another_row(raw: psycopg.Connection[Any], town: Installation) -> None:
    insert(raw, town)
    renumber = "UPDATE disaster.hydrant SET id = DEFAULT"
    assert noted(raw, lambda: raw.execute(renumber)) == [("disaster.hydrant", None, 2, None)]


def test_what_changes_nothing_that_a_tile_could_hold_is_not_noted(
    raw: psycopg.Connection[Any], town: Installation
) -> None:
    insert(raw, town)
    for nothing in (
        "UPDATE disaster.hydrant SET revision = revision + 1, kind = kind",
        "UPDATE disaster.hydrant SET kind = 3 WHERE false",
        "DELETE FROM disaster.hydrant WHERE false",
        "INSERT INTO disaster.hydrant (kind, geom) SELECT kind, geom FROM disaster.hydrant WHERE false",
    ):
        assert noted(raw, lambda nothing=nothing: raw.execute(nothing)) == []  # type: ignore[misc]


def test_a_removed_row_is_noted_where_it_was(raw: psycopg.Connection[Any], town: Installation) -> None:
    insert(raw, town, 2)
    remove = "DELETE FROM disaster.hydrant"
    assert noted(raw, lambda: raw.execute(remove)) == [("disaster.hydrant", None, 2, None)]


def test_an_emptied_table_and_very_many_rows_are_noted_as_anywhere(
    raw: psycopg.Connection[Any], town: Installation
) -> None:
    anywhere = [("disaster.hydrant", None, None, None)]
    assert noted(raw, lambda: insert(raw, town, MANY)) == [("disaster.hydrant", None, MANY, None)]
    assert noted(raw, lambda: raw.execute("TRUNCATE disaster.hydrant")) == anywhere
    assert noted(raw, lambda: insert(raw, town, MANY + 1)) == anywhere


def test_what_is_rolled_back_is_not_noted(raw: psycopg.Connection[Any], town: Installation) -> None:
    def try_and_give_up() -> None:
        with raw.transaction():
            insert(raw, town)
            raise psycopg.Rollback()

    assert noted(raw, try_and_give_up) == []


def test_a_copy_and_a_replicating_session_are_noted_too(
    raw: psycopg.Connection[Any], town: Installation
) -> None:
    def copy() -> None:
        with raw.cursor().copy("COPY disaster.hydrant (kind, geom) FROM STDIN") as stream:
            for x in (-40_000, -40_010):
                stream.write_row((1, f"SRID={town.city.srid};POINT({x} -27000)"))

    assert noted(raw, copy) == [("disaster.hydrant", None, 2, None)]
    enabled = raw.execute(
        "SELECT DISTINCT tgenabled FROM pg_trigger WHERE tgname LIKE 'gisapp\\_%' AND tgrelid = 'disaster.hydrant'::regclass"
    ).fetchall()
    assert enabled == [("A",)]  # always, whatever session_replication_role says


def test_a_publisher_needs_no_right_on_the_notes(town: Installation) -> None:
    with town.database.transaction("publisher_disaster") as connection:
        connection.exec_driver_sql("DELETE FROM disaster.hydrant")
        with pytest.raises(Exception, match="permission denied"):
            connection.exec_driver_sql(
                "INSERT INTO gisapp.tile_change (relation) VALUES ('disaster.hydrant')"
            )


def test_sync_finds_a_trigger_that_somebody_dropped_and_takes_nothing_for_known(
    raw: psycopg.Connection[Any], town: Installation
) -> None:
    assert sync(town) == []
    raw.execute("DROP TRIGGER gisapp_update ON disaster.hydrant")
    anywhere = [("disaster.hydrant", None, None, None)]
    said: list[str] = []
    assert noted(raw, lambda: said.extend(sync(town))) == anywhere
    assert said == ["note changes of disaster.hydrant"]
    raw.execute("ALTER TABLE disaster.hydrant DISABLE TRIGGER gisapp_insert")
    assert sync(town) == ["note changes of disaster.hydrant"]
    assert sync(town) == []
