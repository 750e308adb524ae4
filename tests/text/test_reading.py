"""Numbers, dates and yes or no as people write them."""

from __future__ import annotations

import datetime

import pytest

from gisapp.text.folding import fold
from gisapp.text.reading import read_boolean, read_date, read_datetime, read_integer, read_number

APRIL_FIRST = datetime.date(2026, 4, 1)


@pytest.mark.parametrize(
    "text",
    [
        "2026-04-01",
        "2026/4/1",
        "２０２６．４．１",
        "20260401",
        "2026年4月1日",
        "R8.4.1",
        "令和8年４月１日",
        "2026-04-01T10:30:00+09:00",
    ],
)
def test_a_day_is_read_however_it_is_written(text: str) -> None:
    assert read_date(text) == APRIL_FIRST


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("令和元年5月1日", datetime.date(2019, 5, 1)),
        ("平成31年4月30日", datetime.date(2019, 4, 30)),
        ("H元.1.8", datetime.date(1989, 1, 8)),
        ("昭和64年1月7日", datetime.date(1989, 1, 7)),
        ("大正15年12月24日", datetime.date(1926, 12, 24)),
        ("明治45年7月29日", datetime.date(1912, 7, 29)),
    ],
)
def test_japanese_eras_count_their_first_year_as_one(text: str, day: datetime.date) -> None:
    assert read_date(text) == day


@pytest.mark.parametrize(
    "text", ["", "2026", "2026-13-01", "2026-02-30", "令和8年", "きのう", "2026-04-01ごろ"]
)
def test_what_is_no_whole_date_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        read_date(text)


def test_a_time_without_a_zone_is_japanese_time() -> None:
    tokyo = datetime.timezone(datetime.timedelta(hours=9))
    assert read_datetime("2026-04-01 10:30") == datetime.datetime(2026, 4, 1, 10, 30, tzinfo=tokyo)
    assert read_datetime("2026年4月1日10時30分5秒") == datetime.datetime(2026, 4, 1, 10, 30, 5, tzinfo=tokyo)
    assert read_datetime("2026-04-01T10:30:00Z") == datetime.datetime(2026, 4, 1, 10, 30, tzinfo=datetime.UTC)


def test_numbers_may_be_full_width_and_have_thousands() -> None:
    assert read_number("１，２３４．５") == 1234.5
    assert read_number(" -0.25 ") == -0.25
    assert read_integer("１，２３４") == 1234
    assert read_integer("80.0") == 80
    assert read_integer("−5") == -5


@pytest.mark.parametrize("text", ["", "nan", "inf", "1e400", "1,23", "約5", "12m"])
def test_what_is_no_finite_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        read_number(text)


@pytest.mark.parametrize("text", ["1.5", "1e30", "９９９９９９９９９９９９９９９９９９９９"])
def test_what_is_no_whole_number_of_64_bits_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        read_integer(text)


def test_yes_and_no_have_many_signs() -> None:
    assert all(read_boolean(text) for text in ("1", "１", "○", "〇", "◯", "有", "あり", "TRUE", "はい"))
    assert not any(read_boolean(text) for text in ("0", "×", "無", "なし", "False", "いいえ", "-"))
    with pytest.raises(ValueError):
        read_boolean("2")


def test_width_case_and_spaces_do_not_matter_when_comparing() -> None:
    assert fold("Ｒｏａｄ　Ｎｏ．１") == fold("road no.1")
    assert fold("0.5m〜3.0m") == fold("０．５ｍ～３．０ｍ") == fold("0.5m~3.0m")
    assert fold("−5℃") == fold("－5℃") == fold("-5℃")
    assert fold("ﾄｲﾚ") == fold("トイレ")
    assert fold("地域") != fold("地区")
