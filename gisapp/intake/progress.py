"""How far a load is, told to whoever looks at it: the shell's bar, or the row of an upload that page and API read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


def _nobody(*_: object) -> None:
    """Told of what nobody looks at."""


@dataclass(frozen=True)
class Progress:
    """rows: rows done, and altogether (None: not known). publishing: the part of publishing that is done, 0 to 1."""

    rows: Callable[[int, int | None], None] = _nobody
    publishing: Callable[[float], None] = _nobody


SILENT = Progress()
