"""CQL2: its abstract tests (OGC 21-065r2, annex A), one test each, named by its id, in text and in JSON.

The tests `test-data` of each class ask for a dataset of their own and are replaced by the comparisons with SQL in
tests/features/filters.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import cql2
import pytest
from flask.testing import FlaskClient

CLASSES = (
    "http://www.opengis.net/spec/cql2/1.0/conf/cql2-text",
    "http://www.opengis.net/spec/cql2/1.0/conf/cql2-json",
    "http://www.opengis.net/spec/cql2/1.0/conf/basic-cql2",
    "http://www.opengis.net/spec/cql2/1.0/conf/advanced-comparison-operators",
    "http://www.opengis.net/spec/cql2/1.0/conf/case-insensitive-comparison",
    "http://www.opengis.net/spec/cql2/1.0/conf/accent-insensitive-comparison",
    "http://www.opengis.net/spec/cql2/1.0/conf/basic-spatial-functions",
    "http://www.opengis.net/spec/cql2/1.0/conf/basic-spatial-functions-plus",
    "http://www.opengis.net/spec/cql2/1.0/conf/spatial-functions",
    "http://www.opengis.net/spec/cql2/1.0/conf/temporal-functions",
    "http://www.opengis.net/spec/cql2/1.0/conf/property-property",
    "http://www.opengis.net/spec/cql2/1.0/conf/arithmetic",
)
VALUES = {
    "text": "'foo'", "boolean": "true", "number": "3.14", "integer": "1",
    "datetime": "TIMESTAMP('2022-04-14T14:48:46Z')", "date": "DATE('2022-04-14')",
}  # fmt: skip
LAYERS = ("base.building", "roads.road_work", "disaster.shelter")
SMALL = LAYERS[1:]


class Ask:
    """Evaluates one filter in text and in JSON, which must agree."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def __call__(self, layer: str, filter: str) -> set[int]:
        as_json = json.dumps(cql2.parse_text(filter).to_json())
        found = [self._ids(layer, filter, "cql2-text"), self._ids(layer, as_json, "cql2-json")]
        assert found[0] == found[1], filter
        return found[0]

    def _ids(self, layer: str, filter: str, lang: str) -> set[int]:
        path = f"/ogc/collections/{layer}/items?limit=10000&properties=&filter-lang={lang}&filter={quote(filter)}"
        answer = self.client.get(path)
        assert answer.status_code == 200, (filter, answer.get_data(as_text=True))
        return {feature["id"] for feature in answer.get_json()["features"]}


@pytest.fixture
def ask(client: FlaskClient) -> Ask:
    return Ask(client)


def fields(client: FlaskClient, *types: str) -> Iterator[tuple[str, str, str]]:
    for layer in LAYERS:
        one = client.application.extensions["gisapp"].catalogue.layer(layer)
        for field in one.fields:
            if field.name in one.views()[0].columns and (field.type in types or not types):
                yield layer, field.name, field.type


def test_conf_basic_cql2_basic_test(client: FlaskClient) -> None:
    for layer in LAYERS:
        said: Any = client.get(f"/ogc/collections/{layer}/queryables").get_json(force=True)
        assert all("type" in one or "format" in one for one in said["properties"].values())


def test_conf_basic_cql2_comparison(client: FlaskClient, ask: Ask) -> None:
    for layer, name, kind in fields(client):
        for one, other in (("=", "<>"), (">", "<="), ("<", ">=")):
            left, right = (ask(layer, f"{name} {op} {VALUES[kind]}") for op in (one, other))
            assert not left & right, name


def test_conf_basic_cql2_is_null(client: FlaskClient, ask: Ask) -> None:
    for layer, name, _ in fields(client):
        empty, filled = ask(layer, f"{name} IS NULL"), ask(layer, f"{name} is not null")
        assert not empty & filled and empty | filled == ask(layer, "true")


def test_conf_basic_cql2_boolean(ask: Ask) -> None:
    assert ask("base.building", "true") and not ask("base.building", "false")


def test_conf_basic_cql2_logical(ask: Ask) -> None:
    a, b = "floors >= 2", "use = 411"
    every, first, second = (ask("base.building", one) for one in ("true", a, b))
    assert ask("base.building", f"{a} AND {b}") == first & second
    assert ask("base.building", f"{a} OR {b}") == first | second
    assert ask("base.building", f"NOT ({a})") <= every - first


def test_conf_advanced_comparison_operators_like(client: FlaskClient, ask: Ask) -> None:
    for layer, name, _ in fields(client, "text"):
        like, unlike = ask(layer, f"{name} LIKE 'foo%'"), ask(layer, f"{name} NOT LIKE 'foo%'")
        assert not like & unlike
        assert ask(layer, f"{name} LIKE '%'") == ask(layer, f"{name} IS NOT NULL")


def test_conf_advanced_comparison_operators_between(client: FlaskClient, ask: Ask) -> None:
    for layer, name, _ in fields(client, "integer", "number"):
        inside, outside = ask(layer, f"{name} BETWEEN 0 AND 100"), ask(layer, f"{name} NOT BETWEEN 0 AND 100")
        assert not inside & outside
        assert inside == ask(layer, f"{name} >= 0 AND {name} <= 100")


def test_conf_advanced_comparison_operators_in(client: FlaskClient, ask: Ask) -> None:
    for layer, name, kind in fields(client, "integer", "number", "text"):
        listed = "('foo','bar')" if kind == "text" else "(1,2,3)"
        assert not ask(layer, f"{name} IN {listed}") & ask(layer, f"{name} NOT IN {listed}")


