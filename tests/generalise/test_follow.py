"""Generalised tables follow the layers, wherever a change comes from and however late it is committed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from psycopg import sql

from gisapp.catalogue.layer import Layer
from gisapp.cli.tiles import generalise
from gisapp.generalise.crew import Crew
from gisapp.generalise.follow import bring_up_to_date, follow
from gisapp.generalise.queries import Row, rows_of, tiles_there
from gisapp.geo.tiles import BUFFER, tile_box
from gisapp.installation import Installation
from gisapp.tiles.forget import forget_kept

LOT = (
    "INSERT INTO tax.parcel (parcel_id, land_category, geom) SELECT 'P' || x || '-' || y, CASE WHEN (x / 4 + y / 6) %% 3 = 0 THEN 1 ELSE 3 END, "
    "ST_Multi(ST_MakeEnvelope(-40000 + x * 20 + x / 4 * 8, -27000 + y * 15 + y / 2 * 6, -39980 + x * 20 + x / 4 * 8, -26985 + y * 15 + y / 2 * 6, {srid})) "
    "FROM generate_series(0, 59) AS x, generate_series(0, 59) AS y"
)


@dataclass
class Town:
    """3,600 lots in blocks, their table built."""

    installation: Installation
    raw: psycopg.Connection[Any]
    layer: Layer

    def rows(self) -> dict[Any, list[Row]]:
        zooms = range(self.layer.min_zoom, self.layer.max_zoom)
        frames = [
            f for z in zooms if self.layer.generalised_at(z) for f in tiles_there(self.raw, self.layer, z)
        ]
        return {frame: rows_of(self.raw, self.layer, frame) for frame in frames}

    def follow(self) -> int:
        return follow(self.installation)

    def announced(self, act: Callable[[], object]) -> list[tuple[int, list[float] | None]]:
        """What `act` lets caches know: zoom, boxes."""
        last = self.raw.execute("SELECT max(id) FROM gisapp.tile_change").fetchall()[0]
        act()
        query = "SELECT zoom, boxes FROM gisapp.tile_change WHERE id > %s AND relation = 'generalised.tax__parcel' ORDER BY id"
        return self.raw.execute(query, last).fetchall()

    def change(self, text: str) -> None:
        self.raw.execute(sql.SQL(text).format(srid=self.installation.city.srid))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def built(city_installation: Callable[[str], Installation]) -> Iterator[Town]:
    one = city_installation("musashimurayama")
    url = one.database.url("owner").set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as raw:
        town = Town(one, raw, one.catalogue.layer("tax.parcel"))
        town.change("TRUNCATE tax.parcel")
        town.change(LOT.replace("%%", "%"))
        town.follow()
        yield town
        town.change("TRUNCATE tax.parcel")
        town.follow()


@pytest.fixture
def town(built: Town) -> Town:
    built.follow()
    return built


def test_an_edit_shows_at_every_generalised_zoom_and_only_where_it_is(town: Town) -> None:
    before = town.rows()
    town.change(
        "UPDATE tax.parcel SET land_category = 11 WHERE parcel_id IN ('P8-8', 'P9-8', 'P10-8', 'P11-8')"
    )
    box = town.raw.execute(
        "SELECT ST_XMin(e), ST_YMin(e), ST_XMax(e), ST_YMax(e) FROM (SELECT ST_Extent(geom_web) AS e FROM tax.parcel WHERE land_category = 11) AS s"
    ).fetchall()[0]
    told = town.announced(town.follow)
    after = town.rows()
    changed = {frame for frame in before.keys() | after.keys() if before.get(frame) != after.get(frame)}
    assert {frame.z for frame in changed} == {10, 11, 12, 13, 14}
    assert len([frame for frame in changed if frame.z == 14]) == len(
        [f for f in before if f.z == 14 and _meets(box, f)]
    )
    assert sorted(_points(told)) == sorted((frame.z, *_middle(frame)) for frame in changed)


def _meets(box: tuple[float, ...], frame: Any) -> bool:
    west, south, east, north = frame.box(BUFFER)
    return bool(box[0] <= east and box[2] >= west and box[1] <= north and box[3] >= south)


def _middle(frame: Any) -> tuple[float, float]:
    west, south, east, north = tile_box(frame.z, frame.x, frame.y)
    return (west + east) / 2, (south + north) / 2


def _points(told: list[tuple[int, list[float] | None]]) -> list[tuple[int, float, float]]:
    found = []
    for zoom, boxes in told:
        assert boxes is not None and zoom is not None
        for at in range(0, len(boxes), 4):
            assert boxes[at : at + 2] == boxes[at + 2 : at + 4], "a point"
            found.append((zoom, boxes[at], boxes[at + 1]))
    return found


def test_following_gives_the_rows_that_building_anew_gives(town: Town) -> None:
    town.change("DELETE FROM tax.parcel WHERE parcel_id LIKE 'P2%-3%'")
    town.change("UPDATE tax.parcel SET geom = ST_Translate(geom, 1000, 300) WHERE parcel_id LIKE 'P5%-5%'")
    town.change("UPDATE tax.parcel SET land_category = NULL WHERE parcel_id LIKE 'P4%-1'")
    assert town.follow() > 0
    followed = town.rows()
    assert generalise(town.installation, ("tax.parcel",)) == 0
    assert town.rows() == followed


class Crash(Exception):
    """Somebody pulled the plug."""


def follow_until_stage(town: Town, last: int) -> None:
    """Follow as far as that many groups of zooms that are made from the same rows, and crash."""
    begun = 0

    def told(made: int, more: int) -> None:
        nonlocal begun
        begun += made == 0
        if begun > last:
            raise Crash

    with pytest.raises(Crash), Crew() as crew:
        bring_up_to_date(town.installation, town.layer, crew, told)


def test_a_zoom_can_be_seen_while_lower_ones_are_made(town: Town) -> None:
    before = town.rows()
    town.change("UPDATE tax.parcel SET land_category = 14 WHERE parcel_id LIKE 'P3%-4%'")
    told = town.announced(lambda: follow_until_stage(town, 2))
    after = town.rows()
    changed = {frame.z for frame in before.keys() | after.keys() if before.get(frame) != after.get(frame)}
    assert changed == {13, 14} == {zoom for zoom, _ in told}


@pytest.mark.parametrize("stage", [1, 2])
def test_what_lower_zooms_have_yet_to_do_survives_a_crash(town: Town, stage: int) -> None:
    town.change(f"UPDATE tax.parcel SET land_category = 14 - {stage} WHERE parcel_id LIKE 'P3%-4%'")
    follow_until_stage(town, stage)
    half = town.rows()
    assert town.follow() > 0
    followed = town.rows()
    changed = {frame.z for frame in half.keys() | followed.keys() if half.get(frame) != followed.get(frame)}
    assert changed == set(range(10, 15 - stage)), "what was committed is not made again"
    assert town.raw.execute("SELECT count(*) FROM gisapp.generalised_unfinished").fetchall() == [(0,)]
    assert generalise(town.installation, ("tax.parcel",)) == 0 and town.rows() == followed


def test_what_no_class_depends_on_builds_nothing(town: Town) -> None:
    town.change("UPDATE tax.parcel SET owner_name = 'X', town = 'Y' WHERE parcel_id LIKE 'P1-%'")
    assert town.announced(town.follow) == []


def test_a_change_that_is_committed_late_is_not_lost(town: Town) -> None:
    url = town.installation.database.url("owner").set(drivername="postgresql")
    with psycopg.connect(url.render_as_string(hide_password=False)) as late:
        late.execute("UPDATE tax.parcel SET land_category = 13 WHERE parcel_id LIKE 'P30-3%'")
        town.change("UPDATE tax.parcel SET land_category = 12 WHERE parcel_id LIKE 'P50-2%'")
        assert town.follow() > 0
        before = town.rows()
        late.commit()
    assert town.follow() > 0 and town.rows() != before
    assert generalise(town.installation, ("tax.parcel",)) == 0


def test_what_is_rolled_back_builds_nothing(town: Town) -> None:
    url = town.installation.database.url("owner").set(drivername="postgresql")
    with psycopg.connect(url.render_as_string(hide_password=False)) as doubtful:
        doubtful.execute("UPDATE tax.parcel SET land_category = 13 WHERE parcel_id LIKE 'P40-3%'")
        doubtful.rollback()
    assert town.follow() == 0


def test_a_restored_or_pruned_database_is_built_anew(town: Town) -> None:
    town.raw.execute("UPDATE gisapp.tile_state SET epoch = gen_random_uuid()")
    rows = town.rows()
    told = town.announced(town.follow)
    assert (14, None) in told and town.rows() == rows
    town.raw.execute("UPDATE gisapp.tile_state SET pruned = pg_current_xact_id()")
    assert (14, None) in town.announced(town.follow)
    town.raw.execute("UPDATE gisapp.tile_state SET pruned = '0'")


def test_forgetting_kept_tiles_builds_nothing(town: Town) -> None:
    town.follow()
    forget_kept(town.installation.database)
    assert town.announced(town.follow) == []


def test_emptying_a_layer_empties_its_tiles_and_says_so(town: Town) -> None:
    town.change("CREATE TEMP TABLE kept AS SELECT parcel_id, land_category, geom FROM tax.parcel")
    town.change("TRUNCATE tax.parcel")
    assert (12, None) in town.announced(town.follow) and town.rows() == {}
    marks = town.raw.execute("SELECT z FROM generalised.tax__parcel ORDER BY z").fetchall()
    assert [z for (z,) in marks] == [10, 11, 12, 13, 14], (
        "built, and nothing there: not drawn from the layer's table"
    )
    town.change(
        "INSERT INTO tax.parcel (parcel_id, land_category, geom) SELECT parcel_id, land_category, geom FROM kept"
    )
    assert town.follow() > 0
    town.change("DROP TABLE kept")
