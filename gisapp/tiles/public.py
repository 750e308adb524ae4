"""Which layers leave the house ahead of any request: those that every visitor may see, as visitors see them."""

from __future__ import annotations

from collections.abc import Iterable

from gisapp import errors
from gisapp.catalogue.layer import Layer, view_for
from gisapp.catalogue.load import Catalogue
from gisapp.tiles.plan import Plan, plan

Chosen = list[tuple[Layer, Plan]]


def public_layers(catalogue: Catalogue, ids: Iterable[str] = ()) -> Chosen:
    """These layers (none named: all that are public) with the visitors' plan of each, in the order of ids, as the map pages ask for them.

    Raises errors.LayerNotFound, LayerNotPublic.
    """
    wanted = [catalogue.layer(id) for id in dict.fromkeys(ids)]
    found: Chosen = []
    for layer in wanted or catalogue.layers.values():
        view = view_for(layer, frozenset())
        if view is not None:
            found.append((layer, plan(layer, view)))
        elif wanted:
            raise errors.LayerNotPublic(layer=layer.id)
    return sorted(found, key=lambda pair: pair[0].id)


def zooms_of(chosen: Chosen, first: int, last: int) -> range:
    """The zooms from `first` to `last` at which a joined tile of these layers exists, as its TileJSON says."""
    lowest = min((plan.min_zoom for _, plan in chosen), default=0)
    highest = max((plan.max_zoom for _, plan in chosen), default=-1)
    return range(max(first, lowest), min(last, highest) + 1)
