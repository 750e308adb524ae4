"""Numbers as protocol buffers write them (varints), many at once: seven bits a byte, the lowest first."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


def lengths(values: npt.NDArray[np.int64]) -> npt.NDArray[np.intp]:
    """How many bytes each takes; none is negative."""
    found, left = np.ones(len(values), np.intp), values >> 7
    while left.any():
        found += left > 0
        left = left >> 7
    return found


def write(out: npt.NDArray[np.uint8], at: npt.NDArray[Any], values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Write each at its place; returns the places behind them."""
    at, values = at.copy(), values.astype(np.uint64)
    left = np.arange(len(at))
    while len(left):
        more = values[left] > 127
        out[at[left]] = (values[left] & np.uint64(127)).astype(np.uint8) | more.astype(np.uint8) << 7
        at[left] += 1
        values[left] >>= np.uint64(7)
        left = left[more]
    return at
