"""What becomes of a layer's rows: replaced, added to or updated; all or nothing; one revision."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import shapely
from sqlalchemy import text

from gisapp import errors
from gisapp.installation import Installation
from gisapp.intake.load import Order, load_file
from gisapp.intake.options import Options
from gisapp.intake.progress import Progress
from tests.intake.conftest import Load, ask, load_into
from tests.intake.files import feature, geojson, line, square

Rows = Callable[..., list[tuple[Any, ...]]]
pytestmark = pytest.mark.usefixtures("empty_layers")


def streets(path: Path, **widths: float | None) -> Path:
    """Streets r1, r2 … with their widths; the shape of each depends on its number only."""
    return geojson(
        path, [feature(line(int(name[1:])), 路線番号=name, 幅員=width) for name, width in widths.items()]
    )


def test_rows_that_are_the_same_keep_their_id_and_revision(load: Load, rows: Rows, tmp_path: Path) -> None:
    first = load(streets(tmp_path / "a.geojson", r1=4.0, r2=5.0, r3=None), "roads.street")
    before = {
        number: (id_, revision)
        for number, id_, revision in rows("SELECT route_number, id, revision FROM roads.street")
    }
    second = load(streets(tmp_path / "b.geojson", r1=4.0, r2=5.5, r4=1.0), "roads.street")
    assert second.difference == {"added": 1, "changed": 1, "removed": 1, "unchanged": 1}
    after = {
        number: (id_, revision)
        for number, id_, revision in rows("SELECT route_number, id, revision FROM roads.street")
    }
    assert set(after) == {"r1", "r2", "r4"} and after["r1"] == before["r1"] == (
        before["r1"][0],
        first.revision,
    )
    assert after["r2"] == (before["r2"][0], second.revision) and after["r4"][1] == second.revision


def test_a_moved_shape_is_a_change(load: Load, rows: Rows, tmp_path: Path) -> None:
    load(geojson(tmp_path / "a.geojson", [feature(line(1), 路線番号="r1")]), "roads.street")
    moved = shapely.transform(line(1), lambda xy: xy + [1e-7, 0])
    assert (
        load(geojson(tmp_path / "b.geojson", [feature(moved, 路線番号="r1")]), "roads.street").difference[
            "changed"
        ]
        == 1
    )  # type: ignore[index]


def test_upsert_leaves_other_rows_alone(load: Load, rows: Rows, tmp_path: Path) -> None:
    load(streets(tmp_path / "a.geojson", r1=4.0, r2=5.0, r3=None), "roads.street")
    report = load(streets(tmp_path / "b.geojson", r2=5.5, r3=None, r4=1.0), "roads.street", mode="upsert")
    assert report.difference == {"added": 1, "changed": 1, "removed": 0, "unchanged": 2}
    assert rows("SELECT route_number, width FROM roads.street ORDER BY 1") == [
        ("r1", 4.0),
        ("r2", 5.5),
        ("r3", None),
        ("r4", 1.0),
    ]


def test_append_adds(load: Load, rows: Rows, tmp_path: Path) -> None:
    load(streets(tmp_path / "a.geojson", r1=4.0), "roads.street")
    assert load(streets(tmp_path / "b.geojson", r2=5.0), "roads.street", mode="append").difference == {
        "added": 1, "changed": 0, "removed": 0, "unchanged": 1,
    }  # fmt: skip


def test_upsert_needs_a_key_in_every_row(load: Load, tmp_path: Path) -> None:
    load(geojson(tmp_path / "a.geojson", [feature(square(1), 建物ID="1")]), "base.building")
    with pytest.raises(errors.FileRefused) as refusal:
        load(
            geojson(tmp_path / "b.geojson", [feature(square(1), 建物ID="1"), feature(square(2))]),
            "base.building",
            mode="upsert",
        )
    assert refusal.value.values["outcome"].findings.rows_of("missing_key") == 1  # type: ignore[attr-defined]


def test_without_a_key_rows_are_matched_by_all_they_hold(load: Load, rows: Rows, tmp_path: Path) -> None:
    zones = [feature(square(n), 用途地域分類コード=1) for n in (1, 2, 2, 3)]
    load(geojson(tmp_path / "a.geojson", zones), "city_planning.zoning")
    before = {row for row in rows("SELECT id FROM city_planning.zoning")}
    report = load(
        geojson(tmp_path / "b.geojson", [*zones[1:], feature(square(2), 用途地域分類コード=2)]),
        "city_planning.zoning",
    )
    assert report.difference == {"added": 1, "changed": 0, "removed": 1, "unchanged": 3}
    assert len(before & set(rows("SELECT id FROM city_planning.zoning"))) == 3


def test_every_load_is_one_revision_that_says_who_and_what(load: Load, rows: Rows, tmp_path: Path) -> None:
    report = load(streets(tmp_path / "a.geojson", r1=4.0, r2=5.0), "roads.street")
    ((layer, who, what),) = rows(
        "SELECT layer, who, what FROM gisapp.revision WHERE id = :id", id=report.revision
    )
    assert (layer, who) == ("roads.street", "test")
    assert what == {
        "file": "a.geojson",
        "mode": "replace",
        "rows": 2,
        "added": 2,
        "changed": 0,
        "removed": 0,
        "unchanged": 0,
    }


def test_a_trial_run_reports_the_same_and_changes_nothing(load: Load, rows: Rows, tmp_path: Path) -> None:
    load(streets(tmp_path / "a.geojson", r1=4.0), "roads.street")
    before = rows("SELECT t::text, (SELECT count(*) FROM gisapp.revision) FROM roads.street AS t")
    report = load(streets(tmp_path / "b.geojson", r1=5.0, r2=1.0), "roads.street", dry_run=True)
    assert report.ok and report.revision is None
    assert report.difference == {"added": 1, "changed": 1, "removed": 0, "unchanged": 0}
    assert rows("SELECT t::text, (SELECT count(*) FROM gisapp.revision) FROM roads.street AS t") == before


def test_the_tile_geometry_follows(load: Load, rows: Rows, tmp_path: Path) -> None:
    load(streets(tmp_path / "a.geojson", r1=4.0), "roads.street")
    assert rows("SELECT ST_Equals(geom_web, ST_Transform(geom, 3857)) FROM roads.street") == [(True,)]


def test_two_loads_at_once_never_mix(city: Installation, tmp_path: Path) -> None:
    one = geojson(tmp_path / "one.geojson", [feature(line(n), 路線番号=f"a{n}") for n in range(500)])
    other = geojson(tmp_path / "other.geojson", [feature(line(n), 路線番号=f"b{n}") for n in range(400)])
    failures: list[BaseException] = []

    def go(path: Path) -> None:
        try:
            load_into(city, path, "roads.street")
        except BaseException as error:
            failures.append(error)

    for _ in range(3):
        threads = [threading.Thread(target=go, args=(path,)) for path in (one, other)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        found = ask(city, "SELECT left(route_number, 1), count(*) FROM roads.street GROUP BY 1")
        assert found in ([("a", 500)], [("b", 400)])
    assert not failures


def test_readers_read_on_while_a_layer_is_replaced(city: Installation, tmp_path: Path) -> None:
    load_into(city, streets(tmp_path / "a.geojson", r1=4.0), "roads.street")
    seen: list[Any] = []

    def look(done: int, total: int | None) -> None:
        seen.append(ask(city, "SELECT width FROM roads.street"))

    order = Order(
        streets(tmp_path / "b.geojson", r1=9.0),
        "b.geojson",
        city.catalogue.layer("roads.street"),
        Options(),
        "test",
    )

    def look_late(connection: Any, report: Any) -> None:
        look(0, None)

    load_file(city, order, progress=Progress(rows=look), before_commit=look_late)
    assert seen == [[(4.0,)], [(4.0,)]] and ask(city, "SELECT width FROM roads.street") == [(9.0,)]


def test_a_database_that_does_not_fit_the_folders_yet_says_what_to_run(
    city: Installation, tmp_path: Path
) -> None:
    path = streets(tmp_path / "a.geojson", r1=4.0)
    layer = replace(city.catalogue.layer("roads.street"), id="roads.not_synced", name="not_synced")
    with pytest.raises(errors.NotMigrated):
        load_file(city, Order(path, path.name, layer, Options(), "test"))


def test_what_only_the_database_refuses_is_a_sentence_too(
    city: Installation, load: Load, tmp_path: Path
) -> None:
    with city.database.transaction("owner") as connection:
        connection.execute(text("ALTER TABLE roads.street ADD CONSTRAINT narrow CHECK (width < 100)"))
    try:
        with pytest.raises(errors.FileRefused) as refusal:
            load(streets(tmp_path / "a.geojson", r1=400.0), "roads.street")
    finally:
        with city.database.transaction("owner") as connection:
            connection.execute(text("ALTER TABLE roads.street DROP CONSTRAINT narrow"))
    assert refusal.value.values["problem"] == "database_refused" and "narrow" not in refusal.value.sentence(
        "en"
    )
