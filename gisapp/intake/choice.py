"""What a person is asked when a file can be read in more than one way: the answers there are, the likeliest first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gisapp.geo.crs import Bounds


@dataclass(frozen=True)
class Choice:
    """One answer. `option` is the option that gives it (crs, part, only, places), `value` what to write after it.

    `ja` and `en` say what speaks for it; `bounds` is where the rows would lie (longitude, latitude), where that is known,
    and `points` some of their corners.
    """

    option: str
    value: str
    ja: str
    en: str
    bounds: Bounds | None = None
    points: tuple[tuple[float, float], ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The answer for programs and for the page."""
        return {
            "option": self.option,
            self.option: self.value,
            "why_ja": self.ja,
            "why_en": self.en,
            "bounds": [round(v, 6) for v in self.bounds] if self.bounds else None,
            "points": [[round(v, 6) for v in point] for point in self.points],
        }

    def line(self, lang: str = "ja") -> str:
        """The answer as a line of the report."""
        return f"--{self.option} {self.value}: {self.ja if lang == 'ja' else self.en}"
