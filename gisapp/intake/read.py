"""Opening a file: a child process finds its reader by content and name, and sends its rows.

The readers themselves are in gisapp.intake.readers; nothing of them is imported here.
"""

from __future__ import annotations

from pathlib import Path

from gisapp.intake.child.reader import open_apart
from gisapp.intake.options import Options
from gisapp.intake.source import Source


def open_any(path: Path, name: str, options: Options, scratch: Path) -> Source:
    """Open the file at `path`, which people call `name`. `scratch` is an empty folder that lives as long as the source.

    A child process reads, with limits on its memory and time. Nothing is ever written beside the file. A table without
    coordinates is opened too (`Source.shapeless`): others may place it, or ask.
    Raises errors.FileRefused with a sentence for whatever cannot be read, whatever it does to its reader.
    """
    return open_apart(path, name, options, scratch)
