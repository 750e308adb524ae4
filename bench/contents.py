"""What gisapp's tile of a layer holds at a zoom, so that peers can be given the same and no more."""

from __future__ import annotations

from dataclasses import dataclass

from gisapp.catalogue.layer import Layer, view_for
from gisapp.tiles.plan import plan


@dataclass(frozen=True)
class Contents:
    """Columns besides id and geometry, which features (SQL, empty: all), and whether the layer's table is read (else one generalised from it)."""

    columns: tuple[str, ...]
    where: str
    of_table: bool


def contents(layer: Layer, zoom: int) -> Contents | None:
    """For somebody of the layer's own department, or for everybody where visitors see it. None: nothing is drawn there."""
    view = view_for(layer, frozenset()) or view_for(layer, frozenset({layer.department}))
    if view is None:
        return None
    planned = plan(layer, view)
    fields = {field.name for field in layer.fields}
    if not hasattr(planned, "at"):  # one plan for all zooms
        return Contents(planned.columns, "", True)
    here = planned.at(zoom)
    for part in here.parts:
        if part.name == layer.id:
            columns = tuple(name for name in part.columns if name in fields)
            return Contents(columns, part.where.replace("%%", "%"), here.ahead is None)
    return None
