"""What an edit touches is fetched anew within 200 ms, and nothing else is."""

from __future__ import annotations

import threading
import time

import psycopg
import pytest

from gisapp.changes.follow import identity, look
from tests.tiles.cache.town import LAYER, Town, connect


def test_the_second_time_a_tile_is_kept(town: Town) -> None:
    town.put(1, "市役所")
    tile = town.tile()
    assert [town.state(tile) for _ in range(3)] == ["miss", "hit", "hit"]
    assert town.names(tile) == {1: "市役所"}


def test_an_edit_is_seen_and_the_neighbours_stay(town: Town) -> None:
    town.put(1, "前", x=0)
    town.put(2, "遠く", x=2000)
    here, there = town.tile(), town.tile(2000)
    around = {(16, here[1] + dx, here[2] + dy) for dx in range(-3, 4) for dy in range(-3, 4)} - {here}
    for tile in (*around, here, there):
        town.get(tile)
    with town.changing():
        town.put(1, "後", x=0)
    assert town.names(here) == {1: "後"}
    gone = {tile for tile in (*around, there) if town.state(tile) != "hit"}
    # the point may lie in the buffer of a neighbour; then that neighbour changed as well
    drawn_in = {tile for tile in around if 1 in town.names(tile)}
    assert gone == drawn_in
    assert len(gone) <= 3


def test_an_edit_is_seen_at_every_zoom(town: Town) -> None:
    """Also at zooms where the tile is asked for with the same SQL."""
    town.put(1, "前")
    tiles = [town.tile(zoom=zoom) for zoom in (14, 15, 16)]
    for tile in tiles:
        town.get(tile)
    with town.changing():
        town.put(1, "後")
    assert [town.names(tile) for tile in tiles] == [{1: "後"}] * 3


def test_a_moved_feature_goes_from_one_tile_and_comes_into_another(town: Town) -> None:
    town.put(1, "動くAED", x=0)
    old, new = town.tile(), town.tile(3000)
    assert (town.names(old), town.names(new)) == ({1: "動くAED"}, {})
    with town.changing():
        town.put(1, "動くAED", x=3000)
    assert (town.names(old), town.names(new)) == ({}, {1: "動くAED"})


def test_a_column_that_the_tile_does_not_carry_changes_no_tile(town: Town) -> None:
    town.put(1, "市役所")
    tile = town.tile()
    town.get(tile)
    with town.changing():
        town.raw.execute("UPDATE facilities.public_facility SET note = '貸出中', revision = revision + 1")
    assert town.state(tile) == "hit"


def test_another_layer_changes_no_tile_but_a_joined_one_that_holds_it(town: Town) -> None:
    town.put(1, "市役所")
    tile, joined = town.tile(), f"{LAYER},facilities.public_toilet"
    town.get(tile), town.get(tile, joined)
    with town.changing():
        town.raw.execute(
            "INSERT INTO facilities.public_toilet (name, geom) SELECT '公園', geom FROM facilities.public_facility"
        )
    assert town.state(tile) == "hit"
    answer = town.get(tile, joined)
    assert "fwd=miss" in answer.headers["Cache-Status"]
    assert "公園".encode() in answer.get_data()


@pytest.mark.parametrize(
    "statement",
    [
        "TRUNCATE facilities.public_facility",
        "DELETE FROM facilities.public_facility",
        "DELETE FROM ONLY facilities.public_facility WHERE id = 1",
    ],
)
def test_what_is_removed_is_drawn_no_more(town: Town, statement: str) -> None:
    town.put(1, "市役所")
    tile = town.tile()
    assert town.names(tile) == {1: "市役所"}
    with town.changing():
        town.raw.execute(statement)  # type: ignore[call-overload]
    assert town.names(tile) == {}


