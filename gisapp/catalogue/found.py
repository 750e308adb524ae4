"""How a layer's features are found by words, as its folder declares it."""

from __future__ import annotations

from dataclasses import dataclass

KINDS = ("town", "address", "parcel", "facility", "street")


@dataclass(frozen=True)
class Search:
    """How the layer's features are found by words: `[search]` in layer.toml.

    kind: see KINDS. names: fields that name a feature (town, facility, street). town, koaza, numbers, level: the fields
    of which an address or a parcel consists; `level` is the match level of the address registry (none: 7, a parcel).
    words: what all of them are called (トイレ, AED). detail: a field that is shown beside the name.
    """

    kind: str
    names: tuple[str, ...] = ()
    town: str = ""
    koaza: str = ""
    numbers: tuple[str, ...] = ()
    level: str = ""
    words: tuple[str, ...] = ()
    detail: str = ""

    def fields(self) -> tuple[str, ...]:
        """Every field that the index is made of."""
        named = (*self.names, self.town, self.koaza, *self.numbers, self.level, self.detail)
        return tuple(dict.fromkeys(name for name in named if name))
