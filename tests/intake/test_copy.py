"""COPY from Arrow, and whole layers filled by a generator."""

from __future__ import annotations

from typing import Any

import numpy as np
import psycopg
import pyarrow as pa
import pytest
import shapely
from sqlalchemy import text

from gisapp.installation import Installation
from gisapp.intake.copy import copy_rows, loading
from gisapp.intake.raw import raw_connection
from tests.intake.conftest import ask

POINTS = shapely.points(np.array([[-40000.0, -27000.0], [-40001.0, -27001.0], [-40002.0, -27002.0]]))
pytestmark = pytest.mark.usefixtures("empty_layers")


def test_no_value_and_an_empty_text_differ(city: Installation) -> None:
    names = np.array(['"引用"、コンマ,と\n改行\\', "", "NULL"], dtype=object)
    notes = np.array([None, "", "\\N"], dtype=object)
    with city.database.transaction("owner") as connection:
        raw = raw_connection(connection)
        copy_rows(raw, "disaster.shelter", {"name": names, "note": notes}, POINTS, 6677, 7)
    assert ask(city, "SELECT name, note, revision FROM disaster.shelter ORDER BY id") == [
        ('"引用"、コンマ,と\n改行\\', None, 7),
        ("", "", 7),
        ("NULL", "\\N", 7),
    ]


def test_numbers_flags_and_dates_arrive_as_they_are(city: Installation) -> None:
    columns: dict[str, Any] = {
        "name": np.array(["a", "b", "c"]),
        "capacity": pa.array([2**53 + 1, None, 3]),
        "elevation": np.array([0.1, np.nan, -1e-300]),
        "hazard_flood": np.array([True, False, True]),
    }
    with city.database.transaction("owner") as connection:
        copy_rows(raw_connection(connection), "disaster.shelter", columns, POINTS, 6677, 1)
    assert ask(city, "SELECT capacity, elevation, hazard_flood FROM disaster.shelter ORDER BY id") == [
        (2**53 + 1, 0.1, True),
        (None, None, False),
        (3, -1e-300, True),
    ]


def test_geometry_arrives_to_the_last_bit(city: Installation) -> None:
    exact = shapely.points(np.array([[-40000.123456789012, -27000.1], [1 / 3, 2 / 3], [1e-9, -1e9]]))
    with city.database.transaction("owner") as connection:
        copy_rows(
            raw_connection(connection),
            "disaster.shelter",
            {"name": np.array(["a", "b", "c"])},
            exact,
            6677,
            1,
        )
    found = [bytes(row[0]) for row in ask(city, "SELECT ST_AsBinary(geom) FROM disaster.shelter ORDER BY id")]
    assert found == list(shapely.to_wkb(exact))


def test_shapes_of_several_types_and_none_arrive_with_their_system(city: Installation) -> None:
    kinds = [shapely.Point(1, 2), shapely.box(0, 0, 1, 1), None, shapely.Point(1, 2, 3), shapely.Polygon()]
    with city.database.transaction("owner") as connection:
        raw = raw_connection(connection)
        raw.execute("CREATE TEMPORARY TABLE shapes (n bigint, geom geometry) ON COMMIT DROP")
        for number, some in enumerate(([kinds[1], kinds[2], kinds[4]], kinds)):  # of one type; of several
            count = np.full(len(some), number)
            copy_rows(raw, "pg_temp.shapes", {"n": count}, np.array(some, dtype=object), 6677)
        found = raw.execute("SELECT ST_AsText(geom), ST_SRID(geom) FROM shapes ORDER BY n, ctid").fetchall()
    box, empty, point = "POLYGON((1 0,1 1,0 1,0 0,1 0))", ("POLYGON EMPTY", 6677), ("POINT(1 2)", 6677)
    several = [point, (box, 6677), (None, None), ("POINT Z (1 2 3)", 6677), empty]
    assert found == [(box, 6677), (None, None), empty, *several]


def test_a_wrong_row_loses_the_whole_transaction(city: Installation) -> None:
    lines = np.array([shapely.LineString([(0, 0), (1, 1)])])
    with pytest.raises(psycopg.Error), city.database.transaction("owner") as connection:
        raw = raw_connection(connection)
        copy_rows(raw, "disaster.shelter", {"name": np.array(["a", "b", "c"])}, POINTS, 6677, 1)
        copy_rows(raw, "disaster.shelter", {"name": np.array(["x"])}, lines, 6677, 1)
    assert ask(city, "SELECT count(*) FROM disaster.shelter") == [(0,)]


def test_filling_layers_anew_empties_them_first_and_builds_their_indexes(city: Installation) -> None:
    for names in (["a", "b", "c"], ["d", "e", "f"]):
        with city.database.transaction("owner") as connection, loading(connection, city, "generator") as load:
            load.add("disaster.shelter", POINTS[:2], {"name": np.array(names[:2])})
            load.add("disaster.shelter", POINTS[2:], {"name": np.array(names[2:])})
        assert load.rows == 3 and list(load.layers) == ["disaster.shelter"]
    assert ask(city, "SELECT array_agg(name ORDER BY id), min(id) FROM disaster.shelter") == [
        (["d", "e", "f"], 1)
    ]
    indexes = "SELECT count(*) FROM pg_indexes WHERE schemaname = 'disaster' AND tablename = 'shelter' AND indexdef LIKE '%gist%'"
    assert ask(city, indexes) == [(2,)]


def test_what_a_generator_began_and_did_not_finish_is_not_there(city: Installation) -> None:
    with pytest.raises(RuntimeError), city.database.transaction("owner") as connection:
        connection.execute(text("SELECT 1"))
        with loading(connection, city, "generator") as load:
            load.add("disaster.shelter", POINTS, {"name": np.array(["a", "b", "c"])})
            raise RuntimeError("stopped")
    assert ask(city, "SELECT count(*) FROM disaster.shelter") == [(0,)]
