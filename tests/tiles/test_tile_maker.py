"""Tiles that are not kept are made by a process of their own: the web process asks nothing of PostGIS, and goes on without it."""

from __future__ import annotations

import socket
import stat
import subprocess
import time
from collections.abc import Iterator

import pytest

from gisapp.cli.up import tile_maker_command, web_environment
from gisapp.frames import packed
from gisapp.settings import ROOT
from gisapp.tiles.making.line import Line, short_name
from gisapp.tiles.setup import maker_folder
from tests.statements import statements
from tests.tiles.cache.conftest import town as town
from tests.tiles.cache.town import Town


def start(town: Town) -> subprocess.Popen[bytes]:
    """A tile maker of the town that answers."""
    settings = town.installation.settings
    child = subprocess.Popen(tile_maker_command(), env=web_environment(settings), cwd=ROOT)
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            with short_name(maker_folder(settings)) as path, socket.socket(socket.AF_UNIX) as line:
                line.connect(path)
                break
        except OSError:
            time.sleep(0.05)
    time.sleep(0.6)  # who found nobody there asks again after half a second
    return child


@pytest.fixture
def maker(town: Town) -> Iterator[subprocess.Popen[bytes]]:
    child = start(town)
    yield child
    child.kill()
    child.wait()


def asked_of_postgis(said: list[str]) -> int:
    return sum("ST_AsMVT" in statement for statement in said)


def test_a_web_process_asks_postgis_for_no_tile(town: Town, maker: subprocess.Popen[bytes]) -> None:
    town.put(1, "市役所")
    with statements() as said:
        assert town.state(town.tile()) == "miss"
        assert town.state(town.tile(3000)) == "miss"  # before Flask: the visitor is known by now
        assert town.names(town.tile()) == {1: "市役所"}
    assert asked_of_postgis(said) == 0
    assert town.state(town.tile()) == "hit"
    with town.changing():
        town.put(1, "新市役所")
    assert town.names(town.tile()) == {1: "新市役所"}


def test_where_the_maker_is_killed_the_web_process_makes_tiles_until_there_is_another(
    town: Town, maker: subprocess.Popen[bytes]
) -> None:
    town.put(1, "市役所")
    assert town.names(town.tile()) == {1: "市役所"}
    maker.kill()
    maker.wait()
    with statements() as said:
        assert town.get(town.tile(3000)).status_code == 200
        assert town.names(town.tile(zoom=15)) == {1: "市役所"}
    assert asked_of_postgis(said) == 2
    again = start(town)
    try:
        with statements() as said:
            assert town.state(town.tile(6000)) == "miss"
        assert asked_of_postgis(said) == 0
    finally:
        again.kill()
        again.wait()


def test_a_second_maker_takes_the_place_of_the_first_which_ends(
    town: Town, maker: subprocess.Popen[bytes]
) -> None:
    town.put(1, "市役所")
    again = start(town)
    try:
        assert maker.wait(15) == 0
        time.sleep(0.6)
        with statements() as said:
            assert town.names(town.tile()) == {1: "市役所"}
        assert asked_of_postgis(said) == 0
    finally:
        again.kill()
        again.wait()


def test_nobody_else_may_ask_and_what_is_no_wish_ends_the_connection(
    town: Town, maker: subprocess.Popen[bytes]
) -> None:
    folder = maker_folder(town.installation.settings)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    wish = {
        "role": "app",
        "plans": [["a.b", "c"]],
        "key": "00",
        "tile": [0, 0, 0],
        "kind": "",
        "public": True,
    }
    for said in (packed({"no": "wish"}), packed(wish), b"\xff" * 100):
        with short_name(folder) as path, socket.socket(socket.AF_UNIX) as line:
            line.connect(path)
            line.sendall(said)
            assert line.recv(10) == b""
    assert town.get(town.tile()).status_code == 200
    assert (
        Line(folder).ask({**wish, "role": "aud_public"}) is not None
    )  # of a layer it has not: refused, not ended
