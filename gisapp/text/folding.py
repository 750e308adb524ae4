"""Text folded for comparing: full-width and half-width, capitals and spaces make no difference."""

from __future__ import annotations

import unicodedata


def fold(text: str) -> str:
    """`text` for comparing: NFKC, lower case, no spaces. "Ｒｏａｄ　No.１" → "roadno.1"."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())
