"""Local government codes: check digits, and zeros that a spreadsheet took."""

from __future__ import annotations

import pytest

from gisapp.text.codes import check_digit, restored


@pytest.mark.parametrize(("five", "digit"), [("01100", 2), ("13223", 3), ("22212", 7), ("09201", 1)])
def test_the_check_digit_is_the_official_one(five: str, digit: int) -> None:
    assert check_digit(five) == digit


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (["92011", "92011"], ["092011", "092011"]),  # 宇都宮市: no prefecture is 92
        (["11002", "132233"], ["011002", "132233"]),
        (["1100", "13223", None], ["01100", "13223", None]),
        (["１１００", "13223"], ["01100", "13223"]),
        (["13223", "13220"], ["13223", "13220"]),
        (["11002"], ["11002"]),  # 埼玉県 as five digits, or 札幌市 without its zero: not certain
        (["11003", "132233"], ["11003", "132233"]),  # a wrong check digit
        (["東京都", "13223"], ["東京都", "13223"]),
        ([None, ""], [None, ""]),
    ],
)
def test_zeros_are_restored_only_where_it_is_certain_that_they_were_lost(
    given: list[str | None], wanted: list[str | None]
) -> None:
    assert restored(given) == wanted
