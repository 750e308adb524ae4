"""Counts, sums and areas; nearest; what meets an area: compared with SQL by hand."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import math
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Connection

from gisapp.features import turns
from gisapp.installation import Installation
from tests.statements import statements

Enter = Callable[[str], FlaskClient]


@pytest.fixture
def connection(installation: Installation) -> Iterator[Connection]:
    with installation.database.transaction("owner") as connection:
        yield connection


def get(client: FlaskClient, path: str) -> dict[str, Any]:
    answer = client.get(path)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return dict(answer.get_json())


def test_a_layer_is_counted_by_a_field_with_its_words(client: FlaskClient, connection: Connection) -> None:
    said = get(client, "/api/summary?layer=base.building&by=use&sum=floors&filter=" + quote("floors >= 2"))
    sql = "SELECT use, count(*), sum(floors), sum(ST_Area(geom)) FROM base.building WHERE floors >= 2 GROUP BY use ORDER BY use"
    rows = connection.exec_driver_sql(sql).all()
    assert [(r["by_0"], r["count"], r["sum_0"]) for r in said["rows"]] == [
        (a, b, int(c)) for a, b, c, _ in rows
    ]
    assert [r["area_m2"] for r in said["rows"]] == pytest.approx([d for *_, d in rows])
    assert said["total"]["count"] == sum(r["count"] for r in said["rows"])
    assert next(r for r in said["rows"] if r["by_0"] == 411)["words"]["by_0"] == "住宅"


@pytest.mark.parametrize(
    "asked",
    ["base.building&sum=floors,height&by=use,floors", "roads.street&by=class", "disaster.shelter&by=name"],
)
def test_a_summary_by_fields_reads_the_layer_once_and_tells_its_totals(
    client: FlaskClient, asked: str
) -> None:
    with statements() as said:
        by_fields = get(client, f"/api/summary?layer={asked}")
    layer, _, rest = asked.partition("&")
    assert sum(layer.replace(".", '"."') in statement for statement in said) == 1
    whole = get(client, f"/api/summary?layer={layer}&{rest.rpartition('by=')[0]}")
    assert len(by_fields["rows"]) > 1
    assert by_fields["total"] == pytest.approx(whole["total"])


def test_no_features_by_a_field_are_no_rows_and_totals_of_nothing(client: FlaskClient) -> None:
    none = get(client, "/api/summary?layer=base.building&by=use&sum=floors&filter=floors%20%3E%20999")
    assert none["rows"] == [] and none["total"] == {"count": 0, "area_m2": 0, "sum_0": None}


def test_a_feature_on_a_border_counts_once_where_its_middle_lies(
    client: FlaskClient, connection: Connection
) -> None:
    said = get(client, "/api/summary?layer=base.building&area=base.town&area-by=name")
    sql = """SELECT t.name, count(*) FROM base.building b JOIN LATERAL (SELECT name FROM base.town t
        WHERE ST_Intersects(t.geom, ST_PointOnSurface(b.geom)) ORDER BY t.id LIMIT 1) t ON true GROUP BY 1 ORDER BY 1"""
    assert [(r["area_0"], r["count"]) for r in said["rows"]] == [
        tuple(r) for r in connection.exec_driver_sql(sql)
    ]
    assert sum(r["count"] for r in said["rows"]) <= said["total"]["count"]


def test_shares_are_exact_at_borders(client: FlaskClient, connection: Connection) -> None:
    said = get(client, "/api/summary?layer=base.building&area=base.town&area-by=name&share=true&sum=floors")
    sql = """SELECT t.name, sum(ST_Area(ST_Intersection(b.geom, t.geom))) AS area,
        sum(ST_Area(ST_Intersection(b.geom, t.geom)) / ST_Area(b.geom)) AS n,
        sum(floors * ST_Area(ST_Intersection(b.geom, t.geom)) / ST_Area(b.geom)) AS floors
        FROM base.building b JOIN base.town t ON ST_Intersects(b.geom, t.geom) GROUP BY 1
        HAVING sum(ST_Area(ST_Intersection(b.geom, t.geom))) > 0 ORDER BY 1"""
    rows = connection.exec_driver_sql(sql).all()
    assert [r["area_0"] for r in said["rows"]] == [r.name for r in rows]
    for name, column in (("area_m2", 1), ("count", 2), ("sum_0", 3)):
        assert [r[name] for r in said["rows"]] == pytest.approx(
            [row[column] for row in rows], rel=1e-9, abs=1e-6
        )


def test_a_mesh_is_counted_by_its_codes(client: FlaskClient, connection: Connection) -> None:
    from gisapp.geo.mesh import encode_many

    said = get(client, "/api/summary?layer=disaster.shelter&area=mesh:3")
    points = connection.exec_driver_sql(
        "SELECT ST_X(p), ST_Y(p) FROM (SELECT ST_Transform(geom, 6668) AS p FROM disaster.shelter) AS f"
    ).all()
    codes = [str(code) for code in encode_many([x for x, _ in points], [y for _, y in points], "3")]
    assert {r["area_0"]: r["count"] for r in said["rows"]} == {code: codes.count(code) for code in codes}


def test_houses_that_a_flood_reaches_by_town(client: FlaskClient, connection: Connection) -> None:
    flood = "meets=disaster.flood_depth&meets-filter=" + quote("rank >= 3")
    said = get(client, f"/api/summary?layer=base.building&area=base.town&area-by=name&{flood}")
    sql = """SELECT count(*) FROM base.building b WHERE EXISTS
        (SELECT FROM disaster.flood_depth d WHERE d.rank >= 3 AND ST_Intersects(d.geom, b.geom))"""
    assert said["total"]["count"] == connection.exec_driver_sql(sql).scalar_one() > 0
    shown = get(client, f"/ogc/collections/base.building/items?limit=1&{flood}")
    assert shown["numberMatched"] == said["total"]["count"]


def test_a_table_opens_in_a_spreadsheet_and_computes_nothing(
    client: FlaskClient, installation: Installation
) -> None:
    change = "UPDATE roads.bridge SET name = %s WHERE id = %s"
    with installation.database.transaction("owner") as connection:
        row = connection.exec_driver_sql("SELECT id, name FROM roads.bridge ORDER BY id LIMIT 1").one()
        connection.exec_driver_sql(change, ("=cmd|' /C calc'!A1", row.id))
    try:
        answer = client.get("/api/summary?layer=roads.bridge&by=name&f=csv")
        assert answer.get_data().startswith(b"\xef\xbb\xbf") and answer.mimetype == "text/csv"
        rows = list(csv.reader(io.StringIO(answer.get_data().decode("utf-8-sig"))))
        assert rows[0][-2:] == ["件数", "延長(m)"] or "件数" in rows[0]
        assert ["'=cmd|' /C calc'!A1"] == [row[0] for row in rows if "cmd" in row[0]]
    finally:
        with installation.database.transaction("owner") as connection:
            connection.exec_driver_sql(change, (row.name, row.id))


@pytest.mark.parametrize("query", [
    "", "layer=", "layer=base.building&by=owner_name", "layer=base.building&sum=name", "layer=base.building&by=a,b,c,d",
    "layer=base.building&area=roads.street", "layer=base.building&area=mesh:9", "layer=base.building&area=mesh:6",
    "layer=base.building&share=true", "layer=base.building&share=x&area=base.town", "layer=base.building&f=xml",
    "layer=base.building&meets=base.town&meets-distance=1e9", "layer=base.building&meets=base.town&meets-filter=x",
    "layer=base.building&area=base.town&area-by=nothing", "layer=base.building&area=base.town&area-filter=x", "layer=base.building&by=use&by=use",
])  # fmt: skip
def test_a_wrong_question_gets_a_sentence(client: FlaskClient, query: str) -> None:
    answer = client.get(f"/api/summary?{query}")
    assert answer.status_code == 400 and answer.get_json()["title_en"]


@pytest.mark.parametrize(
    "query",
    ["layer=tax.parcel", "layer=base.building&area=tax.parcel", "layer=base.building&meets=tax.parcel"],
)
def test_hidden_layers_are_not_there(client: FlaskClient, query: str) -> None:
    hidden = client.get(f"/api/summary?{query}")
    missing = client.get(f"/api/summary?{query.replace('tax.parcel', 'tax.nothin')}")
    assert hidden.status_code == missing.status_code == 404
    assert hidden.get_data().replace(b"tax.parcel", b"-") == missing.get_data().replace(b"tax.nothin", b"-")


def test_long_questions_wait_outside(client: FlaskClient) -> None:
    with contextlib.ExitStack() as others:
        for n in range(turns.AT_ONCE):
            with client.application.test_request_context(environ_base={"REMOTE_ADDR": f"192.0.2.{n}"}):
                others.enter_context(turns.turn())
        answer = client.get("/api/summary?layer=base.building")
        assert answer.status_code == 503 and answer.headers["Retry-After"] == "5"
    assert client.get("/api/summary?layer=base.building").status_code == 200


def test_the_nearest_come_first_with_minutes_that_say_they_are_an_estimate(
    client: FlaskClient, connection: Connection
) -> None:
    lon, lat = connection.exec_driver_sql(
        "SELECT ST_X(p), ST_Y(p) FROM (SELECT ST_Transform(ST_Centroid(ST_Collect(geom)), 4326) AS p FROM base.building) AS f"
    ).one()
    said = get(client, f"/api/nearest?layer=disaster.shelter&lon={lon}&lat={lat}&limit=4")
    sql = "SELECT id, ST_Distance(geom, ST_Transform(ST_SetSRID(ST_MakePoint(%s, %s), 4326), ST_SRID(geom))) AS d FROM disaster.shelter ORDER BY d, id LIMIT 4"
    rows = connection.exec_driver_sql(sql, (lon, lat)).all()
    assert [each["feature"]["id"] for each in said["nearest"]] == [row.id for row in rows]
    for each, row in zip(said["nearest"], rows, strict=True):
        assert each["distance_m"] == pytest.approx(row.d, abs=0.06)
        assert each["walking_minutes"] == math.ceil(round(row.d, 1) / 80)
    assert "目安" in said["walking"]
    assert get(client, "/api/nearest?layer=disaster.shelter&lon=-40&lat=-35")["nearest"] == []


def met(client: FlaskClient, query: str) -> dict[str, Any]:
    return get(client, f"/api/identify?{query}")


def test_a_circle_a_box_a_shape_and_a_feature_find_what_meets_them(
    client: FlaskClient, connection: Connection
) -> None:
    first = "SELECT id, ST_X(p), ST_Y(p) FROM (SELECT id, ST_Transform(ST_Centroid(geom), 4326) AS p FROM base.building ORDER BY id OFFSET 200 LIMIT 1) AS f"
    house, lon, lat = connection.exec_driver_sql(first).one()
    at = f"ST_Transform(ST_SetSRID(ST_MakePoint({lon}, {lat}), 4326), ST_SRID(geom))"
    sql = f"SELECT id FROM base.building WHERE ST_DWithin(geom, {at}, 60) ORDER BY id"
    circle = met(client, f"lon={lon}&lat={lat}&radius=60&layers=base.building")
    within = {row.id for row in connection.exec_driver_sql(sql)}
    assert house in within
    assert len({f["id"] for f in circle["features"]} ^ within) <= max(
        1, len(within) // 20
    )  # a circle of 32 corners
    box = met(
        client, f"bbox={lon - 0.0005},{lat - 0.0005},{lon + 0.0005},{lat + 0.0005}&layers=base.building"
    )
    shape = {
        "type": "Polygon",
        "coordinates": [
            [
                [lon - 0.0005, lat - 0.0005],
                [lon + 0.0005, lat - 0.0005],
                [lon + 0.0005, lat + 0.0005],
                [lon - 0.0005, lat + 0.0005],
                [lon - 0.0005, lat - 0.0005],
            ]
        ],
    }
    drawn = met(client, f"shape={quote(json.dumps(shape))}&layers=base.building")
    assert [f["id"] for f in box["features"]] == [f["id"] for f in drawn["features"]] and house in {
        f["id"] for f in box["features"]
    }
    other = met(client, f"feature=base.building/{house}&buffer=20&layers=base.building")
    sql = f"SELECT b.id FROM base.building b, base.building a WHERE a.id = {house} AND ST_DWithin(a.geom, b.geom, 20) ORDER BY 1"
    assert {f["id"] for f in other["features"]} >= {house} and abs(
        len(other["features"]) - len(connection.exec_driver_sql(sql).all())
    ) <= 1


def test_an_area_over_all_layers_is_one_statement_and_says_what_it_left_out(client: FlaskClient) -> None:
    box = "bbox=141,35,142,36&limit=3"
    met(client, box)
    with statements() as said:
        found = met(client, box)
    assert len(said) == 1
    assert (
        "base.building" in found["more"]
        and len([f for f in found["features"] if f["layer"] == "base.building"]) == 3
    )


@pytest.mark.parametrize("query", ["bbox=1,2,3", "bbox=nan,1,2,3", "bbox=5,5,1,1", "radius=5", "lon=1&lat=2&radius=1e9", "shape=x", "shape={}",
    "shape=[[", "feature=base.building", "feature=base.building/x", "bbox=1,2,3,4&shape={}", "bbox=1,2,3,4&limit=0", "bbox=1,2,3,4&buffer=-1",
    'shape={"type":"Point","coordinates":[1000,2]}', 'shape={"type":"Polygon","coordinates":[[[0,0],[1,1],[0,0]]]}'])  # fmt: skip
def test_a_wrong_area_gets_a_sentence(client: FlaskClient, query: str) -> None:
    assert client.get(f"/api/identify?{query}").status_code == 400


def test_areas_anywhere_on_earth_are_answered(client: FlaskClient) -> None:
    for box in ("-180,-90,180,90", "0,0,1,1", "170,-10,-170,10", "-75,40,-70,45"):
        met(client, f"bbox={box}&limit=1")
    bow = {"type": "Polygon", "coordinates": [[[141, 35], [142, 36], [142, 35], [141, 36], [141, 35]]]}
    met(client, f"shape={quote(json.dumps(bow))}&limit=1")


def test_a_hidden_feature_lends_nobody_its_shape(client: FlaskClient, signed_in: Enter) -> None:
    assert client.get("/api/identify?feature=tax.parcel/1&layers=base.building").status_code == 404
    assert signed_in("tax").get("/api/identify?feature=tax.parcel/1&layers=base.building").status_code == 200


def test_a_summary_of_a_restricted_layer_is_on_record(signed_in: Enter, installation: Installation) -> None:
    assert signed_in("tax").get("/api/summary?layer=tax.house").status_code == 200
    with installation.database.transaction("owner") as connection:
        sql = "SELECT what, layer, details FROM gisapp.audit_entry ORDER BY id DESC LIMIT 1"
        row = connection.exec_driver_sql(sql).one()
    assert (row.what, row.layer) == ("searched", "tax.house") and row.details["channel"] == "summary"
