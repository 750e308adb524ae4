"""How tiles are compressed: fast when fresh, strong when they are asked for again and again.

Accept-Encoding is reduced to one of five kinds of client. The strong forms take so much longer that only a thread in the
background makes them.
"""

from __future__ import annotations

import zlib
from functools import lru_cache

import brotli
import zstandard
from isal import igzip
from werkzeug.datastructures import Accept
from werkzeug.http import parse_accept_header

WORTH_COMPRESSING = 600  # bytes: below, the header and the time cost more than they save
IDENTITY, GZIP, BROTLI, ZSTD = "", "gzip", "br", "zstd"
CODINGS = (GZIP, BROTLI, ZSTD)
ONLY_BROTLI = "only br"
KINDS = (IDENTITY, *CODINGS, ONLY_BROTLI)
"""Kinds of client: no compression, gzip only, gzip and brotli, zstd, brotli without gzip (as some proxies ask)."""
_FAST = {IDENTITY: IDENTITY, GZIP: GZIP, BROTLI: GZIP, ZSTD: ZSTD, ONLY_BROTLI: BROTLI}
_STRONG = {GZIP: GZIP, BROTLI: BROTLI, ZSTD: ZSTD, ONLY_BROTLI: BROTLI}


@lru_cache(maxsize=256)
def kind_of(accept_encoding: str) -> str:
    """The kind of client that says this in Accept-Encoding."""
    accepted = parse_accept_header(accept_encoding, Accept)
    if accepted.quality("zstd") > 0:
        return ZSTD
    if accepted.quality("gzip") > 0:
        return BROTLI if accepted.quality("br") > 0 else GZIP
    return ONLY_BROTLI if accepted.quality("br") > 0 else IDENTITY


def wanted(kind: str) -> tuple[str, ...]:
    """The codings in which a tile may be kept for this kind of client, the strongest first; small ones are not compressed."""
    return tuple(dict.fromkeys((_STRONG.get(kind, IDENTITY), _FAST[kind], IDENTITY)))


def suits(kind: str, coding: str, size: int) -> bool:
    """Whether a body of `size` bytes in this coding goes to this kind of client as it is."""
    if coding == IDENTITY:
        return kind == IDENTITY or size < WORTH_COMPRESSING
    return coding in wanted(kind)


def fast(kind: str, size: int) -> str:
    """The coding in which fresh content of `size` bytes goes to this kind of client."""
    return _FAST[kind] if size >= WORTH_COMPRESSING else IDENTITY


def strong(kind: str) -> str | None:
    """The coding in which content that is asked for often goes to this kind of client; None: as it is."""
    return _STRONG.get(kind)


def pack(content: bytes, coding: str, *, hard: bool = False) -> bytes:
    """`content` in this coding."""
    if coding == GZIP:
        return zlib.compress(content, 9, 31) if hard else bytes(igzip.compress(content, 2, mtime=0))
    if coding == ZSTD:
        return zstandard.ZstdCompressor(level=17 if hard else 1).compress(content)
    if coding == BROTLI:
        return bytes(brotli.compress(content, quality=9 if hard else 4))
    return content


def unpack(body: bytes, coding: str) -> bytes:
    """What `pack` was given. Raises ValueError where the body is damaged."""
    try:
        if coding == GZIP:
            return bytes(igzip.decompress(body))
        if coding == ZSTD:
            return zstandard.ZstdDecompressor().decompress(body)
        return bytes(brotli.decompress(body)) if coding == BROTLI else body
    except Exception as error:
        raise ValueError(coding) from error
