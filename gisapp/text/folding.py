"""Text folded for comparing: full-width and half-width, capitals and spaces make no difference."""

from __future__ import annotations

import unicodedata

_TWINS = str.maketrans({"〜": "~", "−": "-"})
"""Signs that CP932 and other encodings know as two code points; NFKC makes one of `～`, `－` and ASCII only."""


def fold(text: str) -> str:
    """`text` for comparing: NFKC, lower case, no spaces, one wave and one minus. "Ｒｏａｄ　No.１" → "roadno.1"."""
    return "".join(unicodedata.normalize("NFKC", text).translate(_TWINS).casefold().split())
