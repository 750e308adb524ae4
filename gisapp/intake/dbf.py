"""The head of a DBF table: what GDAL does not tell of it, namely its language byte and its texts as bytes."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

SAMPLE = 2_000  # records
CHUNK = 2**24  # bytes
STAR = ord("*")


@dataclass(frozen=True)
class Dbf:
    """A DBF's header. `texts` are (offset in the record, length) of its character fields."""

    records: int
    first: int  # byte at which the records begin
    length: int  # bytes of one record
    language: int
    names: tuple[bytes, ...]
    texts: tuple[tuple[int, int], ...]
    numbers: tuple[tuple[bytes, int, int], ...] = ()  # (name, offset, length) of its number fields
    claimed: int = 0  # records that the header says there are


@dataclass(frozen=True)
class Faults:
    """How many records are marked as deleted, and the number fields in which some value did not fit."""

    deleted: int
    overflowed: tuple[bytes, ...]


def read_dbf(path: Path) -> Dbf | None:
    """The header of a DBF; None where it makes no sense."""
    with path.open("rb") as file:
        head = file.read(32)
        if len(head) < 32:
            return None
        records, first, length = struct.unpack("<IHH", head[4:12])
        descriptors = file.read(max(first - 32, 0))
    names, texts, numbers, offset = [], [], [], 1
    for start in range(0, len(descriptors) - 31, 32):
        field = descriptors[start : start + 32]
        if field[0] in (0x0D, 0):
            break
        names.append(field[:11].split(b"\0")[0])
        if field[11:12] == b"C":
            texts.append((offset, field[16] + 256 * field[17]))
            offset += field[16] + 256 * field[17]
        else:
            if field[11:12] in (b"N", b"F"):
                numbers.append((names[-1], offset, field[16]))
            offset += field[16]
    if not names or length < 1:
        return None
    claimed = records
    records = min(records, max(path.stat().st_size - first, 0) // length)  # it may claim more than there are
    return Dbf(records, first, length, head[29], tuple(names), tuple(texts), tuple(numbers), claimed)


def find_faults(path: Path, dbf: Dbf) -> Faults:
    """Look at every record for a deletion mark and for `****` in number fields."""
    deleted, overflowed = 0, dict.fromkeys((name for name, _, _ in dbf.numbers), False)
    at_once = max(CHUNK // dbf.length, 1)
    with path.open("rb") as file:
        file.seek(dbf.first)
        for start in range(0, dbf.records, at_once):
            count = min(at_once, dbf.records - start)
            raw = np.frombuffer(file.read(count * dbf.length), np.uint8)
            records = raw[: len(raw) // dbf.length * dbf.length].reshape(-1, dbf.length)
            deleted += int((records[:, 0] == STAR).sum())
            for name, offset, length in dbf.numbers:
                if length and not overflowed[name] and offset + length <= dbf.length:
                    overflowed[name] = bool((records[:, offset] == STAR).any())
    return Faults(deleted, tuple(name for name, found in overflowed.items() if found))


def sample_texts(path: Path, dbf: Dbf) -> Iterator[bytes]:
    """The column names, and the texts of records spread over the table; padding and plain ASCII left out."""
    yield from (name for name in dbf.names if not name.isascii())
    step = max(dbf.records // SAMPLE, 1)
    with path.open("rb") as file:
        for number in range(0, dbf.records, step):
            file.seek(dbf.first + number * dbf.length)
            record = file.read(dbf.length)
            for offset, length in dbf.texts:
                text = record[offset : offset + length].rstrip(b" \0")
                if text and not text.isascii():
                    yield text
