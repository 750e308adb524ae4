"""The rule of a layer that shows some of its rows to fewer people, as its folder declares it."""

from __future__ import annotations

from dataclasses import dataclass

TYPES = ("text", "integer", "boolean")


@dataclass(frozen=True)
class RowRule:
    """`[rows]` in layer.toml: rows whose `column` holds one of `open` are seen by whoever sees the layer, others (NULL too)
    only by whoever holds one of the tokens in `see`, among which the layer's own department always is.
    """

    column: str
    open: tuple[str | int | bool, ...]
    see: frozenset[str]
