"""What draws, as a name: pictures that another program or other fonts drew are other pictures."""

from __future__ import annotations

import hashlib
import importlib.metadata
from functools import lru_cache
from pathlib import Path

from gisapp.rasters import FONTS

PACKAGE = Path(__file__).parents[1]
DRAWING = (
    "rasters/decode.py",
    "rasters/draw.py",
    "rasters/metatile.py",
    "rasters/style.py",
    "rasters/symbolizers.py",
    "catalogue/colour.py",
    "catalogue/expression.py",
    "catalogue/style.py",
)
"""The modules that decide what a picture shows: nobody has to remember to raise a number."""


@lru_cache(maxsize=1)
def drawing_version() -> str:
    """A hash over Mapnik's version, our own drawing code, and the fonts that there are."""
    found = hashlib.blake2b(importlib.metadata.version("mapnik").encode(), digest_size=16)
    for name in DRAWING:
        found.update((PACKAGE / name).read_bytes())
    for path in sorted(path for folder in FONTS for path in Path(folder).rglob("*") if path.is_file()):
        found.update(f"{path} {path.stat().st_size}\n".encode())
    return found.hexdigest()
