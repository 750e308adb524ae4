"""Generalised tables follow the layers: what changed since they were last brought up to date is made anew.

A zoom's rows and the note of which tiles changed are committed together, from the highest zoom down (of zooms made from the
same rows, the lowest first): the map is right where somebody looks closely while what half a city is drawn from is still
calculated. How far we have followed (`changes.derived`) is written when all zooms have. A table that is built anew appears
as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace

from gisapp.catalogue.generalised import class_columns, declared
from gisapp.catalogue.layer import Layer
from gisapp.catalogue.load import Catalogue
from gisapp.catalogue.rows import common_source, relation
from gisapp.changes.derived import Due, advance, find_due, heeding, never, stopping, waiting
from gisapp.generalise.build import Told, catch_up, rebuild
from gisapp.generalise.crew import Crew
from gisapp.generalise.queries import Raw, unfinished
from gisapp.installation import Installation

ONE_AT_A_TIME = 0x6715A994  # an advisory lock: the worker and the shell do not build the same table at once
KEPT = "generalised"


def generalised_layers(catalogue: Catalogue) -> list[Layer]:
    """The layers that have generalised zooms."""
    return [layer for layer in catalogue.layers.values() if layer.generalised]


def follow(installation: Installation, stop: Callable[[], bool] = never) -> int:
    """Bring every generalised table up to date with what is committed; returns how many tiles changed.

    Layers with few changes come first, one transaction a zoom. `stop` is asked after every tile and during every statement.
    Raises Stopped, errors.DatabaseAway.
    """
    told, layers = heeding(stop), behind(installation)
    with Crew() as crew:
        return sum(bring_up_to_date(installation, layer, crew, told, stop=stop) for layer in layers)


def behind(installation: Installation) -> list[Layer]:
    """The layers whose tables have something to catch up with, those with few changes first. Raises errors.DatabaseAway."""
    with installation.database.transaction("owner") as connection:
        return waiting(connection, generalised_layers(installation.catalogue), _due)


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
    with installation.database.transaction("owner") as connection, _turn(installation, stop):
        raw: Raw = connection.connection.dbapi_connection  # type: ignore[assignment]
        number = 0
        with stopping(raw, stop):
            due = _due(raw, layer)
            if everything or due.boxes is None:
                number = rebuild(raw, layer, crew, told)
            elif due.moved:
                number = catch_up(raw, layer, due.boxes, crew, told, raw.commit)
            if everything or due.moved:
                advance(raw, KEPT, layer.id, due)
        raw.commit()  # before it is another's turn
        return number


@contextmanager
def _turn(installation: Installation, stop: Callable[[], bool]) -> Iterator[None]:
    """Nobody else builds while the block runs, over all of its transactions: the lock is a connection's of its own."""
    with closing(installation.database.standing("owner")) as holder:
        with stopping(holder, stop):
            holder.execute("SELECT pg_advisory_lock(%s)", [ONE_AT_A_TIME])
        yield


def _due(raw: Raw, layer: Layer) -> Due:
    source = relation(common_source(layer))
    due = find_due(raw, KEPT, layer.id, declared(layer), class_columns(layer), source=source)
    return replace(due, moved=due.moved or bool(due.boxes) or bool(unfinished(raw, layer)))
