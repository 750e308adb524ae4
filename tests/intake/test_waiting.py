"""Uploads that wait for a person: staged rows, their difference to the layer, repairs, publishing and undoing."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import shapely
from sqlalchemy import text

from gisapp.installation import Installation
from gisapp.intake import process
from gisapp.intake.process import process_upload
from gisapp.intake.uploads import forget_old_uploads
from tests.intake.conftest import ask, load_into
from tests.intake.files import LAT, LON, feature, geojson, line, square
from tests.intake.waiter import Waiting, streets

pytestmark = pytest.mark.usefixtures("empty_layers")
STAGED = "SELECT count(*) FROM pg_class WHERE relnamespace = 'staging'::regnamespace AND relkind = 'r'"


def test_the_difference_says_which_fields_changed_from_what_to_what(
    city: Installation, waiting: Waiting, tmp_path: Path
) -> None:
    load_into(city, streets(tmp_path / "a.geojson", a=1.0, b=2.0, c=3.0), "roads.street")
    upload_id = waiting.send(streets(tmp_path / "b.geojson", a=1.0, b=2.5, d=4.0))
    found = waiting.get(upload_id).json
    assert found["state"] == "checked" and found["can"] == ["publish", "check", "discard"]
    assert found["difference"] == {"added": 1, "changed": 1, "removed": 1, "unchanged": 1}
    table = waiting.get(upload_id, "/difference").json
    rows = {row["what"]: row for row in table["rows"]}
    assert set(rows) == {"added", "changed", "removed"} and not table["more"]
    assert rows["changed"]["fields"] == ["width"] and not rows["changed"]["moved"]
    assert (rows["changed"]["before"]["width"], rows["changed"]["after"]["width"]) == (2.0, 2.5)
    assert rows["added"]["before"] is None and rows["removed"]["after"] is None
    assert waiting.get(upload_id, "/difference?what=changed&limit=1&page=2").json["rows"] == []
    shapes = waiting.get(upload_id, "/difference.geojson?lang=en").json["features"]
    assert sorted(f["properties"]["what"] for f in shapes) == ["added", "changed", "removed"]
    lon, lat = shapes[0]["geometry"]["coordinates"][0][0]
    assert abs(lon - LON) < 0.01 and abs(lat - LAT) < 0.01
    assert ask(city, "SELECT width FROM roads.street WHERE route_number = 'b'") == [(2.0,)]


def test_publishing_takes_the_staged_rows_without_reading_the_file_again(
    city: Installation, waiting: Waiting, tmp_path: Path
) -> None:
    load_into(city, streets(tmp_path / "a.geojson", a=1.0, b=2.0), "roads.street")
    upload_id = waiting.send(streets(tmp_path / "b.geojson", a=1.0, b=9.0))
    (city.settings.home / "uploads" / upload_id / "file").write_bytes(b"no longer the file")
    found = waiting.post(upload_id, "publish")
    assert found["state"] == "published" and found["report"]["difference"]["changed"] == 1
    assert ask(city, "SELECT width FROM roads.street ORDER BY 1") == [(1.0,), (9.0,)]
    assert ask(city, STAGED) == [(0,)] and waiting.get(upload_id, "/difference").status_code == 409


def test_how_far_publishing_is_can_be_read_while_it_goes_on(
    city: Installation, waiting: Waiting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_into(city, streets(tmp_path / "a.geojson", a=1.0), "roads.street")
    upload_id = waiting.send(streets(tmp_path / "b.geojson", a=2.0, b=1.0))
    seen: list[tuple[str, float]] = []
    noting = process._publishing

    def looked_at(*words: Any) -> Callable[[float], None]:
        def tell(share: float) -> None:
            noting(*words)(share)
            found = waiting.get(upload_id).json
            seen.append((found["state"], found["done"]))

        return tell

    monkeypatch.setattr(process, "_publishing", looked_at)
    assert waiting.post(upload_id, "publish")["state"] == "published"
    assert seen == [("publishing", share) for share in (0.0, 0.3, 0.8, 0.95)]


def test_what_was_published_is_undone_by_its_upload(
    city: Installation, waiting: Waiting, tmp_path: Path
) -> None:
    load_into(city, streets(tmp_path / "a.geojson", a=1.0, b=2.0), "roads.street")
    before = ask(city, "SELECT id, route_number, width FROM roads.street ORDER BY id")
    upload_id = waiting.send(streets(tmp_path / "b.geojson", b=9.0, c=1.0))
    assert waiting.post(upload_id, "publish")["can"] == ["undo"]
    assert waiting.post(upload_id, "undo")["state"] == "undone"
    assert ask(city, "SELECT id, route_number, width FROM roads.street ORDER BY id") == before


def test_an_undo_that_cannot_be_is_said_and_the_upload_stays_published(
    city: Installation, waiting: Waiting, tmp_path: Path
) -> None:
    upload_id = waiting.send(streets(tmp_path / "a.geojson", a=1.0))
    waiting.post(upload_id, "publish")
    later = load_into(city, streets(tmp_path / "b.geojson", a=2.0), "roads.street").revision
    found = waiting.post(upload_id, "undo")
    assert found["state"] == "published" and str(later) in found["notice"]["ja"]
    assert ask(city, "SELECT width FROM roads.street") == [(2.0,)]


@pytest.mark.parametrize("directly", [False, True])
def test_a_layer_that_changed_meanwhile_is_told_and_compared_anew(
    city: Installation, waiting: Waiting, tmp_path: Path, directly: bool
) -> None:
    load_into(city, streets(tmp_path / "a.geojson", a=1.0, b=2.0), "roads.street")
    upload_id = waiting.send(streets(tmp_path / "b.geojson", a=1.0, b=9.0))
    if directly:
        ask(city, "UPDATE roads.street SET width = 5 WHERE route_number = 'a' RETURNING 1")
    else:
        load_into(city, streets(tmp_path / "c.geojson", a=5.0, b=2.0), "roads.street")
    found = waiting.post(upload_id, "publish")
    assert found["state"] == "checked" and found["notice"]["code"] == "layer_changed"
    assert found["difference"]["changed"] == 2 and ("test" in found["notice"]["ja"]) is not directly
    assert ask(city, "SELECT width FROM roads.street ORDER BY route_number") == [(5.0,), (2.0,)]
    assert waiting.post(upload_id, "publish")["state"] == "published"
    assert ask(city, "SELECT width FROM roads.street ORDER BY route_number") == [(1.0,), (9.0,)]


def test_who_says_anyway_publishes_over_what_changed(
    city: Installation, waiting: Waiting, tmp_path: Path
) -> None:
    load_into(city, streets(tmp_path / "a.geojson", a=1.0), "roads.street")
    upload_id = waiting.send(streets(tmp_path / "b.geojson", a=9.0))
    load_into(city, streets(tmp_path / "c.geojson", a=5.0, z=1.0), "roads.street")
    found = waiting.post(upload_id, "publish", anyway="1")
    assert found["state"] == "published"
    assert found["difference"] == {"added": 0, "changed": 1, "removed": 1, "unchanged": 0}
    assert ask(city, "SELECT width FROM roads.street") == [(9.0,)]


def bow_tie(n: int) -> Any:
    west, south, east, north = square(n).bounds
    return shapely.Polygon([(west, south), (east, north), (east, south), (west, north)])


def test_repairs_are_listed_before_and_after_and_can_be_declined(
    city: Installation, waiting: Waiting, tmp_path: Path
) -> None:
    load_into(
        city,
        geojson(tmp_path / "a.geojson", [feature(square(n), 建物ID=f"{n}") for n in (1, 2)]),
        "base.building",
    )
    before = ask(city, "SELECT id, ST_AsText(geom) FROM base.building WHERE building_id = '1'")
    rows = [feature(bow_tie(1), 建物ID="1"), feature(square(3), 建物ID="2"), feature(bow_tie(4), 建物ID="4")]
    upload_id = waiting.send(geojson(tmp_path / "b.geojson", rows), "base.building")
    found = waiting.get(upload_id, "/repairs?code=invalid_geometry").json
    assert found["kinds"] == [{"code": "invalid_geometry", "rows": 2, "shapes": True, "declined": False}]
    first = found["rows"][0]
    assert first["row"] == 1 and first["before"]["type"].endswith("Polygon") and first["area_after"] > 0
    assert abs(first["area_before"]) < first["area_after"]
    assert waiting.get(upload_id).json["difference"] == {
        "added": 1,
        "changed": 2,
        "removed": 0,
        "unchanged": 0,
    }
    (city.settings.home / "uploads" / upload_id / "file").write_bytes(b"not read again")
    declined = waiting.post(upload_id, "check", decline="invalid_geometry")
    assert declined["difference"] == {"added": 0, "changed": 1, "removed": 0, "unchanged": 1}
    assert waiting.get(upload_id, "/repairs").json["kinds"][0]["declined"]
    assert waiting.post(upload_id, "publish")["state"] == "published"
    assert ask(city, "SELECT building_id FROM base.building ORDER BY 1") == [("1",), ("2",)]
    assert ask(city, "SELECT id, ST_AsText(geom) FROM base.building WHERE building_id = '1'") == before


def test_a_file_whose_reference_system_is_not_said_asks_and_is_checked_again_without_being_sent(
    city: Installation, waiting: Waiting, tmp_path: Path
) -> None:
    path = tmp_path / "points.csv"
    path.write_text("建物ID,x,y\n", "utf-8")
    path = geojson(
        tmp_path / "r.geojson",
        [feature(line(), 路線番号="1")],
        crs={"type": "name", "properties": {"name": "EPSG:2443"}},
    )
    upload_id = waiting.send(path)
    asking = waiting.get(upload_id).json
    assert asking["state"] == "asking" and asking["can"] == ["check", "discard"], asking["report"]["problems"]
    found = waiting.post(upload_id, "check", crs="6668")
    assert found["state"] == "checked" and found["options"]["crs"] == "EPSG:6668"
    assert found["difference"]["added"] == 1


def test_an_upload_that_would_leave_nothing_is_not_published(
    city: Installation, waiting: Waiting, tmp_path: Path
) -> None:
    load_into(city, geojson(tmp_path / "a.geojson", [feature(square(1), 建物ID="1")]), "base.building")
    upload_id = waiting.send(
        geojson(tmp_path / "b.geojson", [feature(bow_tie(4), 建物ID="4")]), "base.building"
    )
    waiting.post(upload_id, "check", decline="invalid_geometry")
    found = waiting.post(upload_id, "publish")
    assert found["state"] == "checked" and found["notice"]["code"] == "nothing_left"
    assert ask(city, "SELECT building_id FROM base.building") == [("1",)]


def test_shapes_without_any_value_never_replace_values(
    city: Installation, waiting: Waiting, tmp_path: Path
) -> None:
    load_into(city, geojson(tmp_path / "a.geojson", [feature(square(1), 建物ID="1")]), "base.building")
    upload_id = waiting.send(
        geojson(tmp_path / "b.geojson", [feature(square(1), 建物ID=None)]), "base.building"
    )
    found = waiting.get(upload_id).json
    assert found["state"] == "refused" and found["report"]["problems"][-1]["code"] == "all_empty"


def test_discarding_removes_the_file_and_the_staged_rows(
    city: Installation, waiting: Waiting, tmp_path: Path
) -> None:
    upload_id = waiting.send(streets(tmp_path / "a.geojson", a=1.0))
    assert ask(city, STAGED) == [(3,)]
    assert waiting.post(upload_id, "discard")["state"] == "discarded"
    assert ask(city, STAGED) == [(0,)] and not (city.settings.home / "uploads" / upload_id).exists()


def test_what_nobody_publishes_is_gone_after_a_week(
    city: Installation, waiting: Waiting, tmp_path: Path
) -> None:
    upload_id = waiting.send(streets(tmp_path / "a.geojson", a=1.0))
    with city.database.transaction("owner") as connection:
        forget_old_uploads(connection, city.settings)
        assert connection.execute(text(STAGED)).scalar() == 3
        connection.execute(text("UPDATE gisapp.upload SET changed_at = now() - interval '8 days'"))
        forget_old_uploads(connection, city.settings)
    assert waiting.get(upload_id).json["state"] == "discarded" and ask(city, STAGED) == [(0,)]


def test_two_uploads_published_at_once_never_mix(
    city: Installation, waiting: Waiting, tmp_path: Path
) -> None:
    for _ in range(3):
        load_into(city, streets(tmp_path / "0.geojson", x=1.0), "roads.street")
        ids = [
            waiting.send(streets(tmp_path / f"{name}.geojson", **{f"{name}{n}": 1.0 for n in range(300)}))
            for name in "ab"
        ]
        for upload_id in ids:
            waiting.client.post(f"/api/uploads/{upload_id}/publish", headers=waiting.headers)
        threads = [threading.Thread(target=process_upload, args=(city, uuid.UUID(one))) for one in ids]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        states = sorted(waiting.get(one).json["state"] for one in ids)
        assert states == ["checked", "published"]
        assert ask(city, "SELECT count(*), count(DISTINCT left(route_number, 1)) FROM roads.street") == [
            (300, 1)
        ]


def test_staged_rows_are_seen_by_the_layers_own_department_only(
    city: Installation, waiting: Waiting, tmp_path: Path
) -> None:
    upload_id = waiting.send(streets(tmp_path / "a.geojson", a=1.0))
    question = f"SELECT width FROM staging.rows_{uuid.UUID(upload_id).hex}"
    with city.database.transaction("aud_roads") as connection:
        assert connection.exec_driver_sql(question).scalar() == 1.0
    for role in ("aud_tax", "aud_public", "app"):
        with (
            pytest.raises(Exception, match="permission denied"),
            city.database.transaction(role) as connection,
        ):
            connection.exec_driver_sql(question)
