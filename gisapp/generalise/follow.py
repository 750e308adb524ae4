"""Generalised tables follow the layers: what changed since they were last brought up to date is made anew.

Rows, the note of which tiles changed, and how far we have followed (`changes.derived`) are committed together.
"""

from __future__ import annotations

from collections.abc import Callable

from gisapp.catalogue.generalised import class_columns, declared
from gisapp.catalogue.layer import Layer
from gisapp.catalogue.load import Catalogue
from gisapp.catalogue.rows import common_source, relation
from gisapp.changes.derived import Due, advance, find_due, heeding, never, stopping, waiting
from gisapp.generalise.build import Told, rebuild
from gisapp.generalise.crew import Crew
from gisapp.generalise.queries import Raw
from gisapp.installation import Installation

ONE_AT_A_TIME = 0x6715A994  # an advisory lock: the worker and the shell do not build the same table at once
KEPT = "generalised"


def generalised_layers(catalogue: Catalogue) -> list[Layer]:
    """The layers that have generalised zooms."""
    return [layer for layer in catalogue.layers.values() if layer.generalised]


def follow(installation: Installation, stop: Callable[[], bool] = never) -> int:
    """Bring every generalised table up to date with what is committed; returns how many tiles changed.

    Layers with few changes come first, one transaction a layer. `stop` is asked after every tile and during every statement.
    Raises Stopped, errors.DatabaseAway.
    """
    told = heeding(stop)
    with installation.database.transaction("owner") as connection:
        layers = waiting(connection, generalised_layers(installation.catalogue), _due)
    with Crew() as crew:
        return sum(bring_up_to_date(installation, layer, crew, told, stop=stop) for layer in layers)


def bring_up_to_date(
    installation: Installation,
    layer: Layer,
    crew: Crew,
    told: Told = lambda made, more: None,
    *,
    everything: bool = False,
    stop: Callable[[], bool] = never,
) -> int:
    """Build what one layer's table lacks, or all of it; returns how many tiles changed. Waits for another that builds."""
    with installation.database.transaction("owner") as connection:
        raw: Raw = connection.connection.dbapi_connection  # type: ignore[assignment]
        with stopping(raw, stop):
            raw.execute("SELECT pg_advisory_xact_lock(%s)", [ONE_AT_A_TIME])
            due = _due(raw, layer)
            boxes = None if everything else due.boxes
            number = rebuild(raw, layer, boxes, crew, told) if boxes is None or boxes else 0
            if boxes is None or boxes or due.moved:
                advance(raw, KEPT, layer.id, due)
        return number


def _due(raw: Raw, layer: Layer) -> Due:
    source = relation(common_source(layer))
    return find_due(raw, KEPT, layer.id, declared(layer), class_columns(layer), source=source)
