"""The database goes away and comes back: what everybody may see is still served and says so; nothing stale survives."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gisapp import cluster, create_app
from gisapp import installation as installations
from gisapp.cli.db import prepare
from gisapp.cli.people import add_person
from gisapp.schema.sync import sync
from gisapp.settings import Settings
from tests.conftest import PASSWORD, visitor
from tests.tiles.cache.town import LAYER, Town, connect

ZONE = "INSERT INTO tax.parcel (parcel_id, lot_number, geom) SELECT '1', '5-1', ST_Multi(ST_Buffer(geom, 20)) FROM facilities.public_facility"


@pytest.fixture(scope="module")
def settings() -> Iterator[Settings]:
    """An installation of its own: its cluster is stopped, killed and set back."""
    with tempfile.TemporaryDirectory(prefix="gisapp-away-", ignore_cleanup_errors=True) as folder:
        os.chmod(folder, 0o755)
        settings = Settings(home=Path(folder), city="musashimurayama")
        one = installations.open_for_shell(settings)
        prepare(one)
        sync(one)
        add_person(one, "tax", "課税課", PASSWORD, {"tax": "viewer"})
        one.database.close()
        yield settings
        cluster.stop(cluster.locate(settings))


@pytest.fixture
def town(settings: Settings) -> Iterator[Town]:
    cluster.start(cluster.locate(settings))
    one = installations.open_for_shell(settings)
    app = create_app(installations.open_for_web(settings))
    raw = connect(one)
    raw.execute("TRUNCATE facilities.public_facility, tax.parcel")
    raw.close()
    # A tile of the test before may be seen for 200 ms.
    app.extensions["gisapp_maker"].cache.follower.begin_anew()
    town = Town(one, visitor(app), connect(one))
    yield town
    if app.extensions["gisapp_keeper"]:
        app.extensions["gisapp_keeper"].stop()
    app.extensions["gisapp_maker"].cache.close()
    one.database.close()


def restart(town: Town) -> None:
    """Start the cluster; the program's own connections find out by themselves."""
    cluster.start(cluster.locate(town.installation.settings))
    town.raw.close()
    town.raw = connect(town.installation)
    time.sleep(0.7)  # after a failure nobody asks for half a second


def sign_in(town: Town) -> None:
    page = town.client.get("/sign-in").get_data(as_text=True)
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    form = {"login": "tax", "password": PASSWORD, "csrf_token": token}
    assert town.client.post("/sign-in", data=form).status_code == 302


def test_while_it_is_away_kept_public_tiles_are_served_and_say_so(town: Town) -> None:
    town.put(1, "市役所")
    kept, other = town.tile(), town.tile(5000)
    assert town.names(kept) == {1: "市役所"}
    cluster.stop(cluster.locate(town.installation.settings))
    time.sleep(0.2)
    answer = town.get(kept)
    assert (answer.status_code, town.state(kept)) == (200, "away")
    assert town.names(kept) == {1: "市役所"}
    assert answer.headers["Cache-Status"] == "gisapp; hit; detail=database-away"
    refused = town.get(other)
    assert refused.status_code == 503 and int(refused.headers["Retry-After"]) > 0
    assert refused.get_json()["title"]
    fresh = create_app(installations.open_for_web(town.installation.settings))  # a process begun meanwhile
    assert Town(town.installation, visitor(fresh), town.raw).names(kept) == {1: "市役所"}
    restart(town)
    with town.changing():
        town.put(1, "新市役所")
    assert (town.names(kept), town.state(kept)) == ({1: "新市役所"}, "hit")
    assert town.get(other).status_code == 200


