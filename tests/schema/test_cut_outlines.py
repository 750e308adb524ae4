"""Pieces of long outlines: in step with the layer whoever changes it, and read by those who read the layer."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa

from gisapp.catalogue.pieces import LONG
from gisapp.installation import Installation
from tests.schema.parks import RULE, SECRET, TREE, Parks
from tests.schema.test_sync import TOML

AREA = TOML.replace('geometry = "Point"', 'geometry = "MultiPolygon"')
STYLE = '[{"id": "wood", "type": "fill", "metadata": {"slot": "fill", "legend": true}, "paint": {"fill-color": "#3a7d44"}}]'
PIECES = "pieces.facilities__tree"
STATUS = '[fields.status]\ntype = "text"\ntitle = { ja = "状態", en = "Status" }\n'
# A round wood of {points} points and {radius} m.
WOOD = "ST_Multi(ST_Buffer(ST_SetSRID(ST_MakePoint({x}, -27000), 6677), {radius}, 'quad_segs={quarter}'))"
# Rows whose pieces, each within its own tile, do not add up to the outline; and pieces of rows that have none.
OUT_OF_STEP = f"""
SELECT n.id FROM {TREE} AS n FULL JOIN (
  SELECT id, sum(ST_Area(ST_Intersection(shape, ST_TileEnvelope(14, x, y)))) AS area, count(point) AS points FROM {PIECES} GROUP BY id
) AS p USING (id)
WHERE n.id IS NULL OR (ST_MemSize(geom_web) > {LONG}) <> (area IS NOT NULL) OR points < 1 OR abs(area / ST_Area(geom_web) - 1) > 1e-9
"""


@pytest.fixture(scope="module")
def made(
    city_installation: Callable[[str], Installation], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Parks]:
    with Parks.opened(city_installation("musashimurayama"), tmp_path_factory.mktemp("woods"), STYLE) as parks:
        yield parks
    assert not parks.ask("SELECT to_regclass(%s) WHERE to_regclass(%s) IS NOT NULL", PIECES, PIECES)
    assert not parks.ask("SELECT proname FROM pg_proc WHERE proname = 'cut_facilities__tree'")


@pytest.fixture
def woods(made: Parks) -> Parks:
    """Four woods; the last two have long outlines."""
    made.with_layer(AREA)
    made.ask(f"TRUNCATE {TREE}")
    for number, (radius, points) in enumerate([(100, 400), (2000, 1600), (100, 2400), (2000, 8000)]):
        made.ask(
            f"INSERT INTO {TREE} (number, kind, geom) SELECT '{number}', 'けやき', {wood(radius, points)}"
        )
    return made


def wood(radius: int, points: int, x: int = -40000) -> str:
    return WOOD.format(x=x, radius=radius, quarter=points // 4)


def in_step(parks: Parks) -> bool:
    return not parks.ask(OUT_OF_STEP)


def test_pieces_follow_whatever_is_done_to_the_layer(woods: Parks) -> None:
    assert in_step(woods)
    assert woods.ask(f"SELECT count(DISTINCT id), count(*) > 6 FROM {PIECES}") == [(2, True)]
    for change in (
        f"UPDATE {TREE} SET geom = ST_Translate(geom, 700, -300), revision = 7",
        f"UPDATE {TREE} SET geom = {wood(900, 4000)} WHERE number = '0'",
        f"UPDATE {TREE} SET geom = {wood(900, 40)} WHERE number = '3'",
        f"UPDATE {TREE} SET id = DEFAULT WHERE number IN ('0', '1')",
        f"INSERT INTO {TREE} (number, geom) SELECT 'n' || n, ST_Translate(geom, n, n) FROM {TREE}, generate_series(1, 5) AS n WHERE number = '2'",
        f"INSERT INTO {TREE} (number, geom) SELECT number, ST_Translate(geom, 5000, 0) FROM {TREE} ON CONFLICT (number) DO UPDATE SET geom = excluded.geom",
        f"DELETE FROM {TREE} WHERE number IN ('0', 'n1', 'n2')",
    ):
        woods.ask(change, role="publisher_facilities")
        assert in_step(woods), change
    assert woods.ask(f"SELECT count(DISTINCT id) FROM {PIECES}") == [(4,)]
    woods.ask(f"TRUNCATE {TREE}")
    assert woods.ask(f"SELECT count(*) FROM {PIECES}") == [(0,)]


def test_what_changes_no_outline_cuts_nothing_anew(woods: Parks) -> None:
    written = f"SELECT id, x, y, xmin::text FROM {PIECES} ORDER BY id, x, y"
    before = woods.ask(written)
    woods.ask(f"UPDATE {TREE} SET kind = 'さくら', geom = geom")
    assert woods.ask(written) == before
    woods.ask(f"UPDATE {TREE} SET geom = ST_Translate(geom, 1, 0) WHERE number = '2'")
    after = woods.ask(written)
    assert after != before and {row[3] for row in before} & {row[3] for row in after}


def test_only_who_reads_the_layer_reads_its_pieces(woods: Parks) -> None:
    assert woods.ask(f"SELECT count(*) > 0 FROM {PIECES}", role="aud_public") == [(True,)]
    woods.with_layer(AREA.replace('see = "public"', 'see = ["tax"]'))
    for role in ("aud_public", "aud_roads", "aud_facilities"):
        with pytest.raises(sa.exc.ProgrammingError, match="permission denied"):
            woods.ask(f"SELECT count(*) FROM {PIECES}", role=role)
    assert woods.ask(f"SELECT count(*) > 0 FROM {PIECES}", role="aud_tax") == [(True,)]
    for change in (f"DELETE FROM {PIECES}", f"UPDATE {PIECES} SET x = 1", f"TRUNCATE {PIECES}"):
        for role in ("aud_tax", "publisher_facilities"):
            with pytest.raises(sa.exc.ProgrammingError, match="permission denied"):
                woods.ask(change, role=role)


def test_what_was_changed_by_hand_is_found_and_put_right(woods: Parks) -> None:
    woods.ask(f"ALTER TABLE {TREE} DISABLE TRIGGER gisapp_pieces_update")
    woods.ask(f"UPDATE {TREE} SET geom = ST_Translate(geom, 3000, 0)")
    assert not in_step(woods)
    assert f"create table {PIECES}" in woods.with_layer(AREA)
    assert in_step(woods) and woods.with_layer(AREA) == []


def test_pieces_are_made_anew_with_the_shapes(woods: Parks) -> None:
    woods.ask(f"DROP TABLE {TREE} CASCADE")
    woods.with_layer(AREA.replace('"MultiPolygon"', '"Polygon"'))
    woods.ask(f"INSERT INTO {TREE} (number, geom) SELECT '1', ST_GeometryN({wood(2000, 8000)}, 1)")
    assert in_step(woods)
    assert {f"drop table {PIECES}", f"create table {PIECES}"} <= set(woods.with_layer(AREA))
    assert in_step(woods) and woods.ask(f"SELECT count(*) > 2 FROM {PIECES}") == [(True,)]
    assert f"drop table {PIECES}" in woods.with_layer(AREA.replace("min = 14", "min = 15"))


def test_a_layer_with_a_row_rule_has_none(woods: Parks) -> None:
    woods.ask(f"UPDATE {TREE} SET kind = '{SECRET}'")
    assert f"drop table {PIECES}" in woods.with_layer(AREA + RULE + STATUS)
    assert woods.ask("SELECT to_regclass(%s) IS NULL", PIECES) == [(True,)]
