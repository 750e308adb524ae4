"""What a reader says to the process that asked: frames of JSON, and rows as Arrow with geometry as WKB.

Nothing here can run code, whatever is sent: a reader that a file has taken over can at worst send wrong rows.
A frame is one letter, two lengths, JSON, and a body.
"""

from __future__ import annotations

import json
import os
import select
import struct
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import shapely

from gisapp import errors
from gisapp.catalogue.layer import Text
from gisapp.intake.choice import Choice
from gisapp.intake.problem import Problem
from gisapp.intake.source import Batch, Source
from gisapp.intake.wkb import shapes_of

HEADER = struct.Struct("<cIQ")
OPENED, ROWS, END, REFUSED, ALLOW, FAILED = b"O", b"R", b"E", b"X", b"A", b"F"
MOST_JSON = 256 * 2**20  # bytes; problems list the rows they are of
MOST_BODY = 2 * 2**30
PLAIN = (
    "format", "columns", "crs", "encoding", "count", "cut_names", "position", "shapeless",
    "typed", "axes", "kind", "layers", "layer",
)  # fmt: skip
TEXTS = ("crs_from", "encoding_from")


class Silent(Exception):
    """No frame came in the time that was given."""


class Ended(Exception):
    """The reader ended without having said so, or sent what makes no sense."""


def send(pipe: int, kind: bytes, said: Any, body: pa.Buffer | bytes = b"") -> None:
    """Write one frame. Raises BrokenPipeError when nobody listens any more."""
    text = json.dumps(said, ensure_ascii=False).encode("utf-8", "surrogatepass")
    for part in (HEADER.pack(kind, len(text), len(body)) + text, body):
        left = memoryview(part)
        while left.nbytes:
            left = left[os.write(pipe, left) :]


def receive(pipe: int, silence: float) -> tuple[bytes, Any, memoryview]:
    """The next frame: its kind, its JSON, its body. Raises Silent after `silence` seconds, Ended."""
    until = time.monotonic() + silence
    kind, length, size = HEADER.unpack(_bytes(pipe, HEADER.size, until))
    if length > MOST_JSON or size > MOST_BODY:
        raise Ended
    try:
        said = json.loads(bytes(_bytes(pipe, length, until)).decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError) as error:
        raise Ended from error
    return kind, said, _bytes(pipe, size, until)


def _bytes(pipe: int, length: int, until: float) -> memoryview:
    whole = memoryview(bytearray(length))
    got = 0
    waiter = select.poll()
    waiter.register(pipe, select.POLLIN)
    while got < length:
        left = until - time.monotonic()
        if left <= 0 or not waiter.poll(left * 1000):
            raise Silent
        count = os.readv(pipe, [whole[got:]])
        if not count:
            raise Ended
        got += count
    return whole


def pack_source(source: Source) -> dict[str, Any]:
    """All of a source except its rows, for JSON."""
    said: dict[str, Any] = {name: getattr(source, name) for name in PLAIN}
    for name in TEXTS:
        text = getattr(source, name)
        said[name] = [text.ja, text.en] if text else None
    return said | {"problems": _pack_problems(source.problems)}


def unpack_source(said: dict[str, Any], batches: Any) -> Source:
    """The source that `pack_source` packed, with other `batches`."""
    values: dict[str, Any] = {name: tuple(v) if isinstance(v := said[name], list) else v for name in PLAIN}
    values |= {name: Text(*said[name]) if said[name] else None for name in TEXTS}
    return Source(batches=batches, problems=_unpack_problems(said["problems"]), **values)


def pack_refusal(values: dict[str, Any]) -> dict[str, Any]:
    """What errors.FileRefused says, for JSON."""
    choices = [[c.option, c.value, c.ja, c.en, c.bounds] for c in values.get("choices", ())]
    return values | {"choices": choices, "found": _pack_problems(values.get("found", ()))}


def unpack_refusal(said: dict[str, Any]) -> errors.FileRefused:
    """The refusal that `pack_refusal` packed."""
    choices = tuple(
        Choice(option, value, ja, en, tuple(bounds) if bounds else None)
        for option, value, ja, en, bounds in said["choices"]
    )
    return errors.FileRefused(**said | {"choices": choices, "found": _unpack_problems(said["found"])})


def pack_rows(batch: Batch) -> tuple[dict[str, Any], pa.Buffer]:
    """Rows as (what goes into JSON, an Arrow stream)."""
    wkb = batch.wkb
    if wkb is None:
        wkb = pa.array(shapely.to_wkb(batch.geometry, flavor="iso"), pa.large_binary())
    arrays = [pa.array(batch.rows, pa.int64()), wkb, *batch.columns.values()]
    table = pa.RecordBatch.from_arrays(arrays, [str(n) for n in range(len(arrays))])
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_batch(table)
    return {"columns": list(batch.columns), "problems": _pack_problems(batch.problems)}, sink.getvalue()


def unpack_rows(said: dict[str, Any], body: memoryview) -> Batch:
    """The rows that `pack_rows` packed; their bytes are checked, not believed. Raises Ended."""
    try:
        with pa.ipc.open_stream(pa.py_buffer(body)) as stream:
            table = stream.read_next_batch()
        table.validate(full=True)
        rows, wkb, *columns = table.columns
        geometry, found = shapes_of(wkb, np.asarray(rows))
        named = dict(zip(said["columns"], columns, strict=True))
        return Batch(np.asarray(rows), named, geometry, (*_unpack_problems(said["problems"]), *found))
    except (
        pa.ArrowException,
        OSError,
        shapely.errors.ShapelyError,
        ValueError,
        KeyError,
        TypeError,
        StopIteration,
    ) as error:
        raise Ended from error


def _pack_problems(problems: tuple[Problem, ...]) -> list[Any]:
    return [[p.level, p.code, p.ja, p.en, _runs(p.rows), p.column] for p in problems]


def _unpack_problems(said: list[Any]) -> tuple[Problem, ...]:
    return tuple(
        Problem(
            level, code, ja, en, tuple(row for first, last in runs for row in range(first, last + 1)), column
        )
        for level, code, ja, en, runs, column in said
    )


def _runs(rows: tuple[int, ...]) -> list[list[int]]:
    """[1, 2, 3, 7] → [[1, 3], [7, 7]], in the order in which they stand."""
    runs: list[list[int]] = []
    for row in _ints(rows):
        if runs and row == runs[-1][1] + 1:
            runs[-1][1] = row
        else:
            runs.append([row, row])
    return runs


def _ints(rows: tuple[int, ...]) -> Iterator[int]:
    yield from (int(row) for row in rows)
