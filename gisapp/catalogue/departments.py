"""The departments of departments.toml as it reads today: a new name is shown, and a post in one that is gone counts for nothing,
seconds after the file was written, in every process that runs. A department that comes new waits for `layers sync` and a restart.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gisapp.catalogue import folders
from gisapp.catalogue.layer import Department, Text

FRESH_SECONDS = 2.0


class Departments(Mapping[str, Department]):
    """By their names, in the order of the file. What cannot be read, while somebody writes it, changes nothing."""

    def __init__(self, path: Path) -> None:
        self._path, self._lock = path, threading.Lock()
        self._stamp = self._stamp_now()
        self._first = self._today = _read(path) or {}
        self._looked = time.monotonic()

    def __getitem__(self, name: str) -> Department:
        """Also one that went while this process runs: somebody may be in the middle of a list."""
        return self._now().get(name) or self._first[name]

    def __contains__(self, name: object) -> bool:
        return name in self._now()

    def __iter__(self) -> Iterator[str]:
        return iter(self._now())

    def __len__(self) -> int:
        return len(self._now())

    def _now(self) -> Mapping[str, Department]:
        if time.monotonic() - self._looked > FRESH_SECONDS:
            with self._lock:
                self._looked = time.monotonic()
                stamp = self._stamp_now()
                found = _read(self._path) if stamp != self._stamp else None
                if found:
                    self._stamp = stamp
                    self._today = {name: one for name, one in found.items() if name in self._first}
        return self._today

    def _stamp_now(self) -> tuple[int, int]:
        try:
            found = self._path.stat()
        except OSError:
            return 0, 0
        return found.st_mtime_ns, found.st_ino


def _read(path: Path) -> dict[str, Department] | None:
    """None for a file that is not whole."""
    raw = folders.read_toml(path)
    if isinstance(raw, Text):
        return None
    try:
        return {name: _department(name, said) for name, said in raw.items()}
    except (KeyError, TypeError, ValueError):
        return None


def _department(name: str, raw: Mapping[str, Any]) -> Department:
    title, office = _text(raw["title"]), raw.get("office")
    return Department(name, title, _text(office) if office else None)


def _text(raw: Mapping[str, Any]) -> Text:
    ja, en = raw["ja"], raw["en"]
    if not (isinstance(ja, str) and isinstance(en, str) and ja and en):
        raise ValueError(raw)
    return Text(ja, en)
