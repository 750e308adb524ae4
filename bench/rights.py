"""What rights in the database cost: the same request by an audience over its view, and by the owner over the table itself.

Both read the same columns by the same SQL but for the name of the relation, over one connection each with the same settings, in
turn; who begins moves on with every request. Answers must be equal to the byte. HTTP is left out: it would only hide the difference.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from statistics import median
from typing import Any

import psycopg

from bench.measure import Times
from bench.places import Tile, filled_tiles
from bench.server import Server
from gisapp import roles
from gisapp.catalogue.layer import Layer, View, view_for
from gisapp.geo.tiles import unit
from gisapp.installation import Installation
from gisapp.tiles.plan import plan
from gisapp.tiles.statement import statement

LAYERS = (("base.building", ""), ("tax.parcel", "roads"), ("tax.parcel", "tax"))
"""A public layer as a visitor, a restricted one as other staff, and with all its columns."""
TILES, TIMES = 40, 5
BOX = """
SELECT {columns} FROM {relation}
WHERE geom_web && ST_TileEnvelope(%(z)s, %(x)s, %(y)s) ORDER BY id LIMIT 500
"""


def rights(installation: Installation, server: Server | None = None, tiles: int = TILES) -> dict[str, Any]:
    """Rows: the medians of both, and by how much the audience's is longer. The server is not asked."""
    rows = []
    for name, department in LAYERS:
        layer = installation.catalogue.layer(name)
        departments = frozenset({department} - {""})
        view = view_for(layer, departments)
        assert view is not None
        zoom = layer.max_zoom
        asked = filled_tiles(installation, layer, zoom, tiles)
        role = roles.audience(departments)
        for what, text in (("tile", statement((plan(layer, view),), zoom)), ("query", _box(layer, view))):
            with_rights, without = _both(installation, role, layer, view, text, asked)
            rows.append(
                {
                    "layer": name,
                    "role": role,
                    "what": what,
                    "zoom": zoom,
                    "with": Times(tuple(with_rights)).as_dict(),
                    "without": Times(tuple(without)).as_dict(),
                    "added_percent": _added(with_rights, without),
                }
            )
    return {"rows": rows}


def _box(layer: Layer, view: View) -> str:
    columns = ", ".join(f'"{column}"' for column in view.columns if column != "geom_web")
    return BOX.format(columns=columns, relation=f'"{layer.department}"."{view.name}"')


def _both(
    installation: Installation, role: str, layer: Layer, view: View, text: str, tiles: Sequence[Tile]
) -> tuple[list[float], list[float]]:
    """Milliseconds of each tile, the median of TIMES, by the audience over the view and by the owner over the table."""
    own = text.replace(f'"{layer.department}"."{view.name}"', f'"{layer.department}"."{layer.name}"')
    if own == text:
        raise SystemExit(f"bench: the statement of {layer.id} does not read {view.name}")
    times: tuple[list[float], list[float]] = ([], [])
    database = installation.database
    with database.standing(role) as audience, database.standing("owner") as owner:
        sides = ((audience, text), (owner, own))
        for place, (z, x, y) in enumerate(tiles):
            values = {"z": z, "x": x, "y": y, "unit": unit(z)}
            taken: tuple[list[float], list[float]] = ([], [])
            answers: dict[int, list[Any]] = {}
            for number in range(TIMES + 1):  # the first is for the buffers
                for side in ((0, 1), (1, 0))[(place + number) % 2]:
                    took, answers[side] = _ask(*sides[side], values)
                    if number:
                        taken[side].append(took)
            if answers[0] != answers[1]:
                raise SystemExit(f"bench: {role} does not read of {layer.id} what its owner reads")
            for side in (0, 1):
                times[side].append(median(taken[side]))
    return times


def _ask(raw: psycopg.Connection, text: str, values: dict[str, Any]) -> tuple[float, list[Any]]:
    began = time.perf_counter()
    rows = raw.execute(text, values).fetchall()
    took = (time.perf_counter() - began) * 1000
    return took, [
        row[1:] if str(row[0]).count(":") == 2 else row for row in rows
    ]  # without the snapshot's name


def _added(with_rights: Sequence[float], without: Sequence[float]) -> float:
    """The median over all tiles of how much longer the one takes than the other, in percent."""
    pairs = zip(with_rights, without, strict=True)
    return round(100 * median(one / other - 1 for one, other in pairs), 1)
