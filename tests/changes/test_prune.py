"""Old notes of changes go; a cache that stayed in step never notices, one that was away too long empties itself."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterator
from typing import Any

import pytest

from gisapp import errors
from gisapp.changes import prune as pruning
from gisapp.changes.follow import identity, look
from gisapp.changes.prune import SHORTEST, Horizons, oldest_running, prune
from tests.loops import run_to_end
from tests.tiles.cache.conftest import town as town
from tests.tiles.cache.town import Town, connect


@pytest.fixture(autouse=True)
def _only_our_notes(town: Town) -> Iterator[None]:
    def clear() -> None:
        town.raw.execute("DELETE FROM gisapp.tile_change")
        town.raw.execute("UPDATE gisapp.tile_state SET pruned = '0'")

    clear()
    yield
    clear()


def notes(town: Town) -> int:
    row = town.raw.execute("SELECT count(*) FROM gisapp.tile_change").fetchone()
    assert row
    return int(row[0])


def age(town: Town, days: float) -> None:
    """All notes there are were written that many days earlier than they were."""
    town.raw.execute("UPDATE gisapp.tile_change SET at = at - make_interval(secs => %s)", [days * 86_400])


def now(town: Town) -> int:
    with town.installation.database.transaction("owner") as connection:
        return oldest_running(connection)


def test_notes_older_than_two_days_go_and_younger_ones_stay(town: Town) -> None:
    town.put(1, "市役所")
    age(town, 2.1)
    town.put(2, "公民館", x=20)
    assert prune(town.installation.database, now(town)) == 1
    assert notes(town) == 1


def test_above_the_most_the_oldest_go_but_none_of_the_last_hour(town: Town) -> None:
    for id in range(1, 7):
        town.put(id, "市役所")
    assert prune(town.installation.database, now(town), most=2) == 0
    age(town, 0.1)
    assert prune(town.installation.database, now(town), most=2) == 4
    assert notes(town) == 2


def test_a_cache_that_stayed_in_step_keeps_its_tiles_over_a_pruning(town: Town) -> None:
    town.put(1, "市役所")
    tile = town.tile()
    town.get(tile)
    with town.changing():
        town.put(2, "公民館", x=3 * 1000)
    assert town.state(tile) == "hit"
    generation = town.client.application.extensions["gisapp_maker"].cache.follower.board.read().generation
    age(town, 3)
    with town.changing():
        assert prune(town.installation.database, now(town)) == 2
    assert town.state(tile) == "hit"
    assert town.names(tile) == {1: "市役所"}
    with town.changing():
        town.put(1, "新市役所")
    assert town.names(tile) == {1: "新市役所"}
    assert (
        town.client.application.extensions["gisapp_maker"].cache.follower.board.read().generation
        == generation
    )


def test_a_follower_that_was_away_for_longer_is_lost(town: Town) -> None:
    who = identity(town.raw)
    away = look(town.raw, who, None).position
    town.put(1, "市役所")
    present = look(town.raw, who, away).position
    age(town, 3)
    assert prune(town.installation.database, now(town)) == 1
    assert look(town.raw, who, away).lost
    assert not look(town.raw, who, present).lost


def test_a_note_that_was_written_early_and_committed_late_is_not_removed_before_all_have_seen_it(
    town: Town,
) -> None:
    who = identity(town.raw)
    with connect(town.installation) as slow, slow.transaction():
        slow.execute(
            "INSERT INTO gisapp.tile_change (relation, at) VALUES ('roads.street', now() - interval '3 days')"
        )
        before = now(town)  # an hour ago, say
        follower = look(town.raw, who, None).position
    assert prune(town.installation.database, before) == 0
    found = look(town.raw, who, follower)
    assert not found.lost and len(found.changes) == 1
    assert prune(town.installation.database, now(town)) == 1
    assert not look(town.raw, who, found.position).lost


def test_the_newest_transaction_removed_is_recorded_and_never_goes_back(town: Town) -> None:
    def pruned() -> int:
        row = town.raw.execute("SELECT pruned::text FROM gisapp.tile_state").fetchone()
        assert row
        return int(row[0])

    town.put(1, "市役所")
    town.put(2, "公民館")
    row = town.raw.execute("SELECT max(txid::text::bigint) FROM gisapp.tile_change").fetchone()
    age(town, 3)
    assert prune(town.installation.database, now(town)) == 2
    assert (pruned(),) == row
    assert prune(town.installation.database, now(town)) == 0
    assert (pruned(),) == row


def test_what_ran_an_hour_ago_is_known_an_hour_after_the_start() -> None:
    horizons, start = Horizons(), time.monotonic()
    horizons.add(start, 100)
    assert horizons.an_hour_before(start) == 0
    horizons.add(start + 600, 200)
    assert horizons.an_hour_before(start + SHORTEST - 1) == 0
    assert horizons.an_hour_before(start + SHORTEST + 1) == 100
    assert horizons.an_hour_before(start + SHORTEST + 2) == 100
    assert horizons.an_hour_before(start + SHORTEST + 601) == 200
    assert horizons.an_hour_before(start + SHORTEST + 9000) == 200


def test_the_worker_s_pruning_goes_on_by_itself_also_after_a_failure(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "EVERY", 0.05)
    monkeypatch.setattr(pruning, "SHORTEST", 0.0)
    prune_now, tries = pruning._prune_now, []

    def fail_at_first(*given: Any) -> None:
        tries.append(given)
        if len(tries) == 1:
            raise errors.DatabaseAway()
        if len(tries) == 2:
            raise RuntimeError
        prune_now(*given)

    monkeypatch.setattr(pruning, "_prune_now", fail_at_first)
    town.put(1, "市役所")
    age(town, 3)

    async def run() -> None:
        task = asyncio.create_task(pruning.prune_often(town.installation.database, []))
        until = time.monotonic() + 10
        while notes(town) and time.monotonic() < until:
            await asyncio.sleep(0.05)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    run_to_end(run())
    assert notes(town) == 0