def test_conf_case_insensitive_comparison_casei(client: FlaskClient, ask: Ask) -> None:
    for layer, name, _ in fields(client, "text"):
        assert not ask(layer, f"CASEI({name}) = casei('foo')") & ask(layer, f"CASEI({name}) <> casei('FOO')")


def test_conf_case_insensitive_comparison_casei_like(client: FlaskClient, ask: Ask) -> None:
    for layer, name, _ in fields(client, "text"):
        assert ask(layer, f"CASEI({name}) LIKE casei('foo%')") == ask(
            layer, f"CASEI({name}) LIKE casei('FOO%')"
        )


def test_conf_accent_insensitive_comparison_accenti(client: FlaskClient, ask: Ask) -> None:
    for layer, name, _ in fields(client, "text"):
        assert not ask(layer, f"ACCENTI({name}) = accenti('äöüéáí')") & ask(
            layer, f"ACCENTI({name}) <> accenti('äöüéáí')"
        )


def test_conf_basic_spatial_functions_s_intersects(ask: Ask) -> None:
    for layer in LAYERS:
        inside, outside = (
            ask(layer, f"{no}S_INTERSECTS(geometry,BBOX(141.0,35.0,141.35,36.0))") for no in ("", "NOT ")
        )
        assert not inside & outside
        ask(layer, "S_INTERSECTS(geometry,POINT(7.02 49.92))")


@pytest.mark.parametrize("shape", ["POINT(141.3 35.2)", "LINESTRING(141 35,142 36)", "POLYGON((141 35,142 35,142 36,141 35))",
    "MULTIPOINT(141 35,142 36)", "MULTILINESTRING((141 35,142 36),(141 36,142 35))", "MULTIPOLYGON(((141 35,142 35,142 36,141 35)))",
    "GEOMETRYCOLLECTION(POINT(141 35),LINESTRING(141 35,142 36))"])  # fmt: skip
def test_conf_basic_spatial_functions_plus_literals(ask: Ask, shape: str) -> None:
    for layer in SMALL:
        assert not ask(layer, f"S_INTERSECTS(geometry,{shape})") & ask(
            layer, f"NOT S_INTERSECTS(geometry,{shape})"
        )


@pytest.mark.parametrize(
    "name", ["EQUALS", "DISJOINT", "TOUCHES", "WITHIN", "OVERLAPS", "CROSSES", "CONTAINS", "INTERSECTS"]
)
def test_conf_spatial_functions(ask: Ask, name: str) -> None:
    shape = "POLYGON((141 35,141.35 35,141.35 36,141 36,141 35))"
    for layer in SMALL:
        assert not ask(layer, f"S_{name}(geometry,{shape})") & ask(layer, f"NOT S_{name}(geometry,{shape})")


@pytest.mark.parametrize("name", ["AFTER", "BEFORE", "DISJOINT", "EQUALS", "INTERSECTS"])
def test_conf_temporal_functions_instants(client: FlaskClient, ask: Ask, name: str) -> None:
    for layer, field, kind in fields(client, "date", "datetime"):
        asked = f"T_{name}({field},{VALUES[kind]})"
        assert not ask(layer, asked) & ask(layer, f"NOT {asked}")


@pytest.mark.parametrize("name", ["AFTER", "BEFORE", "CONTAINS", "DISJOINT", "DURING", "EQUALS", "FINISHEDBY", "FINISHES", "INTERSECTS",
    "MEETS", "METBY", "OVERLAPPEDBY", "OVERLAPS", "STARTEDBY", "STARTS"])  # fmt: skip
def test_conf_temporal_functions_intervals(client: FlaskClient, ask: Ask, name: str) -> None:
    days = [field for layer, field, kind in fields(client, "date") if layer == "roads.road_work"]
    for end in ("'2026-06-01'", "'..'"):
        asked = f"T_{name}(INTERVAL({days[0]},{days[1]}),INTERVAL('2026-04-01',{end}))"
        assert not ask("roads.road_work", asked) & ask("roads.road_work", f"NOT {asked}")


def test_conf_property_property(client: FlaskClient, ask: Ask) -> None:
    assert ask("base.building", "height > floors") and not ask("base.building", "floors <> floors")
    assert ask("base.building", "3 <= floors") == ask("base.building", "floors >= 3")


def test_conf_arithmetic(client: FlaskClient, ask: Ask) -> None:
    assert ask("base.building", "floors + 1 = 3") == ask("base.building", "floors = 2")
    assert ask("base.building", "floors * 2 - 1 > 3") == ask("base.building", "floors > 2")


@pytest.mark.parametrize("written", ["''", "\\'"])
def test_conf_cql2_text_escaping(client: FlaskClient, ask: Ask, installation: Any, written: str) -> None:
    change = "UPDATE roads.bridge SET name = %s WHERE id = %s RETURNING id"
    with installation.database.transaction("owner") as connection:
        row = connection.exec_driver_sql("SELECT id, name FROM roads.bridge ORDER BY id LIMIT 1").one()
        connection.exec_driver_sql(change, ("it's\ta\nbridge", row.id))
    try:
        assert ask._ids("roads.bridge", f"name = 'it{written}s\ta\nbridge'", "cql2-text") == {row.id}
    finally:
        with installation.database.transaction("owner") as connection:
            connection.exec_driver_sql(change, (row.name, row.id))


def test_conf_cql2_text_and_json_are_declared(client: FlaskClient) -> None:
    assert set(CLASSES) <= set(client.get("/ogc/conformance").get_json()["conformsTo"])
