"""Which migration is the newest, read from the files' own lines: Alembic is heavy, and only whoever migrates needs it."""

from __future__ import annotations

import re
from functools import cache

from gisapp.settings import ROOT

_LINES = re.compile(r'^revision = "(\w+)"\ndown_revision = (?:"(\w+)"|None)$', re.M)


@cache
def newest_migration() -> str:
    """The newest migration that this program brings: the one that no other follows."""
    files = (ROOT / "migrations" / "versions").glob("*.py")
    pairs = dict(found for file in files for found in _LINES.findall(file.read_text("utf-8")))
    (newest,) = pairs.keys() - pairs.values()
    return newest
