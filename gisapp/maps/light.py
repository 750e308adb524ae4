"""Imports Folium without pandas, which it takes along when it is installed: 60 MB in every web process, used
only for maps of data frames. A notebook that has pandas open keeps it (`city_map` hands it to Folium)."""

from __future__ import annotations

import sys


def import_folium() -> None:
    """Import Folium; pandas is not imported by that. Does nothing where either is there already."""
    if "folium" in sys.modules or "pandas" in sys.modules:
        return
    sys.modules["pandas"] = None  # type: ignore[assignment]  # the documented way to make an import fail
    try:
        import folium  # noqa: F401
    finally:
        del sys.modules["pandas"]


import_folium()
