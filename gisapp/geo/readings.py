"""Ways to read bare coordinates: a reference system, the order of the axes, the unit. Written as "EPSG:6677+yx+mm"."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyproj

from gisapp.geo.crs import find_system

_WRITTEN = re.compile(r"(?:EPSG:)?(\d{4,6})((?:\s*[+ ]\s*(?:yx|xy|mm|9m))*)", re.I)


@dataclass(frozen=True)
class Reading:
    """How coordinates are meant. `swapped`: north (or latitude) stands first. `unit`: metres in one of their units.

    `coarse`: somebody accepted by name that the Tokyo Datum is left by three parameters only (±9 m).
    """

    system: pyproj.CRS
    swapped: bool = False
    unit: float = 1.0
    coarse: bool = False
    known_code: int | None = field(default=None, compare=False, repr=False)  # looking it up takes long

    @property
    def code(self) -> int | None:
        """The system's EPSG code; None where it has none."""
        return self.known_code or self.system.to_epsg()

    def points(self, xy: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Coordinates (n × 2) as they stand in the file → x, y in the system's own unit."""
        turned = xy[:, ::-1] if self.swapped else xy
        return turned * self.unit if self.unit != 1.0 else turned

    def __str__(self) -> str:
        words = [f"EPSG:{self.code}", *(["yx"] if self.swapped else [])]
        words += [*(["mm"] if self.unit == 0.001 else []), *(["9m"] if self.coarse else [])]
        return "+".join(words)

    @property
    def plain(self) -> bool:
        """Whether coordinates are the system's own as they stand."""
        return not self.swapped and self.unit == 1.0


def written_reading(text: str) -> str | None:
    """The canonical form of what somebody wrote ("6677", "epsg:6677 yx mm"); None where it has no such form."""
    match = _WRITTEN.fullmatch(text.strip())
    if match is None:
        return None
    words = re.findall(r"yx|mm|9m", match[2].lower())
    return "+".join([f"EPSG:{match[1]}", *(word for word in ("yx", "mm", "9m") if word in words)])


def parse_reading(text: str) -> Reading | None:
    """The reading that a canonical form means; None for an unknown system."""
    name, *words = text.split("+")
    system = find_system(name)
    if system is None:
        return None
    return Reading(system, "yx" in words, 0.001 if "mm" in words else 1.0, "9m" in words)
