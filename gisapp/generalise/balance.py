"""Which class each point of a grid is drawn in, so that every class keeps its area.

The shares of the classes are blurred a little, so that what is finer than can be seen becomes calm. Where the
largest share simply won, common classes would swallow rare ones, and streets between blocks would vanish. So every
class has a weight, found for each node of a coarse lattice from what lies around the node alone: two tiles that
have the node in common find the same weight, and draw the same on their common edge. Weights between nodes are
interpolated. What the tile's sums still lack is put right inside the tile, and not at its edges.
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

Grid = NDArray[np.float32]  # class, row, column; class 0 is what nothing covers
CALM = 1.25
"""Blur, as the standard deviation in cells."""
REACH = 4  # cells that the blur looks around
LATTICE = 32
"""Cells between the nodes of the lattice, and from a node to the end of what it looks at."""
MARGIN = LATTICE + REACH
"""Cells that must be known beyond the tile's edges."""
ROUNDS = 16  # at most
SETTLED = 0.01  # share of its area that a class may lack around a node, or half a cell of those looked at
SPARSE = 2  # every second cell tells enough of a node's surroundings
LEAST = 1e-6
RAMP = 16  # cells from the tile's edge to where its own correction is whole
MOST_KEPT = 20_000  # nodes whose weights are kept in memory, a few hundred bytes each
_kept: dict[bytes, np.ndarray] = {}  # by what they are found from


def blurred(shares: Grid) -> Grid:
    """Shares smoothed in both directions; the outermost `REACH` cells are cut off."""
    kernel = np.exp(-0.5 * (np.arange(-REACH, REACH + 1) / CALM) ** 2)
    kernel /= kernel.sum()
    for axis in (1, 2):
        length = shares.shape[axis] - 2 * REACH
        slices = (np.take(shares, range(k, k + length), axis) for k in range(2 * REACH + 1))
        shares = sum(np.float32(weight) * part for weight, part in zip(kernel, slices, strict=True))  # type: ignore[assignment]
    return shares


def lattice_weights(soft: Grid, true: Grid) -> Grid:
    """The logarithm of every class's weight in every cell.

    `soft` and `true` (blurred and not) hold whole squares of the lattice, with `LATTICE` cells around them.
    """
    rows, columns = ((size - 2 * LATTICE) // LATTICE + 1 for size in soft.shape[1:])
    weights = np.zeros((soft.shape[0], rows, columns), dtype=np.float32)
    # Sums of squares of the lattice: what a node looks at is four of them.
    squares = true.reshape(true.shape[0], rows + 1, LATTICE, columns + 1, LATTICE).mean(axis=(2, 4))
    around = (squares[:, :-1, :-1] + squares[:, :-1, 1:] + squares[:, 1:, :-1] + squares[:, 1:, 1:]) / 4
    for row, column in zip(*np.nonzero((around > LEAST).sum(axis=0) > 1), strict=True):
        top, left = row * LATTICE, column * LATTICE
        part = soft[:, top : top + 2 * LATTICE : SPARSE, left : left + 2 * LATTICE : SPARSE]
        weights[:, row, column] = _weights_of(part, around[:, row, column])
    return _spread(weights)


def _weights_of(soft: Grid, wanted: np.ndarray) -> np.ndarray:
    """As `_weighed`, once for the same: an edit changes the surroundings of only a few of a tile's nodes."""
    key = hashlib.blake2b(soft.tobytes() + wanted.tobytes(), digest_size=16).digest()
    found = _kept.get(key)
    if found is None:
        if len(_kept) >= MOST_KEPT:
            _kept.clear()
        found = _kept[key] = _weighed(soft, wanted)
    return found


def _weighed(soft: Grid, wanted: np.ndarray) -> np.ndarray:
    """Weights (logarithms) with which every class wins the share of cells that it is wanted to have."""
    weights = np.zeros(len(wanted), dtype=np.float32)
    there = np.flatnonzero(wanted > LEAST)
    score = np.log(soft[there].reshape(len(there), -1) + np.float32(LEAST))
    own = np.zeros((len(there), 1), dtype=np.float32)
    for turn in range(ROUNDS):
        won = np.bincount(np.argmax(score + own, axis=0), minlength=len(there)) / score.shape[1]
        if (np.abs(won - wanted[there]) < np.maximum(SETTLED * wanted[there], 0.5 / score.shape[1])).all():
            break
        lack = np.log((wanted[there] + 1e-4) / (won + 1e-4))
        own[:, 0] += np.clip(lack, -1, 1) * (0.6 if turn < ROUNDS // 2 else 0.3)
    weights[there] = own[:, 0] - own[:, 0].mean()
    return weights


def _spread(weights: Grid) -> Grid:
    """Bilinear between the nodes, at the middles of the cells."""
    place = (np.arange(LATTICE, dtype=np.float32) + 0.5) / LATTICE
    low, high = weights[:, :-1, None], weights[:, 1:, None]
    part = place[:, None]
    rows = (low * (1 - part) + high * part).reshape(weights.shape[0], -1, weights.shape[2])
    found = rows[:, :, :-1, None] * (1 - place) + rows[:, :, 1:, None] * place
    return np.asarray(found.reshape(weights.shape[0], rows.shape[1], -1))


def ramp(size: int) -> NDArray[np.float32]:
    """How much of the tile's own correction each cell takes: nothing at its edges, all inside."""
    edge = np.minimum(np.arange(size), np.arange(size)[::-1]) / RAMP
    near = np.clip(edge, 0, 1).astype(np.float32)
    return np.minimum(near[:, None], near[None, :])
