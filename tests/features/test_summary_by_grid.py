"""A summary by areas that are kept as a grid gives what the geometry of every pair gives."""

from __future__ import annotations

import itertools
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Connection

from gisapp.features import area_grid
from gisapp.geo import inside
from gisapp.installation import Installation

BORDERS = """SELECT ST_AsText(ST_GeometryN(line, 1)) AS line FROM (
  SELECT ST_CollectionExtract(ST_Intersection(a.geom, b.geom), 2) AS line FROM base.town a JOIN base.town b
  ON a.id < b.id AND ST_Intersects(a.geom, b.geom)) AS f WHERE ST_Length(line) > 20 LIMIT 12"""
ADD = """INSERT INTO base.building (building_id, use, floors, geom)
SELECT %(id)s, 411, 3, ST_Multi(geom) FROM (SELECT {shape} AS geom FROM (SELECT ST_GeomFromText(%(line)s, %(srid)s) AS line) AS f) AS f"""
MIDDLE = "ST_LineInterpolatePoint(ST_GeometryN(line, 1), 0.5)"
SHAPES = {
    "over a border": f"ST_Buffer({MIDDLE}, 9)",
    "over corners of towns": "ST_Buffer(ST_StartPoint(ST_GeometryN(line, 1)), 40)",
    "along a border": "ST_MakePolygon(ST_AddPoint(ST_AddPoint(l.s, ST_Translate(ST_EndPoint(l.s), 7, 5)), ST_StartPoint(l.s)))",
    "outside of every town": f"ST_Translate(ST_Buffer({MIDDLE}, 9), 90000, 0)",
    "far outside": f"ST_Translate(ST_Buffer({MIDDLE}, 9), 200000, 200000)",
    "over the whole city": "ST_Envelope(ST_Buffer(line, 30000))",
    "smaller than a hand": f"ST_Buffer({MIDDLE}, 0.02)",
}


@pytest.fixture(scope="module")
def strange_buildings(installation: Installation) -> Iterator[None]:
    """Buildings where a grid might go wrong, of every kind on every border."""
    with installation.database.transaction("owner") as connection:
        lines = connection.exec_driver_sql(BORDERS).scalars().all()
        for number, (line, (kind, shape)) in enumerate(itertools.product(lines, SHAPES.items())):
            made = ADD.replace("{shape}", shape)
            if kind == "along a border":
                segment = "LATERAL (SELECT ST_MakeLine(ST_PointN(ST_GeometryN(line, 1), 1), ST_PointN(ST_GeometryN(line, 1), 2)) AS s) AS l"
                made = made.replace(") AS f) AS f", f") AS f, {segment}) AS f")
            connection.exec_driver_sql(
                made, {"id": f"strange-{number}", "line": line, "srid": installation.city.srid}
            )
    yield
    with installation.database.transaction("owner") as connection:
        connection.exec_driver_sql("DELETE FROM base.building WHERE building_id LIKE 'strange-%%'")


def both_ways(client: FlaskClient, monkeypatch: pytest.MonkeyPatch, query: str) -> dict[str, Any]:
    """The summary by the grid, after it was compared with the one by geometry."""
    made = []
    with monkeypatch.context() as patch:
        real = area_grid.values_of
        patch.setattr(area_grid, "values_of", lambda *words: made.append(real(*words)) or made[-1])
        by_grid = client.get(f"/api/summary?{query}").get_json()
    assert made and made[0] is not None
    with monkeypatch.context() as patch:
        patch.setattr(area_grid, "values_of", lambda *_: None)
        by_geometry = client.get(f"/api/summary?{query}").get_json()
    assert by_grid["columns"] == by_geometry["columns"] and len(by_grid["rows"]) == len(by_geometry["rows"])
    for one, other in zip(
        [*by_grid["rows"], by_grid["total"]], [*by_geometry["rows"], by_geometry["total"]], strict=True
    ):
        for name, value in other.items():
            if name != "words":
                assert one[name] == (
                    pytest.approx(value, rel=1e-9, abs=1e-6) if isinstance(value, float) else value
                )
    return dict(by_grid)


@pytest.mark.parametrize("query", [
    "layer=base.building&area=base.town&area-by=key_code,name", "layer=base.building&area=base.town&area-by=key_code,name&share=true",
    "layer=base.building&area=base.town&by=use&sum=floors,height&share=true", "layer=base.building&area=base.town&by=use&sum=floors,height",
    "layer=base.building&area=mesh:3&share=true", "layer=base.building&area=disaster.flood_depth&area-by=rank&share=true",
    "layer=base.building&area=disaster.flood_depth&area-by=rank", "layer=roads.street&area=base.town&share=true",
    "layer=disaster.shelter&area=base.town&share=true", "layer=disaster.shelter&area=base.town", "layer=base.town&area=base.town&share=true",
    "layer=base.building&area=base.town&share=true&filter=" + quote("floors >= 3"),
    "layer=base.building&area=base.town&area-filter=" + quote("name LIKE '%1%' OR name LIKE '%一%'"),
])  # fmt: skip
def test_grid_and_geometry_agree(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, strange_buildings: None, query: str
) -> None:
    assert both_ways(client, monkeypatch, query)["rows"]


@pytest.mark.parametrize("share", ["", "&share=true"])
def test_squares_beyond_the_most_blocks_are_left_to_geometry(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, strange_buildings: None, share: str
) -> None:
    monkeypatch.setattr(inside, "MOST_BLOCKS", 50)
    monkeypatch.setattr(area_grid, "_kept", OrderedDict())
    assert both_ways(client, monkeypatch, f"layer=base.building&area=base.town{share}")["rows"]


def test_a_selection_of_nothing_has_no_rows_and_a_total_of_nothing(client: FlaskClient) -> None:
    said = client.get("/api/summary?layer=base.building&area=base.town&filter=floors%20%3E%20999").get_json()
    assert said["rows"] == [] and said["total"] == {"count": 0, "area_m2": 0}


def test_a_town_that_changes_counts_otherwise_at_once(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, installation: Installation
) -> None:
    query = "layer=base.building&area=base.town&area-by=key_code"
    before = both_ways(client, monkeypatch, query)
    with installation.database.transaction("owner") as connection:
        town, shape = _largest(connection)
        half = "UPDATE base.town SET geom = ST_Multi(ST_Buffer(geom, -30)) WHERE id = %s"
        connection.exec_driver_sql(half, (town,))
    try:
        after = both_ways(client, monkeypatch, query)
        assert sum(row["count"] for row in after["rows"]) < sum(row["count"] for row in before["rows"])
        assert after["total"] == pytest.approx(before["total"])
    finally:
        with installation.database.transaction("owner") as connection:
            connection.exec_driver_sql(
                "UPDATE base.town SET geom = %s::geometry WHERE id = %s", (shape, town)
            )


def _largest(connection: Connection) -> tuple[int, str]:
    busiest = """SELECT t.id, t.geom::text FROM base.town t JOIN base.building b ON ST_Intersects(t.geom, ST_PointOnSurface(b.geom))
        GROUP BY t.id ORDER BY count(*) DESC LIMIT 1"""
    return tuple(connection.exec_driver_sql(busiest).one())
