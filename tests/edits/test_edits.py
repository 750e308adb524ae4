"""One feature at a time: who may, what is refused, what is kept of it, and that nothing of it is lost between two people."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from gisapp.audit.record import shell_user
from gisapp.installation import Installation
from gisapp.revisions.queries import find_revision, rows_of
from gisapp.revisions.undo import undo_revision
from tests.edits.conftest import TOILETS, Editor

MERGE = "application/merge-patch+json"
ZONES = "/ogc/collections/city_planning.zoning/items"


@pytest.fixture
def made(facilities: Editor, toilet: dict[str, Any]) -> str:
    answer = facilities.send("POST", TOILETS, toilet)
    assert answer.status_code == 201, answer.get_data(as_text=True)
    return str(answer.headers["Location"]).split("http://localhost")[1]


def test_every_edit_can_be_seen_and_undone(
    installation: Installation, facilities: Editor, made: str, client: FlaskClient
) -> None:
    changed = facilities.send(
        "PATCH", made, {"properties": {"name": "編集試験の駅前トイレ"}}, MERGE
    ).get_json()
    with installation.database.transaction("owner") as connection:
        raw: Any = connection.connection.dbapi_connection
        number = raw.execute(
            "SELECT revision FROM facilities.public_toilet WHERE id = %s", [changed["id"]]
        ).fetchone()[0]
        revision = find_revision(raw, number)
        assert (revision.who, revision.what, revision.kept) == (
            "facilities",
            {"mode": "edit", "changed": 1},
            True,
        )
        layer = installation.catalogue.layer("facilities.public_toilet")
        (row,) = rows_of(raw, layer, number, ["name", "name_english"])
        assert row.before == {"name": "中央公園トイレ", "name_english": "Central park"}
        assert row.after == {"name": "編集試験の駅前トイレ", "name_english": "Central park"} and not row.moved
        undo_revision(connection, installation.catalogue, number, shell_user())
    assert client.get(made).get_json()["properties"]["name"] == "中央公園トイレ"


def test_an_edit_is_in_the_audit_with_its_fields_and_without_its_values(
    installation: Installation, facilities: Editor, made: str
) -> None:
    number = int(made.rsplit("/", 1)[1])
    facilities.send("PATCH", made, {"properties": {"name": "編集試験の名前"}}, MERGE)
    facilities.send("DELETE", made)
    with installation.database.transaction("owner") as connection:
        rows = connection.exec_driver_sql(
            "SELECT login, features, details FROM gisapp.audit_entry WHERE what = 'edited' AND features @> ARRAY[%s::bigint] "
            "ORDER BY id DESC LIMIT 3",
            (number,),
        ).all()
    assert [row.login for row in rows] == ["facilities"] * 3 and {tuple(row.features) for row in rows} == {
        (number,)
    }
    assert [row.details["fields"] for row in rows[:2]] == [[], ["name"]] and "geometry" in rows[2].details[
        "fields"
    ]
    assert "編集試験の名前" not in json.dumps([row.details for row in rows], ensure_ascii=False)


def test_what_changes_nothing_makes_no_revision(
    facilities: Editor, made: str, toilet: dict[str, Any]
) -> None:
    before = facilities.send("GET", made).headers["ETag"]
    assert facilities.send("PUT", made, toilet).headers["ETag"] == before
    assert (
        facilities.send("PATCH", made, {"properties": {"name": "中央公園トイレ"}}, MERGE).headers["ETag"]
        == before
    )


def test_only_editors_of_the_department_with_the_right_token_edit(
    editor: Callable[..., Editor], client: FlaskClient, made: str, toilet: dict[str, Any]
) -> None:
    assert client.post(TOILETS, json=toilet, content_type="application/geo+json").status_code in (400, 401)
    assert Editor(client, "gisapp_nothing").send("POST", TOILETS, toilet).status_code == 401
    for who in (editor("roads"), editor("facilities", ("read", "upload", "publish"))):
        assert who.send("POST", TOILETS, toilet).status_code == 403
        assert who.send("DELETE", made).status_code == 403
        assert "POST" not in who.send("OPTIONS", TOILETS).headers["Allow"]
    hidden = editor("facilities").send("DELETE", "/ogc/collections/tax.nothing/items/1")
    assert hidden.status_code == 404


def test_a_person_s_own_browser_needs_the_form_s_token(
    signed_in: Callable[[str], FlaskClient], toilet: dict[str, Any]
) -> None:
    answer = signed_in("facilities").post(TOILETS, json=toilet, content_type="application/geo+json")
    assert answer.status_code == 400


WRONG = {
    "no JSON": b"{",
    "a list": b"[]",
    "deep": b'{"properties": ' + b"[" * 5000 + b"]" * 5000 + b"}",
    "no shape": {"type": "Feature", "properties": {"name": "x"}},
    "a line": {"geometry": {"type": "LineString", "coordinates": [[139.5, 35.5], [139.6, 35.5]]}},
    "not finite": b'{"type":"Feature","geometry":{"type":"Point","coordinates":[1e999,35]},"properties":{"name":"x"}}',
    "out of range": {"geometry": {"type": "Point", "coordinates": [939.5, 95.5]}},
    "far away": {"geometry": {"type": "Point", "coordinates": [2.35, 48.85]}},
    "unknown field": {"properties": {"name": "x", "nmae": "y"}},
    "required": {"properties": {"name": " "}},
    "wrong type": {"properties": {"name": 5}},
    "NUL": {"properties": {"name": "a\0b"}},
    "half a pair": b'{"type":"Feature","geometry":null,"properties":{"name":"\\ud800"}}',
    "other type": {"type": "FeatureCollection"},
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_refused_with_its_name_and_changes_nothing(
    installation: Installation, facilities: Editor, toilet: dict[str, Any], what: str
) -> None:
    def count() -> int:
        with installation.database.transaction("owner") as connection:
            sql = "SELECT (SELECT count(*) FROM facilities.public_toilet) + (SELECT count(*) FROM gisapp.revision)"
            return int(connection.exec_driver_sql(sql).scalar_one())

    body, before = WRONG[what], count()
    if isinstance(body, bytes):
        headers = facilities.headers | {"Content-Type": "application/geo+json"}
        answer = facilities.client.post(TOILETS, data=body, headers=headers)
    else:
        sent = {**toilet, **body}
        if what == "no shape":
            del sent["geometry"]
        answer = facilities.send("POST", TOILETS, sent)
    said = answer.get_json()
    assert answer.status_code == 400 and said["type"].endswith("#feature-invalid"), said
    assert said["title"] and said["title_en"] and "SELECT" not in str(said) and count() == before


def test_areas_that_may_not_overlap_do_not(editor: Callable[..., Editor], client: FlaskClient) -> None:
    planner = editor("city_planning")
    zone = client.get(ZONES + "?limit=1").get_json()["features"][0]
    answer = planner.send("POST", ZONES, {k: zone[k] for k in ("type", "geometry", "properties")})
    assert answer.status_code in (400, 409)
    said = answer.get_json()["title"]
    assert "重なって" in said or "同じ" in said
    code = planner.send("PATCH", f"{ZONES}/{zone['id']}", {"properties": {"class": 12345}}, MERGE)
    assert code.status_code == 400 and "コード表" in code.get_json()["title"], code.get_json()


def test_hidden_fields_stay_when_somebody_replaces_what_they_see(
    installation: Installation, editor: Callable[..., Editor]
) -> None:
    """An editor whose token may not read sees what visitors see, and replaces no more than that."""
    with installation.database.transaction("owner") as connection:
        row = connection.exec_driver_sql("SELECT * FROM tax.road_price ORDER BY id LIMIT 1").mappings().one()
    hidden = [
        f.name
        for f in installation.catalogue.layer("tax.road_price").fields
        if f.see != frozenset({"public"})
    ]
    assert hidden and any(row[name] is not None for name in hidden)
    path = f"/ogc/collections/tax.road_price/items/{row['id']}"
    blind = editor("tax", ("edit",))
    seen = blind.send("GET", path).get_json()
    assert not set(hidden) & set(seen["properties"])
    word = "standard_lot"
    try:
        again = {**seen, "properties": {**seen["properties"], word: "編集試験"}}
        assert blind.send("PUT", path, again).get_json()["properties"][word] == "編集試験"
        with installation.database.transaction("owner") as connection:
            sql = "SELECT * FROM tax.road_price WHERE id = %s"
            now = connection.exec_driver_sql(sql, (row["id"],)).mappings().one()
        assert {name: now[name] for name in hidden} == {name: row[name] for name in hidden}
        assert blind.send("PATCH", path, {"properties": {hidden[0]: "x"}}, MERGE).status_code == 400
    finally:
        assert blind.send("PUT", path, seen).status_code == 200


def test_of_two_who_read_the_same_only_the_first_changes_it(
    installation: Installation, editor: Callable[..., Editor], made: str
) -> None:
    first, second = (
        editor("facilities"),
        Editor(installation_client(installation), editor("facilities").headers["Authorization"][7:]),
    )
    known = first.send("GET", made).headers["ETag"]
    answers: list[int] = []

    def rename(who: Editor, name: str) -> None:
        answers.append(
            who.send("PATCH", made, {"properties": {"name": name}}, MERGE, If_Match=known).status_code
        )

    both = [
        threading.Thread(target=rename, args=one) for one in ((first, "編集試験一"), (second, "編集試験二"))
    ]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert sorted(answers) == [200, 412]


def installation_client(installation: Installation) -> FlaskClient:
    from gisapp import create_app
    from gisapp import installation as installations
    from tests.conftest import visitor

    return visitor(create_app(installations.open_for_web(installation.settings)))


def test_an_edit_waits_for_a_publication_and_then_says_so(
    installation: Installation, facilities: Editor, made: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gisapp.edits.apply.WAIT_MS", 200)
    with installation.database.transaction("owner") as connection:
        connection.exec_driver_sql("LOCK TABLE facilities.public_toilet IN SHARE ROW EXCLUSIVE MODE")
        answer = facilities.send("PATCH", made, {"properties": {"name": "編集試験"}}, MERGE)
    assert answer.status_code == 503 and answer.headers["Retry-After"]
    assert answer.get_json()["type"].endswith("#busy")


def test_the_login_that_edits_can_do_nothing_else(installation: Installation) -> None:
    for statement in (
        "SELECT count(*) FROM tax.parcel",
        "DELETE FROM roads.street",
        "SELECT count(*) FROM history.facilities__public_toilet",
        "UPDATE gisapp.revision SET who = 'x'",
        "SELECT who FROM gisapp.revision",
        "SELECT count(*) FROM gisapp.person",
        "INSERT INTO gisapp.audit_entry (what) VALUES ('edited')",
        "CREATE TEMP TABLE t ()",
    ):
        with (
            pytest.raises(Exception, match="permission denied"),
            installation.database.transaction("publisher_facilities") as connection,
        ):
            connection.exec_driver_sql(statement)
