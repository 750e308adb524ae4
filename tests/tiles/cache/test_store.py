"""The file of kept tiles: forms of a tile, forgetting by place, the limit of its size."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gisapp.changes.follow import Change, Position
from gisapp.tiles.cache.file import Broken, TileFile
from gisapp.tiles.cache.ledger import Ledger
from gisapp.tiles.cache.sets import Kept, Reach, SetKey
from gisapp.tiles.cache.store import Store

POSITION = Position("10:10:", "e", 1, ("a",), "now")
NAMES = SetKey(b"names", 3, {"a.b": frozenset({"name"})})
ALL = SetKey(b"all", 3, {"a.b": None, "a.c": frozenset()})


@pytest.fixture
def file(tmp_path: Path) -> Iterator[TileFile]:
    one = TileFile(tmp_path / "tiles-1.sqlite")
    Ledger(one).begin(POSITION, 100)
    yield one
    one.close()


def put(file: TileFile, of: SetKey, x: int = 0, y: int = 0, body: bytes = b"tile") -> int | None:
    return Store(file, 2**30).put(of, x, y, Kept("h", "", body), 100, lambda notes: not notes)


def test_a_tile_is_found_in_the_first_coding_that_is_there(file: TileFile) -> None:
    store = Store(file, 2**30)
    assert store.get(NAMES, 1, 2) is None
    assert put(file, NAMES, 1, 2) == 100
    assert store.get(NAMES, 1, 2, ["br", ""]) == Kept("h", "", b"tile")
    assert store.get(NAMES, 1, 2, ["br"]) is None
    assert store.add_form(NAMES, 1, 2, Kept("h", "br", b"t", hard=True))
    assert store.get(NAMES, 1, 2, ["br", ""]) == Kept("h", "br", b"t", hard=True)


def test_another_form_is_not_added_to_a_tile_that_is_gone_or_is_another(file: TileFile) -> None:
    store = Store(file, 2**30)
    assert not store.add_form(NAMES, 1, 2, Kept("h", "br", b"t"))
    put(file, NAMES, 1, 2)
    assert not store.add_form(NAMES, 1, 2, Kept("other", "br", b"t"))


def test_bytes_that_are_not_those_written_are_refused(file: TileFile) -> None:
    put(file, NAMES)
    with file.writing() as db:
        db.execute("UPDATE tile SET body = x'00'")
    with pytest.raises(Broken):
        Store(file, 2**30).get(NAMES, 0, 0)


def test_forgetting_takes_the_tiles_in_reach_of_the_sets_that_read_the_column(file: TileFile) -> None:
    for x in range(8):
        put(file, NAMES, x, 4), put(file, ALL, x, 4)
    east = (1.0, -1.0, 2.0, -0.5)  # beside the meridian: in column 4, and in the buffer of column 3
    sequence, gone = Ledger(file).forget([Change(1, 5, "a.b", frozenset({"colour"}), (east,))], POSITION)
    store = Store(file, 2**30)
    assert (sequence, gone) == (101, 2)
    assert [x for x in range(8) if store.get(ALL, x, 4) is None] == [3, 4]
    assert all(store.get(NAMES, x, 4) for x in range(8))
    Ledger(file).forget([Change(2, 5, "a.b", frozenset({"name"}), (east,), zoom=4)], POSITION)
    assert all(store.get(NAMES, x, 4) for x in range(8))
    Ledger(file).forget([Change(3, 5, "a.b", None, None)], POSITION)
    assert not any(store.get(NAMES, x, 4) or store.get(ALL, x, 4) for x in range(8))


def test_what_was_made_before_a_change_is_shown_the_change(file: TileFile) -> None:
    seen: list[object] = []
    change = Change(1, 5, "a.b", None, None)
    Ledger(file).forget([change], POSITION)
    kept = Store(file, 2**30).put(
        NAMES, 0, 0, Kept("h", "", b"x"), 100, lambda notes: bool(seen.append(notes))
    )
    assert kept is None and seen == [[(101, change)]]


def test_what_was_made_before_the_notes_began_is_not_kept(file: TileFile) -> None:
    assert Store(file, 2**30).put(NAMES, 0, 0, Kept("h", "", b"x"), 99, lambda notes: True) is None


def test_the_oldest_tiles_go_when_there_are_too_many(file: TileFile) -> None:
    for x in range(2000):
        put(file, NAMES, x, 0, bytes(2000))
    store = Store(file, 2_000_000)
    while store.sweep():
        assert store.size() > 1_000_000
    assert store.size() <= 2_000_000
    assert store.get(NAMES, 0, 0) is None and store.get(NAMES, 1999, 0) is not None


def test_tiles_of_sets_that_were_forgotten_whole_are_swept(file: TileFile) -> None:
    put(file, NAMES), put(file, SetKey(b"other", 3, {"x.y": None}))
    Ledger(file).forget([Change(1, 5, "a.b", None, None)], POSITION)
    store = Store(file, 2**30)
    assert store.sweep() == 1
    assert [count for *_, count, _ in store.counts()] == [1]


def test_a_tile_that_shows_the_change_already_stays(file: TileFile) -> None:
    """It was read after the commit and kept before the change was followed."""
    store = Store(file, 2**30)
    for x, seen in ((0, "5:5:"), (1, "6:6:"), (2, "5:9:5"), (3, "5:9:7"), (4, "")):
        store.put(NAMES, x, 0, Kept("h", "", b"t", seen=seen), 100, lambda notes: True)
    everywhere = (-2e7, -2e7, 2e7, 2e7)
    Ledger(file).forget([Change(1, 5, "a.b", None, (everywhere,))], POSITION)
    assert [x for x in range(5) if store.get(NAMES, x, 0)] == [1, 3]


def test_blocks_go_whole_and_by_the_zoom_of_the_tiles_they_are_made_of(file: TileFile) -> None:
    of, store = SetKey(b"p", 3, {"a.b": None}, Reach(block=4, margin=0.5, source=2)), Store(file, 2**30)
    picture = Kept("h", "", b"picture")
    for left in (0, 4):
        store.put_all(of, {(left + n, 4): picture for n in range(4)}, 100, lambda notes: True)
    ledger = Ledger(file)
    far = (1.5e7, -9e6, 1.5e7, -9e6)  # in tile 3/2 of zoom 2: columns 6 and 7 of zoom 3
    assert ledger.forget([Change(1, 5, "a.b", None, (far,), zoom=3)], POSITION)[1] == 0
    assert ledger.forget([Change(2, 5, "a.b", None, (far,), zoom=2)], POSITION)[1] == 4
    assert [x for x in range(8) if store.get(of, x, 4)] == [0, 1, 2, 3]
    near = (
        5e6,
        -5e6,
        5e6,
        -5e6,
    )  # the centre of tile 2/2, whose edge is the block's: the note names the whole tile
    assert ledger.forget([Change(3, 5, "a.b", None, (near,), zoom=2)], POSITION)[1] == 4


def test_a_file_of_another_form_is_not_read(file: TileFile) -> None:
    with file.connection() as db:
        db.execute("PRAGMA user_version = 1")
    with pytest.raises(Broken):
        TileFile(file.path)
