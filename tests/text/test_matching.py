"""Names are compared by one key for all their spellings, and by nothing more."""

from __future__ import annotations

import pytest

from gisapp.text.matching import lot_key, match_key, number_of, read_numbers

SAME = [
    ("大字三ツ木", "三ッ木", "三つ木", "３ツ木", "大字　三ツ木"),
    ("榎一丁目", "榎1丁目", "榎１丁目", "榎1丁", "榎一町目"),
    ("箱根ケ崎", "箱根ヶ崎", "箱根が崎", "箱根ガ崎"),
    ("みどりヶ丘", "みどりが丘", "ミドリガ丘"),
    ("井の頭", "井之頭", "井ノ頭", "井乃頭"),
    ("葛飾", "葛󠄀飾"),
    ("宮﨑", "宮崎"),
    ("高橋", "髙橋"),
    ("吉野", "𠮷野"),
    ("センター", "ｾﾝﾀｰ", "せんたー", "センタ―"),
    ("第十小学校", "第10小学校", "第１０小学校"),
    ("一ー五ー二", "1-5-2", "１－５－２", "1‐5−2", "1―5–2"),
    ("エノキ１チョウメ", "えのき1丁目", "ｴﾉｷ1ﾁｮｳﾒ"),
    ("AED", "ａｅｄ"),
    ("二十三丁目", "23丁目", "二三丁目"),
]
DIFFERENT = [
    ("榎一丁目", "榎二丁目"),
    ("大坂", "大阪"),
    ("二1-5", "21-5"),
    ("本町1-1 301", "本町1-1301"),
    ("文字町", "文町"),
    ("緑町", "録町"),
]


@pytest.mark.parametrize("spellings", SAME, ids=lambda s: s[0])
def test_spellings_of_one_name_have_one_key(spellings: tuple[str, ...]) -> None:
    assert len({match_key(one) for one in spellings}) == 1, [match_key(one) for one in spellings]


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_other_names_have_other_keys(one: str, other: str) -> None:
    assert match_key(one) != match_key(other)


def test_a_key_is_its_own_key() -> None:
    for spellings in SAME:
        assert match_key(match_key(spellings[0])) == match_key(spellings[0])


def test_numerals_are_read_both_ways() -> None:
    assert [number_of(n) for n in ("十", "二十三", "二三", "百五", "二〇", "千二百")] == [
        10,
        23,
        23,
        105,
        20,
        1200,
    ]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("5番2号", " 5-2"),
        ("112番地3", " 112-3"),
        ("112番地の3", " 112-3"),
        ("五番地二", " 5-2"),
        ("甲112-3", "甲 112-3"),
        ("12", " 12"),
        ("012-003", " 12-3"),
    ],
)
def test_numbers_of_houses_and_lots_have_one_form(text: str, key: str) -> None:
    assert lot_key(text) == key


def test_numbers_end_where_words_begin() -> None:
    numbers, end = read_numbers("12番3号市役所2階", 0)
    assert numbers == [("12", "番"), ("3", "号")] and end == 5
