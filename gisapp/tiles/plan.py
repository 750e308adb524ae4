"""What a layer's tile holds at a zoom: which columns, how exact, and whether what is too small to see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from gisapp.catalogue.layer import Layer, View, view_for
from gisapp.catalogue.style import style_fields
from gisapp.tiles.ahead import Ahead, ahead_at

THINNED_SLOTS = frozenset({"building", "line", "label"})


@dataclass(frozen=True)
class Plan:
    """What the tiles of one layer hold for those who read it through one view."""

    layer: str  # its id, which is also the layer's name inside the tile
    schema: str
    view: str
    columns: tuple[str, ...]  # besides id and geometry
    min_zoom: int
    max_zoom: int
    exact_points: bool  # points are never simplified, nor too small
    thinned_zooms: frozenset[int]  # where what is smaller than a pixel is left out
    public: bool  # visitors get the same tile
    ahead: tuple[tuple[int, Ahead], ...] = ()  # by zoom, where tiles are read from a generalised table

    def ahead_at(self, z: int) -> Ahead | None:
        """The generalised table that tiles of zoom `z` are read from; None: the view."""
        return next((one for zoom, one in self.ahead if zoom == z), None)

    def same_as(self, other: Plan) -> bool:
        """Whether both give the same tiles, whichever view they read."""
        return self.columns == other.columns

    def simplified(self, z: int) -> bool:
        """Whether outlines lose what is finer than the tile's units: not at the last zoom."""
        return not self.exact_points and z < self.max_zoom

    def thinned(self, z: int) -> bool:
        """Whether the tile leaves out what is smaller than a pixel."""
        return z in self.thinned_zooms


@cache
def plan(layer: Layer, view: View) -> Plan:
    """The plan of a layer's tiles for one of its views: the fields that its style names and the view has."""
    columns = _columns(layer, view)
    points = layer.geometry.endswith("Point")
    low = range(layer.min_zoom, layer.max_zoom - 1)  # the last two zooms hold everything
    visitors = view_for(layer, frozenset())
    return Plan(
        layer=layer.id,
        schema=layer.department,
        view=view.name,
        columns=columns,
        min_zoom=layer.min_zoom,
        max_zoom=layer.max_zoom,
        exact_points=points,
        thinned_zooms=frozenset(z for z in low if not points and _may_thin(layer, z)),
        public=visitors is not None and _columns(layer, visitors) == columns,
        ahead=tuple(
            (z, one)
            for z in range(layer.min_zoom, layer.max_zoom + 1)
            if (one := ahead_at(layer, z)) is not None
        ),
    )


def _columns(layer: Layer, view: View) -> tuple[str, ...]:
    return tuple(name for name in style_fields(layer) if name in view.columns)


def _may_thin(layer: Layer, z: int) -> bool:
    """Whether a piece smaller than a pixel shows nothing at this zoom.

    It does show where the style gives it a sign or a name of its own size, and where small pieces add up to
    an area with a meaning: a flooded area made of small cells must not vanish at low zooms.
    """
    drawn = [style for style in layer.style if _is_drawn(style, z)]
    return all(s["type"] in ("fill", "line") and s["metadata"]["slot"] in THINNED_SLOTS for s in drawn)


def _is_drawn(style: Mapping[str, Any], z: int) -> bool:
    """Whether the style layer is drawn from tiles of zoom `z`: MapLibre uses them from zoom z up to z + 1."""
    return bool(style.get("minzoom", 0) < z + 1 and style.get("maxzoom", 24) > z)
