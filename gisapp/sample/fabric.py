"""What each kind of district is made of: block and lot sizes, street widths, how many lots are built on."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Fabric:
    """The measures of one kind of district; lengths in metres, shares from 0 to 1."""

    kind: str
    length: float  # of a block, along its streets
    depth: float  # of a block, across: two rows of lots
    lot: float  # width of a lot
    street: float  # width of streets along the blocks
    cross: float  # width of streets across
    collector: float  # width of the main street between two chome
    built: float  # share of lots with a building
    irregular: float  # how much sizes vary
    sway: float  # how far streets swing
    bend: float  # smallest radius of curved streets; 0: straight
    chome: float  # area of one chome in square metres; 0: not divided
    parcels: float  # per km² of the whole district, as measured; the size of the city follows from it

    @property
    def urban(self) -> bool:
        """True where the city is built up (市街化区域)."""
        return self.chome > 0


FABRICS = MappingProxyType(
    {
        f.kind: f
        for f in (
            Fabric("commercial", 64, 40, 10.5, 7, 6, 14, 0.93, 0.30, 4, 0, 90_000, 3390),
            Fabric("old", 76, 44, 10.5, 4.2, 4, 8, 0.92, 0.45, 20, 1100, 105_000, 3300),
            Fabric("residential", 96, 34, 11.6, 5.5, 5, 10, 0.91, 0.22, 12, 1500, 120_000, 3450),
            Fabric("new_town", 118, 31, 12.6, 6, 6, 12, 0.90, 0.16, 26, 650, 130_000, 3420),
            Fabric("industry", 190, 120, 48.0, 10, 9, 14, 0.82, 0.25, 0, 0, 260_000, 323),
            Fabric("farm", 118, 58, 25.0, 3.2, 3, 6, 0.10, 0.30, 16, 1400, 0, 1222),
            Fabric("forest", 340, 220, 62.0, 3, 3, 4, 0.0, 0.45, 60, 800, 0, 160),
        )
    }
)
