"""Libraries that others take along where they are installed, and that no program of ours needs."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from types import ModuleType


class _Absent(MetaPathFinder):
    """Finds nothing, and keeps others from finding it."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> None:
        if name == "pandas":
            raise ModuleNotFoundError(name, name=name)


def leave_out_pandas() -> None:
    """Keep pandas out of this process, for good: Arrow and pyogrio would import it, which takes half a second and 40 MB.

    For a program's start, never for a library's. Does nothing where pandas is there already.
    """
    sys.meta_path.insert(0, _Absent())
