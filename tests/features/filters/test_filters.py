"""What filters select, compared with SQL that says the same by hand; and what they refuse."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from gisapp import errors
from gisapp.features.filters import Scope, compile_filter
from gisapp.installation import Installation
from tests.statements import statements

ITEMS = "/ogc/collections/{}/items?limit=10000&properties=&filter="


@pytest.fixture
def connection(installation: Installation) -> Iterator[Connection]:
    with installation.database.transaction("owner") as connection:
        yield connection


def found(client: FlaskClient, layer: str, filter: str, more: str = "") -> list[int]:
    answer = client.get(ITEMS.format(layer) + quote(filter) + more)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return [feature["id"] for feature in answer.get_json()["features"]]


SAME = [
    ("floors >= 3", "floors >= 3"),
    ("floors = 2 AND (use = 411 OR use = 412)", "floors = 2 AND (use = 411 OR use = 412)"),
    ("floors = 2 AND use = 411 OR use = 412", "(floors = 2 AND use = 411) OR use = 412"),
    ("NOT floors = 2 AND use = 411", "(NOT floors = 2) AND use = 411"),
    ("NOT (floors = 2 OR use = 411)", "NOT (floors = 2 OR use = 411)"),
    ("floors BETWEEN 2 AND 3 AND use <> 411", "floors BETWEEN 2 AND 3 AND use <> 411"),
    ("height NOT BETWEEN 3.5 AND 9", "height NOT BETWEEN 3.5 AND 9"),
    ("use IN (411, 412, 402)", "use IN (411, 412, 402)"),
    ("use NOT IN (411)", "use NOT IN (411)"),
    ("name IS NULL", "name IS NULL"),
    ("name IS NOT NULL", "name IS NOT NULL"),
    ("building_id LIKE '%7'", "building_id LIKE '%%7'"),
    ("building_id NOT LIKE '%7_'", "building_id NOT LIKE '%%7_'"),
    ("height > floors * 3.1 + 1", "height > floors * 3.1 + 1"),
    ("height / floors > 3.2", "height / nullif(floors, 0) > 3.2"),
    ("floors % 2 = 1", "floors %% 2 = 1"),
    ("built_year DIV 10 = 198", "built_year / 10 = 198"),
    ("floors ^ 2 = 9", "floors = 3"),
    ("floors = 2.5", "false"),
    ("floors < 1e200", "floors IS NOT NULL"),
    ("id <= 50", "id <= 50"),
    ("TRUE", "true"),
    ("floors > 100 OR FALSE", "floors > 100"),
]


@pytest.mark.parametrize(("filter", "sql"), SAME)
def test_a_filter_selects_what_sql_by_hand_selects(
    client: FlaskClient, connection: Connection, filter: str, sql: str
) -> None:
    rows = connection.exec_driver_sql(f"SELECT id FROM base.building WHERE {sql} ORDER BY id LIMIT 10000", ())
    assert found(client, "base.building", filter) == [row.id for row in rows]


def test_json_selects_what_text_selects(client: FlaskClient) -> None:
    tree = {
        "op": "and",
        "args": [
            {"op": ">=", "args": [{"property": "floors"}, 2]},
            {"op": "not", "args": [{"op": "in", "args": [{"property": "use"}, [411, 412]]}]},
            {"op": "like", "args": [{"op": "casei", "args": [{"property": "building_id"}]}, "%1"]},
        ],
    }
    text = "floors >= 2 AND use NOT IN (411, 412) AND CASEI(building_id) LIKE '%1'"
    assert found(client, "base.building", json.dumps(tree), "&filter-lang=cql2-json") == found(
        client, "base.building", text
    )


def test_letters_of_other_case_width_and_accent_are_found_when_asked(
    client: FlaskClient, installation: Installation
) -> None:
    with installation.database.transaction("owner") as connection:
        one = connection.exec_driver_sql("SELECT min(id) FROM roads.bridge").scalar_one()
        name = connection.exec_driver_sql("SELECT name FROM roads.bridge WHERE id = %s", (one,)).scalar_one()
    set_name = "UPDATE roads.bridge SET name = %s WHERE id = %s"
    try:
        with installation.database.transaction("owner") as connection:
            connection.exec_driver_sql(set_name, ("Ｐont Élysée が橋", one))
        for filter, hit in [
            ("CASEI(name) = CASEI('pONT éLYSÉE が橋')", True),
            ("CASEI(name) = CASEI('pont elysee が橋')", False),
            ("CASEI(ACCENTI(name)) = ACCENTI(CASEI('Pônt Elysee が橋'))", True),
            ("ACCENTI(name) LIKE '%Elysee%'", True),
            ("CASEI(ACCENTI(name)) LIKE '%か橋'", False),  # が is no か with an accent
            ("name LIKE 'pont%'", False),
        ]:
            assert (one in found(client, "roads.bridge", filter)) is hit, filter
    finally:
        with installation.database.transaction("owner") as connection:
            connection.exec_driver_sql(set_name, (name, one))


PLACES = [
    ("S_INTERSECTS(geometry, {})", "ST_Intersects(geom, {})"),
    ("S_WITHIN(geometry, {})", "ST_Within(geom, {})"),
    ("S_DISJOINT(geometry, {})", "NOT ST_Intersects(geom, {})"),
    ("S_OVERLAPS(geometry, {})", "ST_Overlaps(geom, {})"),
    ("S_CONTAINS({}, geometry)", "ST_Contains({}, geom)"),
]


@pytest.mark.parametrize(("filter", "sql"), PLACES)
def test_a_shape_in_the_plane_system_selects_what_postgis_selects(
    client: FlaskClient, installation: Installation, connection: Connection, filter: str, sql: str
) -> None:
    centre = (
        "SELECT ST_X(p), ST_Y(p) FROM (SELECT ST_Centroid(ST_Collect(geom)) AS p FROM base.building) AS f"
    )
    x, y = connection.exec_driver_sql(centre).one()
    corners = [(x, y), (x + 300, y + 50), (x + 120, y + 400), (x, y)]
    outside = "POLYGON((" + ",".join(f"{north} {east}" for east, north in corners) + "))"  # X is north
    inside = "POLYGON((" + ",".join(f"{east} {north}" for east, north in corners) + "))"
    srid = installation.city.srid
    shape = f"ST_GeomFromText('{inside}', {srid})"
    rows = connection.exec_driver_sql(
        f"SELECT id FROM base.building WHERE {sql.format(shape)} ORDER BY id LIMIT 10000"
    )
    expected = [row.id for row in rows]
    crs = f"&filter-crs=http://www.opengis.net/def/crs/EPSG/0/{srid}"
    assert found(client, "base.building", filter.format(outside), crs) == expected and expected


def test_a_shape_in_degrees_selects_what_is_there_in_either_order_of_axes(
    client: FlaskClient, connection: Connection
) -> None:
    corner = "SELECT ST_X(p), ST_Y(p) FROM (SELECT ST_Transform(ST_Centroid(ST_Collect(geom)), 4326) AS p FROM base.building) AS f"
    lon, lat = connection.exec_driver_sql(corner).one()
    ring = [(lon, lat), (lon + 0.004, lat), (lon + 0.001, lat + 0.003), (lon, lat)]
    shape = "ST_GeomFromText('POLYGON((" + ",".join(f"{x} {y}" for x, y in ring) + "))', 4326)"
    sql = f"SELECT id FROM base.building WHERE ST_Intersects(ST_Transform(geom, 4326), {shape}) ORDER BY id"
    expected = [row.id for row in connection.exec_driver_sql(sql)]
    text = "S_INTERSECTS(geometry, POLYGON((" + ",".join(f"{x} {y}" for x, y in ring) + ")))"
    swapped = "S_INTERSECTS(geometry, POLYGON((" + ",".join(f"{y} {x}" for x, y in ring) + ")))"
    assert found(client, "base.building", text) == expected and len(expected) > 3
    for code in (4326, 6668, 6697):
        crs = f"&filter-crs=http://www.opengis.net/def/crs/EPSG/0/{code}"
        assert found(client, "base.building", swapped, crs) == expected


def test_a_distance_is_in_true_metres(client: FlaskClient, connection: Connection) -> None:
    one = "SELECT ST_X(p), ST_Y(p), geom FROM (SELECT geom, ST_Transform(ST_Centroid(geom), 4326) AS p FROM disaster.shelter ORDER BY id LIMIT 1) AS f"
    lon, lat, geom = connection.exec_driver_sql(one).one()
    sql = "SELECT id FROM disaster.shelter WHERE ST_DWithin(geom, ST_Centroid(%s::geometry), 900) ORDER BY id"
    expected = [row.id for row in connection.exec_driver_sql(sql, (geom,))]
    assert found(client, "disaster.shelter", f"S_DWITHIN(geometry, POINT({lon} {lat}), 900)") == expected
    assert len(expected) > 1


def test_days_and_moments_are_compared(
    client: FlaskClient, connection: Connection, installation: Installation
) -> None:
    layer = installation.catalogue.layer("roads.road_work")
    start, end = [field.name for field in layer.fields if field.type == "date"][:2]
    middle = connection.exec_driver_sql(
        f"SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY {start}) FROM roads.road_work"
    ).scalar_one()
    for filter, sql in [
        (f"{start} > DATE('{middle}')", f"{start} > '{middle}'"),
        (f"T_BEFORE({start}, DATE('{middle}'))", f"{start} < '{middle}'"),
        (f"{start} >= TIMESTAMP('{middle}T00:00:00+09:00')", f"{start} >= '{middle}'"),
        (f"T_INTERSECTS(INTERVAL({start}, {end}), INTERVAL('{middle}', '..'))", f"{end} >= '{middle}'"),
        (f"T_DURING({start}, INTERVAL('..', '{middle}'))", f"{start} < '{middle}'"),
    ]:
        rows = connection.exec_driver_sql(
            f"SELECT id FROM roads.road_work_for_public WHERE {sql} ORDER BY id"
        )
        assert found(client, "roads.road_work", filter) == [row.id for row in rows], filter


deep = '{"op":"not","args":[' * 1600 + "true" + "]}" * 1600
REFUSED = [
    "owner_name = 'x'", "owner = 1", "pg_sleep(5) = 1", "current_setting('x') = 'a'", "floors = pg_read_file('x')",
    "1; DROP TABLE x", "floors", "name", "5", "floors = ", "floors = 'x'", "name > 5", "geometry = 1", "use LIKE 4",
    "name LIKE name", "name LIKE 'x\\\\'", "floors IN ()", "CASEI(floors) = 'a'", "A_CONTAINS(name, ('a'))",
    "floors = 1e400", "floors ^ 4000 > 1", "(0 - floors) ^ 0.5 > 1", "S_INTERSECTS(geometry, POINT(1000 2))",
    "S_INTERSECTS(geometry, POLYGON((0 0, 1 1, 0 0)))", "S_INTERSECTS(geometry, POLYGON((0 0,1 0,1 1,0 1)))",
    "S_INTERSECTS(geometry, 5)", "S_INTERSECTS(name, POINT(1 2))", "S_DWITHIN(geometry, POINT(1 2), 1e9)",
    "S_BUFFER(geometry, 5)", "T_AFTER(name, DATE('2026-01-01'))", "built_year > DATE('2026-13-01')", '"id""; DROP" = 1',
    "(" * 1600 + "id=1" + ")" * 1600, "(" * 40 + "id=1" + ")" * 40, "NOT " * 2000 + "id=1", "POLYGON((" * 300, "id=1" + " " * 5000,
    "id = 1\0", deep, '{"op":"="}', '{"op":"=","args":[1]}', '{"op":["="],"args":[1,1]}', '{"op":"pg_sleep","args":[5]}', "{}",
    '{"op":"=","args":[{"property":["id"]},1]}', '{"op":"=","args":[{"property":"id"},NaN]}', "[", "{" * 5000, "[]",
    '{"op":"=","args":[{"property":"name"},"\\u0000"]}', '{"op":"=","args":[{"property":"name"},"\\ud800"]}',
    '{"op":"s_intersects","args":[{"property":"geometry"},{"type":"Point","coordinates":[1e999,2]}]}',
    '{"op":"s_intersects","args":[{"property":"geometry"},{"type":"Point","coordinates":"x"}]}',
    '{"op":"s_intersects","args":[{"property":"geometry"},{"type":"GeometryCollection","geometries":[{"type":"GeometryCollection"}]}]}',
    '{"op":"and","args":[' + ",".join(["true"] * 3000) + "]}",
    '{"op":"in","args":[{"property":"id"},[' + ",".join(["1"] * 3000) + "]]}",
    '{"op":"and","args":{"a":1}}', '{"op":"t_during","args":[{"property":"built_year"},{"interval":[1,2]}]}',
    '{"op":"like","args":[{"property":"name"},{"op":"casei","args":[]}]}',
]  # fmt: skip


@pytest.mark.parametrize("filter", REFUSED, ids=[filter[:30] for filter in REFUSED])
def test_what_cannot_be_asked_gets_a_sentence_at_once(client: FlaskClient, filter: str) -> None:
    began = time.monotonic()
    answer = client.get(ITEMS.format("base.building") + quote(filter))
    assert answer.status_code == 400, answer.get_data(as_text=True)[:500]
    assert time.monotonic() - began < 1.5
    said = answer.get_json()
    assert (
        said["title"] and said["title_en"].startswith("The value of filter") and len(said["title_en"]) < 1500
    )
    for word in ("SELECT", "psycopg", "f.geom", "Traceback", "/"):
        assert word not in said["title_en"].replace("EPSG/0", "")


@pytest.mark.parametrize(
    "nasty",
    ["O'Brien", 'a"b', "a\\b", "%", "x' OR 1=1 --", "{0}", "%s", "%(f0)s", "'; SELECT pg_sleep(9); --"],
)
def test_values_are_bound_never_written(client: FlaskClient, nasty: str) -> None:
    with statements() as said:
        assert found(client, "roads.bridge", "name = '" + nasty.replace("'", "''") + "'") == []
        assert (
            found(client, "roads.bridge", json.dumps({"op": "=", "args": [{"property": "name"}, nasty]}))
            == []
        )
    if len(nasty) > 5 and nasty != "%(f0)s":
        assert all(nasty not in one for one in said)


WORDS = [
    *"ab1= ()',-+<>.^%",
    *("floors ", "AND ", "NOT ", "IN ", "LIKE ", "BETWEEN ", "POINT", "'x'", "S_WITHIN", "geometry", "CASEI"),
]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(WORDS), max_size=12).map("".join))
def test_any_text_is_a_condition_or_a_sentence(installation: Installation, raw: str) -> None:
    layer = installation.catalogue.layer("base.building")
    try:
        made = compile_filter(raw, Scope.of(layer, layer.views()[0], installation.city))
    except errors.ParameterInvalid:
        return
    with installation.database.transaction("owner") as connection:
        connection.exec_driver_sql(f"EXPLAIN SELECT FROM base.building AS f WHERE {made.sql}", made.values)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | st.sampled_from([{"property": "floors"}, {"property": "geometry"}, {"date": "2026-01-01"}]),
    lambda inner: st.lists(inner, max_size=3)
    | st.fixed_dictionaries({"op": st.sampled_from(["and", "not", "=", "in", "like", "between", "isNull", "+", "%", "casei", "s_within", "t_after", "s_dwithin", "x"]), "args": st.lists(inner, max_size=3)})
    | st.dictionaries(st.sampled_from(["op", "args", "property", "type", "coordinates", "bbox", "interval", "timestamp"]), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(JSON)
def test_any_json_is_a_condition_or_a_sentence(installation: Installation, tree: object) -> None:
    layer = installation.catalogue.layer("base.building")
    try:
        made = compile_filter(
            json.dumps(tree), Scope.of(layer, layer.views()[0], installation.city), lang="cql2-json"
        )
    except errors.ParameterInvalid:
        return
    with installation.database.transaction("owner") as connection:
        connection.exec_driver_sql(f"EXPLAIN SELECT FROM base.building AS f WHERE {made.sql}", made.values)


def test_a_hidden_field_is_as_unknown_as_a_missing_one(client: FlaskClient, signed_in) -> None:  # type: ignore[no-untyped-def]
    roads = signed_in("roads")
    hidden, missing = (
        roads.get(ITEMS.format("tax.house") + quote(f"{name} IS NULL")).get_data(as_text=True)
        for name in ("owner_name", "nothing_at")
    )
    assert hidden.replace("owner_name", "-") == missing.replace("nothing_at", "-")
    assert signed_in("tax").get(ITEMS.format("tax.house") + quote("owner_name IS NULL")).status_code == 200
