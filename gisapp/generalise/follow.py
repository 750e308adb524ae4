"""Generalised tables follow the layers: what changed since they were last brought up to date is made anew.

Changes are followed by transaction snapshot, not by number: a change that is noted early and committed late is not
among those that the last snapshot saw, however high the numbers after it. Rows, the note of which tiles changed, and
how far we have followed are committed together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from gisapp.catalogue.generalised import class_columns, declared
from gisapp.catalogue.layer import Layer
from gisapp.catalogue.load import Catalogue
from gisapp.generalise.build import Told, rebuild
from gisapp.generalise.crew import Crew
from gisapp.generalise.queries import Raw
from gisapp.geo.tiles import Box
from gisapp.installation import Installation

ONE_AT_A_TIME = 0x6715A994  # an advisory lock: the worker and the shell do not build the same table at once
STALE = 500  # transactions after which the position moves on although nothing changed, so that old notes may be pruned

_POSITION = """
SELECT declared, followed::text, epoch::text,
  (pruned > '0'::xid8 AND pg_snapshot_xmin(followed) <= pruned)
    OR pg_snapshot_xmax(followed) > pg_snapshot_xmax(pg_current_snapshot()) AS lost,
  pg_snapshot_xmin(pg_current_snapshot())::text::bigint - pg_snapshot_xmin(followed)::text::bigint > %s AS stale
FROM gisapp.tile_state LEFT JOIN gisapp.generalised ON layer = %s
"""
_CHANGES = """
SELECT columns, boxes FROM gisapp.tile_change
WHERE relation = %(layer)s AND txid >= pg_snapshot_xmin(%(followed)s::pg_snapshot)
  AND NOT pg_visible_in_snapshot(txid, %(followed)s::pg_snapshot)
"""
_ADVANCE = """
INSERT INTO gisapp.generalised (layer, declared, followed, built_at) VALUES (%s, %s, %s::pg_snapshot, now())
ON CONFLICT (layer) DO UPDATE SET declared = excluded.declared, followed = excluded.followed, built_at = excluded.built_at
"""


@dataclass(frozen=True)
class Due:
    """What there is to do for a layer: where it changed (EPSG:3857; None: build everything), for which
    declaration in which database, and the position then."""

    boxes: tuple[Box, ...] | None
    declared: str
    position: str
    moved: bool  # whether the position should be written although nothing is to be built


def generalised_layers(catalogue: Catalogue) -> list[Layer]:
    """The layers that have generalised zooms."""
    return [layer for layer in catalogue.layers.values() if layer.generalised]


class Stopped(Exception):
    """Somebody asked to stop; what was not committed is begun anew another time."""


def follow(installation: Installation, stop: Callable[[], bool] = lambda: False) -> int:
    """Bring every generalised table up to date with what is committed; returns how many tiles changed.

    Layers with few changes come first, so that an edit does not wait for another layer to be built. One transaction a
    layer. `stop` is asked after every tile. Raises Stopped, errors.DatabaseAway.
    """

    def told(made: int, more: int) -> None:
        if stop():
            raise Stopped()

    waiting: list[tuple[float, Layer]] = []
    with installation.database.transaction("owner") as connection:
        raw: Raw = connection.connection.dbapi_connection  # type: ignore[assignment]
        for layer in generalised_layers(installation.catalogue):
            due = _due(raw, layer)
            if due.boxes is None or due.boxes or due.moved:
                waiting.append((float("inf") if due.boxes is None else len(due.boxes), layer))
    waiting.sort(key=lambda pair: (pair[0], pair[1].id))
    with Crew() as crew:
        return sum(bring_up_to_date(installation, layer, crew, told) for _, layer in waiting)


def bring_up_to_date(
    installation: Installation,
    layer: Layer,
    crew: Crew,
    told: Told = lambda made, more: None,
    *,
    everything: bool = False,
) -> int:
    """Build what one layer's table lacks, or all of it; returns how many tiles changed. Waits for another that builds."""
    with installation.database.transaction("owner") as connection:
        raw: Raw = connection.connection.dbapi_connection  # type: ignore[assignment]
        raw.execute("SELECT pg_advisory_xact_lock(%s)", [ONE_AT_A_TIME])
        due = _due(raw, layer)
        boxes = None if everything else due.boxes
        number = rebuild(raw, layer, boxes, crew, told) if boxes is None or boxes else 0
        if boxes is None or boxes or due.moved:
            raw.execute(_ADVANCE, [layer.id, due.declared, due.position])
        return number


def _due(raw: Raw, layer: Layer) -> Due:
    """What there is to do; the position is taken before the changes are read: what comes between is read again."""
    position = str(raw.execute("SELECT pg_current_snapshot()::text").fetchall()[0][0])
    declared_then, followed, epoch, lost, stale = raw.execute(_POSITION, [STALE, layer.id]).fetchall()[0]
    now = f"{declared(layer)} @{epoch}"  # a restored database has another epoch
    if declared_then != now or lost:
        return Due(None, now, position, True)
    notes = raw.execute(_CHANGES, {"layer": layer.id, "followed": followed}).fetchall()
    telling = [boxes for columns, boxes in notes if _concerns(layer, columns)]
    if any(boxes is None for boxes in telling):
        return Due(None, now, position, True)
    return Due(tuple(box for boxes in telling for box in _boxes(boxes)), now, position, bool(notes) or stale)


def _concerns(layer: Layer, columns: Iterable[str] | None) -> bool:
    return columns is None or not set(class_columns(layer)).isdisjoint(columns)


def _boxes(flat: list[float]) -> Iterator[Box]:
    for at in range(0, len(flat), 4):
        yield flat[at], flat[at + 1], flat[at + 2], flat[at + 3]
