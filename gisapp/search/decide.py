"""Which of the entries found is the place that an address means, if any can be said to be: blank rather than wrong."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from gisapp.catalogue.layer import Text
from gisapp.catalogue.search import FULL, GROUP
from gisapp.search import words
from gisapp.search.answer import FOUND, UNSURE, Answer, Match, of_hit, union
from gisapp.search.candidates import HOUSES, LOTS, Candidate
from gisapp.search.entries import BLOCK, PARCEL, TOWN_IN_DETAIL
from gisapp.search.queries import Hit, best_of
from gisapp.search.reading import Reading

Found = Mapping[str, list[Hit]]
MOST = 20


def decide(query: str, readings: Sequence[Candidate], found: Found) -> tuple[Answer | None, str]:
    """The answer for an address, a lot or a town, and the key with which the houses of its block begin, where only the town
    is known so far; None where nothing in the index begins like the query."""
    lots = (
        one for one in readings if one.numbers or not (one.more or one.left)
    )  # 無番地 and 甲 have no number
    numbered = [(one, hits) for one in lots if (hits := _numbers_met(one, found))]
    if numbered:
        most = max(one.used for one, _ in numbered)
        return _at_numbers([pair for pair in numbered if pair[0].used == most], found), ""
    towns = [(one, hits) for one in readings if not one.numbers and (hits := _towns(one, found))]
    if not towns:
        return None, ""
    one, hits = max(towns, key=lambda pair: (pair[0].used, pair[0].chome))
    return _at_town(query, one, hits, found)


def is_town_of_ours(answer: Answer | None, reading: Reading) -> bool:
    """Whether what looks like another city is a town of this one: 十日市12 where there is a 十日市, but not 四日市市 where there is
    a 四日市."""
    if answer is None or answer.status != FOUND:
        return False
    first = answer.matches[0]
    return len(first.matched) >= len(reading.other) and not first.left.strip("0123456789-")


def in_block(answer: Answer, houses: list[Hit], block: str) -> Answer:
    """The answer for the block whose houses are these, in the place of one for its town."""
    town = answer.matches[0]
    boxes = [hit.bounds() for hit in houses]
    match = Match(
        kind="address",
        label=f"{town.label}{block}番",
        lon=round(sum(hit.lon for hit in houses) / len(houses), 7),
        lat=round(sum(hit.lat for hit in houses) / len(houses), 7),
        bounds=union(boxes),
        level=BLOCK,
        matched=f"{town.matched}{block}",
        left=town.left.removeprefix(block).removeprefix("-"),
    )
    return Answer(answer.status, (match, *answer.matches), words.BLOCK_ONLY)


def _numbers_met(one: Candidate, found: Found) -> list[Hit]:
    """Entries that the reading means: a lot only with all of its numbers, a house not where 番地 is written."""
    hits = [hit for hit in found.get(one.key, ()) if (hit.level or 0) >= BLOCK]
    if one.only == LOTS:
        hits = [hit for hit in hits if hit.level == PARCEL]
    elif one.only == HOUSES:
        hits = [hit for hit in hits if hit.level != PARCEL]
    return [hit for hit in hits if hit.level != PARCEL or not one.more]


def _towns(one: Candidate, found: Found) -> list[Hit]:
    return [hit for hit in found.get(one.key, ()) if hit.level and hit.level <= TOWN_IN_DETAIL]


def _at_numbers(best: list[tuple[Candidate, list[Hit]]], found: Found) -> Answer:
    both = {one.chome for one, _ in best} == {True, False}
    matches: list[Match] = []
    for one, hits in sorted(best, key=lambda pair: not pair[0].chome):
        for hit in sorted(best_of(hits), key=lambda h: (h.level == PARCEL, h.layer.id, h.feature)):
            matches.append(of_hit(hit, one.key.replace(" ", ""), _left(one)))
    first = best[0][0]
    doubtful = both or any(_may_be_lot(one, found) for one, _ in best)
    places = {(round(m.lon, 4), round(m.lat, 4)) for m in matches if m.level == matches[0].level}
    if doubtful:
        return Answer(UNSURE, tuple(matches[:MOST]), words.CHOME_OR_LOT)
    if len(places) > 1:
        return Answer(UNSURE, tuple(matches[:MOST]), words.SEVERAL)
    short = matches[0].level == BLOCK and first.more
    return Answer(FOUND, tuple(matches[:MOST]), words.BLOCK_ONLY if short else words.NOTHING)


def _may_be_lot(one: Candidate, found: Found) -> bool:
    """本町1-5 is lot 1-5 as well as 本町一丁目5, where there is a 本町 that is not divided into 丁目."""
    if not one.chome or (one.numbers and len(one.numbers) + len(one.more) > 1):
        return False
    base = one.town.removesuffix("丁目").rstrip("0123456789")
    return any(hit.form == FULL and hit.level and hit.level <= TOWN_IN_DETAIL for hit in found.get(base, ()))


def _at_town(query: str, one: Candidate, hits: list[Hit], found: Found) -> tuple[Answer, str]:
    whole = [hit for hit in hits if hit.form != GROUP]
    if not whole:
        reason = words.CHOME_UNKNOWN if one.more or one.unmet else words.CHOME_MISSING
        matches = _matches(sorted(best_of(hits), key=lambda hit: (len(hit.label), hit.label)), one)
        return Answer(UNSURE, matches, reason), ""
    chosen, several = _one_place(query, whole)
    matches = _matches(chosen, one)
    if several:
        return Answer(UNSURE, matches, words.SEVERAL), ""
    oaza = "大字" in query and chosen[0].label.startswith("大字")
    doubt = None if oaza and not one.unmet and not one.left else _doubt(one, hits, found)
    if doubt:
        return Answer(UNSURE, matches, doubt), ""
    if not one.more:
        return Answer(FOUND, matches), ""
    block = f"{one.town} {one.more[0]}-" if one.only != LOTS else ""
    return Answer(FOUND, matches, words.TOWN_ONLY), block


def _doubt(one: Candidate, hits: list[Hit], found: Found) -> Text | None:
    if one.unmet and not one.town.endswith("丁目"):
        return words.CHOME_UNKNOWN
    if _may_be_lot(one, found):
        return words.CHOME_OR_LOT
    divided = any(hit.form == GROUP for hit in hits)
    if divided and not one.left and not one.only:
        return words.CHOME_OR_LOT if one.more else words.CHOME_MISSING
    whole = one.town.endswith("丁目") and not one.chome
    if one.left and not one.more and not whole and not one.left.startswith("("):
        return words.TEXT_AFTER_TOWN
    return None


def _one_place(query: str, hits: Iterable[Hit]) -> tuple[list[Hit], bool]:
    """The entries of one town, its area first; and whether they are several towns after all."""
    by_label: dict[str, list[Hit]] = {}
    for hit in best_of(hits):
        by_label.setdefault(_plain(hit.label), []).append(hit)
    said = [label for label in by_label if label in _plain(query)]
    if len(by_label) > 1 and said:
        longest = max(said, key=len)
        by_label = {longest: by_label[longest]}
    ordered = sorted(
        (hit for hits in by_label.values() for hit in hits), key=lambda h: (h.kind != "town", h.feature)
    )
    return ordered, len(by_label) > 1


def _plain(label: str) -> str:
    return "".join(unicodedata.normalize("NFKC", label).split())


def _matches(hits: Sequence[Hit], one: Candidate) -> tuple[Match, ...]:
    return tuple(of_hit(hit, one.key, _left(one)) for hit in hits[:MOST])


def _left(one: Candidate) -> str:
    return "-".join(one.more) + (one.left.lstrip("|") if one.left else "")
