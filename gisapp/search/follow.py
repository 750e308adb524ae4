"""The search tables follow the layers: what changed since they were last brought up to date is made anew.

Entries and how far we have followed (`changes.derived`) are committed together, one transaction a layer.
"""

from __future__ import annotations

from collections.abc import Callable

from gisapp.catalogue.layer import Layer
from gisapp.catalogue.search import declared, searchable
from gisapp.changes.derived import Due, Raw, advance, find_due
from gisapp.installation import Installation
from gisapp.search.build import Told, build, update

KEPT = "search_index"
ONE_AT_A_TIME = 0x6715A995  # an advisory lock: the worker and the shell do not fill the same table at once
MANY = 5_000  # changed boxes from which a layer is made anew


class Stopped(Exception):
    """Somebody asked to stop; what was not committed is begun anew another time."""


def follow(installation: Installation, stop: Callable[[], bool] = lambda: False) -> int:
    """Bring every search table up to date with what is committed; returns how many entries were made.

    Layers with few changes come first, so that an edit does not wait for another layer to be built. `stop` is asked after
    every chunk. Raises Stopped, errors.DatabaseAway.
    """

    def told(read: int, more: int) -> None:
        if stop():
            raise Stopped()

    waiting: list[tuple[float, Layer]] = []
    with installation.database.transaction("owner") as connection:
        raw: Raw = connection.connection.dbapi_connection  # type: ignore[assignment]
        for layer in searchable(installation.catalogue):
            due = _due(raw, layer)
            if due.boxes is None or due.boxes or due.moved:
                waiting.append((float("inf") if due.boxes is None else len(due.boxes), layer))
    waiting.sort(key=lambda pair: (pair[0], pair[1].id))
    return sum(bring_up_to_date(installation, layer, told) for _, layer in waiting)


def bring_up_to_date(
    installation: Installation,
    layer: Layer,
    told: Told = lambda read, more: None,
    *,
    everything: bool = False,
) -> int:
    """Fill in what one layer's table lacks, or make all of it; returns how many entries were made. Waits for another."""
    with installation.database.transaction("owner") as connection:
        raw: Raw = connection.connection.dbapi_connection  # type: ignore[assignment]
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
    return find_due(raw, KEPT, layer.id, declared(layer), columns)
