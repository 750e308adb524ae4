"""What the parts of the cache hand each other: sets of tiles, and one tile as it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Reads = Mapping[str, frozenset[str] | None]
"""Which columns of which relations a tile shows; None: whatever changes in that relation changes the tile."""


@dataclass(frozen=True)
class SetKey:
    """All tiles made by one SQL text: `key` is its hash, so whatever is planned otherwise has another set."""

    key: bytes
    zoom: int = field(compare=False)
    reads: Reads = field(compare=False)


@dataclass(frozen=True, slots=True)
class Kept:
    """One tile in one coding. hash: of its content before compressing; hard: compressed strongly.

    seen: the snapshot (as text) under which it was read; empty where it was put together from kept tiles.
    """

    hash: str
    coding: str
    body: bytes
    hard: bool = False
    seen: str = ""
