"""A layer with a row rule: publishing and undoing keep the copy of open rows, which outsiders read, in step with the layer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gisapp.installation import Installation
from gisapp.revisions.undo import Undone, undo_to
from tests.intake.conftest import ask, load_into
from tests.intake.files import feature, geojson, line
from tests.revisions.conftest import WHO

Works = Callable[..., int]
PLANNED, OPEN = 0, 2


@pytest.fixture
def works(city: Installation, tmp_path: Path) -> Iterator[Works]:
    """Loads road works (number → state) in place of those that are there, and returns the revision."""

    def load(_mode: str = "replace", **states: int | None) -> int:
        rows = [
            feature(line(n), 工事番号=name, 工事名=f"工事{name}", 状態=state)
            for n, (name, state) in enumerate(states.items())
        ]
        report = load_into(city, geojson(tmp_path / "works.geojson", rows), "roads.road_work", mode=_mode)
        return int(report.revision or 0)

    ask_nothing(city, "TRUNCATE roads.road_work, history.roads__road_work")
    yield load
    ask_nothing(city, "TRUNCATE roads.road_work, history.roads__road_work")


def ask_nothing(city: Installation, statement: str) -> None:
    with city.database.transaction("owner") as connection:
        connection.exec_driver_sql(statement)


def go_back(city: Installation, number: int) -> None:
    with city.database.transaction("owner") as connection:
        undo_to(connection, city.catalogue.layer("roads.road_work"), number, WHO)


def outsiders_see(city: Installation) -> set[str]:
    """The numbers that everybody may read, with the columns of the layer itself."""
    listed = [
        {
            tuple(row)
            for row in ask(city, f"SELECT id, work_number, status, ST_AsEWKT(geom_web) FROM {of} {open}")
        }
        for of, open in (
            ("roads.road_work_for_public", ""),
            ("roads.road_work", "WHERE status IN (1, 2, 3)"),
        )
    ]
    assert listed[0] == listed[1]
    return {number for _, number, _, _ in listed[0]}


def test_publishing_and_undoing_show_outsiders_what_is_open_and_no_draft(
    city: Installation, works: Works, undo: Callable[[int], Undone]
) -> None:
    first = works(a=OPEN, b=PLANNED, c=OPEN, d=None)  # straight into the empty layer
    assert outsiders_see(city) == {"a", "c"}
    works(a=PLANNED, b=OPEN, e=OPEN, f=PLANNED)
    assert outsiders_see(city) == {"b", "e"}
    third = works(_mode="upsert", e=PLANNED, f=OPEN)
    assert outsiders_see(city) == {"b", "f"}
    undo(third)
    assert outsiders_see(city) == {"b", "e"}
    go_back(city, first)
    assert outsiders_see(city) == {"a", "c"}
    assert ask(city, "SELECT count(*) FROM roads.road_work") == [(4,)]
    go_back(city, 0)
    assert outsiders_see(city) == set()
