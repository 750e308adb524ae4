"""What the tests of the made-up city share: its size, the marker of its owners, chunks joined by layer."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from gisapp.sample import LayerRows

PARCELS = 2000
MARKER = "＊印"


def joined(chunks: Iterable[LayerRows]) -> dict[str, LayerRows]:
    """All rows of each layer together."""
    parts: dict[str, list[LayerRows]] = {}
    for chunk in chunks:
        parts.setdefault(chunk.layer, []).append(chunk)
    return {
        layer: LayerRows(
            layer,
            np.concatenate([part.geometry for part in pieces]),
            {name: np.concatenate([part.columns[name] for part in pieces]) for name in pieces[0].columns},
        )
        for layer, pieces in parts.items()
    }
