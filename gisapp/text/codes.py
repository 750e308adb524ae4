"""全国地方公共団体コード: its check digit, and zeros that a spreadsheet took from its front.

The code has five digits (prefecture, municipality) and, in its full form, a check digit (総務省「全国地方公共団体コード」:
weights 6 to 2 from the left; 11 minus the rest of the sum by 11, its last digit).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

WEIGHTS = (6, 5, 4, 3, 2)
PREFECTURES = 47


def check_digit(five: str) -> int:
    """The check digit of five digits: "01100" → 2."""
    total = sum(weight * int(digit) for weight, digit in zip(WEIGHTS, five, strict=True))
    return (11 - total % 11) % 10


def restored(codes: Sequence[str | None]) -> list[str | None]:
    """The codes with the zeros that some of them lost; unchanged where it is not certain that zeros were lost.

    With check digits (five or six digits, each right once it is filled to six) or without (four or five digits).
    """
    plain = [unicodedata.normalize("NFKC", code).strip() if code else code for code in codes]
    there = {code for code in plain if code}
    if not there or not all(code.isdecimal() and code.isascii() for code in there):
        return list(codes)
    lengths = {len(code) for code in there}
    sure = 6 in lengths or all(
        int(code[:2]) > PREFECTURES for code in there
    )  # else they may be five digits as they are
    if lengths <= {5, 6} and 5 in lengths and sure and all(_whole(code.zfill(6)) for code in there):
        return [code.zfill(6) if code else code for code in plain]
    if lengths <= {4, 5} and 4 in lengths:
        return [code.zfill(5) if code else code for code in plain]
    return list(codes)


def _whole(code: str) -> bool:
    return check_digit(code[:5]) == int(code[5])
