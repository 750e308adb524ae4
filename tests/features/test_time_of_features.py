"""`datetime`: features that hold at a moment or within an interval, by the fields that the layer names."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Connection

from gisapp.installation import Installation

WORKS = "/ogc/collections/roads.road_work/items"
HOLDS = "(starts_on IS NULL OR starts_on <= %(until)s) AND (ends_on IS NULL OR ends_on >= %(since)s)"
FAR = {"since": datetime.date(1, 1, 1), "until": datetime.date(9999, 12, 30)}


@pytest.fixture
def connection(installation: Installation) -> Iterator[Connection]:
    with installation.database.transaction("owner") as connection:
        yield connection


@pytest.fixture
def day(connection: Connection) -> datetime.date:
    """A day on which some road works are under way and some are not."""
    found = connection.exec_driver_sql(
        "SELECT starts_on FROM roads.road_work WHERE starts_on IS NOT NULL ORDER BY starts_on OFFSET 3 LIMIT 1"
    ).scalar_one()
    assert isinstance(found, datetime.date)
    return found


@pytest.mark.parametrize(
    ("form", "since", "until"),
    [
        ("{0}", 0, 0),
        ("{0}T12:00:00%2B09:00", 0, 0),
        ("{0}T16:00:00Z", 1, 1),
        ("{0}/{1}", 0, 10),
        ("{0}/..", 0, None),
        ("../{0}", None, 0),
    ],
)
def test_works_that_are_under_way_then(
    client: FlaskClient,
    connection: Connection,
    day: datetime.date,
    form: str,
    since: int | None,
    until: int | None,
) -> None:
    later = day + datetime.timedelta(days=10)
    days = dict(FAR)
    days |= {} if since is None else {"since": day + datetime.timedelta(days=since)}
    days |= {} if until is None else {"until": day + datetime.timedelta(days=until)}
    true = (
        connection.exec_driver_sql(
            f"SELECT id FROM roads.road_work_for_public WHERE {HOLDS} ORDER BY id", days
        )
        .scalars()
        .all()
    )
    page = client.get(f"{WORKS}?limit=1000&datetime={form.format(day, later)}").get_json()
    assert [one["id"] for one in page["features"]] == true and page["numberMatched"] == len(true) > 0


def test_other_questions_take_it_too(client: FlaskClient, day: datetime.date) -> None:
    then = client.get(f"{WORKS}?datetime={day}").get_json()["numberMatched"]
    everything = client.get(WORKS).get_json()["numberMatched"]
    assert 0 < then < everything
    said = client.get(f"/api/summary?layer=roads.road_work&datetime={day}").get_json()
    assert said["rows"][0]["count"] == then, said


def test_a_layer_without_a_time_is_not_narrowed(client: FlaskClient) -> None:
    where = "/ogc/collections/facilities.aed/items"
    for when in ("1990-01-01", "../1990-01-01T00:00:00Z", "9999-12-31T23:59:59Z"):
        answer = client.get(f"{where}?datetime={when}")
        if when.startswith("9999"):
            assert answer.status_code in (200, 400)
        else:
            assert answer.get_json()["numberMatched"] == client.get(where).get_json()["numberMatched"]


def test_the_schema_says_which_fields_are_the_time(client: FlaskClient) -> None:
    said = client.get("/ogc/collections/roads.road_work/queryables").get_json(force=True)["properties"]
    assert said["starts_on"]["x-ogc-role"] == "primary-interval-start"
    assert said["ends_on"]["x-ogc-role"] == "primary-interval-end"
