"""Which names mean something in a filter: the fields that the asker's view of a layer has, `id` and `geometry`.

A hidden column is as unknown as one that was never there, so that nobody learns its values by asking.
"""

from __future__ import annotations

from dataclasses import dataclass

from gisapp.catalogue.layer import Layer, View
from gisapp.features.expressions import fields_of
from gisapp.settings import City

GEOMETRY = "geometry"
ID = "id"


@dataclass(frozen=True)
class Scope:
    """What a filter of one layer may speak of. `srid` is the plane system of its geometry."""

    layer: Layer
    view: View
    srid: int

    @staticmethod
    def of(layer: Layer, view: View, city: City) -> Scope:
        """The scope for somebody with this view."""
        return Scope(layer, view, city.srid)

    def types(self) -> dict[str, str]:
        """Names and their types (text, integer, number, boolean, date, datetime, geometry), in the layer's order."""
        fields = {name: self.layer.field(name).type for name in fields_of(self.view)}
        return {ID: "integer", **fields, GEOMETRY: "geometry"}

    def type_of(self, name: str) -> str | None:
        """The type of a name; None for one that means nothing. `geom` is the geometry too."""
        types = self.types()
        return types.get(name) or ("geometry" if name == "geom" else None)
