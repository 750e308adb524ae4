"""What our processes on one machine write to each other: a JSON head and blocks of bytes.

Not pickle: whoever took over one of them (a drawing process runs a large C++ library) must not get further through what it says.
"""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Sequence
from typing import IO, Any

_SIZES = struct.Struct("<II")
MOST_BYTES = 2**28
Frame = tuple[dict[str, Any], list[bytes]]


def packed(head: dict[str, Any], blocks: Sequence[bytes] = ()) -> bytes:
    """One message as bytes."""
    words = json.dumps({**head, "sizes": [len(block) for block in blocks]}, ensure_ascii=False).encode()
    return b"".join([_SIZES.pack(len(words), sum(map(len, blocks))), words, *blocks])


def write_frame(pipe: IO[bytes], head: dict[str, Any], blocks: Sequence[bytes] = ()) -> None:
    """Write one message."""
    pipe.write(packed(head, blocks))
    pipe.flush()


def read_frame(pipe: IO[bytes]) -> Frame:
    """Read one message. Raises EOFError at the end, and for what is not a message."""
    head_size, blocks_size = _SIZES.unpack(_read(pipe, _SIZES.size))
    if head_size + blocks_size > MOST_BYTES:
        raise EOFError
    head = json.loads(_read(pipe, head_size))
    return head, [_read(pipe, size) for size in head["sizes"]]


def take_frame(received: bytearray, most: int) -> dict[str, Any] | None:
    """The first message of what has been received so far, taken out of it; None where it is not whole yet.

    For messages without blocks, of at most `most` bytes. Raises ValueError for what is not such a message.
    """
    if len(received) < _SIZES.size:
        return None
    head_size, blocks_size = _SIZES.unpack_from(received)
    if blocks_size or head_size > most:
        raise ValueError("not a message")
    end = _SIZES.size + head_size
    if len(received) < end:
        return None
    head = json.loads(bytes(received[_SIZES.size : end]))
    del received[:end]
    if not isinstance(head, dict):
        raise ValueError("not a message")
    return head


def _read(pipe: IO[bytes], size: int) -> bytes:
    found = pipe.read(size)
    if len(found) < size:
        raise EOFError
    return found


def receive_frame(line: socket.socket) -> Frame:
    """Read one message that is all there is to read. Raises EOFError at the end, TimeoutError after the socket's own time limit
    (SO_RCVTIMEO: one system call less than Python's), OSError."""
    try:
        data = line.recv(2**16)
        while data and len(data) < _SIZES.size:
            data += line.recv(2**16)
        if not data:
            raise EOFError
        head_size, blocks_size = _SIZES.unpack_from(data)
        missing = _SIZES.size + head_size + blocks_size - len(data)
        if missing < 0 or head_size + blocks_size > MOST_BYTES:
            raise EOFError
        if missing:
            rest = line.recv(missing, socket.MSG_WAITALL)
            if len(rest) < missing:
                raise EOFError
            data += rest
    except BlockingIOError as error:
        raise TimeoutError from error
    place = _SIZES.size + head_size
    head, blocks = json.loads(data[_SIZES.size : place]), []
    for size in head["sizes"]:
        blocks.append(data[place : place + size])
        place += size
    return head, blocks
