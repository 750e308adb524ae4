"""Features of a vector tile without attributes, as bytes, and one layer of them and those that PostGIS wrote."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import shapely

from gisapp.geo import varints
from gisapp.geo.tiles import EXTENT
from gisapp.tiles.rings import Outlines, Rings

# As the format writes them: a field's number and kind, and a geometry's commands.
_LAYER, _NAME, _FEATURE, _ID, _GEOMETRY = 0x1A, 0x0A, 0x12, 0x08, 0x22
_POLYGON = (0x18, 3)
_MOVE, _CLOSE = 0x09, 0x0F
_TAIL = b"\x28\x80\x20\x78\x02"  # extent 4096, version 2
assert EXTENT == 4096
# What PostGIS writes where commands are to stand that were made ahead.
PLACEHOLDER = "POLYGON((0 0,0 1,1 1,0 0))"
_PLACEHOLDER = bytes([_GEOMETRY, 9, _MOVE, 0, 0, 2 << 3 | 2, 0, 2, 2, 0, _CLOSE])

Feature = tuple[int, bytes]  # with its id


class Features(NamedTuple):
    """Many features, one after the other in the order of their ids. ends: of each one's bytes in `data`."""

    ids: npt.NDArray[np.int64]
    ends: npt.NDArray[np.intp]
    data: bytes

    def with_(self, others: Sequence[Feature]) -> bytes:
        """All of them and the others (in the order of ids as well), in the order of ids."""
        places = np.searchsorted(self.ids, [id for id, _ in others])
        ends = np.concatenate([[0], self.ends])[places].tolist()
        pieces, at = [], 0
        for end, (_, feature) in zip(ends, others, strict=True):
            pieces += [self.data[at:end], feature]
            at = end
        return b"".join([*pieces, self.data[at:]])


def layer_with(name: str, tile: bytes, plain: Features | None, others: Sequence[Feature] = ()) -> bytes:
    """A tile of PostGIS with more features in its layer `name`, which comes first if it is there: all in the order of ids.

    Between a layer's name, which comes first, and its extent and version, which come last, are only features where there are
    no attributes.
    """
    if plain is None and not others:
        return tile
    head = bytes([_NAME]) + _varint(len(name.encode())) + name.encode()
    body, rest = _first_layer(tile)
    if body.startswith(head) and body.endswith(_TAIL):
        others = sorted([*_features_in(body[len(head) : -len(_TAIL)]), *others])
    else:  # nothing of this layer was clipped
        others, rest = sorted(others), tile
    features = b"".join(feature for _, feature in others) if plain is None else plain.with_(others)
    body = head + features + _TAIL
    return b"".join([bytes([_LAYER]), _varint(len(body)), body, rest])


def with_geometries(tile: bytes, geometries: Sequence[bytes]) -> bytes:
    """The one layer of a tile whose features, one for each of these geometries (commands), PostGIS wrote with PLACEHOLDER."""
    body, _ = _first_layer(tile)
    size, at = _number(body, 1)
    at += size  # behind the name
    pieces = [body[:at]]
    for geometry in geometries:
        size, at = _number(body, at + 1)
        feature = body[at : at + size - len(_PLACEHOLDER)] + bytes([_GEOMETRY]) + _varint(len(geometry))
        pieces += [bytes([_FEATURE]), _varint(len(feature) + len(geometry)), feature, geometry]
        at += size
    body = b"".join([*pieces, body[at:]])
    return b"".join([bytes([_LAYER]), _varint(len(body)), body])


def _first_layer(tile: bytes) -> tuple[bytes, bytes]:
    """The first layer of a tile, and the bytes of the others."""
    if not tile:
        return b"", b""
    size, place = _number(tile, 1)
    return tile[place : place + size], tile[place + size :]


def _features_in(data: bytes) -> Iterator[Feature]:
    at = 0
    while at < len(data):
        size, place = _number(data, at + 1)
        id, _ = _number(data, place + 1)
        yield id, data[at : place + size]
        at = place + size


