"""Low zooms that choose some of a layer's rows find them by an index of those alone."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator

import pytest

from gisapp.geo.tiles import WORLD, unit
from gisapp.installation import Installation
from gisapp.tiles.plan import choices, plan
from gisapp.tiles.statement import statement
from tests.schema.parks import RULE, TREE, Parks
from tests.schema.test_sync import TOML

PATHS = TOML.replace('geometry = "Point"', 'geometry = "MultiLineString"')
STATUS = '[fields.status]\ntype = "text"\ntitle = { ja = "状態", en = "Status" }\n'
LOW, LAST = 14, 16
# 4,000 paths of 200 m on a lattice of 5 m; every 50th is a main one.
MANY = f"""
INSERT INTO {TREE} (number, kind, geom)
SELECT n::text, CASE WHEN n % 50 = 0 THEN '5' ELSE '1' END,
  ST_Multi(ST_SetSRID(ST_MakeLine(ST_MakePoint(x, y), ST_MakePoint(x + 200, y + 90)), 6677))
FROM generate_series(1, 4000) AS n CROSS JOIN LATERAL (SELECT -40000 + 5 * (n % 64) AS x, -27000 + 5 * (n / 64) AS y) AS place
"""
MIDDLE = f"SELECT ST_XMax(box) + ST_XMin(box), ST_YMax(box) + ST_YMin(box) FROM (SELECT ST_Extent(geom_web) AS box FROM {TREE}) AS one"
INDEXES = "SELECT indexname::text FROM pg_indexes WHERE schemaname = 'facilities' AND tablename = 'tree' AND indexname LIKE '%chosen%'"


def style(*chosen: object, minzoom: int = LAST - 1) -> str:
    """Paths of the kinds `chosen` at every zoom, the others from `minzoom` on."""
    whole = {"type": "line", "metadata": {"slot": "line", "legend": True}, "paint": {"line-width": 1}}
    main = {**whole, "id": "main", "filter": ["in", ["get", "kind"], ["literal", list(chosen)]]}
    return json.dumps([main, {**whole, "id": "all", "minzoom": minzoom}])


@pytest.fixture(scope="module")
def made(
    city_installation: Callable[[str], Installation], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Parks]:
    folder = tmp_path_factory.mktemp("paths")
    with Parks.opened(city_installation("musashimurayama"), folder, style("5")) as parks:
        yield parks


@pytest.fixture
def paths(made: Parks) -> Parks:
    made.ask(f"DROP TABLE IF EXISTS {TREE} CASCADE")
    made.style = style("5")
    made.with_layer(PATHS)
    made.ask(MANY)
    made.ask(f"ANALYZE {TREE}")
    return made


def read(parks: Parks, z: int) -> tuple[str, bytes]:
    """How PostgreSQL reads the tile of zoom `z` in the middle of the paths for visitors, and what it holds."""
    layer = parks.now.catalogue.layer("facilities.tree")
    asked = statement((plan(layer, layer.views()[0]),), z)
    ((east, north),) = parks.ask(MIDDLE)
    x, y = (math.floor((both / 2 / WORLD + 0.5) * 2**z) for both in (east, -north))
    values = {"z": z, "x": x, "y": y, "unit": unit(z)}
    with parks.now.database.transaction("aud_public") as connection:
        explained = "\n".join(connection.exec_driver_sql("EXPLAIN " + asked, values).scalars())
        return explained, bytes(connection.exec_driver_sql(asked, values).one()[1])


def test_a_low_zoom_reads_the_rows_that_its_style_chooses_by_their_own_index(paths: Parks) -> None:
    ((index,),) = paths.ask(INDEXES)
    explained, with_index = read(paths, LOW)
    assert str(index) in explained and with_index
    assert str(index) not in read(paths, LAST)[0]
    paths.ask(f"DROP INDEX facilities.{index}")
    assert read(paths, LOW)[1] == with_index
    assert paths.with_layer(PATHS) == [f"create index facilities.{index}"]


def test_another_style_gets_another_index_and_one_that_chooses_nothing_none(paths: Parks) -> None:
    ((before,),) = paths.ask(INDEXES)
    paths.style = style("5", "50 %", "'", "６")
    said = paths.with_layer(PATHS)
    ((after,),) = paths.ask(INDEXES)
    assert after != before
    assert {f"drop index facilities.{before}", f"create index facilities.{after}"} <= set(said)
    assert str(after) in read(paths, LOW)[0]
    assert paths.with_layer(PATHS) == []
    paths.style = style("5", minzoom=LOW)
    assert paths.with_layer(PATHS) == [f"drop index facilities.{after}"]


def test_a_chosen_column_may_change_its_type_or_go(paths: Parks) -> None:
    paths.style = style(5)
    number = PATHS.replace('[fields.kind]\ntype = "text"', '[fields.kind]\ntype = "integer"')
    said = paths.with_layer(number)
    assert "change column facilities.tree.kind" in said
    ((index,),) = paths.ask(INDEXES)
    paths.ask(f"ANALYZE {TREE}")
    assert str(index) in read(paths, LOW)[0]
    paths.ask(f"ALTER TABLE {TREE} DROP COLUMN kind CASCADE")  # by hand, and the index with it
    assert not paths.ask(INDEXES)
    assert f"create index facilities.{index}" in paths.with_layer(number)


def test_areas_and_layers_with_a_row_rule_have_none(paths: Parks) -> None:
    paths.with_layer(PATHS + RULE + STATUS)
    assert not paths.ask(INDEXES)
    paths.ask(f"DROP TABLE {TREE} CASCADE")
    paths.style = style("5").replace('"line"', '"fill"').replace("line-width", "fill-opacity")
    paths.with_layer(PATHS.replace("MultiLineString", "MultiPolygon"))
    assert not paths.ask(INDEXES)


def test_of_the_shipped_layers_streets_are_chosen(made: Parks) -> None:
    with_choice = {layer.id for layer in made.base.catalogue.layers.values() if choices(layer)}
    assert {"roads.street", "base.railway"} <= with_choice
