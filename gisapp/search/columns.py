"""Which columns of a table hold addresses, by their headings: one, or neighbours that make an address together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

from gisapp.text.folding import fold
from gisapp.text.matching import match_key

WHOLE = ("住所", "所在地", "所在地_連結表記", "所在", "設置場所", "住所地", "address")
LESS = ("所在地番", "町字番地", "地番")
"""Headings of columns that may hold an address without its town, or only the number of a lot."""
PARTS = (
    ("都道府県", "都道府県名", "所在地_都道府県"),
    ("市区町村", "市区町村名", "市町村", "市町村名", "区市町村", "所在地_市区町村"),
    (
        *("町字", "町字名", "町名", "町丁目", "町丁目名", "大字", "大字名", "大字町名", "大字町丁目"),
        *("大字・町丁目", "大字・町丁目名", "町丁・字", "町・字", "所在地_町字", "所在"),
    ),
    ("丁目", "字丁目", "丁目名"),
    ("小字", "小字名", "字", "字名"),
    ("番地以下", "番地", "番地等", "番地号", "地番", "街区", "街区符号", "番", "所在地_番地以下"),
    ("号", "住居番号", "枝番", "枝番号"),
)
"""What an address is made of, in its order, with the headings of municipal data sets."""
TOWN, CHOME, NUMBER = 2, 3, 5
_PART_OF = {fold(heading): part for part, headings in enumerate(PARTS) for heading in headings}


@dataclass(frozen=True)
class AddressColumns:
    """`whole` holds addresses ("": no column does); where its cell is empty, `parts` are joined, if there are any."""

    whole: str
    parts: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The columns' headings, for people."""
        return self.whole or "・".join(self.parts)

    @property
    def names(self) -> tuple[str, ...]:
        """All columns that are read."""
        return (*([self.whole] if self.whole else []), *self.parts)

    def read(self, cell: Callable[[str], str]) -> str:
        """The address of one row; `cell`: heading → text."""
        address = cell(self.whole).strip() if self.whole else ""
        if address:
            return address
        for name in self.parts:
            address = _with(address, cell(name).strip(), _PART_OF[fold(name)])
        return address


def address_columns(names: Sequence[str]) -> AddressColumns | None:
    """The columns that are headed as those of addresses are, the likeliest heading first; None: there are none.

    Parts count where they stand side by side in an address's order, among them a town and a number.
    """
    parts = _parts(names)
    whole = _headed(names, WHOLE)
    if parts:
        return AddressColumns("" if whole in parts else whole, parts)
    whole = whole or _headed(names, LESS)
    return AddressColumns(whole) if whole else None


def _headed(names: Sequence[str], headings: Sequence[str]) -> str:
    keys = list(map(match_key, names))
    found = (keys.index(key) for key in map(match_key, headings) if key in keys)
    return next((names[place] for place in found), "")


def _parts(names: Sequence[str]) -> tuple[str, ...]:
    known = [_PART_OF.get(fold(name), -1) for name in names]
    falls = [0]  # a new run begins where the order of an address does
    for before, part in zip(known, known[1:], strict=False):
        falls.append(falls[-1] + (part <= before))
    runs = groupby(range(len(names)), key=lambda place: (falls[place], known[place] < 0))
    for (_, other), run in runs:
        places = list(run)
        if not other and {TOWN, NUMBER} <= {known[place] for place in places}:
            return tuple(names[place] for place in places)
    return ()


def _with(address: str, more: str, part: int) -> str:
    """The address with one more part, which may repeat what stands before it ("本町", "本町1-2") or be a bare number."""
    if not more or more.startswith(address) and address:
        return more or address
    if part == CHOME and more[-1].isdecimal():
        more += "丁目"
    between = "-" if address[-1:].isdecimal() and more[0].isdecimal() else ""
    return address + between + more
