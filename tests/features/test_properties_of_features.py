"""What is selected of a feature: the fields that were asked for, whatever they are called."""

from __future__ import annotations

import pytest
from psycopg import sql

from gisapp.features import expressions
from gisapp.installation import Installation


@pytest.mark.parametrize("names", [(), ("p",), ("p", "q"), ("q", "f"), ("p", "日本")])
def test_properties_are_all_fields_by_their_names(installation: Installation, names: tuple[str, ...]) -> None:
    columns = [
        sql.SQL("{} AS {}").format(sql.Literal(n), sql.Identifier(name)) for n, name in enumerate(names)
    ]
    asked = sql.SQL("SELECT {} FROM (SELECT {}) AS f").format(
        expressions.properties(names), sql.SQL(", ").join(columns)
    )
    with installation.database.reading("aud_public") as connection:
        raw = connection.connection.dbapi_connection
        (found,) = raw.execute(asked).fetchone()  # type: ignore[union-attr]
    assert found == {name: n for n, name in enumerate(names)}
