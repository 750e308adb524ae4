"""A city whose layers are changed by loading, as the shell does it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from gisapp.audit.record import Who
from gisapp.installation import Installation
from gisapp.revisions.undo import Undone, undo_revision, undo_to
from tests.intake.conftest import ask, load_into
from tests.intake.files import feature, geojson, line

WHO = Who("tester", via="shell")


@pytest.fixture(scope="session")
def city(city_installation: Callable[[str], Installation]) -> Installation:
    return city_installation("musashimurayama")


@pytest.fixture(autouse=True)
def _empty(city: Installation) -> None:
    with city.database.transaction("owner") as connection:
        for table in (
            "roads.street",
            "city_planning.zoning",
            "history.roads__street",
            "history.city_planning__zoning",
        ):
            connection.execute(text("TRUNCATE " + table))
        connection.execute(text("DELETE FROM gisapp.revision"))


@pytest.fixture
def streets(city: Installation, tmp_path: Path) -> Callable[..., int]:
    """Replaces roads.street by the routes given (number → width) and returns the revision."""

    def load(_shift: int = 0, _mode: str = "replace", **widths: float | None) -> int:
        path = tmp_path / "streets.geojson"
        rows = [
            feature(line(n + _shift), 路線番号=name, 幅員=width)
            for n, (name, width) in enumerate(widths.items())
        ]
        return int(load_into(city, geojson(path, rows), "roads.street", mode=_mode).revision or 0)

    return load


@pytest.fixture
def whole(city: Installation) -> Callable[[], list[tuple[Any, ...]]]:
    """The layer as it is: every column but the revision, in the order of ids."""
    columns = [field.name for field in city.catalogue.layer("roads.street").fields]
    listed = ", ".join(["id", *columns, "ST_AsEWKT(geom)", "ST_AsEWKT(geom_web)"])
    return lambda: ask(city, f"SELECT {listed} FROM roads.street ORDER BY id")


@pytest.fixture
def undo(city: Installation) -> Callable[[int], Undone]:
    def go(number: int) -> Undone:
        with city.database.transaction("owner") as connection:
            return undo_revision(connection, city.catalogue, number, WHO)

    return go


@pytest.fixture
def go_back(city: Installation) -> Callable[[int], Undone]:
    def go(number: int) -> Undone:
        with city.database.transaction("owner") as connection:
            return undo_to(connection, city.catalogue.layer("roads.street"), number, WHO)

    return go
