"""What the fixtures of these tests are called with."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gisapp.catalogue.layer import Layer
from gisapp.tiles.plan import Plan

Ask = Callable[[str], tuple[Layer, Plan]]
Read = Callable[[Sequence[Plan], int, int, int], bytes]
PlaceOf = Callable[[str, int], tuple[int, int]]
