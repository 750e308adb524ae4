"""Numbers, dates and yes or no as people write them in Japanese tables. Each raises ValueError for anything else."""

from __future__ import annotations

import datetime
import math
import re
import unicodedata
from zoneinfo import ZoneInfo

JAPAN = ZoneInfo("Asia/Tokyo")
ERAS = {
    "令和": 2018,
    "R": 2018,
    "平成": 1988,
    "H": 1988,
    "昭和": 1925,
    "S": 1925,
    "大正": 1911,
    "T": 1911,
    "明治": 1867,
    "M": 1867,
}
"""The Western year before an era's first."""
YES = {
    "1",
    "true",
    "t",
    "yes",
    "y",
    "○",
    "〇",
    "◯",
    "◎",
    "●",
    "有",
    "有り",
    "あり",
    "可",
    "はい",
    "する",
    "該当",
}
NO = {
    "0",
    "false",
    "f",
    "no",
    "n",
    "×",
    "✕",
    "✗",
    "無",
    "無し",
    "なし",
    "不可",
    "いいえ",
    "しない",
    "非該当",
    "-",
    "−",
    "ー",
}
_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
_ERA = re.compile(
    r"(令和|平成|昭和|大正|明治|[RHSTM])\.?(\d{1,2}|元)[-/.年](\d{1,2})[-/.月](\d{1,2})日?", re.I
)
_TIME = re.compile(r"[T\s]*(\d{1,2})[:時](\d{1,2})(?:[:分](\d{1,2})(\.\d+)?)?[秒分]?\s*(Z|[+-]\d{2}:?\d{2})?")


def plain(text: str) -> str:
    """`text` with full-width letters, digits and signs as half-width ones, without spaces at its ends."""
    return unicodedata.normalize("NFKC", text).strip()


def read_number(text: str) -> float:
    """ "１，２３４．５" → 1234.5. Not finite or not a number: ValueError."""
    value = float(re.sub(r"(?<=\d),(?=\d{3})", "", plain(text).replace("−", "-")))
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def read_integer(text: str) -> int:
    """ "１，２３４" → 1234, "80.0" → 80."""
    words = re.sub(r"(?<=\d),(?=\d{3})", "", plain(text).replace("−", "-"))
    if re.fullmatch(r"[+-]?\d{1,18}", words):
        return int(words)
    value = read_number(text)
    if value != int(value) or abs(value) > 2**53:
        raise ValueError(text)
    return int(value)


def read_boolean(text: str) -> bool:
    """ "○" → True, "無" → False."""
    word = plain(text).casefold()
    if word in YES or text.strip() in YES:
        return True
    if word in NO or text.strip() in NO:
        return False
    try:
        return {1.0: True, 0.0: False}[read_number(word)]
    except KeyError as error:
        raise ValueError(text) from error


def read_date(text: str) -> datetime.date:
    """ "2026-04-01", "2026/4/1", "20260401", "2026年4月1日", "R8.4.1", "令和8年4月1日" → date; of a date and time the day."""
    return read_datetime(text).date()


def read_datetime(text: str) -> datetime.datetime:
    """A date as above with a time after it ("10:30", "10:30:00+09:00", "10時30分"); Japanese time where none is named."""
    day, rest = _read_day(plain(text))
    if not rest.strip():
        return datetime.datetime.combine(day, datetime.time(), JAPAN)
    match = _TIME.fullmatch(rest.strip() if rest.strip()[0].isdigit() else rest)
    if not match:
        raise ValueError(text)
    hour, minute, second = int(match[1]), int(match[2]), int(match[3] or 0)
    micro = round(float(match[4] or 0) * 1e6)
    zone = datetime.datetime.strptime(match[5], "%z").tzinfo if match[5] else JAPAN
    return datetime.datetime(day.year, day.month, day.day, hour, minute, second, min(micro, 999_999), zone)


def _read_day(words: str) -> tuple[datetime.date, str]:
    """The date at the start of `words` and what follows it."""
    if match := _ERA.match(words):
        year = ERAS[match[1].upper()] + (1 if match[2] == "元" else int(match[2]))
        return datetime.date(year, int(match[3]), int(match[4])), words[match.end() :]
    if match := _DATE.match(words) or re.match(r"(\d{4})(\d{2})(\d{2})(?!\d)", words):
        return datetime.date(int(match[1]), int(match[2]), int(match[3])), words[match.end() :]
    raise ValueError(words)
