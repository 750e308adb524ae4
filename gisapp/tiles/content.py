"""What PostGIS answered for one plan, made into a tile."""

from __future__ import annotations

from gisapp.tiles.ahead import outlined
from gisapp.tiles.features import features_of, features_repaired, layer_with
from gisapp.tiles.plan import Plan
from gisapp.tiles.rings import plain_rings


def finished(plan: Plan, column: bytes, z: int, x: int, y: int) -> bytes:
    """The tile (or no bytes) of a plan's column in the statement's row."""
    of = plan.at(z)
    if of.ahead and of.ahead.areas:
        return outlined(column)
    if not of.rings:
        return column
    end = 4 + int.from_bytes(column[:4], "big")
    rings, repaired = plain_rings(column[end:], z, x, y)
    plain = None if rings is None else features_of(rings)
    return layer_with(of.parts[0].name, column[4:end], plain, features_repaired(repaired))
