"""The memory of a process forgets what it is told, in whatever order its threads bring the news."""

from __future__ import annotations

import itertools

import pytest

from gisapp.changes.follow import Change
from gisapp.tiles.cache.memory import OVERHEAD, Entry, Memory
from gisapp.tiles.cache.sets import Kept, Reach, SetKey

OF = SetKey(b"a", 3, {"a.b": frozenset({"name"})})
CHANGE = Change(1, 5, "a.b", None, ((1.0, -1.0, 2.0, -0.5),))  # column 4 (and 3) of zoom 3, row 4


def entry(x: int, body: bytes = b"tile") -> Entry:
    return Entry(OF, x, 4, Kept("h", "", body))


def filled(sequence: int) -> Memory:
    memory = Memory(10**6)
    memory.catch_up(0, sequence, None)
    for x in range(8):
        memory.put("", entry(x), sequence)
    return memory


def held(memory: Memory) -> list[int]:
    return [x for x in range(8) if memory.get((b"a", x, 4, ""))]


def test_it_forgets_what_a_note_touches() -> None:
    memory = filled(5)
    memory.catch_up(5, 6, [(6, CHANGE)])
    assert held(memory) == [0, 1, 2, 5, 6, 7]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_news_that_threads_bring_out_of_order_leave_nothing_stale(order: tuple[int, ...]) -> None:
    """A thread may bring news that it read long ago; another may have put a tile in between."""
    elsewhere = Change(2, 6, "other.layer", None, None)
    news = [(4, 5, [(5, elsewhere)]), (5, 6, [(6, CHANGE)]), (6, 7, [(7, elsewhere)])]
    memory = filled(4)
    for number in order:
        memory.catch_up(*news[number])
        memory.put("", entry(4), 5)  # read while 5 was true: before the change
    for one in news:
        memory.catch_up(*one)
    assert 4 not in held(memory)
    assert memory.sequence == 7


def test_a_tile_that_was_read_before_a_forgetting_is_not_kept_after_it() -> None:
    memory = filled(5)
    memory.catch_up(5, 6, [(6, CHANGE)])
    memory.put("", entry(4), 5)
    assert 4 not in held(memory)


def test_where_the_notes_are_not_known_everything_goes() -> None:
    memory = filled(5)
    memory.catch_up(5, 9, None)
    assert held(memory) == [] and memory.sequence == 9


def test_what_was_not_asked_for_the_longest_goes_first() -> None:
    memory = Memory(4 * (1000 + OVERHEAD))
    memory.catch_up(0, 1, None)
    for x in range(4):
        memory.put("", entry(x, bytes(1000)), 1)
    for _ in range(16):
        memory.get((b"a", 0, 4, ""))
    memory.put("", entry(5, bytes(1000)), 1)
    assert held(memory) == [0, 2, 3, 5]


def test_blocks_go_whole_and_by_the_zoom_of_the_tiles_they_are_made_of() -> None:
    memory = Memory(10**6)
    memory.catch_up(0, 5, None)
    of = SetKey(b"p", 3, OF.reads, Reach(block=4, margin=0.5, source=2))
    for x in range(8):
        memory.put("", Entry(of, x, 4, Kept("h", "", b"picture")), 5)
    memory.catch_up(5, 6, [(6, Change(1, 5, "a.b", None, ((1.5e7, -9e6, 1.5e7, -9e6),), zoom=3))])
    assert len(memory) == 8
    memory.catch_up(6, 7, [(7, Change(2, 5, "a.b", None, ((1.5e7, -9e6, 1.5e7, -9e6),), zoom=2))])
    assert [x for x in range(8) if memory.get((b"p", x, 4, ""))] == [0, 1, 2, 3]
    memory.catch_up(7, 8, [(8, Change(3, 5, "a.b", None, ((5e6, -5e6, 5e6, -5e6),), zoom=2))])
    assert len(memory) == 0
