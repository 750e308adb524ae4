"""The chain's roots, written outside the database: one line a day, and the newest one so far.

`<city>.txt` grows by a line a day: date, last position, its entry, root hash, the root before. `<city>.head` holds one
such line of now, replaced at every sealing: with both, nobody who only has the database can cut off or rewrite the
chain. Put the folder (GISAPP_AUDIT_ROOTS) where the database's administrators cannot write, or print the lines.
"""

from __future__ import annotations

import datetime
import os
from dataclasses import dataclass
from pathlib import Path

from gisapp.settings import Settings

NONE = "0" * 64


@dataclass(frozen=True)
class Root:
    """Where the chain stood at the end of a day (Japanese time). `hash` and `previous` (the root before) in hexadecimal."""

    day: datetime.date
    position: int
    entry: int
    hash: str
    previous: str

    def line(self) -> str:
        """The line of the file."""
        return f"{self.day} {self.position} {self.entry} {self.hash} {self.previous}\n"


@dataclass(frozen=True)
class RootFiles:
    """The two files of one city."""

    daily: Path
    head: Path

    def read(self) -> tuple[list[Root], Root | None]:
        """The roots in the order written, and the newest head. Raises ValueError with the first line that is none."""
        daily = _lines(self.daily)
        head = _lines(self.head)
        return daily, head[-1] if head else None

    def append(self, root: Root) -> None:
        """Add a day's line, safely on the disk when this returns. Raises OSError."""
        self.daily.parent.mkdir(parents=True, exist_ok=True)
        with self.daily.open("a", encoding="ascii") as file:
            file.write(root.line())
            file.flush()
            os.fsync(file.fileno())

    def keep_head(self, root: Root) -> None:
        """Replace the head. Raises OSError."""
        self.head.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.head.with_suffix(".head-new")
        fresh.write_text(root.line(), "ascii")
        fresh.replace(self.head)


def root_files(settings: Settings) -> RootFiles:
    """Where this installation's roots are."""
    folder = (
        Path(settings.audit_roots).expanduser() if settings.audit_roots else settings.home / "audit-roots"
    )
    return RootFiles(folder / f"{settings.city}.txt", folder / f"{settings.city}.head")


def _lines(path: Path) -> list[Root]:
    if not path.exists():
        return []
    found = []
    for number, line in enumerate(path.read_text("ascii", errors="replace").splitlines(), 1):
        try:
            day, position, entry, value, previous = line.split(" ")
            if len(value) != 64 or len(previous) != 64:
                raise ValueError(line)
            found.append(Root(datetime.date.fromisoformat(day), int(position), int(entry), value, previous))
        except ValueError as error:
            raise ValueError(f"{path.name}:{number}") from error
    return found
