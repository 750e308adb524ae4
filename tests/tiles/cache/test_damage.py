"""Whatever becomes of the cache's files, the answer is the right tile, and after a moment tiles are kept again."""

from __future__ import annotations

import os
import random
import resource
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tiles.cache.town import Town


def folder(town: Town) -> Path:
    settings = town.installation.settings
    return settings.home / "tiles" / town.installation.city.key


def file(town: Town) -> Path:
    (found,) = folder(town).glob("tiles-*.sqlite")
    return found


def scribble(path: Path) -> None:
    """Other bytes in two thousand places."""
    chance = random.Random(7)
    with path.open("r+b") as open_file:
        for _ in range(2000):
            open_file.seek(chance.randrange(path.stat().st_size))
            open_file.write(chance.randbytes(32))


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def cut_all(path: Path) -> None:
    for one in path.parent.iterdir():
        os.truncate(one, 0)


def remove_all(path: Path) -> None:
    shutil.rmtree(path.parent)


def other_content(path: Path) -> None:
    """A sound file in which one tile's bytes are another's."""
    with sqlite3.connect(path) as db:
        db.execute("UPDATE tile SET body = x'1a00'")


@pytest.mark.parametrize("damage", [scribble, cut, cut_all, remove_all, other_content])
def test_a_damaged_file_costs_nothing_but_time(town: Town, damage: Callable[[Path], None]) -> None:
    tiles = []
    for n in range(40):
        town.put(n, f"AED{n}", x=n * 700)
        tiles.append(town.tile(n * 700))
    for tile in tiles:
        town.get(tile)
    with sqlite3.connect(file(town)) as db:
        db.execute("PRAGMA wal_checkpoint(truncate)")
    damage(file(town))
    town.client.application.extensions["gisapp_maker"].cache.memory.clear()
    for n, tile in enumerate(tiles):
        assert town.names(tile)[n] == f"AED{n}"
    with town.changing():
        town.put(5, "新しい", x=5 * 700)
    assert town.names(tiles[5])[5] == "新しい"
    for tile in tiles:
        town.get(tile)
    assert {town.state(tile) for tile in tiles} == {"hit"}


def test_a_full_disk_costs_nothing_but_time(town: Town) -> None:
    """No file of this process may grow beyond a few pages: as on a full disk, every writing fails."""
    town.put(1, "前")
    tile = town.tile()
    town.get(tile)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        with town.changing():
            town.put(1, "後")
        assert town.names(tile) == {1: "後"}
        with town.changing():
            town.put(1, "さらに後")
        assert town.names(tile) == {1: "さらに後"}
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert town.names(tile) == {1: "さらに後"}
    town.get(tile)
    assert town.state(tile) == "hit"
