"""The arithmetic of the chain: what of an entry is hashed and how, the same for sealing and for verifying.

hash = SHA-256(hash before ‖ canonical JSON of the entry); the first entry's "hash before" is 32 zero bytes. Canonical:
keys in order, no spaces, UTF-8; the time in UTC with microseconds, `details` as PostgreSQL writes it (so that not even
the last digit of a number is beyond the hash). Anybody can recompute it with other tools.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from sqlalchemy import Row

FIRST = bytes(32)
NAMES = (
    "id", "at", "txid", "written_by", "person_id", "login", "departments", "via", "address", "what", "layer",
    "features", "details",
)  # fmt: skip
COLUMNS = """e.id, to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at, e.txid::text AS txid,
  e.written_by, e.person_id, e.login, e.departments, e.via, e.address, e.what, e.layer, e.features,
  e.details::text AS details"""
"""The select list that gives NAMES in their canonical form, of gisapp.audit_entry AS e."""


def link(previous: bytes, entry: Row[Any] | Any) -> bytes:
    """The hash of an entry (a row with the columns NAMES) behind the hash `previous`."""
    values = {name: getattr(entry, name) for name in NAMES}
    text = json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(previous + text.encode()).digest()
