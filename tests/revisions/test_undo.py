"""Every publish can be undone exactly: the same rows under the same ids, as a revision of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from gisapp import errors
from gisapp.installation import Installation
from gisapp.revisions.forget import forget_old_history
from gisapp.revisions.queries import rows_of
from gisapp.revisions.undo import Undone, undo_revision
from tests.intake.conftest import ask, load_into
from tests.intake.files import feature, geojson, line, square
from tests.revisions.conftest import WHO

Streets = Callable[..., int]
Undo = Callable[[int], Undone]
Whole = Callable[[], list[tuple[Any, ...]]]


def test_undoing_brings_rows_ids_and_shapes_back(streets: Streets, whole: Whole, undo: Undo) -> None:
    streets(a=1.0, b=2.0, c=None)
    before = whole()
    second = streets(_shift=3, b=2.5, c=None, d=4.0)
    assert whole() != before
    done = undo(second)
    assert whole() == before
    assert done.undid == (second,) and done.revision > second
    assert done.difference == {"added": 1, "changed": 2, "removed": 1}


def test_an_undo_is_a_revision_and_can_itself_be_undone(
    city: Installation, streets: Streets, whole: Whole, undo: Undo
) -> None:
    streets(a=1.0, b=2.0)
    second = streets(b=3.0, c=1.0)
    after = whole()
    done = undo(second)
    ((layer, who, what, kept),) = ask(
        city, "SELECT layer, who, what, kept FROM gisapp.revision WHERE id = :id", id=done.revision
    )
    assert (layer, who, kept) == ("roads.street", "tester", True)
    assert what == {"mode": "undo", "undid": [second], "added": 1, "changed": 1, "removed": 1}
    assert undo(done.revision).difference == {"added": 1, "changed": 1, "removed": 1}
    assert whole() == after


def test_only_rows_that_were_touched_get_a_new_revision(
    city: Installation, streets: Streets, undo: Undo
) -> None:
    first = streets(a=1.0, b=2.0)
    done = undo(streets(a=1.0, b=9.0))
    found = ask(city, "SELECT route_number, revision FROM roads.street ORDER BY 1")
    assert found == [("a", first), ("b", done.revision)]


def test_the_first_load_is_undone_to_nothing(streets: Streets, whole: Whole, undo: Undo) -> None:
    done = undo(streets(a=1.0, b=2.0))
    assert whole() == [] and done.difference == {"added": 0, "changed": 0, "removed": 2}


def test_a_revision_that_later_ones_built_on_is_refused_and_they_are_named(
    streets: Streets, whole: Whole, undo: Undo
) -> None:
    first = streets(a=1.0, b=2.0)
    second = streets(a=1.5, b=2.0)
    third = streets(a=1.6, b=2.0)
    before = whole()
    with pytest.raises(errors.RevisionBuiltOn) as refusal:
        undo(second)
    assert str(third) in refusal.value.sentence("ja") and str(third) in refusal.value.sentence("en")
    assert f"--to {first}" in refusal.value.remedy("ja") and whole() == before


def test_a_revision_of_other_rows_is_undone_beside_later_ones(
    city: Installation, streets: Streets, undo: Undo
) -> None:
    streets(a=1.0, b=2.0)
    second = streets(a=1.5, b=2.0)
    streets(a=1.5, b=2.5)
    undo(second)
    assert ask(city, "SELECT route_number, width FROM roads.street ORDER BY 1") == [("a", 1.0), ("b", 2.5)]


def test_a_key_that_was_taken_again_is_built_on(streets: Streets, undo: Undo) -> None:
    streets(a=1.0, b=2.0)
    second = streets(a=1.0)
    third = streets(a=1.0, b=7.0)
    with pytest.raises(errors.RevisionBuiltOn) as refusal:
        undo(second)
    assert str(third) in refusal.value.sentence("en")


def test_an_addition_that_was_changed_later_is_built_on(streets: Streets, undo: Undo) -> None:
    streets(a=1.0)
    second = streets(a=1.0, b=2.0)
    streets(a=1.0, b=3.0)
    with pytest.raises(errors.RevisionBuiltOn):
        undo(second)


def test_going_back_undoes_all_later_revisions_in_one(
    city: Installation, streets: Streets, whole: Whole, go_back: Undo
) -> None:
    streets(a=1.0, b=2.0, c=3.0)
    first = streets(a=1.1, b=2.0, c=3.0)
    before = whole()
    later = [streets(a=1.2, c=3.0, d=4.0), streets(a=1.3, b=8.0, d=5.0), streets(_shift=2, e=1.0, d=6.0)]
    done = go_back(first)
    assert whole() == before and done.undid == tuple(later)
    assert ask(city, "SELECT count(*) FROM gisapp.revision WHERE what ? 'undid'") == [(1,)]
    assert go_back(done.revision - 1).undid == (done.revision,)
    assert ask(city, "SELECT route_number FROM roads.street ORDER BY 1") == [("d",), ("e",)]


def test_going_back_to_the_newest_is_nothing(streets: Streets, go_back: Undo) -> None:
    number = streets(a=1.0)
    with pytest.raises(errors.NothingToUndo):
        go_back(number)


def test_a_layer_without_a_key_is_undone_too(city: Installation, undo: Undo, tmp_path: Path) -> None:
    state = "SELECT id, use, ST_AsText(geom) FROM city_planning.zoning ORDER BY id"
    field = city.catalogue.layer("city_planning.zoning").fields[0].name
    state = state.replace("use", field)
    zones = [feature(square(n), 用途地域分類コード=1) for n in (1, 2, 2, 3)]
    load_into(city, geojson(tmp_path / "a.geojson", zones), "city_planning.zoning")
    before = ask(city, state)
    other = [feature(square(n), 用途地域分類コード=code) for n, code in ((2, 2), (3, 1), (4, 1))]
    report = load_into(city, geojson(tmp_path / "b.geojson", other), "city_planning.zoning")
    assert report.difference == {"added": 1, "changed": 1, "removed": 2, "unchanged": 1}
    undo(report.revision or 0)
    assert ask(city, state) == before


def test_undoing_is_audited_and_tiles_forget_what_it_changed(
    city: Installation, streets: Streets, undo: Undo
) -> None:
    streets(a=1.0, b=2.0)
    second = streets(a=1.0, b=3.0)
    (newest,) = ask(city, "SELECT max(id) FROM gisapp.tile_change")[0]
    done = undo(second)
    notes = ask(city, "SELECT relation, columns FROM gisapp.tile_change WHERE id > :id", id=newest)
    assert notes == [("roads.street", ["width"])]
    ((login, details),) = ask(
        city, "SELECT login, details FROM gisapp.audit_entry WHERE what = 'undone' ORDER BY id DESC LIMIT 1"
    )
    assert login == "tester" and details["revision"] == done.revision and details["undid"] == [second]


def test_what_is_older_than_the_retention_cannot_be_undone_any_more(
    city: Installation, streets: Streets, undo: Undo
) -> None:
    streets(a=1.0)
    second = streets(a=2.0)
    with city.database.transaction("owner") as connection:
        connection.execute(
            text("UPDATE gisapp.revision SET at = now() - interval '11 days' WHERE id = :id"), {"id": second}
        )
        raw = connection.connection.dbapi_connection
        assert forget_old_history(raw, city.catalogue, 10) == 1  # type: ignore[arg-type]
    assert ask(city, "SELECT count(*) FROM history.roads__street") == [(0,)]
    with pytest.raises(errors.RevisionNotKept) as refusal:
        undo(second)
    assert str(second) in refusal.value.sentence("en")


def test_a_revision_says_what_it_changed_row_by_row(city: Installation, streets: Streets) -> None:
    streets(a=1.0, b=2.0, c=3.0)
    second = streets(a=1.0, b=2.5, d=4.0)
    streets(a=1.0, b=9.0, d=4.0)
    layer = city.catalogue.layer("roads.street")
    with city.database.transaction("owner") as connection:
        raw = connection.connection.dbapi_connection
        found = rows_of(raw, layer, second, ["route_number", "width"])  # type: ignore[arg-type]
    said = {row.what: (row.before, row.after) for row in found}
    assert said["changed"] == ({"route_number": "b", "width": 2.0}, {"route_number": "b", "width": 2.5})
    assert said["removed"] == ({"route_number": "c", "width": 3.0}, None)
    assert said["added"] == (None, {"route_number": "d", "width": 4.0})
    assert next(row for row in found if row.what == "changed").fields() == ["width"]


def test_two_people_who_undo_the_same_at_once_undo_it_once(
    city: Installation, streets: Streets, whole: Whole
) -> None:
    streets(a=1.0, b=2.0)
    before = whole()
    second = streets(a=5.0)
    said: list[object] = []

    def go() -> None:
        try:
            with city.database.transaction("owner") as connection:
                said.append(undo_revision(connection, city.catalogue, second, WHO))
        except errors.GisappError as error:
            said.append(error)

    threads = [threading.Thread(target=go) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(type(one).__name__ for one in said) == ["RevisionBuiltOn"] * 3 + ["Undone"]
    assert whole() == before


def test_the_department_reads_its_layers_history_and_others_do_not(
    city: Installation, streets: Streets
) -> None:
    streets(a=1.0)
    streets(a=2.0)
    with city.database.transaction("aud_roads") as connection:
        assert connection.execute(text("SELECT width FROM history.roads__street")).scalars().all() == [1.0]
    for role in ("aud_tax", "aud_public", "app", "publisher_roads"):
        with (
            pytest.raises(Exception, match="permission denied"),
            city.database.transaction(role) as connection,
        ):
            connection.execute(text("SELECT width FROM history.roads__street"))


def test_rows_of_lines_are_the_same_after_a_trial(
    city: Installation, streets: Streets, whole: Whole, tmp_path: Path
) -> None:
    streets(a=1.0)
    before = whole()
    load_into(
        city, geojson(tmp_path / "t.geojson", [feature(line(3), 路線番号="z")]), "roads.street", dry_run=True
    )
    assert whole() == before and ask(city, "SELECT count(*) FROM history.roads__street") == [(0,)]
