"""A layer's generalised table brought up to date: all of it, or where something changed.

From the highest zoom down, because the lower ones are made from the rows of the higher; of zooms made from the same rows
the lowest first. A tile whose rows came out as they were is left alone, and nothing below it is made anew for its sake.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby, islice

import numpy as np

from gisapp.catalogue.generalised import clustered
from gisapp.catalogue.layer import Layer
from gisapp.generalise import queries
from gisapp.generalise.crew import Crew
from gisapp.generalise.difference import difference
from gisapp.generalise.frame import Frame
from gisapp.generalise.levels import Level, levels, tiles_near
from gisapp.generalise.queries import Raw, Row
from gisapp.generalise.tile import Made, Work, margin
from gisapp.geo.tiles import Box

MANY = 5_000  # changed tiles of a zoom from which they are not named one by one
Told = Callable[[int, int], None]
"""Is told how many tiles have been made, and how many more there are to make than was said before."""


def _nobody(made: int, more: int) -> None:
    """Nobody is told."""


def rebuild(raw: Raw, layer: Layer, crew: Crew, told: Told = _nobody) -> int:
    """Build the whole table in the caller's transaction; returns how many tiles changed."""
    number = sum(len(found) for _, found in _stages(raw, layer, {}, crew, told))
    for level in levels(layer):
        queries.mark_built(raw, layer, level.z)
        queries.announce(raw, layer, level.z, None)
    queries.finished(raw, layer)
    queries.forget_other_zooms(raw, layer, [level.z for level in levels(layer)])
    queries.analyse(raw, layer)
    return number


def catch_up(
    raw: Raw, layer: Layer, boxes: Sequence[Box], crew: Crew, told: Told, commit: Callable[[], None]
) -> int:
    """Bring the table up to date where features changed in `boxes` (EPSG:3857); returns how many tiles changed.

    `commit` is called after each zoom, so that it can be seen before the lower ones are made. What they have yet to do is
    committed with it: who begins again after a crash finds the rows of the zoom as they should be, and goes on below it.
    """
    changed: dict[int | None, list[Box]] = {None: list(boxes)}
    changed.update(queries.unfinished(raw, layer).items())
    if not any(changed.values()):
        return 0
    sources = {level.source for level in levels(layer)}
    number = 0
    for level, found in _stages(raw, layer, changed, crew, told):
        here = [box for some in found.values() for box in some]
        if here and level.z in sources:
            queries.leave_unfinished(raw, layer, level.z, here)
        changed.setdefault(level.z, []).extend(here)
        if found:
            queries.announce(raw, layer, level.z, found if len(found) <= MANY else None)
        number += len(found)
        commit()
    queries.finished(raw, layer)
    return number


def _stages(
    raw: Raw, layer: Layer, changed: Mapping[int | None, Sequence[Box]], crew: Crew, told: Told
) -> Iterator[tuple[Level, dict[Frame, list[Box]]]]:
    """Each zoom once its rows are written, with its tiles that changed and where (EPSG:3857).

    `changed`: where each source of zooms changed, looked up when these have their turn; a source that it does not name
    has changed everywhere. Zooms made from the same rows are calculated side by side, those with the fewest tiles and
    outlines first: the lower ones wait for the longest already.
    """
    for source, stage in groupby(levels(layer), key=lambda level: level.source):
        zooms = sorted(stage, key=lambda level: level.z)
        frames = {level: _frames(raw, layer, level, changed.get(source)) for level in zooms}
        todo = [(level, frame) for level in zooms for frame in frames[level]]
        told(0, len(todo))
        made = crew.each(todo, lambda one: _work(raw, layer, *one))
        for level in zooms:
            found: dict[Frame, list[Box]] = {}
            for (_, frame), rows in islice(made, len(frames[level])):
                differing = _keep(raw, layer, frame, rows)
                if differing:
                    found[frame] = differing
                told(1, 0)
            yield level, found


def _frames(raw: Raw, layer: Layer, level: Level, boxes: Sequence[Box] | None) -> list[Frame]:
    """The tiles that may have to change, in an order in which neighbours come together."""
    reach = margin(level.how)
    if boxes is not None:
        return sorted(tiles_near(boxes, level.z, reach))
    there = queries.tiles_there(raw, layer, level.z)
    if level.source is None:
        return sorted(there | queries.tiles_of_layer(raw, layer, level.z, reach))
    inside = (frame.box(-0.5) for frame in queries.tiles_there(raw, layer, level.source))
    return sorted(there | tiles_near(inside, level.z, reach))


def _work(
    raw: Raw, layer: Layer, level: Level, frame: Frame
) -> tuple[Work, Callable[[list[Made]], list[Row]]]:
    """What a tile is made from, and how what was made of it becomes rows."""
    if level.source is None:
        found = queries.shapes_in(raw, layer, frame.box(margin(level.how)))
        values = [row[2:] for row in found]
        names, codes = _numbered(values)
        work = Work(frame, level.how, len(names), [row[0] for row in found], codes)
        ids = [row[1] for row in found]
    else:
        work, names = _from_rows(raw, layer, level, frame)
        ids = []
    points = clustered(layer)

    def rows(made: list[Made]) -> list[Row]:
        found = [
            (ids[m.first] if points else class_id(names[m.code]), *names[m.code], _figure(m, points), m.shape)
            for m in made
        ]
        return sorted(found, key=lambda row: row[0])

    return work, rows


def _figure(made: Made, points: bool) -> float:
    return int(made.figure) if points else made.figure


def _from_rows(raw: Raw, layer: Layer, level: Level, frame: Frame) -> tuple[Work, list[Row]]:
    source = level.source
    assert source is not None
    near = sorted(tiles_near([frame.box(-0.5)], source, margin(level.how) * 2 ** (source - frame.z)))
    columns, rows = ([getattr(one, axis) for one in near] for axis in ("x", "y"))
    found = queries.rows_in(
        raw, layer, source, range(min(columns), max(columns) + 1), range(min(rows), max(rows) + 1)
    )
    names, codes = _numbered([row[4:] for row in found])
    homes = [Frame(source, x, y) for _, x, y, *_ in found]
    steps = source - frame.z
    own = np.array([home.x >> steps == frame.x and home.y >> steps == frame.y for home in homes], dtype=bool)
    figures = np.array([row[3] for row in found], dtype=np.float64)
    areas = np.bincount(codes[own], figures[own], len(names)).astype(np.float64)
    work = Work(frame, level.how, len(names), [row[0] for row in found], codes, homes, areas)
    return work, names


def _numbered(values: list[Row]) -> tuple[list[Row], np.ndarray]:
    """The different classes, in an order of their own, and the place of each value among them."""
    names = sorted(set(values), key=repr)
    place = {name: number for number, name in enumerate(names)}
    return names, np.array([place[value] for value in values], dtype=np.int64)


def class_id(values: Row) -> int:
    """The id of a class: the same in every tile, and a whole number that JavaScript holds exactly."""
    return int.from_bytes(hashlib.sha256(repr(values).encode()).digest()[:6], "big")


def _keep(raw: Raw, layer: Layer, frame: Frame, rows: list[Row]) -> list[Box]:
    """Write a tile's rows where they are not there yet; returns the boxes (EPSG:3857) of what differs."""
    before = queries.rows_of(raw, layer, frame)
    if before == rows:
        return []
    queries.replace_rows(raw, layer, frame, rows)
    return difference(before, rows, frame)
