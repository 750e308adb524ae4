"""Attribute and spatial filters in CQL2 (https://docs.ogc.org/is/21-065r2/21-065r2.html), text and JSON, as SQL.

`read` makes one tree of either form, within limits; `scope` says which names mean something for the asker; `compile` walks the
tree (`terms` are its values, `compare`, `spatial` and `temporal` its tests). Whatever is not named in one of these files is
refused: names of fields and functions are looked up, never passed on, and values are bound, always.
"""

from gisapp.features.filters.compile import Condition, compile_filter
from gisapp.features.filters.scope import Scope

__all__ = ["Condition", "Scope", "compile_filter"]
