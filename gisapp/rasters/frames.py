"""What the web process and its drawing processes write to each other: a JSON head and blocks of bytes.

Not pickle: whoever took over a drawing process (it runs a large C++ library) must not get further through its answers.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from typing import IO, Any

_SIZES = struct.Struct("<II")
MOST_BYTES = 2**28


def write_frame(pipe: IO[bytes], head: dict[str, Any], blocks: Sequence[bytes] = ()) -> None:
    """Write one message."""
    words = json.dumps({**head, "sizes": [len(block) for block in blocks]}, ensure_ascii=False).encode()
    pipe.write(b"".join([_SIZES.pack(len(words), sum(map(len, blocks))), words, *blocks]))
    pipe.flush()


def read_frame(pipe: IO[bytes]) -> tuple[dict[str, Any], list[bytes]]:
    """Read one message. Raises EOFError at the end, and for what is not a message."""
    head_size, blocks_size = _SIZES.unpack(_read(pipe, _SIZES.size))
    if head_size + blocks_size > MOST_BYTES:
        raise EOFError
    head = json.loads(_read(pipe, head_size))
    return head, [_read(pipe, size) for size in head["sizes"]]


def _read(pipe: IO[bytes], size: int) -> bytes:
    found = pipe.read(size)
    if len(found) < size:
        raise EOFError
    return found
