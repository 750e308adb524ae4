"""Where a page of features ended: a word without meaning outside, so that what orders a list may change."""

from __future__ import annotations

import base64
import binascii
import json

from gisapp.features.parameters import invalid


def pack(*keys: int | str) -> str:
    """The cursor behind a feature with these keys (today: its id)."""
    return base64.urlsafe_b64encode(json.dumps(keys, ensure_ascii=False).encode()).decode().rstrip("=")


def unpack(cursor: str) -> int:
    """The id behind which the next page begins. Raises errors.ParameterInvalid unless `pack` made it."""
    try:
        keys = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except (ValueError, RecursionError, binascii.Error):
        keys = None
    if not (isinstance(keys, list) and len(keys) == 1 and type(keys[0]) is int and 0 <= keys[0] < 2**63):
        why = "前のページの next リンクにある値を使います", "it is what the link “next” of a page before has"
        raise invalid("after", *why, "after=" + pack(10))
    return keys[0]
