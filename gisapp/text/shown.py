"""Text of strangers as it may be shown: what steers a terminal or turns the direction of writing is shown, not obeyed."""

from __future__ import annotations

import json
import unicodedata
from typing import Any

STEERS = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})  # Unicode's categories of what draws nothing and steers
KEPT = frozenset("\n\t\u200c\u200d")  # joiners shape letters and emoji


def shown(text: str) -> str:
    """The text with ‹U+202E› in the place of such a sign.

    >>> shown("報告\\x1b[2J\u202egpj.exe")
    '報告‹U+001B›[2J‹U+202E›gpj.exe'
    """
    if text.isprintable():
        return text
    return "".join(f"‹U+{ord(one):04X}›" if _steers(one) else one for one in text)


def json_shown(value: Any) -> str:
    """The value as JSON, with such signs escaped as JSON does it: what is read is the same, and a terminal obeys none."""
    text = json.dumps(value, ensure_ascii=False)
    return "".join(json.dumps(one)[1:-1] if _steers(one) else one for one in text)


def _steers(one: str) -> bool:
    return one not in KEPT and unicodedata.category(one) in STEERS
