"""What people type reaches the database as bound values only: PostgreSQL's own log of statements holds none of it.

`pg_stat_statements` would show less: it puts $1 in the place of a constant, also of one that was pasted into a statement.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient

from gisapp import cluster
from gisapp.access import tokens
from gisapp.installation import Installation
from tests.audit.conftest import superuser
from tests.conftest import PASSWORD

TEXT, NUMBER = "qzPlanted", "8675309"  # in other places: parts of words and of numbers
QUOTED = f"{TEXT}' OR ''='"
PROPERTIES = {"name": TEXT, "facility_id": f"{TEXT}-1"}


@pytest.fixture
def said(installation: Installation) -> Iterator[Callable[[], str]]:
    """What the database logs of statements from here on: their texts, and no values that are bound."""
    log = Path(cluster.locate(installation.settings).log)
    started = log.stat().st_size
    with superuser(installation, installation.city.database) as keeper:
        for setting in ("log_statement = 'all'", "log_parameter_max_length = 0"):
            keeper.execute(f"ALTER SYSTEM SET {setting}")  # type: ignore[arg-type]
        keeper.execute("SELECT pg_reload_conf()")
    yield lambda: log.read_bytes()[started:].decode("utf-8", "replace")
    with superuser(installation, installation.city.database) as keeper:
        for name in ("log_statement", "log_parameter_max_length"):
            keeper.execute(f"ALTER SYSTEM RESET {name}")  # type: ignore[arg-type]
        keeper.execute("SELECT pg_reload_conf()")


def questions(installation: Installation) -> list[str]:
    west, south, *_ = installation.city.bounds
    lon, lat = f"{west:.2f}{NUMBER}", f"{south:.2f}{NUMBER}"
    box = f"{lon},{lat},{west + 0.02:.2f}{NUMBER},{south + 0.02:.2f}{NUMBER}"
    here = {"lon": lon, "lat": lat}
    point = f"POINT({lon} {lat})"
    filters = [
        f"name = '{QUOTED.replace(chr(39), 2 * chr(39))}'",
        f"name LIKE '{TEXT}%'",
        f"name IN ('{TEXT}', 'b') OR casei(name) = casei('{TEXT}')",
        f"floors + {NUMBER} > 1.{NUMBER} AND floors BETWEEN 1 AND {NUMBER}",
        f"id IN ({NUMBER})",
        f"S_INTERSECTS(geom, {point})",
        f"S_INTERSECTS(geom, BBOX({box}))",
        json.dumps({"op": "=", "args": [{"property": "name"}, QUOTED]}),
        json.dumps({"op": "s_within", "args": [{"property": "geom"}, {"bbox": list(map(float, box.split(",")))}]}),
    ]  # fmt: skip
    building, bridge = {"layer": "base.building"}, {"layer": "roads.bridge"}
    items = "/ogc/collections/base.building/items"
    asked = [(items, {"filter": one, "limit": "3"}) for one in filters]
    asked += [
        (items, {"name": QUOTED, "bbox": box}),
        ("/ogc/collections/roads.bridge/items", {"inspected_on": "1867-05-30", "limit": "1"}),
        ("/api/summary", {**building, "filter": filters[0], "by": "use"}),
        ("/api/summary", {**bridge, "meets": "base.building", "meets-filter": filters[1], "bbox": box}),
        ("/api/export", {**bridge, "name": QUOTED, "format": "csv"}),
        ("/api/identify", here),
        ("/api/identify", {"bbox": box, "layers": "base.building"}),
        ("/api/identify", {"shape": json.dumps({"type": "Point", "coordinates": [float(lon), float(lat)]})}),
        ("/api/nearest", {**bridge, **here, "filter": f"name <> '{TEXT}'"}),
        ("/api/search", {"q": f"{TEXT}通り {NUMBER}番地", **here}),
        ("/api/suggest", {"q": QUOTED}),
        ("/api/reverse", here),
    ]
    return [f"{path}?{urlencode(values)}" for path, values in asked]


def test_no_statement_holds_a_value_that_somebody_typed(
    installation: Installation,
    client: FlaskClient,
    signed_in: Callable[[str], FlaskClient],
    said: Callable[[], str],
) -> None:
    tax = signed_in("tax")
    for address in questions(installation):
        answer = tax.get(address)
        assert answer.status_code == 200, (address, answer.get_data(as_text=True))
        answer.get_data()
    assert signed_in("administrator").get(f"/people?q={TEXT}").status_code == 200
    assert signed_in("auditor").get(f"/audit?login={TEXT}").status_code == 200
    assert client.get(f"/ogc/collections/{TEXT}/items").status_code == 404
    page = client.get("/sign-in").get_data(as_text=True)
    form = {"csrf_token": page.split('name="csrf_token" value="')[1].split('"')[0]}
    assert client.post("/sign-in", data={"login": QUOTED, "password": PASSWORD, **form}).status_code == 401
    edit(installation, client)

    texts = said()
    assert texts.count("LOG:  execute") > 50, "the log tells of statements"
    assert "ST_Intersects" in texts and "LIKE" in texts, "and of these"
    for planted in (TEXT, NUMBER, "1867-05-30"):
        lines = [line for line in texts.splitlines() if planted in line]
        assert not lines, lines[0][:500]
    with installation.database.transaction("owner") as connection:
        connection.exec_driver_sql(f"SELECT '{TEXT}'")
    assert TEXT in said(), "what is pasted into a statement would be seen"


def edit(installation: Installation, client: FlaskClient) -> None:
    """A feature is made, changed and removed."""
    with installation.database.transaction("owner") as connection:
        token = tokens.issue(connection, "facilities", "binds", ["*"], list(tokens.VERBS), 1)
    west, south, east, north = installation.city.bounds
    middle = [float(f"{(west + east) / 2:.3f}{NUMBER}"), (south + north) / 2]
    feature = {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": middle},
        "properties": PROPERTIES,
    }
    bearer = {"Authorization": f"Bearer {token}"}
    items = "/ogc/collections/facilities.public_toilet/items"
    made = client.post(items, json=feature, headers=bearer)
    assert made.status_code == 201, made.get_data(as_text=True)
    path = made.headers["Location"].removeprefix("http://localhost")
    version = {"If-Match": made.headers["ETag"]}
    merge = "application/merge-patch+json"
    body = {"properties": {"name": f"{TEXT}2"}}
    changed = client.patch(path, json=body, content_type=merge, headers=bearer | version)
    assert changed.status_code in (200, 204), changed.get_data(as_text=True)
    gone = client.delete(path, headers=bearer | {"If-Match": changed.headers["ETag"]})
    assert gone.status_code in (200, 204)
