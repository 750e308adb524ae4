"""Under which keys an address, a lot or a town might stand in the index: every way to read what is left of a query.

Nothing is looked up here: a query gives at most a few dozen keys, which are asked for all at once.
"""

from __future__ import annotations

import re
from collections.abc import Container
from typing import NamedTuple

from gisapp.text.matching import read_numbers

LONGEST_TOWN = 24
LONGEST_NUMBER = 12  # digits and what is written behind them
MOST_STARTS = 4  # places where the house's numbers may begin

_LETTERS = frozenset(
    "いろはにほへとちりぬるをわかよたれそつねならむうゐのおくやまけふこえてあさきゆめみしゑひもせす甲乙丙丁"
)
_UNITS = ("番", "番地", "号", "番地の", "番の", "号室", "街区")
_HYPHENS = re.compile(r"-[0-9]")
_DIGITS = re.compile(r"(?<![0-9])[0-9]+(?![0-9]|丁目)")
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


def candidates(rest: str, *, undivided: bool = False, known: Container[str] | None = None) -> list[Candidate]:
    """Every reading of what is left of a query after its city, the one that explains most first.

    undivided: 大字 is written, so that a bare number after the town is no 丁目. known: only readings with one of these towns
    (their keys); None: with any.
    """
    found: list[Candidate] = []
    chome = rest.find("丁目")
    limit = min(len(rest), LONGEST_TOWN, chome + 2 if chome > 0 else LONGEST_TOWN)  # a town's name ends there
    for start in _starts(rest, limit + 2):
        found += [one for one in _numbered(rest, start, known) if not (undivided and one.chome)]
    there = {one.key for one in found}
    hyphen = _HYPHENS.search(rest, 1)  # what follows it are a house's numbers and its name
    for end in range(1, min(limit, hyphen.start() if hyphen else limit) + 1):
        town = rest[:end]
        if (known is None or town in known) and town not in there and not _parts(rest, end):
            found.append(_town(rest, end))
    found.sort(key=lambda one: (one.used, one.chome), reverse=True)
    return found


def _starts(rest: str, limit: int) -> list[int]:
    """Where the numbers of a house or a lot may begin, below `limit`: not at that of a 丁目, nor at a later one."""
    found: list[int] = []
    for digits in _DIGITS.finditer(rest, 1, limit + LONGEST_NUMBER):
        at = digits.start()
        if at >= limit or len(found) == MOST_STARTS:
            break
        joined = rest[at - 1] in "-|" and at > 1 and rest[at - 2].isdigit()
        if not joined and not rest.endswith(_UNITS, 0, at):
            found.append(at)
    return found


def _parts(rest: str, end: int) -> bool:
    """Whether a town cannot end there: after a hyphen, or within a number."""
    return rest[end - 1] in "-|" or (rest[end - 1].isdigit() and rest[end : end + 1].isdigit())


def _town(rest: str, end: int) -> Candidate:
    numbers, left = read_numbers(rest, end) if rest[end : end + 1].isdigit() else ([], end)
    more = tuple(n for n, _ in numbers)
    unmet = bool(numbers) and numbers[0][1] == "丁目"
    only = _only(numbers) if numbers else EITHER
    return Candidate(rest[:end], rest[:end], (), more, rest[left:], end, only, unmet=unmet)


def _numbered(rest: str, start: int, known: Container[str] | None) -> list[Candidate]:
    town = rest[:start].rstrip("|-")
    if town[-1:] == "の" and town[-2:-1] in _LETTERS:  # イの12番地 is lot イ12
        town = town[:-1]
    numbers, end = read_numbers(rest, start)
    if not town or not numbers or numbers[0][1] == "丁目":
        return []
    left, found = rest[end:], []
    if known is None or town in known:
        found = _with_numbers(town, numbers, left, start, rest, chome=False)
    first, unit = numbers[0]
    named = f"{town}{first}丁目"
    if (
        unit == "" and not town.endswith("丁目") and (known is None or named in known)
    ):  # 本町1-5-2 is 本町一丁目5-2
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
