"""Long statements that are planned once a connection: their rows, and what is said when they fail."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from gisapp import errors
from gisapp.db import Database
from gisapp.installation import Installation


def test_a_statement_is_planned_once_for_all_values(city_installation: Callable[[str], Installation]) -> None:
    database: Database = city_installation("sample").database
    asked = "SELECT $1::float8 + $2::float8 AS sum"
    assert [database.rows_by_one_plan("aud_public", asked, (n, 1.0))[0].sum for n in (1.0, 2.0, 3.0)] == [
        2,
        3,
        4,
    ]
    with database.engine("aud_public", " -c plan_cache_mode=force_generic_plan").connect() as connection:
        held = "SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE statement = %s"
        assert tuple(connection.exec_driver_sql(held, (asked,)).one()) == (3, 0)


def test_what_takes_too_long_or_is_not_there_is_said_as_for_other_statements(
    city_installation: Callable[[str], Installation],
) -> None:
    here: Installation = city_installation("sample")
    hasty = Database(here.database.address, here.database._secret, statement_timeout_ms=100)
    try:
        with pytest.raises(errors.TooSlow):
            hasty.rows_by_one_plan("aud_public", "SELECT pg_sleep($1::float8)", (5.0,))
        with pytest.raises(errors.NotMigrated):
            hasty.rows_by_one_plan("aud_public", "SELECT $1::float8 FROM base.no_such_layer", (1.0,))
        assert hasty.rows_by_one_plan("aud_public", "SELECT $1::float8 AS n", (1.0,))[0].n == 1
        gone = Database(dataclasses.replace(here.database.address, host="/nowhere"), here.database._secret)
        with pytest.raises(errors.DatabaseAway):
            gone.rows_by_one_plan("aud_public", "SELECT $1::float8", (1.0,))
    finally:
        hasty.close()