def test_what_is_rolled_back_is_never_seen_and_forgets_nothing(town: Town) -> None:
    town.put(1, "前")
    tile = town.tile()
    town.get(tile)
    with town.changing(), town.raw.transaction():
        town.put(1, "後")
        raise psycopg.Rollback()
    assert town.state(tile) == "hit"
    assert town.names(tile) == {1: "前"}


def test_a_change_that_commits_late_is_not_lost(town: Town) -> None:
    """Its number and its transaction are older than those of a change that was followed before."""
    town.put(1, "前")
    town.put(2, "あ", x=20)
    tile = town.tile()
    with connect(town.installation) as slow, slow.transaction():
        slow.execute("UPDATE facilities.public_facility SET name = '後' WHERE id = 1")
        with town.changing():
            town.raw.execute("UPDATE facilities.public_facility SET name = 'い' WHERE id = 2")
        assert town.names(tile) == {1: "前", 2: "い"}
        assert town.state(tile) == "hit"
    time.sleep(0.2)
    assert town.names(tile) == {1: "後", 2: "い"}


def test_what_was_read_before_a_change_is_not_kept_after_it(town: Town) -> None:
    """A slow statement that began before the change ends after the change was followed."""
    town.put(1, "前")
    tile = town.tile()
    maker = town.client.application.extensions["gisapp_maker"]
    read, slow, go_on = maker._read, threading.Event(), threading.Event()

    def slowly(*args: object) -> object:
        made = read(*args)
        slow.set()
        assert go_on.wait(5)
        return made

    maker._read = slowly
    answers: list[dict[int, str]] = []
    asker = threading.Thread(target=lambda: answers.append(town.names(tile)))
    asker.start()
    assert slow.wait(5)
    maker._read = read
    with town.changing():
        town.put(1, "後")
    late: list[dict[int, str]] = []
    joiner = threading.Thread(target=lambda: late.append(town.names(tile)))  # waits for the one under way
    joiner.start()
    time.sleep(0.05)
    go_on.set()
    asker.join(), joiner.join()
    assert answers == [{1: "前"}]  # it had asked before
    assert late == [{1: "後"}]
    assert town.names(tile) == {1: "後"}


def test_very_many_changes_forget_the_layer_and_no_other(town: Town) -> None:
    town.put(1, "市役所")
    town.raw.execute(
        "INSERT INTO facilities.public_toilet (name, geom) SELECT '公園', geom FROM facilities.public_facility"
    )
    tile = town.tile()
    town.get(tile), town.get(tile, "facilities.public_toilet")
    many = (
        "INSERT INTO facilities.public_facility (id, name, geom) OVERRIDING SYSTEM VALUE "
        "SELECT 10 + n, 'n' || n, ST_Translate(geom, n / 10.0, 1) "
        "FROM facilities.public_facility, generate_series(1, 10500) AS n"
    )
    with town.changing():
        town.raw.execute(many)
    assert town.state(tile, "facilities.public_toilet") == "hit"
    assert town.state(tile) == "miss"
    assert len(town.names(tile)) > 100


def test_a_follower_that_was_away_for_too_long_knows_that_it_missed_something(town: Town) -> None:
    who = identity(town.raw)
    start = look(town.raw, who, None).position
    town.put(1, "市役所")
    assert len(look(town.raw, who, start).changes) == 1
    town.raw.execute("UPDATE gisapp.tile_state SET pruned = pg_current_xact_id()")
    try:
        assert look(town.raw, who, start).lost
    finally:
        town.raw.execute("UPDATE gisapp.tile_state SET pruned = '0'")
    town.raw.execute("UPDATE gisapp.tile_state SET epoch = gen_random_uuid()")
    assert look(town.raw, who, start).lost


def test_a_new_epoch_empties_the_cache(town: Town) -> None:
    tile = town.tile()
    town.get(tile)
    with town.changing():
        town.raw.execute("UPDATE gisapp.tile_state SET epoch = gen_random_uuid()")
    assert town.state(tile) == "miss"
