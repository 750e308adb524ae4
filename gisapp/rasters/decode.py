"""A vector tile as features for Mapnik: the wire format is read by mapbox-vector-tile's messages, outlines become WKB.

Runs in a drawing process only. Coordinates are *units*, 4096 of which are the side of a vector tile, counted from the
north-western corner of the metatile; y goes upwards, as Mapnik has it.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterator
from functools import cached_property
from typing import Any, TypeAlias

from mapbox_vector_tile.Mapbox import vector_tile_pb2

from gisapp.geo.tiles import EXTENT

KINDS = {1: "point", 2: "line", 3: "polygon"}
_MOVE_TO, _LINE_TO = 1, 2
Part: TypeAlias = "array[float]"
"""x and y in turn."""


class Shape:
    """One feature of a vector tile. Its geometry is read when somebody asks for it: most styles draw only some."""

    def __init__(self, feature: Any, properties: dict[str, Any], corner: tuple[int, int]) -> None:
        self.id: int = feature.id
        self.kind = KINDS.get(feature.type, "point")
        self.properties = properties
        self._geometry, self._corner = feature.geometry, corner

    @cached_property
    def parts(self) -> list[Part]:
        """Its points, lines or rings (closed)."""
        return _parts(list(self._geometry), *self._corner)

    @cached_property
    def wkb(self) -> bytes:
        """The whole geometry; nothing where the tile holds none."""
        if self.kind == "polygon":
            return _collection(6, [_polygon(rings) for rings in _polygons(self.parts)])
        head, kind = (_POINT, 4) if self.kind == "point" else (None, 5)
        return _collection(kind, [(head or _line_head(part)) + part.tobytes() for part in self.parts])

    @cached_property
    def wkb_of_own_points(self) -> bytes:
        """Where its parts begin, without those that begin in the tile's buffer: they are the neighbour tile's.

        Points are drawn there, and names of lines that have theirs at a point.
        """
        left, top = self._corner
        points = [
            _POINT + part[:2].tobytes()
            for part in self.parts
            if left <= part[0] < left + EXTENT and top - EXTENT < part[1] <= top
        ]
        return _collection(4, points)


def shapes(tile: bytes, column: int, row: int) -> dict[str, list[Shape]]:
    """The features of every layer of a tile, in their order.

    column, row: where the tile lies, in tiles from the metatile's corner. Raises protobuf's DecodeError.
    """
    message = vector_tile_pb2.tile()
    message.ParseFromString(tile)
    corner = column * EXTENT, -row * EXTENT
    return {layer.name: list(_layer(layer, corner)) for layer in message.layers}


def _layer(layer: Any, corner: tuple[int, int]) -> Iterator[Shape]:
    keys, values = list(layer.keys), [_value(value) for value in layer.values]
    for feature in layer.features:
        tags = list(feature.tags)
        pairs = zip(tags[::2], tags[1::2], strict=True)
        yield Shape(feature, {keys[key]: values[value] for key, value in pairs}, corner)


def _value(value: Any) -> Any:
    """The one field that a value holds (the format allows exactly one)."""
    return next((held for _, held in value.ListFields()), None)


def _parts(geometry: list[int], x: int, y: int) -> list[Part]:
    """Every MoveTo begins a part; ClosePath repeats its first point."""
    found: list[Part] = []
    at = 0
    while at < len(geometry):
        command, count = geometry[at] & 7, geometry[at] >> 3
        at += 1
        if command not in (_MOVE_TO, _LINE_TO):
            found[-1].extend(found[-1][:2])
            continue
        for place in range(at, at + 2 * count, 2):
            across, down = geometry[place], geometry[place + 1]  # zigzag: the lowest bit is the sign
            x += (across >> 1) ^ -(across & 1)
            y -= (down >> 1) ^ -(down & 1)
            if command == _MOVE_TO:
                found.append(array("d"))
            found[-1].extend((x, y))
        at += 2 * count
    return found


def _polygons(rings: list[Part]) -> list[list[Part]]:
    """Rings by polygon: a ring that turns as the first one does begins a polygon, the others are its holes."""
    if len(rings) == 1:
        return [rings]
    found: list[list[Part]] = []
    for ring in rings:
        if not found or _turns_left(ring) == _turns_left(rings[0]):
            found.append([])
        found[-1].append(ring)
    return found


def _turns_left(ring: Part) -> bool:
    x, y = ring[::2], ring[1::2]
    return sum(x[i] * y[i + 1] - x[i + 1] * y[i] for i in range(len(x) - 1)) > 0


_POINT = struct.pack("<BI", 1, 1)


def _line_head(part: Part) -> bytes:
    return struct.pack("<BII", 1, 2, len(part) // 2)


def _polygon(rings: list[Part]) -> bytes:
    packed = b"".join(struct.pack("<I", len(ring) // 2) + ring.tobytes() for ring in rings)
    return struct.pack("<BII", 1, 3, len(rings)) + packed


def _collection(kind: int, members: list[bytes]) -> bytes:
    """A multi-geometry, or its only member alone."""
    if len(members) <= 1:
        return b"".join(members)
    return struct.pack("<BII", 1, kind, len(members)) + b"".join(members)