def _number(data: bytes, at: int) -> tuple[int, int]:
    """A number of any size, and the place behind it."""
    number = shift = 0
    while True:
        number |= (data[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if data[at - 1] < 0x80:
            return number, at


def features_of(rings: Rings) -> Features:
    """The features of these rings (at least one, of at most 16 points each, wound right, in the order of ids)."""
    first = 2 * rings.start  # x and y take turns
    steps = _steps(rings)
    wide = steps > 127
    geometry = 3 + 2 * rings.counts + np.add.reduceat(wide, first)
    ids = varints.lengths(rings.ids)
    length = 5 + ids + (geometry > 127) + geometry
    total = 2 + (length > 127) + length
    end = np.cumsum(total)
    out = np.empty(int(end[-1]), np.uint8)
    at = _byte(out, end - total, _FEATURE)
    at = _byte(out, _short(out, at, length), _ID)
    at = varints.write(out, at, rings.ids)
    for value in (*_POLYGON, _GEOMETRY):
        at = _byte(out, at, value)
    at = _byte(out, _short(out, at, geometry), _MOVE)
    size = 1 + wide.astype(np.intp)
    size[first + 2] += 1  # the command for all lines stands before the second point
    place = np.cumsum(size)
    place += rings.of_each(at - (place - size)[first]).repeat(2) - 1 - wide
    out[place] = steps & 127 | wide << 7
    out[place[wide] + 1] = steps[wide] >> 7
    out[place[first + 2] - 1] = rings.counts - 1 << 3 | 2
    out[end - 1] = _CLOSE
    return Features(rings.ids, end, out.tobytes())


def _steps(rings: Rings) -> npt.NDArray[np.int32]:
    """From point to point, as the format folds the sign: in a tile and its buffer never more than two bytes."""
    points = np.column_stack([rings.x, rings.y])
    steps = np.diff(points, axis=0, prepend=0)
    steps[rings.start] = points[rings.start]
    return (steps << 1 ^ steps >> 31).ravel()


def _byte(out: npt.NDArray[np.uint8], at: npt.NDArray[Any], value: int) -> npt.NDArray[Any]:
    out[at] = value
    return at + 1


def _short(out: npt.NDArray[np.uint8], at: npt.NDArray[Any], values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Write numbers of one or two bytes; returns the places behind them."""
    wide = values > 127
    out[at] = values & 127 | wide << 7
    out[at[wide] + 1] = values[wide] >> 7
    return at + 1 + wide


def features_repaired(outlines: Outlines) -> list[Feature]:
    """The features of outlines that had to be repaired; those of which nothing is left are none."""
    return [(id, _feature(id, parts)) for id, parts in outlines if parts]


def _feature(id: int, parts: Sequence[Any]) -> bytes:
    geometry = b"".join(map(_varint, _commands(ring for part in parts for ring in _rings(part))))
    body = b"".join(
        [bytes([_ID]), _varint(id), bytes([*_POLYGON, _GEOMETRY]), _varint(len(geometry)), geometry]
    )
    return bytes([_FEATURE]) + _varint(len(body)) + body


def _rings(polygon: Any) -> Iterator[list[tuple[int, int]]]:
    """The outer ring clockwise on the screen, holes the other way round."""
    turned = shapely.orient_polygons(polygon, exterior_cw=False)  # on the screen y grows downwards
    for ring in (turned.exterior, *turned.interiors):
        yield [(round(x), round(y)) for x, y in ring.coords[:-1]]


def _commands(rings: Iterable[list[tuple[int, int]]]) -> Iterator[int]:
    x = y = 0
    for ring in rings:
        for number, point in enumerate(ring):
            if number < 2:
                yield _MOVE if number == 0 else len(ring) - 1 << 3 | 2
            for step in (point[0] - x, point[1] - y):
                yield step << 1 ^ step >> 31
            x, y = point
        yield _CLOSE


def _varint(number: int) -> bytes:
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*found, number])
