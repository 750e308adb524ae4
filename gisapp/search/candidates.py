"""Under which keys an address, a lot or a town might stand in the index: every way to read what is left of a query.

Nothing is looked up here: a query gives at most a few dozen keys, which are asked for all at once.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from gisapp.text.matching import read_numbers

LONGEST_TOWN = 24
MOST_STARTS = 4  # places where the house's numbers may begin

_UNITS = ("番", "番地", "号", "番地の", "番の", "号室", "街区")
_HYPHENS = re.compile(r"-[0-9]")
HOUSES, LOTS, EITHER = "houses", "lots", ""


class Candidate(NamedTuple):
    """A reading: the key to look for, the town in it, what of the query it leaves over, and how much it explains.

    numbers: those that the key holds; more: those that it leaves (a flat's, or what the data do not have).
    only: HOUSES where 号 was written, LOTS where 番地 was, else EITHER. chome: a number was read as that of
    the 丁目. unmet: a 丁目 is written that the key does not hold.
    """

    key: str
    town: str
    numbers: tuple[str, ...] = ()
    more: tuple[str, ...] = ()
    left: str = ""
    used: int = 0
    only: str = EITHER
    chome: bool = False
    unmet: bool = False


def candidates(rest: str, *, undivided: bool = False) -> list[Candidate]:
    """Every reading of what is left of a query after its city, the one that explains most first.

    undivided: 大字 is written, so that a bare number after the town is no 丁目.
    """
    found: list[Candidate] = []
    chome = rest.find("丁目")
    limit = min(len(rest), LONGEST_TOWN, chome + 2 if chome > 0 else LONGEST_TOWN)  # a town's name ends there
    starts = (at for at in range(1, limit + 2) if _begins_numbers(rest, at))
    for start in list(starts)[:MOST_STARTS]:
        found += [one for one in _numbered(rest, start) if not (undivided and one.chome)]
    known = {one.key for one in found}
    for end in range(1, limit + 1):
        after = rest[end : end + 1]
        if rest[end - 1] in "-|" or (after.isdigit() and rest[end - 1].isdigit()) or rest[:end] in known:
            continue
        numbers, left = read_numbers(rest, end) if after.isdigit() else ([], end)
        more = tuple(n for n, _ in numbers)
        unmet = bool(numbers) and numbers[0][1] == "丁目"
        found.append(
            Candidate(
                rest[:end],
                rest[:end],
                (),
                more,
                rest[left:],
                end,
                _only(numbers) if numbers else EITHER,
                unmet=unmet,
            )
        )
        if after == "-" and _HYPHENS.match(rest, end):
            break  # what follows are a house's numbers and its name
    found.sort(key=lambda one: (one.used, one.chome), reverse=True)
    return found


def _begins_numbers(rest: str, at: int) -> bool:
    if at >= len(rest) or not rest[at].isdigit():
        return False
    before = rest[at - 1]
    if before in "-|" and at > 1:
        return not rest[at - 2].isdigit()
    return not before.isdigit() and not rest[:at].endswith(_UNITS)


def _numbered(rest: str, start: int) -> list[Candidate]:
    town = rest[:start].rstrip("|-")
    numbers, end = read_numbers(rest, start)
    if not town or not numbers or numbers[0][1] == "丁目":
        return []
    left = rest[end:]
    found = _with_numbers(town, numbers, left, start, rest, chome=False)
    first, unit = numbers[0]
    if unit == "" and not town.endswith("丁目"):  # 本町1-5-2 is 本町一丁目5-2
        named = f"{town}{first}丁目"
        more = tuple(n for n, _ in numbers[1:])
        only = _only(numbers[1:])
        found.append(Candidate(named, named, (), more, left, start + len(first), only, chome=True))
        found += _with_numbers(named, numbers[1:], left, start, rest, chome=True)
    return found


def _with_numbers(
    town: str, numbers: list[tuple[str, str]], left: str, start: int, rest: str, *, chome: bool
) -> list[Candidate]:
    values = [n for n, _ in numbers]
    return [
        Candidate(
            f"{town} {'-'.join(values[:size])}",
            town,
            tuple(values[:size]),
            tuple(values[size:]),
            left,
            len(rest) - len(left) - len(values) + size,
            _only(numbers),
            chome,
        )
        for size in range(min(len(values), 4), 0, -1)
    ]


def _only(numbers: list[tuple[str, str]]) -> str:
    units = {unit for _, unit in numbers}
    return LOTS if "番地" in units else HOUSES if "号" in units else EITHER