def test_while_it_is_away_kept_public_pictures_are_served_and_none_is_drawn(town: Town) -> None:
    with town.changing():
        town.put(1, "市役所")
    _, x, y = town.tile(zoom=17)
    kept, other = f"/tiles/{LAYER}/17/{x}/{y}.png", f"/tiles/{LAYER}/17/{x}/{y}.webp"
    picture = town.client.get(kept).get_data()
    cluster.stop(cluster.locate(town.installation.settings))
    time.sleep(0.2)
    answer = town.client.get(kept)
    assert (answer.status_code, answer.get_data()) == (200, picture)
    assert answer.headers["Cache-Status"] == "gisapp; hit; detail=database-away"
    refused = town.client.get(other)  # though the vector tiles that it shows are kept
    assert refused.status_code == 503 and int(refused.headers["Retry-After"]) > 0
    restart(town)
    with town.changing():
        town.raw.execute("TRUNCATE facilities.public_facility")
    assert town.client.get(kept).get_data() != picture
    until = time.monotonic() + 5  # connections that died meanwhile may cost a 503 or two
    while town.client.get(other).status_code == 503 and time.monotonic() < until:
        time.sleep(0.2)
    assert town.client.get(other).status_code == 200


def test_while_it_is_away_a_restricted_tile_is_refused(town: Town) -> None:
    town.put(1, "市役所")
    town.raw.execute(ZONE)
    sign_in(town)
    tile = town.tile()
    assert b"5-1" in town.get(tile, "tax.parcel").get_data()
    cluster.stop(cluster.locate(town.installation.settings))
    time.sleep(2.2)
    refused = town.get(tile, "tax.parcel")
    assert refused.status_code == 503 and int(refused.headers["Retry-After"]) > 0
    assert b"5-1" not in refused.get_data()
    restart(town)
    assert b"5-1" in town.get(tile, "tax.parcel").get_data()


def test_after_a_crash_what_was_committed_is_seen(town: Town) -> None:
    town.put(1, "前")
    tile = town.tile()
    town.get(tile)
    place = cluster.locate(town.installation.settings)
    town.put(1, "後")
    os.kill(int((place.data / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
    restart(town)
    assert town.names(tile) == {1: "後"}
    town.get(tile)
    assert town.state(tile) == "hit"


def test_a_process_whose_connection_died_does_not_call_the_database_away(town: Town) -> None:
    """Each process of a node has its own connection; what one finds out counts for all of them."""
    town.put(1, "前")
    tile, app = town.tile(), create_app(installations.open_for_web(town.installation.settings))
    other = Town(town.installation, visitor(app), town.raw)
    assert town.names(tile) == other.names(tile) == {1: "前"}
    for each in (town.client.application, app):
        each.extensions["gisapp_keeper"].stop()
        each.extensions["gisapp_maker"].cache.follower.fresh(0.0)  # each has its connection
    cluster.stop(cluster.locate(town.installation.settings))
    restart(town)
    for one in (town, other):  # the one after the other finds that its connection is none any more
        with town.changing():
            town.put(1, "後")
        assert (one.names(tile), one.get(town.tile(3000)).status_code) == ({1: "後"}, 200)
    app.extensions["gisapp_maker"].cache.close()


def test_after_a_backup_was_put_back_nothing_newer_is_seen(town: Town) -> None:
    """The database goes back to an earlier moment; tiles of what it no longer knows must go."""
    place = cluster.locate(town.installation.settings)
    town.put(1, "控えの時")
    tile = town.tile()
    assert town.names(tile) == {1: "控えの時"}
    cluster.stop(place)
    backup = place.data.with_name("backup")
    shutil.copytree(place.data, backup, copy_function=_copy_with_owner)
    restart(town)
    with town.changing():
        town.put(1, "控えの後")
    assert town.names(tile) == {1: "控えの後"}
    cluster.stop(place)
    shutil.rmtree(place.data)
    backup.rename(place.data)
    _own_like(place.data.parent, place.data)
    restart(town)
    town.put(2, "別の変更", x=3)  # the same transaction numbers are given out again
    time.sleep(0.2)
    assert town.names(tile) == {1: "控えの時", 2: "別の変更"}


def _copy_with_owner(source: str, target: str) -> None:
    shutil.copy2(source, target)


def _own_like(model: Path, tree: Path) -> None:
    """Files copied by root belong to root; PostgreSQL wants its own."""
    owner = model.stat()
    for path in (tree, *tree.rglob("*")):
        os.chown(path, owner.st_uid, owner.st_gid)
        if path.is_dir():
            path.chmod(0o700)
