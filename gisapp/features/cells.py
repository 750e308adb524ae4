"""Cells of tables that leave the house: a spreadsheet must never take a value for a formula."""

from __future__ import annotations

from typing import Any

BEGINNINGS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def safe(value: Any) -> Any:
    """The value; a text that a spreadsheet would compute gets an apostrophe in front (numbers stay numbers)."""
    return f"'{value}" if isinstance(value, str) and value.startswith(BEGINNINGS) else value
