"""The search tables follow the layers: what changed since they were last brought up to date is made anew.

Entries and how far we have followed (`changes.derived`) are committed together, one transaction a layer.
"""

from __future__ import annotations

from collections.abc import Callable

from gisapp.catalogue.layer import Layer
from gisapp.catalogue.rows import common_source, relation
from gisapp.catalogue.search import declared, searchable
from gisapp.changes.derived import Due, Raw, advance, find_due, heeding, never, stopping, waiting
from gisapp.installation import Installation
from gisapp.search.build import Told, build, update

KEPT = "search_index"
ONE_AT_A_TIME = 0x6715A995  # an advisory lock: the worker and the shell do not fill the same table at once
MANY = 5_000  # changed boxes from which a layer is made anew


def follow(installation: Installation, stop: Callable[[], bool] = never) -> int:
    """Bring every search table up to date with what is committed; returns how many entries were made.

    Layers with few changes come first. `stop` is asked after every chunk and during every statement. Raises Stopped, errors.DatabaseAway.
    """
    told = heeding(stop)
    with installation.database.transaction("owner") as connection:
        layers = waiting(connection, searchable(installation.catalogue), _due)
    return sum(bring_up_to_date(installation, layer, told, stop=stop) for layer in layers)


def bring_up_to_date(
    installation: Installation,
    layer: Layer,
    told: Told = lambda read, more: None,
    *,
    everything: bool = False,
    stop: Callable[[], bool] = never,
) -> int:
    """Fill in what one layer's table lacks, or make all of it; returns how many entries were made. Waits for another."""
    with installation.database.transaction("owner") as connection:
        raw: Raw = connection.connection.dbapi_connection  # type: ignore[assignment]
        with stopping(raw, stop):
            return _bring_up_to_date(raw, layer, told, everything)


def _bring_up_to_date(raw: Raw, layer: Layer, told: Told, everything: bool) -> int:
    raw.execute("SELECT pg_advisory_xact_lock(%s)", [ONE_AT_A_TIME])
    due = _due(raw, layer)
    all_of_it = everything or due.boxes is None or len(due.boxes) > MANY
    made = 0
    if all_of_it:
        made = build(raw, layer, told)
    elif due.boxes:
        made = update(raw, layer, due.boxes)
    if all_of_it or due.boxes or due.moved:
        advance(raw, KEPT, layer.id, due)
    return made


def _due(raw: Raw, layer: Layer) -> Due:
    columns = (*layer.search.fields(), *layer.label_fields()) if layer.search else ()
    source = relation(common_source(layer))
    return find_due(raw, KEPT, layer.id, declared(layer), columns, source=source)
