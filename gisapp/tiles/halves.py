"""A crowded tile read by two connections at once, half of its features each, where a core is free for the second.

Clipping and checking thousands of parcels is nearly all of such a tile's time. PostgreSQL's own parallel workers would do
the same, but starting one takes as long as they save.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor

from gisapp import errors
from gisapp.db import Database
from gisapp.geo.tiles import EXTENT
from gisapp.tiles.plan import Plan
from gisapp.tiles.statement import half_statement

_LAYER, _NAME = 0x1A, 0x0A  # fields of the format, as they are written


def read_halves(
    database: Database, role: str, plan: Plan, z: int, values: Mapping[str, object], helper: Executor
) -> tuple[str, bytes] | None:
    """The tile of a plan whose slice is `in_halves`, and the snapshot that it shows; None where the halves do not show the same
    moment, or cannot be put together: it is to be read in one then.

    `values`: the statement's parameters. Raises errors.TooSlow, Busy.
    """

    def read(half: int) -> tuple[str, bytes]:
        with database.reading(role) as connection:
            seen, content = connection.exec_driver_sql(
                half_statement(plan, z), {**values, "half": half}
            ).one()
        return seen, content

    other = helper.submit(read, 1)
    try:
        own = read(0)
    except errors.DatabaseAway:
        other.exception()  # wait for it: it has a connection
        return None
    try:
        rest = other.result()
    except errors.DatabaseAway:
        return None
    whole = joined(plan.layer, own[1], rest[1]) if own[0] == rest[0] else None
    return None if whole is None else (own[0], whole)


def joined(name: str, one: bytes, other: bytes) -> bytes | None:
    """One layer with the features of both: tiles of one layer `name` each, without attributes. None for anything else.

    Between the layer's name, which comes first, and its extent and version, which come last, are only features.
    """
    if not (one and other):
        return one or other
    encoded = name.encode()
    head = bytes([_NAME]) + _varint(len(encoded)) + encoded
    tail = b"\x28" + _varint(EXTENT) + b"\x78\x02"
    bodies = [_layer_in(tile) for tile in (one, other)]
    if not all(body is not None and body.startswith(head) and body.endswith(tail) for body in bodies):
        return None
    features = [body[len(head) : -len(tail)] for body in bodies if body is not None]
    body = b"".join([head, *features, tail])
    return b"".join([bytes([_LAYER]), _varint(len(body)), body])


def _layer_in(tile: bytes) -> bytes | None:
    """The only layer of a tile; None where there is not one."""
    size, place = 0, 1
    while place < len(tile):
        byte = tile[place]
        size |= (byte & 0x7F) << 7 * (place - 1)
        place += 1
        if byte < 0x80:
            break
    return tile[place:] if tile[0] == _LAYER and len(tile) == place + size else None


def _varint(number: int) -> bytes:
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*found, number])
