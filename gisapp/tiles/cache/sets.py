"""What the parts of the cache hand each other: sets of tiles, and one tile as it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from gisapp.geo.tiles import BUFFER, EXTENT

MVT = "application/vnd.mapbox-vector-tile"
Reads = Mapping[str, frozenset[str] | None]
"""Which columns of which relations a tile shows; None: whatever changes in that relation changes the tile."""


class Reach(NamedTuple):
    """How far around a tile of a set a change may lie that the tile shows.

    block: tiles are forgotten together in aligned blocks of so many a side: a picture shows what was drawn for the block.
    margin: how far beyond a block's edges something is shown in it, in sides of a tile.
    source: the zoom of the vector tiles that it is made of, where that is not the zoom in its address.
    """

    block: int = 1
    margin: float = BUFFER / EXTENT
    source: int | None = None


VECTOR = Reach()


@dataclass(frozen=True)
class SetKey:
    """All tiles made by one SQL text (and, for pictures, one way of drawing): `key` is its hash, so whatever is planned
    otherwise has another set. zoom: of the tiles' addresses. mimetype: of what they hold.
    """

    key: bytes
    zoom: int = field(compare=False)
    reads: Reads = field(compare=False)
    reach: Reach = field(default=VECTOR, compare=False)
    mimetype: str = field(default=MVT, compare=False)

    def block_of(self, x: int, y: int) -> tuple[int, int]:
        """x and y of the first tile of the block that the tile belongs to."""
        side = self.reach.block
        return x // side * side, y // side * side


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
