"""A small made-up city, generated once."""

from __future__ import annotations

import pytest
from made_up_city import MARKER, PARCELS, joined

from gisapp.sample import LayerRows, generate


@pytest.fixture(scope="session")
def town() -> dict[str, LayerRows]:
    """Rows by layer of a city of 2,000 parcels, a marker behind every owner's name."""
    return joined(generate(PARCELS, marker=MARKER))
