"""What a node's tile cache holds and how it follows, read beside the processes that use it; the database is not asked."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gisapp.tiles.cache.board import Board, now
from gisapp.tiles.cache.file import TileFile
from gisapp.tiles.cache.store import Store


@dataclass(frozen=True)
class Row:
    """Tiles (in every coding kept) of one source at one zoom; layers: the relations they are read from."""

    layers: str
    zoom: int
    tiles: int
    bytes: int


@dataclass(frozen=True)
class Stats:
    """A node's cache. behind: seconds since the database was last asked what changed (None: not since this machine started).

    changed: how many looks found changes since the file was begun (`generation`: milliseconds since 1970).
    """

    rows: tuple[Row, ...]
    size: int
    limit: int
    generation: int
    changed: int
    behind: float | None
    away: bool

    def as_json(self) -> dict[str, Any]:
        """For scripts."""
        return asdict(self)


def stats(folder: Path, limit: int) -> Stats | None:
    """The cache in `folder`; None where nothing was kept yet. Raises Broken where its file is damaged."""
    if not (folder / "board").exists():
        return None
    board = Board(folder / "board")
    try:
        notice = board.read()
    finally:
        board.close()
    path = folder / f"tiles-{notice.generation}.sqlite"
    if not path.exists():
        return None
    file = TileFile(path)
    try:
        store = Store(file, limit)
        return Stats(
            rows=_rows(store),
            size=store.size(),
            limit=limit,
            generation=notice.generation,
            changed=max(notice.sequence - notice.generation, 0),
            behind=round(now() - notice.followed, 3) if notice.followed else None,
            away=notice.away > 0,
        )
    finally:
        file.close()


def _rows(store: Store) -> tuple[Row, ...]:
    found: dict[tuple[str, int], list[int]] = defaultdict(lambda: [0, 0])
    for zoom, reads, tiles, size in store.counts():
        sums = found[",".join(sorted(reads)), zoom]
        sums[0] += tiles
        sums[1] += size
    return tuple(Row(layers, zoom, *sums) for (layers, zoom), sums in sorted(found.items()) if sums[0])
