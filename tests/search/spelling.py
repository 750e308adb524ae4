"""Spellings of a town that people write, and mistakes that they make, from a seed."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass

KANJI = "〇一二三四五六七八九"
OTHER_CITIES = ("立川市", "昭島市", "八王子市", "埼玉県所沢市", "北海道札幌市中央区")
_WIDE = str.maketrans("0123456789-", "０１２３４５６７８９－")
_HALF = str.maketrans("一二三四五六七八九", "123456789")


def spellings(name: str, city: str) -> Iterator[str]:
    """Every spelling of a town's name that means it without a doubt, and (for 大字) its name alone."""
    forms = {name, name.replace("ツ", "ッ"), name.replace("ツ", "つ"), name.replace("大字", "大字 ")}
    chome = re.fullmatch(r"(.+?)([一二三四五六七八九])丁目", name)
    if chome:
        town, number = chome[1], KANJI.index(chome[2])
        forms |= {f"{town}{number}丁目", f"{town}{str(number).translate(_WIDE)}丁目", f"{town} {number}丁目"}
        forms |= {
            f"{town}{number}丁目1-2",
            f"{town}{number}-1-2",
            f"{town}{str(number).translate(_WIDE)}－１－２",
        }
        forms |= {
            f"{town}{chome[2]}丁目1番2号",
            f"{town}{chome[2]}丁目一番二号",
            f"{town}{number}ー1ー2",
            f"{town}{number}の1の2",
        }
    else:
        forms |= {name.removeprefix("大字"), f"{name}1番地", f"{name}12番地の3"}
    for form in sorted(forms):
        yield form
        yield f"{city}{form}"
        yield f"〒208-0000　東京都{city}{form}"


@dataclass(frozen=True)
class Case:
    """A query made of a town by mistakes; other_city: it names another city."""

    town: str
    query: str
    other_city: bool = False


def mutate(chance: random.Random, town: str, city: str) -> Case:
    """One query with one to three changes."""
    query = town + chance.choice(["", "1-2", "12番3号", "5番地", "3-4-501号室"])
    other = ""
    for _ in range(chance.randint(1, 3)):
        kind = chance.choice(
            ["width", "numerals", "selector", "oaza", "typo", "drop", "swap", "city", "space"]
        )
        if kind == "width":
            query = query.translate(_WIDE)
        elif kind == "numerals":
            query = re.sub(r"[一二三四五六七八九](?=丁目)", lambda m: m[0].translate(_HALF), query)
            query = (
                query.replace("丁目", chance.choice(["丁目", "-", "丁目"])) if query[-1] != "目" else query
            )
        elif kind == "selector":
            at = chance.randrange(len(query))
            query = query[: at + 1] + "\U000e0100" + query[at + 1 :] if "一" <= query[at] <= "鿿" else query
        elif kind == "oaza":
            query = query.removeprefix("大字") if query.startswith("大字") else query.replace("ツ", "ッ")
        elif kind in ("typo", "drop", "swap") and len(query) > 2:
            query = _slip(chance, kind, query)
        elif kind == "space":
            at = chance.randrange(1, len(query))
            query = query[:at] + chance.choice([" ", "　"]) + query[at:]
        elif kind == "city":
            other = chance.choice(OTHER_CITIES)
    prefix = other or chance.choice(["", city, f"東京都{city}"])
    return Case(town, prefix + query, bool(other))


def _slip(chance: random.Random, kind: str, query: str) -> str:
    at = chance.randrange(len(query) - 1)
    if kind == "typo":
        return query[:at] + chance.choice("山川町村木学園本榎岸中南北東西大神緑丘原田") + query[at + 1 :]
    if kind == "drop":
        return query[:at] + query[at + 1 :]
    return query[:at] + query[at + 1] + query[at] + query[at + 2 :]
